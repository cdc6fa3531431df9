/* SPDX-License-Identifier: ISC */
/* The command line of mysocket-proxycommand, by one table: parsing, --help, and the test that compares them with the
 * man page read the same rows.
 *
 *	--name=value, --name value, --flag, -h for --help; "--" ends options. The last one of a name counts. */
#ifndef PROXYCOMMAND_PROXY_OPTIONS_H
#define PROXYCOMMAND_PROXY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

enum proxy_type {
	PROXY_AUTO, /* a socket's name is looked up, all else is tcp */
	PROXY_TCP,
	PROXY_TLS,
	PROXY_TYPE_COUNT,
};

struct proxy_options {
	const char *host; /* as given, not checked */
	int64_t port;	  /* 1..65535 */
	enum proxy_type type;
	const char *api;     /* NULL: not given, as for those below */
	const char *ca_file; /* for the API and tls */
	const char *proxy;   /* "": none */
	int64_t timeout_s;
	const char
		*completion; /* the shell whose script is asked for: one of its option's choices */
	bool fdpass, help, version;
};

/* One row, for --help and the tests; NULL past the last one. */
struct proxy_option {
	const char *name;
	const char *metavar; /* NULL: a flag */
	const char *help;    /* may have several lines */
	size_t offset;
	enum {
		PROXY_OPTION_FLAG,
		PROXY_OPTION_TEXT,
		PROXY_OPTION_SECONDS,
		PROXY_OPTION_TYPE,
		PROXY_OPTION_CHOICE
	} kind;
	const char *const *choices; /* with the last two kinds; ends with NULL */
};
const struct proxy_option *proxy_option(size_t i);

#define PROXY_WHY_SIZE 1500

/* The strings are those of argv, whose first one is the first argument. 0; -EINVAL with a sentence. With help, version
 * or completion nothing else is required. */
int proxy_options_parse(int argc, char *const *argv, struct proxy_options *ret_options,
			char ret_why[PROXY_WHY_SIZE]);

/* Appends what --help shows. */
void proxy_options_help(struct strbuf *sb);

#endif
