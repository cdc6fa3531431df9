/* SPDX-License-Identifier: ISC */
/* Sockets: /socket and /connect. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/check.h"
#include "api/ports.h"
#include "api/route.h"
#include "api/secret.h"
#include "api/socket_label.h"
#include "api/socket_settings.h"
#include "api/socket_view.h"
#include "api/tunnel.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

struct socket_form {
	char *name;
	char *socket_type;
	bool protected_socket;
	char *protected_username;
	char *protected_password;
	bool cloud_authentication_enabled;
	char *subdomain;
	char generated[SECRET_PASSWORD_SIZE];
	char *settings; /* as the database has them */
};

/* The lists of cloud authentication are not read: they mean nothing without it. */
static const struct json_field socket_form_fields[] = {
	{ "name", JSON_STRING, offsetof(struct socket_form, name), .required = true, .max = 1024 },
	{ "socket_type", JSON_STRING, offsetof(struct socket_form, socket_type) },
	{ "protected_socket", JSON_BOOL, offsetof(struct socket_form, protected_socket) },
	{ "protected_username", JSON_STRING, offsetof(struct socket_form, protected_username) },
	{ "protected_password", JSON_STRING, offsetof(struct socket_form, protected_password),
	  .secret = true, .max = 1024 },
	{ "cloud_authentication_enabled", JSON_BOOL,
	  offsetof(struct socket_form, cloud_authentication_enabled) },
	{ "subdomain", JSON_STRING, offsetof(struct socket_form, subdomain) },
};

static void put_json(struct json_object **o)
{
	json_object_put(*o);
}

static void socket_form_clear(struct socket_form *form)
{
	json_clear(socket_form_fields, ARRAY_SIZE(socket_form_fields), form);
	sodium_memzero(form->generated, sizeof(form->generated));
	free(form->settings);
}

static bool is_web(const struct store_socket *socket)
{
	return strncmp(socket->type, "http", 4) == 0;
}

/* A protected socket's user name and password; without a password it gets a random one. */
static int form_protect(struct http_request *rq, struct socket_form *form,
			struct store_socket *socket)
{
	const char *password = form->protected_password;
	const char *username = form->protected_username ? form->protected_username : "";
	const char *why = NULL;
	int r;

	if (!is_web(socket))
		return api_http_error(
			rq, 400,
			"field 'protected_socket': only http and https sockets can have "
			"a password");
	r = api_check_protected_username(username, &why);
	if (r == 0 && (!password || !password[0])) {
		secret_new_password(form->generated);
		password = form->generated;
	}
	if (r == 0)
		r = api_check_protected_password(password, &why);
	if (r < 0)
		return api_http_error(rq, 400, "%s", why);
	socket->is_protected = true;
	snprintf(socket->protected_username, sizeof(socket->protected_username), "%s", username);
	secret_hash_socket(username, password, socket->protected_secret);
	return 0;
}

static int form_read(struct http_request *rq, struct socket_form *form, struct store_socket *socket)
{
	auto_call(put_json) struct json_object *body = NULL;
	char json_why[JSON_ERROR_SIZE];
	const char *type, *why = NULL;
	int r = api_http_object(rq, &body);

	if (r < 0)
		return r;
	r = json_read(body, socket_form_fields, ARRAY_SIZE(socket_form_fields), form, json_why);
	if (r < 0)
		return r == -EINVAL ? api_http_error(rq, 400, "%s", json_why) : r;
	type = form->socket_type && form->socket_type[0] ? form->socket_type : "http";
	if (form->cloud_authentication_enabled)
		return api_http_error(
			rq, 400,
			"field 'cloud_authentication_enabled': this service has no cloud "
			"authentication, leave it out");
	r = api_check_socket_name(form->name, &why);
	if (r == 0)
		r = api_check_socket_type(type, &why);
	if (r < 0)
		return api_http_error(rq, 400, "%s", why);
	snprintf(socket->name, sizeof(socket->name), "%s", form->name);
	snprintf(socket->type, sizeof(socket->type), "%s", type);
	memcpy(socket->user_id, rq->account.user_id, sizeof(socket->user_id));
	r = api_settings_change(rq, body, type, NULL, &form->settings);
	socket->settings = form->settings;
	return r == 0 && form->protected_socket ? form_protect(rq, form, socket) : r;
}

/* tcp and tls sockets have a public port of their own. */
static int pick_public_port(struct http_request *rq, struct store_socket *socket)
{
	const struct conf *conf = &rq->api->conf;
	bool is_tls = strcmp(socket->type, "tls") == 0;
	auto_free unsigned char *map = calloc(1, PORTS_COUNT);
	int r;

	if (is_web(socket))
		return 0;
	r = map ? store_ports_public(rq->db, clock_wall_ms() - PORTS_REST_MS, map) : -ENOMEM;
	if (r == 0)
		r = ports_pick(map, is_tls ? conf->tls_port_min : conf->tcp_port_min,
			       is_tls ? conf->tls_port_max : conf->tcp_port_max,
			       &socket->public_port);
	if (r == -ENOSPC)
		return api_http_error(
			rq, 503,
			"all public ports for %s sockets are in use: ask the service's "
			"operator",
			socket->type);
	return r;
}

/* Within the caller's transaction. */
static int socket_add(struct http_request *rq, const char *subdomain, struct store_socket *socket)
{
	int64_t count = 0;
	int r = store_socket_count(rq->db, socket->user_id, &count);

	if (r == 0 && count >= rq->api->conf.max_sockets)
		return api_http_error(rq, 403,
				      "your account has %" PRId64
				      " sockets, which is its limit: delete one first",
				      count);
	if (r == 0)
		r = api_settings_check(rq, socket);
	if (r == 0)
		r = api_label_take(rq, subdomain, socket);
	if (r == 0)
		r = pick_public_port(rq, socket);
	if (r == 0)
		r = store_socket_add(rq->db, socket);
	if (r == 0)
		r = store_feed_add(rq->db, NODEAPI_SOCKET_CREATED, socket->user_id,
				   socket->socket_id, NULL, NULL);
	return r;
}

static int create(struct http_request *rq, bool with_tunnel)
{
	auto_call(socket_form_clear) struct socket_form form = { 0 };
	auto_call(db_end) struct db_tx tx = { 0 };
	struct store_socket socket = { 0 };
	struct store_tunnel tunnel = { 0 };
	const char *password = NULL;
	int r = form_read(rq, &form, &socket);

	if (r == 0)
		r = db_begin(rq->db, DB_DURABLE, &tx);
	if (r == 0)
		r = socket_add(rq, form.subdomain, &socket);
	if (r == 0 && with_tunnel) {
		memcpy(tunnel.socket_id, socket.socket_id, sizeof(tunnel.socket_id));
		r = api_tunnel_add(rq, &tunnel);
	}
	if (r == 0)
		r = api_http_commit(rq, &tx);
	if (r < 0)
		return r;
	if (socket.is_protected)
		password = form.generated[0] ? form.generated : form.protected_password;
	return api_socket_answer(rq, socket.socket_id, password);
}

int api_socket_create(struct http_request *rq)
{
	return create(rq, false);
}

int api_socket_connect(struct http_request *rq)
{
	return create(rq, true);
}

int api_socket_list(struct http_request *rq)
{
	struct json_object *list;
	int r = api_socket_view_list(rq, NULL, NULL, &list);

	return r < 0 ? r : api_http_json(rq, 200, list);
}

int api_socket_show(struct http_request *rq)
{
	return api_socket_answer(rq, rq->params[0], NULL);
}

int api_socket_delete(struct http_request *rq)
{
	auto_call(db_end) struct db_tx tx = { 0 };
	const char *user_id = rq->account.user_id;
	int r = db_begin(rq->db, DB_DURABLE, &tx);

	if (r == 0)
		r = store_socket_delete(rq->db, user_id, rq->params[0]);
	if (r == -ENOENT)
		return api_http_error(rq, 404, "you have no such socket");
	if (r == 0)
		r = store_feed_add(rq->db, NODEAPI_SOCKET_DELETED, user_id, rq->params[0], NULL,
				   NULL);
	if (r == 0)
		r = api_http_commit(rq, &tx);
	return r < 0 ? r : api_http_empty(rq);
}
