/* SPDX-License-Identifier: ISC */
/* What `socket create` and `connect` have in common: the options that describe a new socket, and the body sent. */
#ifndef HELPER_SOCKET_REQUEST_H
#define HELPER_SOCKET_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "helper/settings_request.h"

struct ctl;
struct json_object;
struct socket_info;

struct socket_request {
	const char *name;
	bool is_protected;
	const char *username;
	const char *password, *password_file;
	const char *type;
	char *asked_password; /* heap: what was typed, or read; `password` points at it then */
	struct settings_request settings;
};

extern const char *const socket_types[];

/* Rows of an option table, for an options struct with a member `struct socket_request socket`. */
#define SOCKET_REQUEST_OPTION(type, member) \
	(offsetof(type, socket) + offsetof(struct socket_request, member))
#define SOCKET_REQUEST_OPTIONS(options_type)                                                              \
	{ "protected", CTL_OPTION_FLAG, SOCKET_REQUEST_OPTION(options_type, is_protected),                \
	  .negation = "not-protected",                                                                    \
	  .help = "Visitors must give a username and password (http and https)" },                        \
		{ "username", CTL_OPTION_STRING, SOCKET_REQUEST_OPTION(options_type, username),           \
		  .metavar = "TEXT", .help = "Username for visitors, with --protected" },                 \
		{ "password", CTL_OPTION_STRING, SOCKET_REQUEST_OPTION(options_type, password),           \
		  .metavar = "TEXT",                                                                      \
		  .help = "Password for visitors, with --protected; without it you are asked, or, where " \
			  "that cannot be, the service makes one" },                                      \
		{ "password_file", CTL_OPTION_STRING,                                                     \
		  SOCKET_REQUEST_OPTION(options_type, password_file), .metavar = "FILE",                  \
		  .help = "Read that password from a file; - is standard input" },                        \
		{ "type",                                                                                 \
		  CTL_OPTION_CHOICE,                                                                      \
		  SOCKET_REQUEST_OPTION(options_type, type),                                              \
		  .metavar = "TEXT",                                                                      \
		  .fallback = "http",                                                                     \
		  .choices = socket_types,                                                                \
		  .help = "Socket type" },                                                                \
		SETTINGS_REQUEST_OPTIONS(SOCKET_REQUEST_OPTION(options_type, settings))

/* Checks, and reads the password from its file, or asks for it if that can be done. 0, or a negative errno, said; socket_request_clear() it in either case. */
int socket_request_prepare(struct ctl *ctl, struct socket_request *request);
void socket_request_clear(struct socket_request *request);

/* POSTs to `path`. 0 with *ret_answer (the API's document, json_object_put() it) and *ret_socket
 * (socket_info_clear() it); or a negative errno, said. */
int socket_request_send(struct ctl *ctl, const struct socket_request *request, const char *path,
			struct json_object **ret_answer, struct socket_info *ret_socket);

/* "Protected Socket, login details:" and a box, if it is protected. 0 or a negative errno, said. */
int socket_request_print_login(struct ctl *ctl, const struct socket_request *request,
			       const struct socket_info *socket);

#endif
