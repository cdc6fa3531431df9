/* SPDX-License-Identifier: ISC */
/* The fixed words that a login may ask for instead of a tunnel (ssh <user>@<server> who). Nothing is ever executed: a
 * word is looked up in a table, and asked of the node (lib/nodewire.h, `command`).
 *
 *	command = "who" / "log" [ " --json" ] / "kick" " " session / "doctor" / "help"
 *	session = 1*10DIGIT
 *
 * Words may be any number of spaces apart. Everything else is -EINVAL. */
#ifndef AUTHKEYS_SESSION_COMMAND_H
#define AUTHKEYS_SESSION_COMMAND_H

#include <stdbool.h>

struct strbuf;

#define SESSION_COMMAND_ARGUMENT_MAX 10

struct session_command {
	const char *name; /* of the table */
	bool json;
	bool is_local; /* help: the node is not asked */
	char argument[SESSION_COMMAND_ARGUMENT_MAX + 1];
};

/* 0 with *ret_command, or -EINVAL. */
int session_command_parse(const char *text, struct session_command *ret_command);
/* "who, log [--json], kick <session>, doctor, help" */
void session_command_words(struct strbuf *sb);
/* What they do, a line each. */
void session_command_help(struct strbuf *sb);

#endif
