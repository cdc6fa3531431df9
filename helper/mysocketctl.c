/* SPDX-License-Identifier: ISC */
/* The user's command: reads the command line, prepares what the command needs, runs it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/strbuf.h"

#define HELP_MAX 65536

/* A command line that cannot be read may ask for JSON all the same. */
static bool asks_for_json(int argc, char *const *argv)
{
	int i;

	for (i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

/* --json, --help and --version may stand in front of the command; the first two behind a group's name as well. */
static int read_front(struct ctl *ctl, int argc, char *const *argv, struct ctl_common *ret_front,
		      bool *ret_version)
{
	char why[CTL_OPTIONS_WHY_SIZE];
	struct ctl_args args;
	int i;

	for (i = 0; i < argc && argv[i][0] == '-'; i++) {
		if (ret_version && !strcmp(argv[i], "--version"))
			*ret_version = true;
		else if (ctl_options_parse(&ctl_common_options, 1, 1, argv + i, ret_front, &args,
					   why) < 0) {
			ctl->json |= asks_for_json(argc, argv);
			return ctl_usage(ctl, "%s\nrun: mysocketctl --help", why);
		}
	}
	ctl->json |= ret_front->json;
	return i;
}

static int unknown_command(struct ctl *ctl, int argc, char *const *argv)
{
	const char *near = ctl_command_suggest(argc, argv);

	ctl->json |= asks_for_json(argc, argv);
	if (near)
		return ctl_usage(ctl, "unknown command '%.60s'\ndid you mean '%s'?", argv[0], near);
	return ctl_usage(ctl, "unknown command '%.60s'\nrun: mysocketctl --help", argv[0]);
}

static int show_command_help(struct ctl *ctl, const struct ctl_command *command)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(HELP_MAX);

	ctl_help_command(command, &sb);
	return ctl_print_help(ctl, &sb);
}

/* What is given without a name is often the value of the option that is missing ("connect 8000"), or of the only one
 * ("account key add PATH"). */
static int refuse_argument(struct ctl *ctl, const struct ctl_command *command, const char *missing)
{
	const struct ctl_option *o = command->table.options;
	const char *text = ctl->args.items[0];
	bool near = command->table.count == 1 && o->metavar;
	char name[60];

	if (command->table.count && missing) {
		snprintf(name, sizeof(name), "'--%s ", o->name);
		near |= strstr(missing, name) != NULL;
	}
	if (near && ctl->args.count == 1)
		return ctl_usage(ctl, "'%s' takes no argument; did you mean '--%s %.200s'?",
				 command->name, o->name, text);
	return ctl_usage(ctl, "'%s' takes no argument: '%.60s'\nrun: mysocketctl %s --help",
			 command->name, text, command->name);
}

static int prepare(struct ctl *ctl, const struct ctl_command *command, const void *options)
{
	char why[CTL_OPTIONS_WHY_SIZE];
	int r = ctl_options_check(&command->table, options, why);

	if (ctl->args.count && !command->args)
		return refuse_argument(ctl, command, r < 0 ? why : NULL);
	if (r < 0)
		return ctl_usage(ctl, "%s\nrun: mysocketctl %s --help", why, command->name);
	r = command->flags & CTL_NEEDS_API ? ctl_open_api(ctl) : 0;
	if (r == 0 && (command->flags & CTL_NEEDS_TOKEN) == CTL_NEEDS_TOKEN)
		r = ctl_open_token(ctl);
	return r;
}

static int run_command(struct ctl *ctl, const struct ctl_command *command, int argc,
		       char *const *argv, bool help)
{
	const struct ctl_option_table tables[] = { command->table, ctl_common_options };
	auto_free struct ctl_common *options = calloc(1, command->options_size);
	char why[CTL_OPTIONS_WHY_SIZE];
	int r;

	if (!options)
		return ctl_fail(ctl, -ENOMEM, "out of memory");
	r = ctl_options_parse(tables, ARRAY_SIZE(tables), argc, argv, options, &ctl->args, why);
	ctl->json |= options->json;
	if (r < 0) {
		ctl->json |= asks_for_json(argc, argv);
		return ctl_usage(ctl, "%s\nrun: mysocketctl %s --help", why, command->name);
	}
	if (help || options->help)
		return show_command_help(ctl, command);
	r = prepare(ctl, command, options);
	return r < 0 ? r : command->run(ctl, options);
}

/* "socket bogus": the last word is the unknown one. */
static int unknown_of_group(struct ctl *ctl, const struct ctl_group *group, int argc,
			    char *const *argv)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(HELP_MAX);
	const char *near = ctl_command_suggest(argc, argv);
	int i;

	for (i = 0; i < argc; i++)
		strbuf_addf(&sb, "%s%.60s", i ? " " : "", argv[i]);
	if (near && strchr(near, ' '))
		return ctl_usage(ctl, "unknown command '%s'\ndid you mean '%s'?", sb.buf, near);
	return ctl_usage(ctl, "unknown command '%s'\nrun: mysocketctl %s --help", sb.buf,
			 group->name);
}

static int no_command_of_group(struct ctl *ctl, const struct ctl_group *group, bool help)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(HELP_MAX);

	ctl_help_group(group, &sb);
	if (help)
		return ctl_print_help(ctl, &sb);
	if (ctl->json)
		return ctl_usage(ctl, "a command of '%s' is missing\nrun: mysocketctl %s --help",
				 group->name, group->name);
	ctl->usage_error = true;
	fputs(sb.buf, stderr);
	return -EINVAL;
}

/* A group's name ("account", "account key") with options behind, then perhaps a command. */
static int run_group(struct ctl *ctl, const struct ctl_group *group, int argc, char *const *argv,
		     const struct ctl_common *front)
{
	auto_free char **joined = calloc((size_t)argc, sizeof(*joined));
	struct ctl_common options = *front;
	int words = ctl_command_words(argc, argv), skip, used;
	const struct ctl_command *command;

	if (!joined)
		return ctl_fail(ctl, -ENOMEM, "out of memory");
	skip = read_front(ctl, argc - words, argv + words, &options, NULL);
	if (skip < 0)
		return skip;
	if (words + skip == argc)
		return no_command_of_group(ctl, group, options.help);
	memcpy(joined, argv, (size_t)words * sizeof(*joined));
	argc -= skip;
	memcpy(joined + words, argv + words + skip, (size_t)(argc - words) * sizeof(*joined));
	command = ctl_command_find(argc, joined, &used);
	if (command)
		return run_command(ctl, command, argc - used, joined + used, options.help);
	ctl->json |= asks_for_json(argc, joined);
	return unknown_of_group(ctl, group, words + 1, joined);
}

static int no_command(struct ctl *ctl)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(HELP_MAX);

	if (ctl->json)
		return ctl_usage(ctl, "no command is given\nrun: mysocketctl --help");
	ctl_help_all(&sb);
	ctl->usage_error = true;
	fputs(sb.buf, stderr);
	return -EINVAL;
}

static int dispatch(struct ctl *ctl, int argc, char *const *argv)
{
	const struct ctl_command *command;
	const struct ctl_group *group;
	struct ctl_common front = { 0 };
	bool version = false;
	int words, skip = read_front(ctl, argc, argv, &front, &version);

	if (skip < 0)
		return skip;
	argc -= skip;
	argv += skip;
	if (version)
		return run_command(ctl, &cmd_version, 0, argv, false);
	if (!argc && front.help)
		return run_command(ctl, &cmd_help, 0, argv, false);
	if (!argc)
		return no_command(ctl);
	command = ctl_command_find(argc, argv, &words);
	if (command)
		return run_command(ctl, command, argc - words, argv + words, front.help);
	group = ctl_group_find(argv[0]);
	return group ? run_group(ctl, group, argc, argv, &front) : unknown_command(ctl, argc, argv);
}

/* A descriptor of ours that became standard output by chance would be written to. */
static void open_missing(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct ctl ctl = { 0 };
	int r;

	open_missing();
	signal(SIGPIPE, SIG_IGN);
	log_init("mysocketctl", LOG_LEVEL_INFO, 0);
	r = dispatch(&ctl, argc - (argc > 0), argv + (argc > 0));
	ctl_clear(&ctl);
	return r >= 0 ? 0 : ctl.usage_error ? 2 : 1;
}
