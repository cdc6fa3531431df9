/* SPDX-License-Identifier: ISC */
/* The one table of all routes, and finding the row for a request. */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "api/http.h"

enum route_auth {
	ROUTE_OPEN,
	ROUTE_TOKEN, /* a user's access token; rq->account is set */
	ROUTE_NODE,  /* the node secret; without it the route is not there (404) */
	ROUTE_LOCAL, /* this host's own operator, not through HAProxy; for others the route is not there */
	ROUTE_EDGE, /* our own HAProxy on this host; for others the route is not there */
};

struct route {
	const char *method;
	/* Segments beginning with ':' are parameters: ":uuid", ":user" (32 hex digits), ":link" (64), ":name" (of a
	 * host). */
	const char *path;
	int (*run)(struct http_request *rq);
	enum route_auth auth;
};

/* The row for `method` and `path`, with the path's parameters. ROUTE_OPEN and ROUTE_TOKEN rows answer below
 * /api/v1/, too. 0; -ENOENT: no such path; -EOPNOTSUPP: the path takes other methods, which ret_allow lists;
 * *ret_route is then one of those. */
int api_route_find(const char *method, const char *path, const struct route **ret_route,
		   char ret_params[HTTP_PARAMS_MAX][HTTP_PARAM_SIZE],
		   char ret_allow[HTTP_ALLOW_SIZE]);

/* The table's row i, or NULL. */
const struct route *api_route(size_t i);

/* ---- the handlers: info.c, lookup.c, user.c, key.c, login.c, socket.c, socket_change.c, tunnel.c, domain.c, domain_check.c, confirm.c, node.c, feed.c,
 * metrics.c, unavailable.c ---- */
int api_info(struct http_request *rq);
int api_health(struct http_request *rq);
int api_ssh(struct http_request *rq);
int api_lookup(struct http_request *rq);
int api_user_create(struct http_request *rq);
int api_user_show(struct http_request *rq);
int api_key_list(struct http_request *rq);
int api_key_create(struct http_request *rq);
int api_key_delete(struct http_request *rq);
int api_login(struct http_request *rq);
int api_login_refresh(struct http_request *rq);
int api_socket_list(struct http_request *rq);
int api_socket_create(struct http_request *rq);
int api_socket_connect(struct http_request *rq);
int api_socket_show(struct http_request *rq);
int api_socket_change(struct http_request *rq);
int api_socket_delete(struct http_request *rq);
int api_tunnel_list(struct http_request *rq);
int api_tunnel_create(struct http_request *rq);
int api_tunnel_show(struct http_request *rq);
int api_tunnel_delete(struct http_request *rq);
int api_confirm_show(struct http_request *rq);
int api_confirm_do(struct http_request *rq);
int api_domain_list(struct http_request *rq);
int api_domain_create(struct http_request *rq);
int api_domain_show(struct http_request *rq);
int api_domain_attach(struct http_request *rq);
int api_domain_delete(struct http_request *rq);
int api_domain_check(struct http_request *rq);
int api_domain_certify(struct http_request *rq);
int api_node_certificate(struct http_request *rq);
int api_node_login(struct http_request *rq);
int api_node_feed(struct http_request *rq);
int api_node_tunnel_up(struct http_request *rq);
int api_node_tunnel_down(struct http_request *rq);
int api_metrics(struct http_request *rq);
int api_unavailable(struct http_request *rq);

#endif
