/* SPDX-License-Identifier: ISC */
/* mysocketctl account key rm */
#include <errno.h>
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/rest.h"
#include "lib/cleanup.h"

struct options {
	struct ctl_common common;
	const char *key_id;
};

static const struct ctl_option table[] = {
	{ "key_id", CTL_OPTION_UUID, offsetof(struct options, key_id), .metavar = "TEXT",
	  .help = "The key, as 'account key ls' lists it", .required = true },
};

/* Not the business of this command: that it cannot be asked is not said. */
static void warn_if_last(struct ctl *ctl)
{
	struct json_object *list = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/user/%s/key", ctl->token.user_id);
	if (rest_call(ctl->rest, "GET", path, NULL, &list) == 0 &&
	    json_object_is_type(list, json_type_array) && !json_object_array_length(list))
		ctl_warn(ctl, "that was your only ssh key: no tunnel can be connected until you "
			      "add one with: mysocketctl account key add");
	json_object_put(list);
}

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	struct json_object *answer = NULL;
	char path[128], done[80];
	int r;

	snprintf(path, sizeof(path), "/user/%s/key/%s", ctl->token.user_id, options->key_id);
	r = ctl_call(ctl, "DELETE", path, NULL, &answer);
	json_object_put(answer);
	if (r < 0)
		return r;
	if (ctl->json) {
		answer = ctl_json_strings("deleted_key_id", options->key_id, NULL);
		r = answer ? ctl_print_json(ctl, answer) : ctl_fail(ctl, -ENOMEM, "out of memory");
		json_object_put(answer);
	} else {
		snprintf(done, sizeof(done), "Key %s removed\n", options->key_id);
		r = ctl_print(ctl, done);
	}
	warn_if_last(ctl);
	return r;
}

const struct ctl_command cmd_account_key_rm = {
	.name = "account key rm",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Remove an ssh key from your account; tunnels cannot be connected with it any "
		   "more.",
};
