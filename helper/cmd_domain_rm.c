/* SPDX-License-Identifier: ISC */
/* mysocketctl domain rm */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/domain.h"

static int run(struct ctl *ctl, const void *values)
{
	struct json_object *answer = NULL;
	char path[DOMAIN_PATH_SIZE], done[DOMAIN_PATH_SIZE + 40];
	int r = domain_path(ctl, "", path);

	if (r == 0)
		r = ctl_call(ctl, "DELETE", path, NULL, &answer);
	json_object_put(answer);
	if (r < 0)
		return r;
	if (ctl->json) {
		answer = ctl_json_strings("deleted_domain", ctl->args.items[0], NULL);
		r = answer ? ctl_print_json(ctl, answer) : ctl_fail(ctl, -ENOMEM, "out of memory");
		json_object_put(answer);
		return r;
	}
	snprintf(done, sizeof(done), "Domain %s removed\n", ctl->args.items[0]);
	return ctl_print(ctl, done);
}

const struct ctl_command cmd_domain_rm = {
	.name = "domain rm",
	.run = run,
	.options_size = sizeof(struct ctl_common),
	.args = "DOMAIN",
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Give a host name up: it leads to no socket any more.",
};
