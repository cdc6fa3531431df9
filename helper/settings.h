/* SPDX-License-Identifier: ISC */
/* Where the service is and where the token lies: environment first, then the small file that `login` writes
 * (lib/clientconf.h). */
#ifndef HELPER_SETTINGS_H
#define HELPER_SETTINGS_H

#include "lib/clientconf.h"

struct settings {
	char *api;	   /* base URL without a slash at the end; NULL if nobody said */
	char *ca_file;	   /* NULL: the system's certificates */
	char *token_file;  /* $MYSOCKET_TOKEN_FILE or ~/.mysocketio_token */
	char *config_file; /* as above; never NULL */
};

#define SETTINGS_WHY_SIZE CLIENTCONF_WHY_SIZE

/* Reads $HOME, $XDG_CONFIG_HOME, $MYSOCKET_API, $MYSOCKET_CA_FILE, $MYSOCKET_TOKEN_FILE and the file. The
 * file's ca_file counts only for the file's api. 0, or a negative errno with a sentence. A missing file is no error. */
int settings_load(struct settings *ret_s, char ret_why[SETTINGS_WHY_SIZE]);

/* Writes api and ca_file to config_file (0600, in one step), making its folder. 0 or a negative errno. */
int settings_save(const struct settings *s);

/* Checks and normalises a base URL: https, or http to this host itself (loopback address, localhost, *.localhost); a host; no
 * user, query or fragment; slashes at the end dropped. 0 with *ret_api (heap); -EINVAL with a sentence; -ENOMEM. */
int settings_api(const char *url, char **ret_api, char ret_why[SETTINGS_WHY_SIZE]);

void settings_clear(struct settings *s);

#endif
