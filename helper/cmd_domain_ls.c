/* SPDX-License-Identifier: ISC */
/* mysocketctl domain ls */
#include <json-c/json.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/domain.h"

static int run(struct ctl *ctl, const void *values)
{
	struct json_object *answer = NULL;
	int r = ctl_call(ctl, "GET", "/domain", NULL, &answer);

	if (r == 0)
		r = domain_print_list(ctl, answer);
	json_object_put(answer);
	return r;
}

const struct ctl_command cmd_domain_ls = {
	.name = "domain ls",
	.run = run,
	.options_size = sizeof(struct ctl_common),
	.flags = CTL_NEEDS_TOKEN,
	.summary = "List your host names.",
};
