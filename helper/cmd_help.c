/* SPDX-License-Identifier: ISC */
/* mysocketctl help [COMMAND]... */
#include <errno.h>
#include <string.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

struct options {
	struct ctl_common common;
};

static int run(struct ctl *ctl, const void *options)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);
	char *const *words = (char *const *)ctl->args.items;
	int count = (int)ctl->args.count, used;
	bool whole = ctl_command_words(count, words) == count;
	const struct ctl_command *command = ctl_command_find(count, words, &used);
	const struct ctl_group *group = count ? ctl_group_find(words[0]) : NULL;

	if (command)
		ctl_help_command(command, &sb);
	else if (group && whole)
		ctl_help_group(group, &sb);
	else if (!count)
		ctl_help_all(&sb);
	else
		return ctl_usage(ctl, "unknown command '%.60s'\nrun: mysocketctl %s%s--help",
				 words[count - 1], group ? group->name : "", group ? " " : "");
	return ctl_print_help(ctl, &sb);
}

const struct ctl_command cmd_help = {
	.name = "help",
	.run = run,
	.options_size = sizeof(struct options),
	.args = "[COMMAND]...",
	.summary = "Show what mysocketctl, or one of its commands, can do.",
};
