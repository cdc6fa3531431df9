/* SPDX-License-Identifier: ISC */
/* mysocketctl tunnel create */
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/resource.h"
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

static int print(struct ctl *ctl, struct json_object *answer)
{
	char why[RESOURCE_WHY_SIZE];
	struct tunnel_info tunnel;
	int r;

	if (tunnel_info_read(answer, &tunnel, why) < 0)
		return ctl_bad_answer(ctl, why);
	r = tunnel_table_print(ctl, &tunnel, 1);
	tunnel_info_clear(&tunnel);
	return r;
}

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	struct json_object *answer = NULL, *body;
	char path[80];
	char socket_id[ID_UUID_SIZE];
	int r = socket_find(ctl, options->socket_id, socket_id);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/socket/%s/tunnel", socket_id);
	body = json_object_new_object();
	r = ctl_call(ctl, "POST", path, body, &answer);
	json_object_put(body);
	if (r == 0)
		r = ctl->json ? ctl_print_json(ctl, answer) : print(ctl, answer);
	json_object_put(answer);
	return r;
}

const struct ctl_command cmd_tunnel_create = {
	.name = "tunnel create",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Create a tunnel for a socket; several share its traffic.",
};
