/* SPDX-License-Identifier: ISC */
/* The host is one that the shell knows; a port is nobody's to guess. */
#include "proxycommand/proxy_completion.h"

#include <string.h>

#include "lib/cleanup.h"
#include "lib/shells.h"
#include "lib/strbuf.h"
#include "proxycommand/proxy_options.h"

/* For single quotes of `shell`; `special` gets a backslash. */
static void add_help(struct strbuf *sb, const char *help, const char *quote, const char *special)
{
	for (; *help; help++) {
		if (*help == '\'')
			strbuf_adds(sb, quote);
		else if (strchr(special, *help))
			strbuf_addf(sb, "\\%c", *help);
		else
			strbuf_addch(sb, (char)(*help == '\n' ? ' ' : *help));
	}
}

static void add_choices(struct strbuf *sb, const struct proxy_option *o)
{
	size_t i;

	for (i = 0; o->choices[i]; i++)
		strbuf_addf(sb, "%s%s", i ? " " : "", o->choices[i]);
}

static bool takes_file(const struct proxy_option *o)
{
	return o->metavar && !strcmp(o->metavar, "FILE");
}

/* ---- bash ---- */
static const char bash_begin[] =
	"# Completion of mysocket-proxycommand for bash: "
	"source <(mysocket-proxycommand --completion bash)\n\n"
	"# bash splits --name=value in three.\n"
	"_mysocket_proxycommand() {\n"
	"\tlocal cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD - 1]}\" names=''\n"
	"\n"
	"\tif [[ \"$cur\" == '=' ]]; then\n"
	"\t\tcur=''\n"
	"\telif [[ \"$prev\" == '=' ]]; then\n"
	"\t\tprev=\"${COMP_WORDS[COMP_CWORD - 2]}\"\n"
	"\tfi\n"
	"\tCOMPREPLY=()\n"
	"\tcase \"$prev\" in\n";

static void add_bash(struct strbuf *sb)
{
	const struct proxy_option *o;
	size_t i;

	strbuf_adds(sb, bash_begin);
	for (i = 0; (o = proxy_option(i)); i++) {
		if (!o->metavar)
			continue;
		strbuf_addf(sb, "\t--%s) ", o->name);
		if (o->choices) {
			strbuf_adds(sb, "names='");
			add_choices(sb, o);
			strbuf_adds(sb, "' ;;\n");
		} else {
			strbuf_adds(sb, takes_file(o) ? "compopt -o default; return ;;\n"
						      : "return ;;\n");
		}
	}
	strbuf_adds(sb, "\t*)\n\t\tif [[ \"$cur\" != -* ]]; then\n"
			"\t\t\tmapfile -t COMPREPLY < <(compgen -A hostname -- \"$cur\")\n"
			"\t\t\treturn\n\t\tfi\n\t\tnames='");
	for (i = 0; (o = proxy_option(i)); i++)
		strbuf_addf(sb, "%s--%s", i ? " " : "", o->name);
	strbuf_adds(sb, "' ;;\n\tesac\n"
			"\tmapfile -t COMPREPLY < <(compgen -W \"$names\" -- \"$cur\")\n}\n"
			"complete -F _mysocket_proxycommand mysocket-proxycommand\n");
}

/* ---- zsh ---- */
static void add_zsh(struct strbuf *sb)
{
	const struct proxy_option *o;
	size_t i;

	strbuf_adds(sb, "# Completion of mysocket-proxycommand for zsh, after compinit: "
			"source <(mysocket-proxycommand --completion zsh)\n\n"
			"_mysocket_proxycommand() {\n\t_arguments \\\n");
	for (i = 0; (o = proxy_option(i)); i++) {
		strbuf_addf(sb, "\t\t'--%s%s[", o->name, o->metavar ? "=" : "");
		add_help(sb, o->help, "'\\''", "[]:\\");
		strbuf_addch(sb, ']');
		if (o->metavar)
			strbuf_addf(sb, ":%s:", o->metavar);
		if (o->choices) {
			strbuf_addch(sb, '(');
			add_choices(sb, o);
			strbuf_addch(sb, ')');
		} else if (takes_file(o)) {
			strbuf_adds(sb, "_files");
		}
		strbuf_adds(sb, "' \\\n");
	}
	strbuf_adds(sb, "\t\t'1:host:_hosts' '2:port: '\n}\n"
			"compdef _mysocket_proxycommand mysocket-proxycommand\n");
}

/* ---- fish ---- */
static void add_fish(struct strbuf *sb)
{
	const struct proxy_option *o;
	size_t i;

	strbuf_adds(sb, "# Completion of mysocket-proxycommand for fish: "
			"mysocket-proxycommand --completion fish | source\n\n"
			"complete -c mysocket-proxycommand -f -a '(__fish_print_hostnames)'\n");
	for (i = 0; (o = proxy_option(i)); i++) {
		strbuf_addf(sb, "complete -c mysocket-proxycommand -l %s", o->name);
		if (o->metavar)
			strbuf_adds(sb, takes_file(o) ? " -r -F" : " -x");
		if (o->choices) {
			strbuf_adds(sb, " -a '");
			add_choices(sb, o);
			strbuf_addch(sb, '\'');
		}
		strbuf_adds(sb, " -d '");
		add_help(sb, o->help, "\\'", "\\");
		strbuf_adds(sb, "'\n");
	}
}

int proxy_completion_add(const char *shell, struct strbuf *sb)
{
	static const struct shells scripts = { .bash = add_bash, .zsh = add_zsh, .fish = add_fish };

	return shells_add(&scripts, shell, sb);
}
