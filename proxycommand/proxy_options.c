/* SPDX-License-Identifier: ISC */
/* The option table, and reading a command line by it. */
#include "proxycommand/proxy_options.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/strbuf.h"

#define TIMEOUT_S 30
#define TIMEOUT_MAX_S 3600
#define HELP_COLUMN 22

/* clang-format off */ /* its releases disagree about braces in macros */
#define ROW(field, label, type, value, text) \
	{ label, value, text, offsetof(struct proxy_options, field), type, NULL }
#define CHOICE_ROW(field, label, type, value, text, names) \
	{ label, value, text, offsetof(struct proxy_options, field), type, names }
/* clang-format on */

static const char *const type_names[PROXY_TYPE_COUNT + 1] = {
	[PROXY_AUTO] = "auto",
	[PROXY_TCP] = "tcp",
	[PROXY_TLS] = "tls",
};
static const char *const shell_names[] = { "bash", "zsh", "fish", NULL };

static const struct proxy_option options[] = {
	ROW(api, "api", PROXY_OPTION_TEXT, "URL",
	    "ask this API for a socket's port (default: MYSOCKET_API if\n"
	    "it is that of HOST's domain, else https://api.<domain>)"),
	ROW(ca_file, "ca-file", PROXY_OPTION_TEXT, "FILE",
	    "trust this CA (PEM) instead of the system's"),
	ROW(fdpass, "fdpass", PROXY_OPTION_FLAG, NULL,
	    "hand the connection to ssh, for \"ProxyUseFdpass yes\""),
	ROW(proxy, "proxy", PROXY_OPTION_TEXT, "URL",
	    "go through this proxy, whatever the environment says;\n"
	    "http, https, socks4, socks4a, socks5, socks5h; \"\" for none"),
	ROW(timeout_s, "timeout", PROXY_OPTION_SECONDS, "SECONDS",
	    "give up connecting after this time (default: 30)"),
	CHOICE_ROW(type, "type", PROXY_OPTION_TYPE, "TYPE",
		   "auto: look a socket's name up; tcp, tls: connect to HOST\n"
		   "and PORT as given (default: auto)",
		   type_names),
	CHOICE_ROW(completion, "completion", PROXY_OPTION_CHOICE, "SHELL",
		   "print what this shell needs to complete these options:\n"
		   "bash, zsh or fish",
		   shell_names),
	ROW(help, "help", PROXY_OPTION_FLAG, NULL, "show this text"),
	ROW(version, "version", PROXY_OPTION_FLAG, NULL, "show the version"),
};

static const char help_head[] =
	"usage: mysocket-proxycommand [OPTION...] HOST PORT\n\n"
	"Connects ssh, or any program, to a tcp or tls socket of a mysocket service,\n"
	"whose port it looks up by name, or to any other host; through a proxy, where\n"
	"the environment names one.\n\n"
	"  ssh -o 'ProxyCommand mysocket-proxycommand %h %p' long-hill-8399.example.net\n\n";
static const char help_tail[] = "\nenvironment: https_proxy, ALL_PROXY and NO_PROXY as for curl;\n"
				"MYSOCKET_API, MYSOCKET_CA_FILE as for mysocketctl\n"
				"exit status: 0 done, 1 failed, 2 bad usage\n";

const struct proxy_option *proxy_option(size_t i)
{
	return i < ARRAY_SIZE(options) ? &options[i] : NULL;
}

static const struct proxy_option *find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (strlen(options[i].name) == len && !memcmp(options[i].name, name, len))
			return &options[i];
	return NULL;
}

static int read_number(const char *text, int64_t max, int64_t *ret_number)
{
	intmax_t number;
	char *end;

	errno = 0;
	number = strtoimax(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno || number < 1 || number > max)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

static int read_choice(const struct proxy_option *o, const char *text, size_t *ret_choice,
		       char *why)
{
	auto_call(strbuf_clear) struct strbuf all = STRBUF_INIT(100);
	size_t i;

	for (i = 0; o->choices[i]; i++) {
		if (!strcmp(o->choices[i], text)) {
			*ret_choice = i;
			return 0;
		}
		strbuf_addf(&all, "%s%s",
			    !i			? ""
			    : o->choices[i + 1] ? ", "
						: " or ",
			    o->choices[i]);
	}
	snprintf(why, PROXY_WHY_SIZE, "option '--%s' must be %s, not '%.60s'", o->name, all.buf,
		 text);
	return -EINVAL;
}

static int set_value(const struct proxy_option *o, const char *text, void *values, char *why)
{
	void *field = (char *)values + o->offset;
	size_t choice;
	int r;

	switch (o->kind) {
	case PROXY_OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case PROXY_OPTION_TEXT:
		*(const char **)field = text;
		return 0;
	case PROXY_OPTION_SECONDS:
		if (read_number(text, TIMEOUT_MAX_S, field) == 0)
			return 0;
		snprintf(why, PROXY_WHY_SIZE, "option '--%s' takes 1 to %d seconds, not '%.60s'",
			 o->name, TIMEOUT_MAX_S, text);
		return -EINVAL;
	case PROXY_OPTION_TYPE:
		r = read_choice(o, text, &choice, why);
		if (r == 0)
			*(enum proxy_type *)field = (enum proxy_type)choice;
		return r;
	case PROXY_OPTION_CHOICE:
		r = read_choice(o, text, &choice, why);
		if (r == 0)
			*(const char **)field = o->choices[choice];
		return r;
	}
	return -EINVAL;
}

/* One option at argv[0]; *ret_used says how many words it took. */
static int parse_one(int argc, char *const *argv, void *values, int *ret_used, char *why)
{
	const char *typed = argv[0] + 2, *equals = strchr(typed, '=');
	size_t len = equals ? (size_t)(equals - typed) : strlen(typed);
	const struct proxy_option *o = find(typed, len);

	*ret_used = 1;
	if (!o)
		snprintf(why, PROXY_WHY_SIZE, "unknown option '--%.*s'", (int)(len < 60 ? len : 60),
			 typed);
	else if (equals && !o->metavar)
		snprintf(why, PROXY_WHY_SIZE, "option '--%s' takes no value", o->name);
	else if (equals)
		return set_value(o, equals + 1, values, why);
	else if (!o->metavar)
		return set_value(o, "", values, why);
	else if (argc < 2)
		snprintf(why, PROXY_WHY_SIZE, "option '--%s' needs a value: --%s %s", o->name,
			 o->name, o->metavar);
	else {
		*ret_used = 2;
		return set_value(o, argv[1], values, why);
	}
	return -EINVAL;
}

static int take_arguments(struct proxy_options *o, const char *const args[2], size_t count,
			  char *why)
{
	if (o->help || o->version || o->completion)
		return 0;
	if (count != 2) {
		snprintf(why, PROXY_WHY_SIZE, "%s",
			 count < 2 ? "HOST and PORT are missing: give "
				     "ssh_config's %h and %p"
				   : "too many arguments");
		return -EINVAL;
	}
	o->host = args[0];
	if (read_number(args[1], 65535, &o->port) == 0)
		return 0;
	snprintf(why, PROXY_WHY_SIZE, "PORT must be a number from 1 to 65535, not '%.60s'",
		 args[1]);
	return -EINVAL;
}

int proxy_options_parse(int argc, char *const *argv, struct proxy_options *ret_options,
			char ret_why[PROXY_WHY_SIZE])
{
	struct proxy_options o = { .timeout_s = TIMEOUT_S };
	const char *args[2] = { NULL, NULL };
	size_t count = 0;
	bool ended = false;
	int i, used, r = 0;

	for (i = 0; r == 0 && i < argc; i += used) {
		used = 1;
		if (!ended && !strcmp(argv[i], "--")) {
			ended = true;
		} else if (!ended && !strcmp(argv[i], "-h")) {
			o.help = true;
		} else if (!ended && !strncmp(argv[i], "--", 2)) {
			r = parse_one(argc - i, argv + i, &o, &used, ret_why);
		} else if (!ended && argv[i][0] == '-') {
			snprintf(ret_why, PROXY_WHY_SIZE,
				 "unknown option '%.60s': options begin with two dashes", argv[i]);
			r = -EINVAL;
		} else {
			if (count < ARRAY_SIZE(args))
				args[count] = argv[i];
			count++;
		}
	}
	if (r == 0)
		r = take_arguments(&o, args, count, ret_why);
	if (r == 0)
		*ret_options = o;
	return r;
}

static void add_row(const struct proxy_option *o, struct strbuf *sb)
{
	const char *line = o->help, *end;
	char left[40];

	snprintf(left, sizeof(left), "  --%s%s%s", o->name, o->metavar ? " " : "",
		 o->metavar ? o->metavar : "");
	strbuf_addf(sb, "%-*s", HELP_COLUMN, left);
	while ((end = strchr(line, '\n'))) {
		strbuf_add(sb, line, (size_t)(end - line) + 1);
		strbuf_addf(sb, "%*s", HELP_COLUMN, "");
		line = end + 1;
	}
	strbuf_addf(sb, "%s\n", line);
}

void proxy_options_help(struct strbuf *sb)
{
	size_t i;

	strbuf_adds(sb, help_head);
	for (i = 0; i < ARRAY_SIZE(options); i++)
		add_row(&options[i], sb);
	strbuf_adds(sb, help_tail);
}
