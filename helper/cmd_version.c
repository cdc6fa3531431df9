/* SPDX-License-Identifier: ISC */
/* mysocketctl version */
#include <errno.h>
#include <json-c/json.h>

#include "helper/command.h"
#include "helper/ctl.h"

struct options {
	struct ctl_common common;
};

static int run(struct ctl *ctl, const void *options)
{
	struct json_object *o;
	int r;

	if (!ctl->json)
		return ctl_print(ctl, "mysocketctl " MYSOCKET_VERSION "\n");
	o = ctl_json_strings("version", MYSOCKET_VERSION, NULL);
	r = o ? ctl_print_json(ctl, o) : ctl_fail(ctl, -ENOMEM, "out of memory");
	json_object_put(o);
	return r;
}

const struct ctl_command cmd_version = {
	.name = "version",
	.run = run,
	.options_size = sizeof(struct options),
	.summary = "Print the version of mysocketctl.",
};
