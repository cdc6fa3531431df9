/* SPDX-License-Identifier: ISC */
/* mysocketctl socket show */
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/socket_details.h"
#include "helper/socket_find.h"
#include "lib/cleanup.h"

struct options {
	struct ctl_common common;
	const char *socket_id;
};

static const struct ctl_option table[] = {
	SOCKET_FIND_OPTION(struct options),
};

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	struct json_object *answer = NULL;
	char path[64];
	char socket_id[ID_UUID_SIZE];
	int r = socket_find(ctl, options->socket_id, socket_id);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/socket/%s", socket_id);
	r = ctl_call(ctl, "GET", path, NULL, &answer);
	if (r == 0)
		r = socket_details_print(ctl, answer);
	json_object_put(answer);
	return r;
}

const struct ctl_command cmd_socket_show = {
	.name = "socket show",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Show one socket and its tunnels.",
};
