/* SPDX-License-Identifier: ISC */
/* The tunnel servers' ssh host keys, as clients are told to pin them. */
#ifndef API_HOSTKEYS_H
#define API_HOSTKEYS_H

struct hostkeys;
struct json_object;

/* `glob_pattern`: public key files (conf: ssh_host_keys); kept by reference. NULL: out of memory. */
struct hostkeys *hostkeys_new(const char *glob_pattern);
void hostkeys_free(struct hostkeys *hk);

/* A new JSON array of "type base64" texts; NULL: out of memory. The files are read again when they are
 * some seconds old, so that keys can be replaced without a restart. Thread-safe. */
struct json_object *hostkeys_json(struct hostkeys *hk);

#endif
