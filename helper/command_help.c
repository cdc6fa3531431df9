/* SPDX-License-Identifier: ISC */
/* What --help prints, from the tables. */
#include <string.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/wrap.h"
#include "lib/strbuf.h"

#define SUMMARY_COLUMN 13
#define PROSE_WIDTH 80

static void add_summary(struct strbuf *sb, const char *name, const char *summary)
{
	strbuf_addf(sb, "  %-*s", SUMMARY_COLUMN - 2, name);
	wrap_add(sb, summary, SUMMARY_COLUMN, PROSE_WIDTH);
	strbuf_addch(sb, '\n');
}

static void add_common_options(struct strbuf *sb)
{
	strbuf_adds(sb, "\nOptions:\n");
	ctl_options_help(&ctl_common_options, 1, sb);
}

void ctl_help_all(struct strbuf *sb)
{
	size_t c, g = 0;

	strbuf_adds(sb, "Usage: mysocketctl [OPTIONS] COMMAND [ARGS]...\n\n"
			"Gives a service that nobody can reach a stable public name.\n");
	add_common_options(sb);
	strbuf_adds(sb, "  --version                   Print the version and exit\n");
	strbuf_adds(sb, "\nCommands:\n");
	/* Both tables are sorted: merge them. A group stands for its commands. */
	for (c = 0; c < ctl_command_count; c++) {
		const char *name = ctl_commands[c]->name;

		for (; g < ctl_group_count && strcmp(ctl_groups[g].name, name) < 0; g++)
			add_summary(sb, ctl_groups[g].name, ctl_groups[g].summary);
		if (!strchr(name, ' '))
			add_summary(sb, name, ctl_commands[c]->summary);
	}
	strbuf_adds(
		sb,
		"\nEnvironment:\n"
		"  MYSOCKET_API         Address of the service's API, https://api.example.com\n"
		"  MYSOCKET_CA_FILE     Its CA certificate, if it has a CA of its own\n"
		"  MYSOCKET_TOKEN_FILE  The login token, by default ~/.mysocketio_token\n"
		"  MYSOCKET_PASSWORD    The account's password, where --password is absent\n"
		"\n'mysocketctl COMMAND --help' tells more; so does the manual, mysocketctl(1).\n");
}

void ctl_help_group(const struct ctl_group *group, struct strbuf *sb)
{
	size_t len = strlen(group->name), c;

	strbuf_addf(sb, "Usage: mysocketctl %s [OPTIONS] COMMAND [ARGS]...\n\n%s\n", group->name,
		    group->summary);
	add_common_options(sb);
	strbuf_adds(sb, "\nCommands:\n");
	for (c = 0; c < ctl_command_count; c++) {
		const char *name = ctl_commands[c]->name;

		if (!strncmp(name, group->name, len) && name[len] == ' ')
			add_summary(sb, name + len + 1, ctl_commands[c]->summary);
	}
}

void ctl_help_command(const struct ctl_command *command, struct strbuf *sb)
{
	const struct ctl_option_table tables[] = { command->table, ctl_common_options };

	strbuf_addf(sb, "Usage: mysocketctl %s [OPTIONS]%s%s\n\n", command->name,
		    command->args ? " " : "", command->args ? command->args : "");
	wrap_add(sb, command->summary, 0, PROSE_WIDTH);
	strbuf_addch(sb, '\n');
	if (command->description) {
		strbuf_addch(sb, '\n');
		wrap_add(sb, command->description, 0, PROSE_WIDTH);
		strbuf_addch(sb, '\n');
	}
	strbuf_adds(sb, "\nOptions:\n");
	ctl_options_help(tables, sizeof(tables) / sizeof(tables[0]), sb);
}
