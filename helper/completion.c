/* SPDX-License-Identifier: ISC */
/* What "help" explains is completed like a command: the word is passed over.
 *
 * bash and zsh share the two functions that know the tables, and differ in how they are asked; fish has lines of its own. */
#include "helper/completion.h"

#include <stdbool.h>
#include <string.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "lib/cleanup.h"
#include "lib/shells.h"
#include "lib/strbuf.h"

/* ---- the tree of commands: "account" and "account key" lie before "account key add" ---- */

/* True if `name` lies below the first `len` bytes of `above`; 0 bytes are the root. */
static bool is_below(const char *name, const char *above, size_t len)
{
	return !len || (!strncmp(name, above, len) && name[len] == ' ');
}

/* Calls back for each place that has commands below it, the root first. The table is sorted, so each comes once. */
static void each_group(void (*call)(struct strbuf *sb, const char *above, size_t len),
		       struct strbuf *sb)
{
	size_t i;

	call(sb, "", 0);
	for (i = 0; i < ctl_command_count; i++) {
		const char *name = ctl_commands[i]->name, *space = name;

		while ((space = strchr(space, ' '))) {
			size_t len = (size_t)(space++ - name);

			if (!i || !is_below(ctl_commands[i - 1]->name, name, len))
				call(sb, name, len);
		}
	}
}

/* The words that may follow. */
static void add_children(struct strbuf *sb, const char *above, size_t len)
{
	const char *last = "";
	size_t last_len = 0, i;

	for (i = 0; i < ctl_command_count; i++) {
		const char *word = ctl_commands[i]->name + len + (len > 0);
		size_t word_len;

		if (!is_below(ctl_commands[i]->name, above, len))
			continue;
		word_len = strcspn(word, " ");
		if (word_len == last_len && !strncmp(word, last, word_len))
			continue;
		strbuf_addf(sb, "%s%.*s", last_len ? " " : "", (int)word_len, word);
		last = word;
		last_len = word_len;
	}
}

/* "bash|zsh|fish" -> "bash zsh fish"; other arguments cannot be known. */
static void add_args(struct strbuf *sb, const char *args)
{
	if (!args || !strchr(args, '|'))
		return;
	for (; *args; args++)
		strbuf_addch(sb, (char)(*args == '|' ? ' ' : *args));
}

static bool takes_file(const struct ctl_command *c)
{
	return c->args && strstr(c->args, "FILE");
}

static void add_flags(struct strbuf *sb, const struct ctl_option_table *table)
{
	size_t i;

	for (i = 0; i < table->count; i++) {
		strbuf_addf(sb, "--%s ", table->options[i].name);
		if (table->options[i].negation)
			strbuf_addf(sb, "--%s ", table->options[i].negation);
	}
}

/* ---- bash and zsh ---- */
static void add_group_case(struct strbuf *sb, const char *above, size_t len)
{
	strbuf_addf(sb, "\t'%.*s')\n\t\tnames='", (int)len, above);
	add_children(sb, above, len);
	strbuf_adds(sb, "' flags='");
	add_flags(sb, &ctl_common_options);
	strbuf_adds(sb, len ? "' ;;\n" : "--version' ;;\n");
}

static void add_command_case(struct strbuf *sb, const struct ctl_command *c)
{
	strbuf_addf(sb, "\t'%s')\n\t\tnames='", c->name);
	add_args(sb, c->args);
	strbuf_adds(sb, "' flags='");
	add_flags(sb, &c->table);
	add_flags(sb, &ctl_common_options);
	strbuf_addf(sb, "'%s ;;\n", takes_file(c) ? " kind='file'" : "");
}

/* A dash in an option's name is an underscore. */
static void add_value_case(struct strbuf *sb, const struct ctl_command *c,
			   const struct ctl_option *o)
{
	const char *p;
	size_t i;

	strbuf_addf(sb, "\t'%s ", c->name);
	for (p = o->name; *p; p++)
		strbuf_addch(sb, (char)(*p == '-' ? '_' : *p));
	strbuf_adds(sb, "')");
	if (o->kind == CTL_OPTION_CHOICE) {
		strbuf_adds(sb, " names='");
		for (i = 0; o->choices[i]; i++)
			strbuf_addf(sb, "%s%s", i ? " " : "", o->choices[i]);
		strbuf_addch(sb, '\'');
	} else if (!strcmp(o->metavar, "FILE")) {
		strbuf_adds(sb, " kind='file'");
	}
	strbuf_adds(sb, " ;;\n");
}

static void add_functions(struct strbuf *sb)
{
	size_t i, j;

	strbuf_adds(sb,
		    "# What may follow the command $1: sets names, flags and kind; fails if there "
		    "is none.\n_mysocketctl_names() {\n\tcase \"$1\" in\n");
	each_group(add_group_case, sb);
	for (i = 0; i < ctl_command_count; i++)
		add_command_case(sb, ctl_commands[i]);
	strbuf_adds(sb, "\t*) return 1 ;;\n\tesac\n}\n\n"
			"# The values of the option $2 of the command $1: sets names and kind; "
			"fails if it takes none.\n_mysocketctl_value() {\n"
			"\tlocal option=\"${2#--}\"\n\n"
			"\t[[ \"$2\" == --* ]] || return 1\n"
			"\tnames='' kind=''\n\tcase \"$1 ${option//-/_}\" in\n");
	for (i = 0; i < ctl_command_count; i++)
		for (j = 0; j < ctl_commands[i]->table.count; j++)
			if (ctl_commands[i]->table.options[j].kind != CTL_OPTION_FLAG)
				add_value_case(sb, ctl_commands[i],
					       &ctl_commands[i]->table.options[j]);
	strbuf_adds(sb, "\t*) return 1 ;;\n\tesac\n}\n\n");
}

/* One line in ~/.bashrc is enough for both programs. */
#define PROXYCOMMAND(shell)                                      \
	"if command -v mysocket-proxycommand >/dev/null; then\n" \
	"\tsource <(mysocket-proxycommand --completion " shell " 2>/dev/null)\nfi\n"

static const char bash_end[] =
	"# bash splits --name=value in three.\n"
	"_mysocketctl() {\n"
	"\tlocal cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD - 1]}\"\n"
	"\tlocal at='' names='' flags='' kind='' word\n"
	"\n"
	"\tif [[ \"$cur\" == '=' ]]; then\n"
	"\t\tcur=''\n"
	"\telif [[ \"$prev\" == '=' ]]; then\n"
	"\t\tprev=\"${COMP_WORDS[COMP_CWORD - 2]}\"\n"
	"\tfi\n"
	"\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD - 1}\"; do\n"
	"\t\t[[ \"$word\" == -* || \"$at$word\" == help ]] && continue\n"
	"\t\t_mysocketctl_names \"${at:+$at }$word\" || break\n"
	"\t\tat=\"${at:+$at }$word\"\n"
	"\tdone\n"
	"\tif ! _mysocketctl_value \"$at\" \"$prev\"; then\n"
	"\t\t_mysocketctl_names \"$at\"\n"
	"\t\tif [[ \"$cur\" == -* || -z \"$names$kind\" ]]; then\n"
	"\t\t\tnames=\"$flags\" kind=''\n"
	"\t\tfi\n"
	"\tfi\n"
	"\tCOMPREPLY=()\n"
	"\tif [[ \"$kind\" == file ]]; then\n"
	"\t\tcompopt -o default\n"
	"\telse\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$names\" -- \"$cur\")\n"
	"\tfi\n"
	"}\n"
	"complete -F _mysocketctl mysocketctl\n" PROXYCOMMAND("bash");

static const char zsh_end[] = "_mysocketctl() {\n"
			      "\tlocal cur=\"${words[CURRENT]}\" prev=\"${words[CURRENT - 1]}\"\n"
			      "\tlocal at='' names='' flags='' kind='' word\n"
			      "\n"
			      "\tfor word in \"${(@)words[2,CURRENT - 1]}\"; do\n"
			      "\t\t[[ \"$word\" == -* || \"$at$word\" == help ]] && continue\n"
			      "\t\t_mysocketctl_names \"${at:+$at }$word\" || break\n"
			      "\t\tat=\"${at:+$at }$word\"\n"
			      "\tdone\n"
			      "\tif [[ \"$cur\" == --*=* ]]; then\n"
			      "\t\tprev=\"${cur%%=*}\"\n"
			      "\t\tcompset -P '*='\n"
			      "\tfi\n"
			      "\tif ! _mysocketctl_value \"$at\" \"$prev\"; then\n"
			      "\t\t_mysocketctl_names \"$at\"\n"
			      "\t\tif [[ \"$cur\" == -* || -z \"$names$kind\" ]]; then\n"
			      "\t\t\tnames=\"$flags\" kind=''\n"
			      "\t\tfi\n"
			      "\tfi\n"
			      "\tif [[ \"$kind\" == file ]]; then\n"
			      "\t\t_files\n"
			      "\t\treturn\n"
			      "\tfi\n"
			      "\tcompadd -- ${=names}\n"
			      "}\n"
			      "compdef _mysocketctl mysocketctl\n" PROXYCOMMAND("zsh");

static void add_bash(struct strbuf *sb)
{
	strbuf_adds(sb, "# Completion of mysocketctl for bash: "
			"source <(mysocketctl completion bash)\n\n");
	add_functions(sb);
	strbuf_adds(sb, bash_end);
}

static void add_zsh(struct strbuf *sb)
{
	strbuf_adds(sb, "# Completion of mysocketctl for zsh, after compinit: "
			"source <(mysocketctl completion zsh)\n\n");
	add_functions(sb);
	strbuf_adds(sb, zsh_end);
}

/* ---- fish ---- */
static void add_quoted(struct strbuf *sb, const char *s)
{
	strbuf_addch(sb, '\'');
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			strbuf_addch(sb, '\\');
		strbuf_addch(sb, *s);
	}
	strbuf_addch(sb, '\'');
}

static void add_fish_group(struct strbuf *sb, const char *above, size_t len)
{
	strbuf_addf(sb, "complete -c mysocketctl -n '__mysocketctl_at %.*s' -a '", (int)len, above);
	add_children(sb, above, len);
	strbuf_adds(sb, "'\n");
}

static void add_fish_option(struct strbuf *sb, const char *condition, const struct ctl_option *o)
{
	size_t i;

	strbuf_addf(sb, "complete -c mysocketctl%s -l %s", condition, o->name);
	if (o->kind != CTL_OPTION_FLAG)
		strbuf_adds(sb, !strcmp(o->metavar, "FILE") ? " -r -F" : " -x");
	if (o->kind == CTL_OPTION_CHOICE) {
		strbuf_adds(sb, " -a '");
		for (i = 0; o->choices[i]; i++)
			strbuf_addf(sb, "%s%s", i ? " " : "", o->choices[i]);
		strbuf_addch(sb, '\'');
	}
	strbuf_adds(sb, " -d ");
	add_quoted(sb, o->help);
	strbuf_addch(sb, '\n');
	if (o->negation)
		strbuf_addf(sb, "complete -c mysocketctl%s -l %s\n", condition, o->negation);
}

static void add_fish_command(struct strbuf *sb, const struct ctl_command *c)
{
	auto_call(strbuf_clear) struct strbuf condition = STRBUF_INIT(200);
	size_t i;

	strbuf_addf(&condition, " -n '__mysocketctl_in %s'", c->name);
	if (c->args && strchr(c->args, '|')) {
		strbuf_addf(sb, "complete -c mysocketctl -n '__mysocketctl_at %s' -a '", c->name);
		add_args(sb, c->args);
		strbuf_adds(sb, "'\n");
	}
	if (takes_file(c))
		strbuf_addf(sb, "complete -c mysocketctl -n '__mysocketctl_at %s' -F\n", c->name);
	for (i = 0; i < c->table.count; i++)
		add_fish_option(sb, condition.buf, &c->table.options[i]);
}

static const char fish_begin[] = "# Completion of mysocketctl for fish: "
				 "mysocketctl completion fish | source\n\n"
				 "function __mysocketctl_words\n"
				 "\tset -l words (commandline -opc)\n"
				 "\tset -e words[1]\n"
				 "\tset words (string match -v -- '-*' $words)\n"
				 "\ttest \"$words[1]\" = help\n"
				 "\tand set -e words[1]\n"
				 "\tstring join \\n -- $words\n"
				 "end\n"
				 "\n"
				 "function __mysocketctl_at\n"
				 "\tset -l words (__mysocketctl_words)\n"
				 "\ttest \"$words\" = \"$argv\"\n"
				 "end\n"
				 "\n"
				 "function __mysocketctl_in\n"
				 "\tset -l words (__mysocketctl_words)\n"
				 "\tstring match -q -- \"$argv *\" \"$words \"\n"
				 "end\n"
				 "\n"
				 "complete -c mysocketctl -f\n";

static void add_fish(struct strbuf *sb)
{
	size_t i;

	strbuf_adds(sb, fish_begin);
	for (i = 0; i < ctl_common_options.count; i++)
		add_fish_option(sb, "", &ctl_common_options.options[i]);
	strbuf_adds(sb, "complete -c mysocketctl -n __mysocketctl_at -l version\n");
	each_group(add_fish_group, sb);
	for (i = 0; i < ctl_command_count; i++)
		add_fish_command(sb, ctl_commands[i]);
	strbuf_adds(sb, "if command -q mysocket-proxycommand\n"
			"\tmysocket-proxycommand --completion fish 2>/dev/null | source\nend\n");
}

int completion_add(const char *shell, struct strbuf *sb)
{
	static const struct shells scripts = { .bash = add_bash, .zsh = add_zsh, .fish = add_fish };

	return shells_add(&scripts, shell, sb);
}
