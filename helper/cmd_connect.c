/* SPDX-License-Identifier: ISC */
/* mysocketctl connect: a socket and a tunnel for one local port, until Ctrl-C; then both are deleted. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/publish.h"
#include "helper/resource.h"
#include "helper/signals.h"
#include "helper/socket_cleanup.h"
#include "helper/socket_request.h"
#include "helper/table.h"
#include "helper/tunnel_run.h"
#include "lib/cleanup.h"

struct options {
	struct ctl_common common;
	struct tunnel_request tunnel;
	struct socket_request socket;
	int64_t tunnels;
};

#define TUNNELS_MAX 16

static const struct ctl_option table[] = {
	TUNNEL_REQUEST_PORT(struct options),
	{ "name", CTL_OPTION_STRING, SOCKET_REQUEST_OPTION(struct options, name), .metavar = "TEXT",
	  .help = "What you call it; without it 'Local port' and the port" },
	SOCKET_REQUEST_OPTIONS(struct options),
	TUNNEL_REQUEST_OPTIONS(struct options),
	{ "tunnels", CTL_OPTION_INT, offsetof(struct options, tunnels), .metavar = "INTEGER",
	  .help = "So many connections in parallel, which share the visitors: for more throughput "
		  "than one gives",
	  .fallback = "1", .min = 1, .max = TUNNELS_MAX },
};

static int print_socket(struct ctl *ctl, const struct options *options,
			const struct socket_info *socket)
{
	static const struct table_column columns[] = { { "socket_id" },
						       { "dns_name" },
						       { "name" } };
	struct table t;
	int r;

	table_init(&t, columns, ARRAY_SIZE(columns));
	table_add(&t, (const char *const[]){ socket->socket_id, socket->dnsname, socket->name });
	r = ctl_print_table(ctl, &t);
	table_clear(&t);
	if (r == 0)
		r = socket_request_print_login(ctl, &options->socket, socket);
	return r < 0 ? r : ctl_print(ctl, "\n");
}

static int print_event(struct ctl *ctl, const char *event, const char *name,
		       struct json_object *value)
{
	struct json_object *o = ctl_json_strings("event", event, NULL);
	int r;

	if (!o || !value || json_object_object_add(o, name, json_object_get(value)) < 0)
		r = ctl_fail(ctl, -ENOMEM, "out of memory");
	else
		r = ctl_print_event(ctl, o);
	json_object_put(o);
	return r;
}

static int clean_up(struct ctl *ctl, const char *socket_id)
{
	struct json_object *deleted;
	int r;

	/* Nobody may be reading any more; the work is done all the same. */
	if (!ctl->json) {
		(void)fputs("cleaning up...\n", stdout);
		(void)fflush(stdout);
	}
	r = socket_cleanup(ctl, socket_id);
	if (ctl->json) {
		deleted = json_object_new_boolean(r == 0);
		(void)print_event(ctl, "ended", "socket_deleted", deleted);
		json_object_put(deleted);
	}
	return r;
}

/* ---- several tunnels ---- */
/* Makes the others, and reads the socket again with them. */
static int add_tunnels(struct ctl *ctl, const struct options *options, struct json_object *answer,
		       struct socket_info *socket)
{
	struct json_object *list = NULL, *tunnel, *body = json_object_new_object();
	char path[80], why[RESOURCE_WHY_SIZE];
	struct socket_info again;
	int64_t i;
	int r = 0;

	snprintf(path, sizeof(path), "/socket/%s/tunnel", socket->socket_id);
	json_object_object_get_ex(answer, "tunnels", &list);
	for (i = 1; i < options->tunnels && r == 0; i++) {
		tunnel = NULL;
		r = ctl_call(ctl, "POST", path, body, &tunnel);
		if (r == 0 && json_object_array_add(list, tunnel) < 0)
			r = ctl_fail(ctl, -ENOMEM, "out of memory");
	}
	json_object_put(body);
	if (r < 0)
		return r;
	if (socket_info_read(answer, &again, why) < 0)
		return ctl_bad_answer(ctl, why);
	socket_info_clear(socket);
	*socket = again;
	return 0;
}

static int run_tunnels(struct ctl *ctl, const struct options *options,
		       const struct socket_info *socket)
{
	struct tunnel_job jobs[TUNNELS_MAX] = { 0 };
	char labels[TUNNELS_MAX][8];
	size_t i, count = socket->tunnel_count < TUNNELS_MAX ? socket->tunnel_count : TUNNELS_MAX;

	for (i = 0; i < count; i++) {
		snprintf(labels[i], sizeof(labels[i]), "%zu", i + 1);
		jobs[i] = (struct tunnel_job){
			.request = &options->tunnel,
			.socket = socket,
			.tunnel = &socket->tunnels[i],
			.label = count > 1 ? labels[i] : NULL,
			.quiet = i > 0, /* all have the same welcome */
		};
	}
	return publish_run(ctl, "connect", jobs, count);
}

static int run_socket(struct ctl *ctl, const struct options *options, struct json_object *answer,
		      struct socket_info *socket)
{
	int r = 0, end;

	if (!socket->tunnel_count)
		r = ctl_bad_answer(ctl, "it holds no tunnel");
	else if (options->tunnels > 1)
		r = add_tunnels(ctl, options, answer, socket);
	if (r == 0 && ctl->json)
		r = print_event(ctl, "socket", "socket", answer);
	else if (r == 0)
		r = print_socket(ctl, options, socket);
	if (r == 0)
		r = run_tunnels(ctl, options, socket);
	end = clean_up(ctl, socket->socket_id);
	return r < 0 ? r : end;
}

static int make_and_run(struct ctl *ctl, const struct options *options,
			const struct socket_request *request)
{
	struct json_object *answer = NULL;
	struct socket_info socket;
	int r = signals_catch();

	if (r < 0)
		return ctl_fail(ctl, r, "cannot catch signals: %s", strerror(-r));
	/* The first Ctrl-C waits for the answer, and SIGTERM for a moment: what was made must be deleted. */
	ctl->patience = 2;
	r = socket_request_send(ctl, request, "/connect", &answer, &socket);
	if (r == 0) {
		r = run_socket(ctl, options, answer, &socket);
		socket_info_clear(&socket);
	} else if (r == -EINTR) {
		ctl_warn(
			ctl,
			"the API has not answered, and may have made a socket all the same; to see: "
			"mysocketctl socket ls; to delete one: mysocketctl socket delete "
			"--socket_id ID");
	}
	json_object_put(answer);
	signals_release();
	return r;
}

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	struct socket_request request = options->socket;
	char name[40];
	int r = tunnel_request_check(ctl, &options->tunnel);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "Local port %d", (int)options->tunnel.port);
	if (!request.name)
		request.name = name;
	r = socket_request_prepare(ctl, &request);
	if (r == 0)
		r = make_and_run(ctl, options, &request);
	socket_request_clear(&request);
	return r;
}

const struct ctl_command cmd_connect = {
	.name = "connect",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Quickly connect: create a socket and a tunnel, and connect a local port to it.",
	.description =
		"The tunnel is kept connected. Ctrl-C disconnects it and offers to end; a second "
		"Ctrl-C ends, and deletes the socket. For a name that stays, use 'socket create', "
		"'tunnel create' and 'tunnel connect'.",
};
