/* SPDX-License-Identifier: ISC */
/* mysocketctl tunnel delete */
#include <errno.h>
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/socket_find.h"
#include "lib/cleanup.h"

struct options {
	struct ctl_common common;
	const char *socket_id;
	const char *tunnel_id;
};

static const struct ctl_option table[] = {
	SOCKET_FIND_OPTION(struct options),
	{ "tunnel_id", CTL_OPTION_UUID, offsetof(struct options, tunnel_id), .metavar = "TEXT",
	  .help = "The tunnel, as 'tunnel ls' lists it", .required = true },
};

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	struct json_object *answer = NULL;
	char path[128], done[80];
	char socket_id[ID_UUID_SIZE];
	int r = socket_find(ctl, options->socket_id, socket_id);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/socket/%s/tunnel/%s", socket_id, options->tunnel_id);
	r = ctl_call(ctl, "DELETE", path, NULL, &answer);
	json_object_put(answer);
	if (r < 0)
		return r;
	if (ctl->json) {
		answer = ctl_json_strings("deleted_tunnel_id", options->tunnel_id, NULL);
		r = answer ? ctl_print_json(ctl, answer) : ctl_fail(ctl, -ENOMEM, "out of memory");
		json_object_put(answer);
		return r;
	}
	snprintf(done, sizeof(done), "Tunnel %s deleted\n", options->tunnel_id);
	return ctl_print(ctl, done);
}

const struct ctl_command cmd_tunnel_delete = {
	.name = "tunnel delete",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Delete a tunnel; a session that uses it ends.",
};
