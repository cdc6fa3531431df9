/* SPDX-License-Identifier: ISC */
/* One socket in a box: names and values, of its settings those that are not at their defaults; then its tunnels. */
#include "helper/socket_details.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "helper/ctl.h"
#include "helper/resource.h"
#include "helper/socket_table.h"
#include "helper/table.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

#define VALUE_MAX 16384

/* Members of the document that are shown if they are set, whatever their kind. */
static const char *const settings[] = {
	"sticky",      "proxy_protocol",      "allowed_networks",	"denied_networks",
	"host_header", "add_request_headers", "remove_request_headers", "rate_limit",
};

/* A list becomes "a, b", a header "name: value". False, 0 and "" are nothing. */
static void add_value(struct strbuf *sb, struct json_object *value)
{
	struct json_object *name = NULL, *text = NULL;

	switch (json_object_get_type(value)) {
	case json_type_boolean:
		strbuf_adds(sb, json_object_get_boolean(value) ? "yes" : "");
		break;
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			strbuf_adds(sb, i ? ", " : "");
			add_value(sb, json_object_array_get_idx(value, i));
		}
		break;
	case json_type_object:
		json_object_object_get_ex(value, "name", &name);
		json_object_object_get_ex(value, "value", &text);
		strbuf_addf(sb, "%s: %s", name ? json_object_get_string(name) : "",
			    text ? json_object_get_string(text) : "");
		break;
	case json_type_int:
		if (json_object_get_int64(value))
			strbuf_adds(sb, json_object_get_string(value));
		break;
	case json_type_string:
		strbuf_adds(sb, json_object_get_string(value));
		break;
	default:
		break;
	}
}

static void add_setting(struct table *t, struct json_object *answer, const char *name)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(VALUE_MAX);
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(answer, name, &value))
		return;
	add_value(&sb, value);
	if (sb.len)
		table_add(t, (const char *const[]){ name, sb.buf });
}

static int print_box(struct ctl *ctl, const struct socket_info *s, struct json_object *answer)
{
	static const struct table_column columns[] = { { "name" }, { "value" } };
	const char *const rows[][2] = {
		{ "socket_id", s->socket_id },
		{ "dns_name", s->dnsname },
		{ "url", s->url },
		{ "port(s)", s->ports },
		{ "type", s->socket_type },
		{ "name", s->name },
		{ "protected", s->protected_socket ? "yes" : "no" },
		{ "username", s->protected_username },
	};
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);
	struct table t;
	int r;

	table_init(&t, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i][1] && *rows[i][1])
			table_add(&t, rows[i]);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		add_setting(&t, answer, settings[i]);
	r = table_print_pairs(&t, ctl_width(), &sb);
	table_clear(&t);
	return r < 0 ? ctl_fail(ctl, r, "out of memory") : ctl_print(ctl, sb.buf);
}

static int print(struct ctl *ctl, const struct socket_info *s, struct json_object *answer)
{
	int r = print_box(ctl, s, answer);

	if (r < 0 || !s->tunnel_count)
		return r;
	r = ctl_print(ctl, "\nTunnels:\n");
	return r < 0 ? r : tunnel_table_print(ctl, s->tunnels, s->tunnel_count);
}

int socket_details_print(struct ctl *ctl, struct json_object *answer)
{
	char why[RESOURCE_WHY_SIZE];
	struct socket_info s;
	int r;

	if (socket_info_read(answer, &s, why) < 0)
		return ctl_bad_answer(ctl, why);
	r = ctl->json ? ctl_print_json(ctl, answer) : print(ctl, &s, answer);
	socket_info_clear(&s);
	return r;
}
