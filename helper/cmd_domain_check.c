/* SPDX-License-Identifier: ISC */
/* mysocketctl domain check: has the service look into the DNS. */
#include <json-c/json.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/domain.h"

static int run(struct ctl *ctl, const void *values)
{
	struct json_object *answer = NULL;
	char path[DOMAIN_PATH_SIZE];
	int r = domain_path(ctl, "/check", path);

	if (r == 0)
		r = ctl_call(ctl, "POST", path, NULL, &answer);
	if (r == 0)
		r = domain_print(ctl, answer);
	json_object_put(answer);
	return r;
}

const struct ctl_command cmd_domain_check = {
	.name = "domain check",
	.run = run,
	.options_size = sizeof(struct ctl_common),
	.args = "DOMAIN",
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Have the service see in the DNS that a host name is yours.",
};
