/* SPDX-License-Identifier: ISC */
/* Tables of the fields, and the lists in them. */
#include "helper/resource.h"

#include <errno.h>
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/id.h"
#include "lib/strbuf.h"

#define TUNNELS_MAX 256
#define PORTS_MAX 64

static const struct json_field account_fields[] = {
	{ "name", JSON_STRING, offsetof(struct account, name), .max = 1000 },
	{ "email", JSON_STRING, offsetof(struct account, email), .max = 1000 },
	{ "user_id", JSON_STRING, offsetof(struct account, user_id), .required = true },
	{ "user_name", JSON_STRING, offsetof(struct account, user_name), .required = true },
	{ "sshkey", JSON_STRING, offsetof(struct account, sshkey), .max = 16384 },
};

static const struct json_field tunnel_fields[] = {
	{ "tunnel_id", JSON_STRING, offsetof(struct tunnel_info, tunnel_id), .required = true },
	{ "socket_id", JSON_STRING, offsetof(struct tunnel_info, socket_id) },
	{ "tunnel_server", JSON_STRING, offsetof(struct tunnel_info, tunnel_server) },
	{ "local_port", JSON_INT, offsetof(struct tunnel_info, local_port), .required = true,
	  .min_int = 1, .max_int = 65535 },
};

static const struct json_field socket_fields[] = {
	{ "socket_id", JSON_STRING, offsetof(struct socket_info, socket_id), .required = true },
	{ "name", JSON_STRING, offsetof(struct socket_info, name), .max = 1000 },
	{ "dnsname", JSON_STRING, offsetof(struct socket_info, dnsname), .required = true },
	{ "socket_type", JSON_STRING, offsetof(struct socket_info, socket_type) },
	{ "url", JSON_STRING, offsetof(struct socket_info, url), .max = 1000 },
	{ "user_name", JSON_STRING, offsetof(struct socket_info, user_name) },
	{ "protected_socket", JSON_BOOL, offsetof(struct socket_info, protected_socket) },
	{ "protected_username", JSON_STRING, offsetof(struct socket_info, protected_username),
	  .max = 1000 },
	{ "protected_password", JSON_STRING, offsetof(struct socket_info, protected_password),
	  .secret = true, .max = 1000 },
	{ "ssh_server", JSON_STRING, offsetof(struct socket_info, ssh_server) },
	{ "ssh_port", JSON_INT, offsetof(struct socket_info, ssh_port), .min_int = 1,
	  .max_int = 65535 },
	{ "ssh_host_keys", JSON_STRINGS, offsetof(struct socket_info, ssh_host_keys), .max = 16384,
	  .max_items = 32 },
};

static int not_an_id(const char *field, char *why)
{
	snprintf(why, RESOURCE_WHY_SIZE, "field '%s' is not an id", field);
	return -EINVAL;
}

int account_read(struct json_object *o, struct account *ret_a, char ret_why[RESOURCE_WHY_SIZE])
{
	int r = json_read(o, account_fields, ARRAY_SIZE(account_fields), ret_a, ret_why);

	if (r == 0 && (!id_is_uuid(ret_a->user_id) || !id_is_user(ret_a->user_name))) {
		account_clear(ret_a);
		r = not_an_id("user_id' or 'user_name", ret_why);
	}
	return r;
}

void account_clear(struct account *a)
{
	json_clear(account_fields, ARRAY_SIZE(account_fields), a);
}

int tunnel_info_read(struct json_object *o, struct tunnel_info *ret_t,
		     char ret_why[RESOURCE_WHY_SIZE])
{
	int r = json_read(o, tunnel_fields, ARRAY_SIZE(tunnel_fields), ret_t, ret_why);

	if (r == 0 && !id_is_uuid(ret_t->tunnel_id)) {
		tunnel_info_clear(ret_t);
		r = not_an_id("tunnel_id", ret_why);
	}
	return r;
}

void tunnel_info_clear(struct tunnel_info *t)
{
	json_clear(tunnel_fields, ARRAY_SIZE(tunnel_fields), t);
}

/* A missing list is an empty one. *ret_count is 0 then, and *ret_list NULL. */
static int get_list(struct json_object *o, const char *name, size_t max,
		    struct json_object **ret_list, size_t *ret_count, char *why)
{
	struct json_object *list = NULL;

	*ret_list = NULL;
	*ret_count = 0;
	if (!json_object_object_get_ex(o, name, &list) || !list)
		return 0;
	if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) > max) {
		snprintf(why, RESOURCE_WHY_SIZE, "field '%s' must be a list of at most %zu items",
			 name, max);
		return -EINVAL;
	}
	*ret_list = list;
	*ret_count = json_object_array_length(list);
	return 0;
}

static int read_ports(struct json_object *o, struct socket_info *s, char *why)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT((size_t)PORTS_MAX * 8);
	struct json_object *list;
	size_t count, i;
	int r;

	r = get_list(o, "socket_tcp_ports", PORTS_MAX, &list, &count, why);
	if (r < 0)
		return r;
	for (i = 0; i < count; i++) {
		int port = json_object_get_int(json_object_array_get_idx(list, i));

		if (port < 1 || port > 65535) {
			snprintf(why, RESOURCE_WHY_SIZE,
				 "field 'socket_tcp_ports' must hold ports");
			return -EINVAL;
		}
		strbuf_addf(&sb, "%s%d", i ? " " : "", port);
	}
	return strbuf_take(&sb, &s->ports);
}

static int read_tunnels(struct json_object *o, struct socket_info *s, char *why)
{
	struct json_object *list;
	size_t count, i;
	int r = get_list(o, "tunnels", TUNNELS_MAX, &list, &count, why);

	if (r < 0 || !count)
		return r;
	s->tunnels = calloc(count, sizeof(*s->tunnels));
	if (!s->tunnels)
		return -ENOMEM;
	for (i = 0; i < count && r == 0; i++) {
		r = tunnel_info_read(json_object_array_get_idx(list, i), &s->tunnels[i], why);
		if (r == 0)
			s->tunnel_count++;
	}
	return r;
}

int socket_info_read(struct json_object *o, struct socket_info *ret_s,
		     char ret_why[RESOURCE_WHY_SIZE])
{
	struct socket_info s = { 0 };
	int r;

	snprintf(ret_why, RESOURCE_WHY_SIZE, "out of memory");
	r = json_read(o, socket_fields, ARRAY_SIZE(socket_fields), &s, ret_why);
	if (r < 0)
		return r;
	if (!id_is_uuid(s.socket_id))
		r = not_an_id("socket_id", ret_why);
	if (r == 0)
		r = read_ports(o, &s, ret_why);
	if (r == 0)
		r = read_tunnels(o, &s, ret_why);
	if (r < 0)
		socket_info_clear(&s);
	else
		*ret_s = s;
	return r;
}

void socket_info_clear(struct socket_info *s)
{
	size_t i;

	for (i = 0; i < s->tunnel_count; i++)
		tunnel_info_clear(&s->tunnels[i]);
	free(s->tunnels);
	free(s->ports);
	json_clear(socket_fields, ARRAY_SIZE(socket_fields), s);
	*s = (struct socket_info){ 0 };
}
