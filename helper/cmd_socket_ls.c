/* SPDX-License-Identifier: ISC */
/* mysocketctl socket ls */
#include <json-c/json.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/socket_table.h"

struct options {
	struct ctl_common common;
};

static int run(struct ctl *ctl, const void *options)
{
	struct json_object *answer = NULL;
	int r = ctl_call(ctl, "GET", "/socket", NULL, &answer);

	if (r < 0)
		return r;
	r = ctl->json ? ctl_print_json(ctl, answer) : socket_table_print_list(ctl, answer);
	json_object_put(answer);
	return r;
}

const struct ctl_command cmd_socket_ls = {
	.name = "socket ls",
	.run = run,
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "List your sockets.",
};
