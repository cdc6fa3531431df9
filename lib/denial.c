/* SPDX-License-Identifier: ISC */
/* The vocabulary of refusals, one row each. */
#include "lib/denial.h"

#include <string.h>

#include "lib/cleanup.h"

#define PREFIX "mysocket: "

static const struct {
	const char *code;
	const char *message;
	bool final;
} denials[DENIAL_COUNT] = {
	[DENIAL_NONE] = { "none", "no reason was given", false },
	[DENIAL_UNKNOWN] = { "unknown",
			     "there is no such account or tunnel; check the user name with "
			     "'mysocketctl account show', or connect again to make a new tunnel",
			     true },
	[DENIAL_SUSPENDED] = { "suspended",
			       "this account is suspended; ask the operator of the service", true },
	[DENIAL_UNCONFIRMED] = { "unconfirmed",
				 "this account's e-mail address is not confirmed yet; follow the "
				 "link in the confirmation mail, then connect again",
				 true },
	[DENIAL_DELETED] = { "deleted",
			     "the socket or tunnel was deleted; connect again to make a new one",
			     true },
	[DENIAL_KEY] = { "key",
			 "this ssh key was removed from the account; add it again, or use another",
			 true },
	[DENIAL_KICKED] = { "kicked",
			    "another login of your account ended this session; connect again if "
			    "that was not meant",
			    true },
	[DENIAL_LIMIT] = { "limit",
			   "the account has too many sessions; end one of them, then try again",
			   false },
	[DENIAL_UNAVAILABLE] = { "unavailable",
				 "the service cannot check this login now; try again in a moment",
				 false },
};

const char *denial_code(enum denial d)
{
	return denials[d].code;
}

const char *denial_message(enum denial d)
{
	return denials[d].message;
}

bool denial_is_final(enum denial d)
{
	return denials[d].final;
}

static enum denial find(const char *code, size_t len)
{
	size_t i;

	for (i = DENIAL_NONE + 1; i < ARRAY_SIZE(denials); i++)
		if (strlen(denials[i].code) == len && !memcmp(denials[i].code, code, len))
			return (enum denial)i;
	return DENIAL_NONE;
}

enum denial denial_from_code(const char *code)
{
	return find(code, strlen(code));
}

enum denial denial_from_line(const char *line)
{
	const char *text = strstr(line, PREFIX), *open, *close;
	size_t end;

	if (!text)
		return DENIAL_NONE;
	/* ssh writes banners with a carriage return. */
	end = strcspn(text, "\r\n");
	while (end && (text[end - 1] == ' ' || text[end - 1] == '\t'))
		end--;
	if (!end || text[end - 1] != ']')
		return DENIAL_NONE;
	close = text + end - 1;
	for (open = close; open > text && *open != '['; open--)
		;
	if (*open != '[')
		return DENIAL_NONE;
	return find(open + 1, (size_t)(close - open - 1));
}
