/* SPDX-License-Identifier: ISC */
/* An account's ssh keys. The same key may belong to several accounts: a login names its account, so nothing
 * is ambiguous, and refusing would tell strangers whose key is known here. */
#ifndef API_KEY_H
#define API_KEY_H

#include "lib/sshkey.h"

struct db;
struct http_request;
struct json_object;

/* Parses what a user sent in field 'sshkey'. 0 (sshkey_clear() it), or answered 400. */
int api_key_parse(struct http_request *rq, const char *text, struct sshkey *ret_key);
/* The account's first key as it would stand in a .pub file; "" if it has none. NULL: out of memory. The
 * result is a negative errno if the database failed. */
int api_key_first(struct db *db, const char *user_id, struct json_object **ret_text);

#endif
