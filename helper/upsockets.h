/* SPDX-License-Identifier: ISC */
/* The sockets that a file of `up` names, as the API knows them: those of that name and type are taken, the others made.
 * What the API said is kept, so that `up` starts while the API is away or the login has expired: tunnels need neither. */
#ifndef HELPER_UPSOCKETS_H
#define HELPER_UPSOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "helper/resource.h"
#include "helper/upconf.h"

struct ctl;
struct json_object;

struct upsocket {
	const struct upconf_socket *conf;
	struct socket_info info;
	struct json_object *document; /* the API's; without a password */
};

struct upsockets {
	struct upsocket *items; /* in the file's order */
	size_t count;
};

/* Asks the API once. 0; or a negative errno, said, as of rest_call() (rest_is_temporary() may go away); -EINVAL also where
 * a socket is there but protected otherwise than the file says. `file`: for messages. `conf` is kept by reference. `before` may
 * be NULL: sockets that have been asked for; the service is not told again how to serve one of which the file says the same. */
int upsockets_get(struct ctl *ctl, const char *file, const struct upconf *conf,
		  const struct upsockets *before, struct upsockets *ret_sockets);
/* Without the API. 0; -ENOENT if it is needed: not all are in `before`, or the service is to know something else of one;
 * -ENOMEM. */
int upsockets_reuse(const struct upsockets *before, const struct upconf *conf,
		    struct upsockets *ret_sockets);
/* From what the API said last. 0, -ENOENT if that does not hold all of them, -ENOMEM. */
int upsockets_remembered(const struct ctl *ctl, const struct upconf *conf,
			 struct upsockets *ret_sockets);
void upsockets_clear(struct upsockets *sockets);

/* What of a list fits a section: 0 with *ret_index; -ENOENT; -EEXIST if one of that name and type is protected otherwise,
 * *ret_index being that one. The first of several counts. */
int upsockets_find(const struct upconf_socket *conf, const struct socket_info *list, size_t count,
		   size_t *ret_index);

#endif
