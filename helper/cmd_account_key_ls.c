/* SPDX-License-Identifier: ISC */
/* mysocketctl account key ls */
#include <json-c/json.h>
#include <stdio.h>

#include "helper/account_key.h"
#include "helper/command.h"
#include "helper/ctl.h"

struct options {
	struct ctl_common common;
};

static int run(struct ctl *ctl, const void *options)
{
	struct json_object *answer = NULL;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/user/%s/key", ctl->token.user_id);
	r = ctl_call(ctl, "GET", path, NULL, &answer);
	if (r == 0)
		r = ctl->json ? ctl_print_json(ctl, answer) : account_key_print(ctl, answer);
	json_object_put(answer);
	return r;
}

const struct ctl_command cmd_account_key_ls = {
	.name = "account key ls",
	.run = run,
	.options_size = sizeof(struct options),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "List the ssh keys of your account.",
};
