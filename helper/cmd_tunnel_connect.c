/* SPDX-License-Identifier: ISC */
/* mysocketctl tunnel connect: as connect, for a socket and a tunnel that exist and stay. */
#include <errno.h>
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/publish.h"
#include "helper/resource.h"
#include "helper/signals.h"
#include "helper/socket_find.h"
#include "helper/tunnel_run.h"
#include "lib/cleanup.h"

struct options {
	struct ctl_common common;
	const char *socket_id;
	const char *tunnel_id;
	struct tunnel_request tunnel;
};

static const struct ctl_option table[] = {
	SOCKET_FIND_OPTION(struct options),
	{ "tunnel_id", CTL_OPTION_UUID, offsetof(struct options, tunnel_id), .metavar = "TEXT",
	  .help = "The tunnel, as 'tunnel ls' lists it", .required = true },
	TUNNEL_REQUEST_PORT(struct options),
	TUNNEL_REQUEST_OPTIONS(struct options),
};

static const struct tunnel_info *find(const struct socket_info *socket, const char *tunnel_id)
{
	size_t i;

	for (i = 0; i < socket->tunnel_count; i++)
		if (!strcmp(socket->tunnels[i].tunnel_id, tunnel_id))
			return &socket->tunnels[i];
	return NULL;
}

static int run_tunnel(struct ctl *ctl, const struct options *options,
		      const struct socket_info *socket)
{
	const struct tunnel_job job = {
		.request = &options->tunnel,
		.socket = socket,
		.tunnel = find(socket, options->tunnel_id),
	};
	struct json_object *ended;
	int r;

	if (!job.tunnel)
		return ctl_fail(
			ctl, -ENOENT,
			"the socket has no such tunnel; list them with: mysocketctl tunnel ls "
			"--socket_id %s",
			socket->socket_id);
	r = signals_catch();
	if (r < 0)
		return ctl_fail(ctl, r, "cannot catch signals: %s", strerror(-r));
	r = publish_run(ctl, "tunnel connect", &job, 1);
	signals_release();
	if (ctl->json) {
		ended = ctl_json_strings("event", "ended", NULL);
		if (ended)
			(void)ctl_print_event(ctl, ended);
		json_object_put(ended);
	}
	return r;
}

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	struct json_object *answer = NULL;
	char path[64], why[RESOURCE_WHY_SIZE], socket_id[ID_UUID_SIZE];
	struct socket_info socket;
	int r = tunnel_request_check(ctl, &options->tunnel);

	if (r == 0)
		r = socket_find(ctl, options->socket_id, socket_id);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/socket/%s", socket_id);
	r = ctl_call(ctl, "GET", path, NULL, &answer);
	if (r < 0)
		return r;
	if (socket_info_read(answer, &socket, why) < 0) {
		r = ctl_bad_answer(ctl, why);
	} else {
		r = run_tunnel(ctl, options, &socket);
		socket_info_clear(&socket);
	}
	json_object_put(answer);
	return r;
}

const struct ctl_command cmd_tunnel_connect = {
	.name = "tunnel connect",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Connect a local port to a tunnel, and keep it connected.",
	.description =
		"A tunnel may be connected from several places: the latest one gets the traffic. "
		"Ctrl-C disconnects it and offers to end; a second Ctrl-C ends. Socket and tunnel stay.",
};
