/* SPDX-License-Identifier: ISC */
/* mysocketctl socket set: changes a socket while its tunnels stay connected. */
#include <json-c/json.h>
#include <stdio.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/settings_request.h"
#include "helper/socket_details.h"
#include "helper/socket_find.h"
#include "lib/cleanup.h"

struct options {
	struct ctl_common common;
	const char *socket_id;
	const char *name;
	struct settings_request settings;
};

static const struct ctl_option table[] = {
	SOCKET_FIND_OPTION(struct options),
	{ "name", CTL_OPTION_STRING, offsetof(struct options, name), .metavar = "TEXT",
	  .help = "What you call it from now on" },
	SETTINGS_REQUEST_OPTIONS(offsetof(struct options, settings)),
	SETTINGS_REQUEST_NEGATIONS(offsetof(struct options, settings)),
};

static int make_body(struct ctl *ctl, const struct options *options, struct json_object *body)
{
	if (options->name &&
	    json_object_object_add(body, "name", json_object_new_string(options->name)) < 0)
		return ctl_fail(ctl, -ENOMEM, "out of memory");
	if (settings_request_add(ctl, &options->settings, body) < 0)
		return -EINVAL;
	if (json_object_object_length(body) == 0)
		return ctl_usage(ctl, "there is nothing to change: give what is to be another, "
				      "such as --name or --allow\n"
				      "run: mysocketctl socket set --help");
	return 0;
}

static int change(struct ctl *ctl, const char *socket_id, struct json_object *body)
{
	struct json_object *answer = NULL;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/socket/%s", socket_id);
	r = ctl_call(ctl, "PATCH", path, body, &answer);
	if (r == 0) {
		settings_request_warn(ctl, body, answer);
		r = socket_details_print(ctl, answer);
	}
	json_object_put(answer);
	return r;
}

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	struct json_object *body = json_object_new_object();
	char socket_id[ID_UUID_SIZE];
	int r = body ? make_body(ctl, options, body) : ctl_fail(ctl, -ENOMEM, "out of memory");

	if (r == 0)
		r = socket_find(ctl, options->socket_id, socket_id);
	if (r == 0)
		r = change(ctl, socket_id, body);
	json_object_put(body);
	return r;
}

const struct ctl_command cmd_socket_set = {
	.name = "socket set",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Change a socket; its tunnels stay connected.",
	.description =
		"Only what is given changes. A list that is given takes the place of the one "
		"before; 'none' empties it.",
};
