/* SPDX-License-Identifier: ISC */
/* The settings of a socket (lib/socketconf.h) between requests, the database and answers. */
#ifndef API_SOCKET_SETTINGS_H
#define API_SOCKET_SETTINGS_H

struct http_request;
struct json_object;
struct store_socket;

/* What the database is to have once `body` changes what it has (`stored`; NULL: a new socket): heap. 0; or answered
 * 400; or -ENOMEM. */
int api_settings_change(struct http_request *rq, struct json_object *body, const char *type,
			const char *stored, char **ret_settings);
/* Within the caller's transaction: may the socket have these (socket_id "": a new one)? A node is told all settings of an
 * account at once. 0; or answered 403; or a negative errno. */
int api_settings_check(struct http_request *rq, const struct store_socket *socket);
/* Adds each to an answer about the socket, also those at their defaults. 0 or a negative errno. */
int api_settings_show(const struct store_socket *socket, struct json_object *o);
/* Adds the member `settings` for a node, with what api_domain_lists() has of the socket (NULL: nothing), unless all are at
 * their defaults. 0 or a negative errno. */
int api_settings_tell(const struct store_socket *socket, struct json_object *names,
		      struct json_object *o);

#endif
