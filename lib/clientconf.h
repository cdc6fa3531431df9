/* SPDX-License-Identifier: ISC */
/* Where the service is, as mysocketctl and mysocket-proxycommand are told: environment first, then the small file that
 * `mysocketctl login` writes. Nothing is checked here but the file's form.
 *
 *	~/.config/mysocket/config	(below $XDG_CONFIG_HOME if that is set)
 *	line = "#" comment / name "=" value / ""	names: api, ca_file; white space around each is ignored */
#ifndef LIB_CLIENTCONF_H
#define LIB_CLIENTCONF_H

#include <stdbool.h>

struct clientconf {
	char *file;    /* its path, whether it exists or not; never NULL */
	char *api;     /* as $MYSOCKET_API or the file has it; NULL if nobody said */
	char *ca_file; /* $MYSOCKET_CA_FILE, else the file's if `api` is the file's too; NULL: none */
	bool ca_for_api; /* ca_file is the file's: for that api alone */
};

#define CLIENTCONF_WHY_SIZE 600

/* Reads $HOME, $XDG_CONFIG_HOME, $MYSOCKET_API, $MYSOCKET_CA_FILE and the file; an empty variable is as if not set, a
 * missing file is no error. 0, or a negative errno with a sentence. */
int clientconf_load(struct clientconf *ret_conf, char ret_why[CLIENTCONF_WHY_SIZE]);
void clientconf_clear(struct clientconf *conf);

/* `$name` if it is set and not empty, else NULL. */
const char *clientconf_environment(const char *name);

#endif
