/* SPDX-License-Identifier: ISC */
/* Sockets and tunnels as answers show them: names and kinds of REST.md. */
#ifndef API_SOCKET_VIEW_H
#define API_SOCKET_VIEW_H

#include <stddef.h>
#include <stdint.h>

struct conf;
struct http_request;
struct json_object;
struct store_socket;
struct store_tunnel;

/* Room for any public URL of ours. */
#define SOCKET_URL_SIZE 400

/* "<label>.<domain>" and what a visitor opens: https for http and https sockets, tcp://name:port,
 * tls://name:port; the port only where it is not the scheme's own. */
void api_socket_dnsname(const struct conf *conf, const struct store_socket *socket, char *ret_name,
			size_t size);
void api_socket_url(const struct conf *conf, const struct store_socket *socket,
		    char ret_url[SOCKET_URL_SIZE]);
/* The same of a host name that leads to a socket of that type and port (0: none of its own). */
void api_host_url(const struct conf *conf, const char *host, const char *type, int64_t public_port,
		  char ret_url[SOCKET_URL_SIZE]);

/* A new array of the account's sockets, oldest first (`socket_id`: that one alone, or NULL), each with its
 * tunnels. `password`: shown as protected_password (only in the answer that creates it), or NULL. 0 or a
 * negative errno. */
int api_socket_view_list(struct http_request *rq, const char *socket_id, const char *password,
			 struct json_object **ret_list);
/* That one as an object. -ENOENT if it is not the account's. */
int api_socket_view(struct http_request *rq, const char *socket_id, const char *password,
		    struct json_object **ret_socket);
/* Answers 200 with it, or 404. */
int api_socket_answer(struct http_request *rq, const char *socket_id, const char *password);
/* NULL: out of memory. */
struct json_object *api_tunnel_view(const struct store_tunnel *tunnel);

#endif
