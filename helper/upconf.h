/* SPDX-License-Identifier: ISC */
/* The file of `mysocketctl up`: which sockets, and what each leads to. mysocketctl.conf(5) describes it.
 *
 *	file    = { line }
 *	line    = [ section / setting ] [ comment ]	white space around each is ignored
 *	section = "[" name "]"				the socket's name, as `socket ls` shows it
 *	setting = key "=" value
 *	comment = "#" ...				at the line's beginning, or after white space
 *
 * Settings before the first section are defaults for all of them. A key that is not in the table, one given twice, a name
 * given twice and a value out of bounds are errors with the line's number. */
#ifndef HELPER_UPCONF_H
#define HELPER_UPCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/options.h"
#include "helper/settings_request.h"

#define UPCONF_FILE_MAX 65536
#define UPCONF_SOCKETS_MAX 100
#define UPCONF_TUNNELS_MAX 16
#define UPCONF_WHY_SIZE 600

struct upconf_socket {
	char *name;
	unsigned line;	  /* of its section */
	const char *type; /* one of socket_types */
	char *host;
	int64_t port;
	int64_t tunnels; /* how many connections carry it */
	bool is_protected;
	char *username;	     /* NULL unless it is protected */
	char *password_file; /* absolute; likewise */
	char *identity;	     /* absolute; NULL: ssh's own choice */
	struct ctl_list ssh_options;
	struct settings_request settings; /* how the edge is to serve it */
};

struct upconf {
	struct upconf_socket *sockets; /* in the file's order; at least one */
	size_t count;
};

/* Reads `path`; "-" is standard input. 0; else a negative errno with a sentence in ret_why
 * ("up.conf:7: unknown setting 'prot'; did you mean 'port'?"). Looks at no other file. */
int upconf_load(const char *path, struct upconf *ret_conf, char ret_why[UPCONF_WHY_SIZE]);
/* The same from text; `name` stands for the path in errors. */
int upconf_parse(const char *name, const char *text, struct upconf *ret_conf,
		 char ret_why[UPCONF_WHY_SIZE]);
void upconf_clear(struct upconf *conf);

/* True if both are the same in all that the file says, but for the line. */
bool upconf_socket_equal(const struct upconf_socket *a, const struct upconf_socket *b);
/* True if both are the same to the service: one may lead elsewhere, or have ssh log in otherwise. */
bool upconf_socket_same_service(const struct upconf_socket *a, const struct upconf_socket *b);

/* ~/.config/mysocket/<name>.conf, below $XDG_CONFIG_HOME if that is set. 0 with *ret_path (heap); -EINVAL if the name is
 * not of 1 to 60 letters, digits, '.', '_' and '-' with a letter or digit in front; -ENOENT if there is no home; -ENOMEM. */
int upconf_path(const char *name, char **ret_path);

/* The name that goes without saying: "up". */
#define UPCONF_DEFAULT "up"

#endif
