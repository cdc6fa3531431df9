/* SPDX-License-Identifier: ISC */
/* The API's answer about a login: from JSON to checked data. What is not well-formed is refused as a whole:
 * ids and labels end up in HAProxy's command line and in file names. */
#include "node/node_login.h"

#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/socketconf.h"

struct tunnel_json {
	char *tunnel_id, *socket_id, *socket_name, *dnsname, *socket_type, *url, *secret;
	int64_t local_port, public_port;
};

static const struct json_field tunnel_fields[] = {
	{ "tunnel_id", JSON_STRING, offsetof(struct tunnel_json, tunnel_id), .required = true },
	{ "socket_id", JSON_STRING, offsetof(struct tunnel_json, socket_id), .required = true },
	{ "socket_name", JSON_STRING, offsetof(struct tunnel_json, socket_name), .max = 1024 },
	{ "dnsname", JSON_STRING, offsetof(struct tunnel_json, dnsname), .required = true },
	{ "socket_type", JSON_STRING, offsetof(struct tunnel_json, socket_type), .required = true },
	{ "url", JSON_STRING, offsetof(struct tunnel_json, url), .max = 1024 },
	{ "local_port", JSON_INT, offsetof(struct tunnel_json, local_port), .required = true,
	  .min_int = 1, .max_int = 65535 },
	{ "public_port", JSON_INT, offsetof(struct tunnel_json, public_port), .max_int = 65535 },
	{ "protected", JSON_STRING, offsetof(struct tunnel_json, secret), .secret = true },
};

struct key_json {
	char *type, *blob;
};

static const struct json_field key_fields[] = {
	{ "type", JSON_STRING, offsetof(struct key_json, type), .required = true },
	{ "blob", JSON_STRING, offsetof(struct key_json, blob), .required = true, .max = 16384 },
};

struct login_json {
	char *user_id;
	bool suspended, confirmed;
	int64_t seq;
};

static const struct json_field login_fields[] = {
	{ "user_id", JSON_STRING, offsetof(struct login_json, user_id), .required = true },
	{ "suspended", JSON_BOOL, offsetof(struct login_json, suspended) },
	{ "confirmed", JSON_BOOL, offsetof(struct login_json, confirmed) },
	{ "seq", JSON_INT, offsetof(struct login_json, seq), .required = true,
	  .max_int = INT64_MAX },
};

/* The first label of a DNS name, in lower case: 0 or -EINVAL. */
static int label_of(const char *dnsname, char ret_label[NODE_LOGIN_LABEL_SIZE])
{
	size_t len = strcspn(dnsname, ".");

	if (len == 0 || len >= NODE_LOGIN_LABEL_SIZE)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)dnsname[i]) && dnsname[i] != '-')
			return -EINVAL;
		ret_label[i] = (char)tolower((unsigned char)dnsname[i]);
	}
	ret_label[len] = '\0';
	return 0;
}

static bool is_socket_type(const char *type)
{
	return strcmp(type, "http") == 0 || strcmp(type, "https") == 0 ||
	       strcmp(type, "tcp") == 0 || strcmp(type, "tls") == 0;
}

/* A tcp or tls socket is found by its port, the others by their names. False: it has not what its type needs. */
static bool take_route(const struct tunnel_json *t, struct node_tunnel *tunnel)
{
	bool is_web = strncmp(t->socket_type, "http", 4) == 0;

	if (is_web != (t->public_port == 0) || (!is_web && t->secret[0]))
		return false;
	tunnel->public_port = (uint16_t)t->public_port;
	if (is_web)
		memcpy(tunnel->route, tunnel->label, sizeof(tunnel->route));
	else
		snprintf(tunnel->route, sizeof(tunnel->route), ":%u", tunnel->public_port);
	return true;
}

/* The checked values, but for strings of any length. False: something is malformed. */
static bool take_values(const struct tunnel_json *t, struct node_tunnel *tunnel)
{
	/* Without a word about its protection a tunnel is not taken to be public. */
	if (!id_is_uuid(t->tunnel_id) || !id_is_uuid(t->socket_id) ||
	    !is_socket_type(t->socket_type) || label_of(t->dnsname, tunnel->label) < 0 ||
	    !t->secret || !nodeapi_secret_is_valid(t->secret) || !take_route(t, tunnel))
		return false;
	snprintf(tunnel->tunnel_id, sizeof(tunnel->tunnel_id), "%s", t->tunnel_id);
	snprintf(tunnel->socket_id, sizeof(tunnel->socket_id), "%s", t->socket_id);
	snprintf(tunnel->type, sizeof(tunnel->type), "%s", t->socket_type);
	snprintf(tunnel->secret, sizeof(tunnel->secret), "%s", t->secret);
	tunnel->port = (uint16_t)t->local_port;
	return true;
}

static void drop_object(struct json_object **o)
{
	json_object_put(*o);
}

/* The member "settings" of o, checked, in its one spelling. */
static int take_settings(struct json_object *o, const char *type, char **ret_settings,
			 char ret_why[NODE_LOGIN_ERROR_SIZE])
{
	auto_call(drop_object) struct json_object *out = json_object_new_object();
	char why[SOCKETCONF_ERROR_SIZE];
	struct json_object *settings;
	const char *text = "";
	struct socketconf conf;
	int r = 0;

	if (json_object_object_get_ex(o, "settings", &settings) && settings) {
		r = socketconf_read(settings, type, &conf, why);
		if (r < 0) {
			snprintf(ret_why, NODE_LOGIN_ERROR_SIZE, "settings: %.200s", why);
			return r;
		}
		if (!socketconf_is_default(&conf)) {
			r = out ? socketconf_write(&conf, out) : -ENOMEM;
			text = r == 0 ? json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN)
				      : NULL;
		}
		socketconf_clear(&conf);
	}
	*ret_settings = text ? strdup(text) : NULL;
	return *ret_settings ? 0 : -ENOMEM;
}

int node_tunnel_parse(struct json_object *o, struct node_tunnel *ret_tunnel,
		      char ret_why[NODE_LOGIN_ERROR_SIZE])
{
	struct node_tunnel tunnel = { 0 };
	struct tunnel_json t;
	int r = json_read(o, tunnel_fields, ARRAY_SIZE(tunnel_fields), &t, ret_why);

	if (r < 0)
		return r;
	if (!take_values(&t, &tunnel)) {
		snprintf(ret_why, NODE_LOGIN_ERROR_SIZE,
			 "a tunnel's id, type, dnsname, public port or secret is malformed");
		r = -EINVAL;
	} else {
		tunnel.socket_name = strdup(t.socket_name ? t.socket_name : "");
		tunnel.url = strdup(t.url ? t.url : "");
		r = take_settings(o, tunnel.type, &tunnel.settings, ret_why);
		if (!tunnel.socket_name || !tunnel.url)
			r = -ENOMEM;
		if (r < 0)
			node_tunnel_clear(&tunnel);
		else
			*ret_tunnel = tunnel;
	}
	json_clear(tunnel_fields, ARRAY_SIZE(tunnel_fields), &t);
	return r;
}

int node_tunnel_print(const struct node_tunnel *tunnel, struct json_object *o)
{
	struct tunnel_json t = {
		.tunnel_id = (char *)tunnel->tunnel_id,
		.socket_id = (char *)tunnel->socket_id,
		.socket_name = tunnel->socket_name,
		.dnsname = (char *)tunnel->label,
		.socket_type = (char *)tunnel->type,
		.url = tunnel->url,
		.local_port = tunnel->port,
		.public_port = tunnel->public_port,
		.secret = (char *)tunnel->secret,
	};
	struct json_object *settings;

	if (tunnel->settings[0] && (json_parse(tunnel->settings, strlen(tunnel->settings),
					       SOCKETCONF_TEXT_MAX, &settings) < 0 ||
				    json_object_object_add(o, "settings", settings) < 0))
		return -ENOMEM;
	return json_write(o, tunnel_fields, ARRAY_SIZE(tunnel_fields), &t);
}

int node_tunnel_copy(struct node_tunnel *to, const struct node_tunnel *from)
{
	auto_free char *name = strdup(from->socket_name);
	auto_free char *url = strdup(from->url);
	auto_free char *settings = strdup(from->settings);

	if (!name || !url || !settings)
		return -ENOMEM;
	*to = *from;
	to->socket_name = take_ptr(name);
	to->url = take_ptr(url);
	to->settings = take_ptr(settings);
	return 0;
}

void node_tunnel_clear(struct node_tunnel *tunnel)
{
	free(tunnel->socket_name);
	free(tunnel->url);
	free(tunnel->settings);
	explicit_bzero(tunnel->secret, sizeof(tunnel->secret));
	*tunnel = (struct node_tunnel){ 0 };
}

/* The member `name` of o as an array of at most `max`: 0, also when it is absent (*ret_array is NULL then). */
static int get_array(struct json_object *o, const char *name, size_t max,
		     struct json_object **ret_array, char ret_why[NODE_LOGIN_ERROR_SIZE])
{
	struct json_object *array = NULL;

	json_object_object_get_ex(o, name, &array);
	if (array && (!json_object_is_type(array, json_type_array) ||
		      json_object_array_length(array) > max)) {
		snprintf(ret_why, NODE_LOGIN_ERROR_SIZE, "field '%s' must be a list of at most %zu",
			 name, max);
		return -EINVAL;
	}
	*ret_array = array;
	return 0;
}

static int parse_keys(struct json_object *o, struct node_login *login,
		      char ret_why[NODE_LOGIN_ERROR_SIZE])
{
	struct json_object *array;
	int r = get_array(o, "keys", NODE_LOGIN_KEYS, &array, ret_why);
	size_t n = r == 0 && array ? json_object_array_length(array) : 0;

	if (r < 0 || n == 0)
		return r;
	login->keys = calloc(n, sizeof(*login->keys));
	if (!login->keys)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct key_json key;

		r = json_read(json_object_array_get_idx(array, i), key_fields,
			      ARRAY_SIZE(key_fields), &key, ret_why);
		if (r < 0)
			return r;
		login->keys[login->key_count++] =
			(struct node_key){ .type = key.type, .blob = key.blob };
	}
	return 0;
}

static int parse_tunnels(struct json_object *o, struct node_login *login,
			 char ret_why[NODE_LOGIN_ERROR_SIZE])
{
	struct json_object *array;
	int r = get_array(o, "tunnels", NODE_LOGIN_TUNNELS, &array, ret_why);
	size_t n = r == 0 && array ? json_object_array_length(array) : 0;

	if (r < 0 || n == 0)
		return r;
	login->tunnels = calloc(n, sizeof(*login->tunnels));
	if (!login->tunnels)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		r = node_tunnel_parse(json_object_array_get_idx(array, i), &login->tunnels[i],
				      ret_why);
		if (r < 0)
			return r;
		login->tunnel_count++;
	}
	return 0;
}

static int parse_login(struct json_object *o, struct node_login *login,
		       char ret_why[NODE_LOGIN_ERROR_SIZE])
{
	struct login_json j;
	int r = json_read(o, login_fields, ARRAY_SIZE(login_fields), &j, ret_why);

	if (r < 0)
		return r;
	login->suspended = j.suspended;
	login->confirmed = j.confirmed;
	login->seq = j.seq;
	if (id_is_uuid(j.user_id)) {
		snprintf(login->user_id, sizeof(login->user_id), "%s", j.user_id);
	} else {
		snprintf(ret_why, NODE_LOGIN_ERROR_SIZE, "field 'user_id' is not an id");
		r = -EINVAL;
	}
	json_clear(login_fields, ARRAY_SIZE(login_fields), &j);
	if (r == 0)
		r = parse_keys(o, login, ret_why);
	return r < 0 ? r : parse_tunnels(o, login, ret_why);
}

int node_login_parse(const char *user, const char *text, size_t len, struct node_login **ret_login,
		     char ret_why[NODE_LOGIN_ERROR_SIZE])
{
	struct node_login *login;
	struct json_object *o;
	int r = json_parse(text, len, NODE_LOGIN_MAX, &o);

	if (r < 0) {
		snprintf(ret_why, NODE_LOGIN_ERROR_SIZE, "the answer is not JSON");
		return r == -ENOMEM ? r : -EINVAL;
	}
	login = calloc(1, sizeof(*login));
	r = login ? parse_login(o, login, ret_why) : -ENOMEM;
	json_object_put(o);
	if (r < 0) {
		node_login_free(login);
		return r;
	}
	snprintf(login->user, sizeof(login->user), "%s", user);
	*ret_login = login;
	return 0;
}

void node_login_free(struct node_login *login)
{
	if (!login)
		return;
	for (size_t i = 0; i < login->key_count; i++) {
		free(login->keys[i].type);
		free(login->keys[i].blob);
	}
	for (size_t i = 0; i < login->tunnel_count; i++)
		node_tunnel_clear(&login->tunnels[i]);
	free(login->keys);
	free(login->tunnels);
	free(login);
}

enum denial node_login_denial(const struct node_login *login)
{
	if (login->suspended)
		return DENIAL_SUSPENDED;
	return login->confirmed ? DENIAL_NONE : DENIAL_UNCONFIRMED;
}

bool node_login_has_key(const struct node_login *login, const char *type, const char *blob)
{
	for (size_t i = 0; i < login->key_count; i++)
		if (strcmp(login->keys[i].type, type) == 0 &&
		    strcmp(login->keys[i].blob, blob) == 0)
			return true;
	return false;
}

const struct node_tunnel *node_login_tunnel(const struct node_login *login, uint16_t port)
{
	for (size_t i = 0; i < login->tunnel_count; i++)
		if (login->tunnels[i].port == port)
			return &login->tunnels[i];
	return NULL;
}

const struct node_tunnel *node_login_tunnel_by_id(const struct node_login *login,
						  const char *tunnel_id)
{
	for (size_t i = 0; i < login->tunnel_count; i++)
		if (strcmp(login->tunnels[i].tunnel_id, tunnel_id) == 0)
			return &login->tunnels[i];
	return NULL;
}
