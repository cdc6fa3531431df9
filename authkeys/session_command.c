/* SPDX-License-Identifier: ISC */
/* One row per word. */
#include "authkeys/session_command.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/nodewire.h"
#include "lib/strbuf.h"

enum argument { NOTHING, JSON, SESSION };

static const struct {
	const char *name;
	const char *usage;
	enum argument argument;
	bool is_local;
	const char *summary;
} words[] = {
	{ NODEWIRE_WHO, "who", NOTHING, false, "who holds your tunnels, from where, since when" },
	{ NODEWIRE_FOLLOW, "log [--json]", JSON, false,
	  "the requests to all of them, as they come" },
	{ NODEWIRE_KICK, "kick <session>", SESSION, false, "end another session of yours" },
	{ NODEWIRE_DOCTOR, "doctor", NOTHING, false, "check DNS, certificate, tunnel and origin" },
	{ "help", "help", NOTHING, true, "this list" },
};

/* The next word of *text, and its length; 0: there is none. */
static size_t next(const char **text)
{
	*text += strspn(*text, " ");
	return strcspn(*text, " ");
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(text, word, len);
}

static int take_argument(enum argument kind, const char *text, size_t len,
			 struct session_command *command)
{
	if (len == 0)
		return kind == SESSION ? -EINVAL : 0;
	if (kind == JSON && is_word(text, len, "--json")) {
		command->json = true;
		return 0;
	}
	if (kind != SESSION || len > SESSION_COMMAND_ARGUMENT_MAX ||
	    strspn(text, "0123456789") < len)
		return -EINVAL;
	memcpy(command->argument, text, len);
	return 0;
}

int session_command_parse(const char *text, struct session_command *ret_command)
{
	struct session_command command = { 0 };
	size_t len = next(&text), i;
	int r;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (is_word(text, len, words[i].name))
			break;
	if (i == ARRAY_SIZE(words))
		return -EINVAL;
	command.name = words[i].name;
	command.is_local = words[i].is_local;
	text += len;
	len = next(&text);
	r = take_argument(words[i].argument, text, len, &command);
	text += len;
	if (r < 0 || next(&text))
		return -EINVAL;
	*ret_command = command;
	return 0;
}

void session_command_words(struct strbuf *sb)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		strbuf_addf(sb, "%s%s", i ? ", " : "", words[i].usage);
}

void session_command_help(struct strbuf *sb)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		strbuf_addf(sb, "%-16s %s\n", words[i].usage, words[i].summary);
}
