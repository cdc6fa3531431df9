/* SPDX-License-Identifier: ISC */
/* A socket by whatever its owner calls it. */
#ifndef HELPER_SOCKET_FIND_H
#define HELPER_SOCKET_FIND_H

#include "helper/options.h"
#include "lib/id.h"

struct ctl;

/* A row of an option table, for an options struct with a member `socket_id`. */
/* clang-format off */ /* its releases disagree about braces in macros */
#define SOCKET_FIND_OPTION(options_type)                                            \
	{ "socket_id", CTL_OPTION_STRING, offsetof(options_type, socket_id), .metavar = "TEXT", \
	  .help = "The socket: its id, or what it is called", .required = true }
/* clang-format on */

/* `text` is an id, a name, a public name or its first part. 0, or a negative errno, said: -ENOENT, -EEXIST if
 * several sockets have that name. An id is not looked up. */
int socket_find(struct ctl *ctl, const char *text, char ret_socket_id[ID_UUID_SIZE]);

#endif
