/* SPDX-License-Identifier: ISC */
/* The settings of a socket: checked on their way in by lib/socketconf.c, copied on their way out. */
#include "api/socket_settings.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "api/http.h"
#include "api/store.h"
#include "lib/cleanup.h"
#include "lib/socketconf.h"

#define ACCOUNT_SETTINGS_MAX (128 * 1024)

static void put_json(struct json_object **o)
{
	json_object_put(*o);
}

/* What the database holds was written by us. */
static int parse_stored(const char *stored, struct json_object **ret_o)
{
	int r = json_parse(stored, strlen(stored), 4 * SOCKETCONF_JSON_MAX, ret_o);

	return r == -EINVAL ? -EBADMSG : r;
}

static int print(const struct socketconf *conf, char **ret_text)
{
	auto_call(put_json) struct json_object *o = json_object_new_object();
	const char *text;
	char *copy;

	if (!o || socketconf_write(conf, o) < 0)
		return -ENOMEM;
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							 JSON_C_TO_STRING_NOSLASHESCAPE);
	copy = text ? strdup(text) : NULL;
	if (!copy)
		return -ENOMEM;
	*ret_text = copy;
	return 0;
}

int api_settings_change(struct http_request *rq, struct json_object *body, const char *type,
			const char *stored, char **ret_settings)
{
	auto_call(put_json) struct json_object *merged = NULL;
	char why[SOCKETCONF_ERROR_SIZE];
	struct socketconf conf;
	int r = parse_stored(stored ? stored : "{}", &merged);

	if (r == 0)
		r = socketconf_merge(merged, body);
	if (r < 0)
		return r;
	r = socketconf_read(merged, type, &conf, why);
	if (r == -EINVAL)
		return api_http_error(rq, 400, "%s", why);
	if (r < 0)
		return r;
	r = print(&conf, ret_settings);
	socketconf_clear(&conf);
	return r;
}

int api_settings_check(struct http_request *rq, const struct store_socket *socket)
{
	int64_t size = 0;
	int r = store_settings_size(rq->db, rq->account.user_id, socket->socket_id, &size);

	if (r == 0 && size + (int64_t)strlen(socket->settings) > ACCOUNT_SETTINGS_MAX)
		return api_http_error(rq, 403,
				      "the settings of all your sockets take more than %d KB "
				      "together, which is the limit: use fewer or shorter headers",
				      ACCOUNT_SETTINGS_MAX / 1024);
	return r;
}

int api_settings_show(const struct store_socket *socket, struct json_object *o)
{
	static const struct socketconf defaults;
	auto_call(put_json) struct json_object *stored = NULL;
	int r = parse_stored(socket->settings, &stored);

	if (r == 0)
		r = socketconf_write_all(&defaults, o);
	return r < 0 ? r : socketconf_merge(o, stored);
}

int api_settings_tell(const struct store_socket *socket, struct json_object *names,
		      struct json_object *o)
{
	auto_call(put_json) struct json_object *settings = NULL;
	int r;

	if (strcmp(socket->settings, "{}") == 0 && !names)
		return 0;
	r = parse_stored(socket->settings, &settings);
	if (r < 0)
		return r;
	if (names) {
		json_object_object_foreach(names, name, list)
		{
			if (json_object_object_add(settings, name, json_object_get(list)) < 0)
				return -ENOMEM;
		}
	}
	if (json_object_object_add(o, "settings", settings) < 0)
		return -ENOMEM;
	settings = NULL;
	return 0;
}
