/* SPDX-License-Identifier: ISC */
/* mysocketctl status: what `up`, `connect` and `tunnel connect` publish while they run (runstatus.h). */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/runstatus.h"
#include "helper/table.h"
#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/strbuf.h"

#define LINE_MAX_SIZE 8192
#define NAME_MAX_SIZE 2000

struct options {
	struct ctl_common common;
};

static const char *text_of(struct json_object *o, const char *name)
{
	const char *text = json_object_get_string(json_object_object_get(o, name));

	return text ? text : "";
}

static int64_t number_of(struct json_object *o, const char *name)
{
	return json_object_get_int64(json_object_object_get(o, name));
}

/* "12 s", "5 min", "3 h", "2 d": how long something has been so. */
static void age(int64_t seconds, char *buf, size_t size)
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (i < ARRAY_SIZE(units) - 1 && seconds < 2 * units[i].seconds)
		i++;
	snprintf(buf, size, "%" PRId64 " %s", seconds / units[i].seconds, units[i].unit);
}

/* The name; of a socket with several tunnels, with the number of this one behind. */
static void add_name(struct json_object *tunnels, size_t i, struct strbuf *sb)
{
	struct json_object *tunnel = json_object_array_get_idx(tunnels, i);
	size_t j, before = 0, all = 0;

	for (j = 0; j < json_object_array_length(tunnels); j++)
		if (!strcmp(text_of(json_object_array_get_idx(tunnels, j), "socket_id"),
			    text_of(tunnel, "socket_id"))) {
			before += j < i;
			all++;
		}
	strbuf_adds(sb, text_of(tunnel, "name"));
	if (all > 1)
		strbuf_addf(sb, " %zu", before + 1);
}

static void add_row(struct table *t, struct json_object *tunnels, size_t i, int64_t now)
{
	auto_call(strbuf_clear) struct strbuf name = STRBUF_INIT(NAME_MAX_SIZE);
	auto_call(strbuf_clear) struct strbuf state = STRBUF_INIT(100);
	struct json_object *tunnel = json_object_array_get_idx(tunnels, i);
	char number[24], since[40];

	age(now - number_of(tunnel, "since"), since, sizeof(since));
	strbuf_addf(&state, "%s %s", text_of(tunnel, "state"), since);
	snprintf(number, sizeof(number), "%" PRId64, number_of(tunnel, "reconnects"));
	add_name(tunnels, i, &name);
	table_add(t, (const char *const[]){ name.buf, state.buf, text_of(tunnel, "url"),
					    text_of(tunnel, "origin"), number,
					    text_of(tunnel, "error") });
}

static int print_run(struct ctl *ctl, struct json_object *run)
{
	static const struct table_column columns[] = { { "name" },	 { "state" },
						       { "url" },	 { "leads to" },
						       { "reconnects" }, { "last error" } };
	auto_call(strbuf_clear) struct strbuf line = STRBUF_INIT(LINE_MAX_SIZE);
	struct json_object *tunnels = json_object_object_get(run, "tunnels");
	const char *file = text_of(run, "file"), *message = text_of(run, "message");
	int64_t now = time(NULL);
	struct table t;
	char since[40];
	size_t i;
	int r;

	age(now - number_of(run, "started"), since, sizeof(since));
	strbuf_addf(&line, "mysocketctl %s%s", text_of(run, "command"), *file ? " " : "");
	escape_add(&line, file, strlen(file));
	strbuf_addf(&line, " (process %" PRId64 ", for %s)\n", number_of(run, "pid"), since);
	if (*message) {
		escape_add(&line, message, strlen(message));
		strbuf_addch(&line, '\n');
	}
	r = ctl_print(ctl, line.buf);
	if (r < 0 || !json_object_is_type(tunnels, json_type_array) ||
	    !json_object_array_length(tunnels))
		return r;
	table_init(&t, columns, ARRAY_SIZE(columns));
	for (i = 0; i < json_object_array_length(tunnels); i++)
		add_row(&t, tunnels, i, now);
	r = ctl_print_table(ctl, &t);
	table_clear(&t);
	return r;
}

static int run(struct ctl *ctl, const void *options)
{
	struct json_object *list;
	size_t i;
	int r = runstatus_list(&list);

	if (r < 0)
		return ctl_fail(ctl, r, "out of memory");
	if (ctl->json)
		r = ctl_print_json(ctl, list);
	else if (!json_object_array_length(list))
		r = ctl_print(ctl, "Nothing runs. Start something with 'mysocketctl up' or "
				   "'mysocketctl connect'.\n");
	for (i = 0; !ctl->json && r == 0 && i < json_object_array_length(list); i++) {
		r = i ? ctl_print(ctl, "\n") : 0;
		if (r == 0)
			r = print_run(ctl, json_object_array_get_idx(list, i));
	}
	json_object_put(list);
	return r;
}

const struct ctl_command cmd_status = {
	.name = "status",
	.run = run,
	.options_size = sizeof(struct options),
	.summary = "Show what runs here: each tunnel's state, URL, reconnects and last error.",
	.description = "Knows what you run on this host with 'up', 'connect' and 'tunnel connect'. "
		       "Asks no server.",
};
