/* SPDX-License-Identifier: ISC */
/* mysocketctl completion bash|zsh|fish */
#include <errno.h>
#include <json-c/json.h>
#include <stddef.h>

#include "helper/command.h"
#include "helper/completion.h"
#include "helper/ctl.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

struct options {
	struct ctl_common common;
};

static int run(struct ctl *ctl, const void *options)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT((size_t)1 << 20);
	const char *shell = ctl->args.count == 1 ? ctl->args.items[0] : "";
	struct json_object *o;
	int r = completion_add(shell, &sb);

	if (r == -ENOENT)
		return ctl_usage(ctl, "name one shell: mysocketctl completion %s",
				 cmd_completion.args);
	if (r < 0)
		return ctl_fail(ctl, r, "out of memory");
	if (!ctl->json)
		return ctl_print(ctl, sb.buf);
	o = ctl_json_strings("shell", shell, "script", sb.buf, NULL);
	r = o ? ctl_print_json(ctl, o) : ctl_fail(ctl, -ENOMEM, "out of memory");
	json_object_put(o);
	return r;
}

const struct ctl_command cmd_completion = {
	.name = "completion",
	.run = run,
	.options_size = sizeof(struct options),
	.args = "bash|zsh|fish",
	.summary = "Print what a shell needs to complete commands and options.",
	.description = "For bash, put this in ~/.bashrc: source <(mysocketctl completion bash)",
};
