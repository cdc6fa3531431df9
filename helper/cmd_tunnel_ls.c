/* SPDX-License-Identifier: ISC */
/* mysocketctl tunnel ls */
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/socket_find.h"
#include "helper/socket_table.h"
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
	char path[80];
	char socket_id[ID_UUID_SIZE];
	int r = socket_find(ctl, options->socket_id, socket_id);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/socket/%s/tunnel", socket_id);
	r = ctl_call(ctl, "GET", path, NULL, &answer);
	if (r == 0)
		r = ctl->json ? ctl_print_json(ctl, answer)
			      : tunnel_table_print_list(ctl, socket_id, answer);
	json_object_put(answer);
	return r;
}

const struct ctl_command cmd_tunnel_ls = {
	.name = "tunnel ls",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "List the tunnels of a socket, and where each was last connected.",
};
