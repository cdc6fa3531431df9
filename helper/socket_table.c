/* SPDX-License-Identifier: ISC */
/* Sockets and tunnels as tables. */
#include "helper/socket_table.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>

#include "helper/ctl.h"
#include "helper/resource.h"
#include "helper/table.h"
#include "lib/cleanup.h"

static const struct table_column socket_columns[] = {
	{ "socket_id" }, { "dns_name" }, { "port(s)", true }, { "type", true }, { "name" },
};

static const struct table_column tunnel_columns[] = {
	{ "socket_id" },
	{ "tunnel_id" },
	{ "tunnel_server" },
	{ "relay_port" },
};

static void add_socket(struct table *t, const struct socket_info *s)
{
	table_add(t, (const char *const[]){ s->socket_id, s->dnsname, s->ports, s->socket_type,
					    s->name });
}

static void add_tunnel(struct table *t, const struct tunnel_info *tunnel)
{
	char port[24];

	snprintf(port, sizeof(port), "%lld", (long long)tunnel->local_port);
	table_add(t, (const char *const[]){ tunnel->socket_id, tunnel->tunnel_id,
					    tunnel->tunnel_server, port });
}

int socket_table_print(const struct ctl *ctl, const struct socket_info *sockets, size_t count)
{
	struct table t;
	size_t i;
	int r;

	table_init(&t, socket_columns, ARRAY_SIZE(socket_columns));
	for (i = 0; i < count; i++)
		add_socket(&t, &sockets[i]);
	r = ctl_print_table(ctl, &t);
	table_clear(&t);
	return r;
}

int tunnel_table_print(const struct ctl *ctl, const struct tunnel_info *tunnels, size_t count)
{
	struct table t;
	size_t i;
	int r;

	table_init(&t, tunnel_columns, ARRAY_SIZE(tunnel_columns));
	for (i = 0; i < count; i++)
		add_tunnel(&t, &tunnels[i]);
	r = ctl_print_table(ctl, &t);
	table_clear(&t);
	return r;
}

int socket_table_print_list(const struct ctl *ctl, struct json_object *list)
{
	char why[RESOURCE_WHY_SIZE];
	struct table t;
	size_t i;
	int r = 0;

	if (!json_object_is_type(list, json_type_array))
		return ctl_bad_answer(ctl, "a list of sockets is expected");
	if (!json_object_array_length(list))
		return ctl_print(ctl, "You have no sockets yet. Make one that stays:\n"
				      "  mysocketctl socket create --name NAME\n"
				      "or give a local port a name until Ctrl-C:\n"
				      "  mysocketctl connect --port PORT\n");
	table_init(&t, socket_columns, ARRAY_SIZE(socket_columns));
	for (i = 0; r == 0 && i < json_object_array_length(list); i++) {
		struct socket_info s;

		r = socket_info_read(json_object_array_get_idx(list, i), &s, why);
		if (r < 0) {
			r = ctl_bad_answer(ctl, why);
			break;
		}
		add_socket(&t, &s);
		socket_info_clear(&s);
	}
	if (r == 0)
		r = ctl_print_table(ctl, &t);
	table_clear(&t);
	return r;
}

static int no_tunnels(const struct ctl *ctl, const char *socket_id)
{
	char text[200];

	snprintf(text, sizeof(text),
		 "The socket has no tunnels yet. Make one:\n"
		 "  mysocketctl tunnel create --socket_id %s\n",
		 socket_id);
	return ctl_print(ctl, text);
}

int tunnel_table_print_list(const struct ctl *ctl, const char *socket_id, struct json_object *list)
{
	char why[RESOURCE_WHY_SIZE];
	struct table t;
	size_t i;
	int r = 0;

	if (!json_object_is_type(list, json_type_array))
		return ctl_bad_answer(ctl, "a list of tunnels is expected");
	if (!json_object_array_length(list))
		return no_tunnels(ctl, socket_id);
	table_init(&t, tunnel_columns, ARRAY_SIZE(tunnel_columns));
	for (i = 0; r == 0 && i < json_object_array_length(list); i++) {
		struct tunnel_info tunnel;

		r = tunnel_info_read(json_object_array_get_idx(list, i), &tunnel, why);
		if (r < 0) {
			r = ctl_bad_answer(ctl, why);
			break;
		}
		add_tunnel(&t, &tunnel);
		tunnel_info_clear(&tunnel);
	}
	if (r == 0)
		r = ctl_print_table(ctl, &t);
	table_clear(&t);
	return r;
}
