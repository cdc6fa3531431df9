/* SPDX-License-Identifier: ISC */
/* A session's record: to and from JSON. What was written by an older version or cut short is refused, and that session
 * is not found again. */
#include "node/state_file.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/strbuf.h"

struct session_json {
	char *token, *user, *user_id, *client, *key;
	int64_t since_ms, pid, start, child_pid, child_start;
};

#define MEMBER(type, name) #name, JSON_INT, offsetof(struct type, name)
#define TEXT(name) #name, JSON_STRING, offsetof(struct session_json, name)

static const struct json_field session_fields[] = {
	{ TEXT(token), .required = true, .secret = true },
	{ TEXT(user), .required = true },
	{ TEXT(user_id), .required = true },
	{ TEXT(client), .required = true },
	{ TEXT(key), .max = 16640 },
	{ MEMBER(session_json, since_ms), .max_int = INT64_MAX },
	{ MEMBER(session_json, pid), .min_int = 1, .max_int = INT32_MAX },
	{ MEMBER(session_json, start), .max_int = INT64_MAX },
	{ MEMBER(session_json, child_pid), .max_int = INT32_MAX },
	{ MEMBER(session_json, child_start), .max_int = INT64_MAX },
};

struct listener_json {
	int64_t address, serial, pid, start, fd;
};

static const struct json_field listener_fields[] = {
	{ MEMBER(listener_json, address), .min_int = 1, .max_int = UINT32_MAX },
	{ MEMBER(listener_json, serial), .min_int = 1, .max_int = INT64_MAX },
	{ MEMBER(listener_json, pid), .min_int = 1, .max_int = INT32_MAX },
	{ MEMBER(listener_json, start), .max_int = INT64_MAX },
	{ MEMBER(listener_json, fd), .required = true, .max_int = INT32_MAX },
};

void state_file_name(const struct process *process, char ret_name[STATE_FILE_NAME])
{
	snprintf(ret_name, STATE_FILE_NAME, "%d-%" PRIu64 STATE_FILE_SUFFIX, (int)process->pid,
		 process->start);
}

/* ---- writing ---- */
static struct json_object *print_listener(const struct saved_listener *l)
{
	const struct listener_json j = {
		.address = l->address,
		.serial = (int64_t)l->serial,
		.pid = l->holder.pid,
		.start = (int64_t)l->holder.start,
		.fd = l->fd,
	};
	struct json_object *o = json_object_new_object();

	if (o && (json_write(o, listener_fields, ARRAY_SIZE(listener_fields), &j) < 0 ||
		  node_tunnel_print(&l->tunnel, o) < 0)) {
		json_object_put(o);
		o = NULL;
	}
	return o;
}

static int add_listeners(const struct saved_session *saved, struct json_object *o)
{
	struct json_object *array = json_object_new_array();

	if (!array || json_object_object_add(o, "listeners", array) < 0) {
		json_object_put(array);
		return -ENOMEM;
	}
	for (size_t i = 0; i < saved->listener_count; i++) {
		struct json_object *item = print_listener(&saved->listeners[i]);

		if (!item || json_object_array_add(array, item) < 0) {
			json_object_put(item);
			return -ENOMEM;
		}
	}
	return 0;
}

void state_file_print(const struct saved_session *saved, struct strbuf *sb)
{
	const struct session_json j = {
		.token = (char *)saved->token,
		.user = (char *)saved->user,
		.user_id = (char *)saved->user_id,
		.client = saved->client,
		.key = saved->key,
		.since_ms = saved->since_ms,
		.pid = saved->process.pid,
		.start = (int64_t)saved->process.start,
		.child_pid = saved->child.pid,
		.child_start = (int64_t)saved->child.start,
	};
	struct json_object *o = json_object_new_object();
	const char *text;

	if (!o || json_write(o, session_fields, ARRAY_SIZE(session_fields), &j) < 0 ||
	    add_listeners(saved, o) < 0) {
		strbuf_fail(sb, -ENOMEM);
	} else {
		text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
		strbuf_adds(sb, text ? text : "");
		strbuf_addch(sb, '\n');
	}
	json_object_put(o);
}

/* ---- reading ---- */
static int parse_listener(struct json_object *o, struct saved_listener *ret_listener)
{
	char why[NODE_LOGIN_ERROR_SIZE];
	struct listener_json j;
	int r = json_read(o, listener_fields, ARRAY_SIZE(listener_fields), &j, why);

	if (r < 0)
		return r;
	ret_listener->address = (uint32_t)j.address;
	ret_listener->serial = (uint64_t)j.serial;
	ret_listener->holder = (struct process){ .pid = (pid_t)j.pid, .start = (uint64_t)j.start };
	ret_listener->fd = (int)j.fd;
	return node_tunnel_parse(o, &ret_listener->tunnel, why);
}

static int parse_listeners(struct json_object *o, struct saved_session *saved)
{
	struct json_object *array;
	size_t n;
	int r;

	if (!json_object_object_get_ex(o, "listeners", &array) ||
	    !json_object_is_type(array, json_type_array))
		return -EINVAL;
	n = json_object_array_length(array);
	if (n > NODE_LOGIN_TUNNELS)
		return -EINVAL;
	saved->listeners = calloc(n + 1, sizeof(*saved->listeners));
	if (!saved->listeners)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		r = parse_listener(json_object_array_get_idx(array, i), &saved->listeners[i]);
		if (r < 0)
			return r;
		saved->listener_count++;
	}
	return 0;
}

static bool is_token(const char *s)
{
	return strlen(s) == NODEWIRE_TOKEN_LEN &&
	       strspn(s, "0123456789abcdef") == NODEWIRE_TOKEN_LEN;
}

static int parse_session(struct json_object *o, struct saved_session *saved)
{
	char why[JSON_ERROR_SIZE];
	struct session_json j;
	int r = json_read(o, session_fields, ARRAY_SIZE(session_fields), &j, why);

	if (r < 0)
		return r;
	if (!is_token(j.token) || !id_is_user(j.user) || !id_is_uuid(j.user_id)) {
		json_clear(session_fields, ARRAY_SIZE(session_fields), &j);
		return -EINVAL;
	}
	snprintf(saved->token, sizeof(saved->token), "%s", j.token);
	snprintf(saved->user, sizeof(saved->user), "%s", j.user);
	snprintf(saved->user_id, sizeof(saved->user_id), "%s", j.user_id);
	saved->client = take_ptr(j.client);
	/* An absent key is written as "". */
	saved->key = j.key && *j.key ? take_ptr(j.key) : NULL;
	saved->since_ms = j.since_ms;
	saved->process = (struct process){ .pid = (pid_t)j.pid, .start = (uint64_t)j.start };
	saved->child =
		(struct process){ .pid = (pid_t)j.child_pid, .start = (uint64_t)j.child_start };
	json_clear(session_fields, ARRAY_SIZE(session_fields), &j);
	return parse_listeners(o, saved);
}

int state_file_parse(const char *text, size_t len, struct saved_session *ret_saved)
{
	struct saved_session saved = { 0 };
	struct json_object *o;
	int r = json_parse(text, len, STATE_FILE_MAX, &o);

	if (r < 0)
		return r == -ENOMEM ? r : -EINVAL;
	r = parse_session(o, &saved);
	json_object_put(o);
	if (r < 0)
		state_file_clear(&saved);
	else
		*ret_saved = saved;
	return r;
}

void state_file_clear(struct saved_session *saved)
{
	for (size_t i = 0; i < saved->listener_count; i++)
		node_tunnel_clear(&saved->listeners[i].tunnel);
	free(saved->listeners);
	free(saved->client);
	free(saved->key);
	explicit_bzero(saved, sizeof(*saved));
}
