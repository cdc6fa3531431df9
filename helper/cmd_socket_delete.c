/* SPDX-License-Identifier: ISC */
/* mysocketctl socket delete */
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
};

static const struct ctl_option table[] = {
	SOCKET_FIND_OPTION(struct options),
};

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	struct json_object *answer = NULL;
	char path[64], done[80];
	char socket_id[ID_UUID_SIZE];
	int r = socket_find(ctl, options->socket_id, socket_id);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/socket/%s", socket_id);
	r = ctl_call(ctl, "DELETE", path, NULL, &answer);
	json_object_put(answer);
	if (r < 0)
		return r;
	if (ctl->json) {
		answer = ctl_json_strings("deleted_socket_id", socket_id, NULL);
		r = answer ? ctl_print_json(ctl, answer) : ctl_fail(ctl, -ENOMEM, "out of memory");
		json_object_put(answer);
		return r;
	}
	snprintf(done, sizeof(done), "Socket %s deleted\n", socket_id);
	return ctl_print(ctl, done);
}

const struct ctl_command cmd_socket_delete = {
	.name = "socket delete",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Delete a socket and its tunnels; its name is gone.",
};
