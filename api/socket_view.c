/* SPDX-License-Identifier: ISC */
/* Sockets and tunnels as answers show them. Lists are lists even when empty, numbers are numbers: published
 * clients decode into typed structs. */
#include "api/socket_view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/hostkeys.h"
#include "api/http.h"
#include "api/socket_settings.h"
#include "lib/cleanup.h"

struct socket_view {
	const char *socket_id, *user_name, *name, *dnsname, *socket_type, *url;
	bool protected_socket;
	const char *protected_username, *protected_password;
	const char *subdomain;
	bool cloud_authentication_enabled;
	struct json_strings allowed_addresses, allowed_domains;
	const char *ssh_server;
	int64_t ssh_port;
};

/* Three s in "addressses": that is how the published clients spell it. */
static const struct json_field socket_view_fields[] = {
	{ "socket_id", JSON_STRING, offsetof(struct socket_view, socket_id) },
	{ "user_name", JSON_STRING, offsetof(struct socket_view, user_name) },
	{ "name", JSON_STRING, offsetof(struct socket_view, name) },
	{ "dnsname", JSON_STRING, offsetof(struct socket_view, dnsname) },
	{ "socket_type", JSON_STRING, offsetof(struct socket_view, socket_type) },
	{ "url", JSON_STRING, offsetof(struct socket_view, url) },
	{ "protected_socket", JSON_BOOL, offsetof(struct socket_view, protected_socket) },
	{ "protected_username", JSON_STRING, offsetof(struct socket_view, protected_username) },
	{ "protected_password", JSON_STRING, offsetof(struct socket_view, protected_password) },
	{ "subdomain", JSON_STRING, offsetof(struct socket_view, subdomain) },
	{ "cloud_authentication_enabled", JSON_BOOL,
	  offsetof(struct socket_view, cloud_authentication_enabled) },
	{ "cloud_authentication_email_allowed_addressses", JSON_STRINGS,
	  offsetof(struct socket_view, allowed_addresses) },
	{ "cloud_authentication_email_allowed_domains", JSON_STRINGS,
	  offsetof(struct socket_view, allowed_domains) },
	{ "ssh_server", JSON_STRING, offsetof(struct socket_view, ssh_server) },
	{ "ssh_port", JSON_INT, offsetof(struct socket_view, ssh_port) },
};

struct tunnel_view {
	const char *tunnel_id, *socket_id;
	int64_t local_port;
	const char *tunnel_server;
};

static const struct json_field tunnel_view_fields[] = {
	{ "tunnel_id", JSON_STRING, offsetof(struct tunnel_view, tunnel_id) },
	{ "socket_id", JSON_STRING, offsetof(struct tunnel_view, socket_id) },
	{ "local_port", JSON_INT, offsetof(struct tunnel_view, local_port) },
	{ "tunnel_server", JSON_STRING, offsetof(struct tunnel_view, tunnel_server) },
};

struct json_object *api_tunnel_view(const struct store_tunnel *tunnel)
{
	struct tunnel_view view = { tunnel->tunnel_id, tunnel->socket_id, tunnel->local_port,
				    tunnel->tunnel_server };
	struct json_object *o = json_object_new_object();

	if (o && json_write(o, tunnel_view_fields, ARRAY_SIZE(tunnel_view_fields), &view) < 0) {
		json_object_put(o);
		o = NULL;
	}
	return o;
}

void api_socket_dnsname(const struct conf *conf, const struct store_socket *socket, char *ret_name,
			size_t size)
{
	snprintf(ret_name, size, "%s.%s", socket->label, conf->domain);
}

void api_host_url(const struct conf *conf, const char *host, const char *type, int64_t public_port,
		  char ret_url[SOCKET_URL_SIZE])
{
	bool is_web = public_port == 0;
	int64_t port = is_web ? conf->https_port : public_port;
	char colon_port[24] = "";

	if (!is_web || port != 443)
		snprintf(colon_port, sizeof(colon_port), ":%" PRId64, port);
	snprintf(ret_url, SOCKET_URL_SIZE, "%s://%s%s", is_web ? "https" : type, host, colon_port);
}

void api_socket_url(const struct conf *conf, const struct store_socket *socket,
		    char ret_url[SOCKET_URL_SIZE])
{
	char name[SOCKET_URL_SIZE];

	api_socket_dnsname(conf, socket, name, sizeof(name));
	api_host_url(conf, name, socket->type, socket->public_port, ret_url);
}

/* ---- lists --------------------------------------------------------------------------------------------- */

struct collector {
	const struct conf *conf;
	const char *user_name, *password;
	struct json_object *list;      /* of sockets */
	struct json_object *tunnels;   /* of the last one in it; borrowed */
	struct json_object *host_keys; /* shared by all */
	char last[ID_UUID_SIZE];
};

/* Takes `value`. */
static int list_add(struct json_object *list, struct json_object *value)
{
	if (value && json_object_array_add(list, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

/* Takes `value`. */
static int object_add(struct json_object *o, const char *name, struct json_object *value)
{
	if (value && json_object_object_add(o, name, value) == 0)
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

static struct json_object *ports_json(const struct conf *conf, const struct store_socket *socket)
{
	struct json_object *ports = json_object_new_array();
	int r = -ENOMEM;

	if (ports && socket->public_port)
		r = list_add(ports, json_object_new_int64(socket->public_port));
	else if (ports)
		r = list_add(ports, json_object_new_int64(conf->http_port)) < 0
			    ? -ENOMEM
			    : list_add(ports, json_object_new_int64(conf->https_port));
	if (r < 0) {
		json_object_put(ports);
		return NULL;
	}
	return ports;
}

static int socket_json(const struct collector *c, const struct store_socket *socket,
		       struct json_object *o)
{
	char dnsname[SOCKET_URL_SIZE], url[SOCKET_URL_SIZE];
	struct socket_view view = {
		.socket_id = socket->socket_id,
		.user_name = c->user_name,
		.name = socket->name,
		.dnsname = dnsname,
		.socket_type = socket->type,
		.url = url,
		.protected_socket = socket->is_protected,
		.protected_username = socket->protected_username,
		.protected_password = c->password,
		.subdomain = socket->label_chosen ? socket->label : "",
		.ssh_server = c->conf->ssh_host,
		.ssh_port = c->conf->ssh_port,
	};
	int r;

	api_socket_dnsname(c->conf, socket, dnsname, sizeof(dnsname));
	api_socket_url(c->conf, socket, url);
	r = json_write(o, socket_view_fields, ARRAY_SIZE(socket_view_fields), &view);
	if (r == 0)
		r = api_settings_show(socket, o);
	if (r == 0)
		r = object_add(o, "socket_tcp_ports", ports_json(c->conf, socket));
	if (r == 0)
		r = object_add(o, "ssh_host_keys", json_object_get(c->host_keys));
	return r;
}

/* Rows come by socket, with one tunnel each (store_socket_each). */
static int collect(const struct store_socket *socket, const struct store_tunnel *tunnel, void *arg)
{
	struct collector *c = arg;
	struct json_object *o;
	int r = 0;

	if (strcmp(c->last, socket->socket_id) != 0) {
		o = json_object_new_object();
		r = list_add(c->list, o);
		if (r == 0)
			r = socket_json(c, socket, o);
		c->tunnels = json_object_new_array();
		if (r == 0)
			r = object_add(o, "tunnels", c->tunnels);
		memcpy(c->last, socket->socket_id, sizeof(c->last));
	}
	if (r == 0 && tunnel)
		r = list_add(c->tunnels, api_tunnel_view(tunnel));
	return r;
}

int api_socket_view_list(struct http_request *rq, const char *socket_id, const char *password,
			 struct json_object **ret_list)
{
	char user_name[ID_USER_SIZE];
	struct collector c = { .conf = &rq->api->conf,
			       .user_name = user_name,
			       .password = password,
			       .list = json_object_new_array(),
			       .host_keys = hostkeys_json(rq->api->hostkeys) };
	int r = -ENOMEM;

	id_user_from_uuid(rq->account.user_id, user_name);
	if (c.list && c.host_keys)
		r = store_socket_each(rq->db, rq->account.user_id, socket_id, collect, &c);
	json_object_put(c.host_keys);
	if (r < 0) {
		json_object_put(c.list);
		return r;
	}
	*ret_list = c.list;
	return 0;
}

int api_socket_view(struct http_request *rq, const char *socket_id, const char *password,
		    struct json_object **ret_socket)
{
	struct json_object *list;
	int r = api_socket_view_list(rq, socket_id, password, &list);

	if (r < 0)
		return r;
	if (json_object_array_length(list) == 0)
		r = -ENOENT;
	else
		*ret_socket = json_object_get(json_object_array_get_idx(list, 0));
	json_object_put(list);
	return r;
}

int api_socket_answer(struct http_request *rq, const char *socket_id, const char *password)
{
	struct json_object *o;
	int r = api_socket_view(rq, socket_id, password, &o);

	if (r == -ENOENT)
		return api_http_error(rq, 404, "you have no such socket");
	return r < 0 ? r : api_http_json(rq, 200, o);
}
