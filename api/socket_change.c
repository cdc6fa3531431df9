/* SPDX-License-Identifier: ISC */
/* PATCH /socket/{socket_id}: what of a socket may change while it is live. Unlike in POST, which old clients fill with
 * what they like, a field that is not known is an error: a mistyped denied_networks must not pass for done. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/check.h"
#include "api/route.h"
#include "api/socket_label.h"
#include "api/socket_settings.h"
#include "api/socket_view.h"
#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/socketconf.h"

#define QUOTED_MAX 60

struct change_form {
	char *name;
	char *subdomain;
};

static const struct json_field change_fields[] = {
	{ "name", JSON_STRING, offsetof(struct change_form, name), .max = 1024 },
	{ "subdomain", JSON_STRING, offsetof(struct change_form, subdomain) },
};

/* The socket as it is and as it shall be. */
struct change {
	struct store_socket socket;
	bool found;
	char *stored;	/* settings, now */
	char *settings; /* then */
};

static void put_json(struct json_object **o)
{
	json_object_put(*o);
}

static void form_clear(struct change_form *form)
{
	json_clear(change_fields, ARRAY_SIZE(change_fields), form);
}

static void change_clear(struct change *change)
{
	free(change->stored);
	free(change->settings);
}

/* Fields of a socket that are settled when it is made. */
static bool is_fixed(const char *name)
{
	return strcmp(name, "socket_type") == 0 || strncmp(name, "protected_", 10) == 0 ||
	       strncmp(name, "cloud_authentication_", 21) == 0;
}

static int check_names(struct http_request *rq, struct json_object *body)
{
	struct json_object_iterator it = json_object_iter_begin(body);
	struct json_object_iterator end = json_object_iter_end(body);

	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		const char *name = json_object_iter_peek_name(&it);
		size_t len = strlen(name);

		if (strcmp(name, "name") == 0 || strcmp(name, "subdomain") == 0 ||
		    socketconf_has(name))
			continue;
		if (is_fixed(name))
			return api_http_error(rq, 400,
					      "field '%s' cannot be changed: make a new socket",
					      len > QUOTED_MAX ? "protected_..." : name);
		return api_http_error(rq, 400,
				      "field '%s' is not one that can be changed: see "
				      "mysocket-api(8) for those that can",
				      len <= QUOTED_MAX && escape_is_clean(name, len) ? name : "?");
	}
	return 0;
}

/* A socket comes once per tunnel, the same each time. */
static int take_socket(const struct store_socket *socket, const struct store_tunnel *tunnel,
		       void *arg)
{
	struct change *change = arg;

	if (change->found)
		return 0;
	change->socket = *socket;
	change->stored = strdup(socket->settings);
	change->socket.settings = change->stored;
	change->found = true;
	return change->stored ? 0 : -ENOMEM;
}

static int find_socket(struct http_request *rq, struct change *change)
{
	int r = store_socket_each(rq->db, rq->account.user_id, rq->params[0], take_socket, change);

	if (r == 0 && !change->found)
		return api_http_error(rq, 404, "you have no such socket");
	return r;
}

/* Puts what the form has into the socket; whether that changes it. */
static int apply(struct http_request *rq, struct json_object *body, const struct change_form *form,
		 struct change *change, bool *ret_changed)
{
	struct store_socket *socket = &change->socket;
	const char *why;
	bool changed = false;
	int r = api_settings_change(rq, body, socket->type, change->stored, &change->settings);

	if (r < 0)
		return r;
	changed = strcmp(change->stored, change->settings) != 0;
	socket->settings = change->settings;
	if (form->name && strcmp(form->name, socket->name) != 0) {
		if (api_check_socket_name(form->name, &why) < 0)
			return api_http_error(rq, 400, "%s", why);
		snprintf(socket->name, sizeof(socket->name), "%s", form->name);
		changed = true;
	}
	if (form->subdomain && !form->subdomain[0])
		return api_http_error(rq, 400,
				      "field 'subdomain' is empty: leave it out to keep the name");
	if (form->subdomain && strcmp(form->subdomain, socket->label) != 0) {
		r = api_label_take(rq, form->subdomain, socket);
		changed = true;
	}
	*ret_changed = changed;
	return r;
}

static int store_change(struct http_request *rq, struct db_tx *tx,
			const struct store_socket *socket)
{
	int r = api_settings_check(rq, socket);

	if (r == 0)
		r = store_socket_change(rq->db, socket);

	if (r == 0)
		r = store_feed_add(rq->db, NODEAPI_SOCKET_CHANGED, socket->user_id,
				   socket->socket_id, NULL, NULL);
	return r < 0 ? r : api_http_commit(rq, tx);
}

int api_socket_change(struct http_request *rq)
{
	auto_call(put_json) struct json_object *body = NULL;
	auto_call(form_clear) struct change_form form = { 0 };
	auto_call(change_clear) struct change change = { 0 };
	auto_call(db_end) struct db_tx tx = { 0 };
	char why[JSON_ERROR_SIZE];
	bool changed = false;
	int r = api_http_object(rq, &body);

	if (r == 0)
		r = check_names(rq, body);
	if (r < 0)
		return r;
	r = json_read(body, change_fields, ARRAY_SIZE(change_fields), &form, why);
	if (r == -EINVAL)
		return api_http_error(rq, 400, "%s", why);
	if (r == 0)
		r = db_begin(rq->db, DB_DURABLE, &tx);
	if (r == 0)
		r = find_socket(rq, &change);
	if (r == 0)
		r = apply(rq, body, &form, &change, &changed);
	if (r == 0 && changed)
		r = store_change(rq, &tx, &change.socket);
	return r < 0 ? r : api_socket_answer(rq, rq->params[0], NULL);
}
