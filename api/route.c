/* SPDX-License-Identifier: ISC */
/* The one table of all routes (REST.md; lib/nodeapi.h for /node). */
#include "api/route.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/id.h"

#define ROUTE_PREFIX "/api/v1"

static const struct route routes[] = {
	{ "GET", "/", api_info, ROUTE_OPEN },
	{ "GET", "/healthz", api_health, ROUTE_OPEN },
	{ "GET", "/ssh", api_ssh, ROUTE_OPEN },
	{ "GET", "/lookup/:name", api_lookup, ROUTE_OPEN },
	{ "POST", "/user", api_user_create, ROUTE_OPEN },
	{ "GET", "/user/:uuid", api_user_show, ROUTE_TOKEN },
	{ "GET", "/user/:uuid/key", api_key_list, ROUTE_TOKEN },
	{ "POST", "/user/:uuid/key", api_key_create, ROUTE_TOKEN },
	{ "DELETE", "/user/:uuid/key/:uuid", api_key_delete, ROUTE_TOKEN },
	{ "POST", "/login", api_login, ROUTE_OPEN },
	{ "POST", "/login/refresh", api_login_refresh, ROUTE_TOKEN },
	{ "GET", "/socket", api_socket_list, ROUTE_TOKEN },
	{ "POST", "/socket", api_socket_create, ROUTE_TOKEN },
	{ "GET", "/connect", api_socket_list, ROUTE_TOKEN },
	{ "POST", "/connect", api_socket_connect, ROUTE_TOKEN },
	{ "GET", "/socket/:uuid", api_socket_show, ROUTE_TOKEN },
	{ "PATCH", "/socket/:uuid", api_socket_change, ROUTE_TOKEN },
	{ "DELETE", "/socket/:uuid", api_socket_delete, ROUTE_TOKEN },
	{ "GET", "/socket/:uuid/tunnel", api_tunnel_list, ROUTE_TOKEN },
	{ "POST", "/socket/:uuid/tunnel", api_tunnel_create, ROUTE_TOKEN },
	{ "GET", "/socket/:uuid/tunnel/:uuid", api_tunnel_show, ROUTE_TOKEN },
	{ "DELETE", "/socket/:uuid/tunnel/:uuid", api_tunnel_delete, ROUTE_TOKEN },
	{ "GET", "/domain", api_domain_list, ROUTE_TOKEN },
	{ "POST", "/domain", api_domain_create, ROUTE_TOKEN },
	{ "GET", "/domain/:name", api_domain_show, ROUTE_TOKEN },
	{ "PATCH", "/domain/:name", api_domain_attach, ROUTE_TOKEN },
	{ "DELETE", "/domain/:name", api_domain_delete, ROUTE_TOKEN },
	{ "POST", "/domain/:name/check", api_domain_check, ROUTE_TOKEN },
	{ "PUT", "/domain/:name/certificate", api_domain_certify, ROUTE_TOKEN },
	{ "GET", "/confirm/:link", api_confirm_show, ROUTE_OPEN },
	{ "POST", "/confirm/:link", api_confirm_do, ROUTE_OPEN },
	{ "GET", "/node/login/:user", api_node_login, ROUTE_NODE },
	{ "GET", "/node/feed", api_node_feed, ROUTE_NODE },
	{ "GET", "/node/certificate/:name", api_node_certificate, ROUTE_NODE },
	{ "POST", "/node/tunnel/:uuid/up", api_node_tunnel_up, ROUTE_NODE },
	{ "POST", "/node/tunnel/:uuid/down", api_node_tunnel_down, ROUTE_NODE },
	{ "GET", "/metrics", api_metrics, ROUTE_LOCAL },
	{ "GET", "/edge/unavailable", api_unavailable, ROUTE_EDGE },
};

const struct route *api_route(size_t i)
{
	return i < ARRAY_SIZE(routes) ? &routes[i] : NULL;
}

static bool is_link(const char *s)
{
	return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static bool is_name(const char *s)
{
	return *s &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
		       strlen(s);
}

/* Does the segment `have` (len bytes of a path) fit the pattern's segment `want`? Parameters are copied. */
static bool segment_fits(const char *want, size_t want_len, const char *have, size_t len,
			 char ret_params[HTTP_PARAMS_MAX][HTTP_PARAM_SIZE], size_t *params)
{
	char *param;

	if (want[0] != ':')
		return want_len == len && memcmp(want, have, len) == 0;
	if (*params == HTTP_PARAMS_MAX || len >= HTTP_PARAM_SIZE)
		return false;
	param = ret_params[(*params)++];
	memcpy(param, have, len);
	param[len] = '\0';
	if (strncmp(want, ":uuid", want_len) == 0)
		return id_is_uuid(param);
	if (strncmp(want, ":user", want_len) == 0)
		return id_is_user(param);
	if (strncmp(want, ":name", want_len) == 0)
		return is_name(param);
	return is_link(param);
}

static bool path_fits(const char *pattern, const char *path,
		      char ret_params[HTTP_PARAMS_MAX][HTTP_PARAM_SIZE])
{
	size_t params = 0;

	while (*pattern == '/' && *path == '/') {
		size_t want_len = strcspn(++pattern, "/");
		size_t len = strcspn(++path, "/");

		if (!segment_fits(pattern, want_len, path, len, ret_params, &params))
			return false;
		pattern += want_len;
		path += len;
	}
	/* One slash at the end is forgiven. */
	return *pattern == '\0' && (*path == '\0' || strcmp(path, "/") == 0);
}

static bool route_fits(const struct route *route, const char *path,
		       char ret_params[HTTP_PARAMS_MAX][HTTP_PARAM_SIZE])
{
	size_t prefix = strlen(ROUTE_PREFIX);

	if (path_fits(route->path, path, ret_params))
		return true;
	/* What is refused at the edge by its path must not have a second one. */
	return (route->auth == ROUTE_OPEN || route->auth == ROUTE_TOKEN) &&
	       strncmp(path, ROUTE_PREFIX "/", prefix + 1) == 0 &&
	       path_fits(route->path, path + prefix, ret_params);
}

int api_route_find(const char *method, const char *path, const struct route **ret_route,
		   char ret_params[HTTP_PARAMS_MAX][HTTP_PARAM_SIZE],
		   char ret_allow[HTTP_ALLOW_SIZE])
{
	size_t used = 0;

	ret_allow[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!route_fits(&routes[i], path, ret_params))
			continue;
		*ret_route = &routes[i];
		if (strcmp(method, routes[i].method) == 0)
			return 0;
		used += (size_t)snprintf(ret_allow + used, HTTP_ALLOW_SIZE - used, "%s%s",
					 used ? ", " : "", routes[i].method);
	}
	return ret_allow[0] ? -EOPNOTSUPP : -ENOENT;
}
