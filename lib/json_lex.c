/* SPDX-License-Identifier: ISC */
/* The tokens of a JSON text. Each skip_ function begins at a token and returns what is behind it, NULL if it is none. */
#include "lib/json_lex.h"

#include <string.h>

#include "lib/cleanup.h"
#include "lib/escape.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_string(const char *s, const char *end)
{
	unsigned cp;
	size_t n;

	for (s++; s < end; s += n) {
		if (*s == '"')
			return s + 1;
		n = escape_utf8_next(s, (size_t)(end - s), &cp);
		if (!n || cp < 0x20)
			return NULL;
		if (*s == '\\')
			n = 2;
	}
	return NULL;
}

/* One digit at least. */
static const char *skip_digits(const char *s, const char *end)
{
	if (s == end || !is_digit(*s))
		return NULL;
	while (s < end && is_digit(*s))
		s++;
	return s;
}

static const char *skip_number(const char *s, const char *end)
{
	bool zero;

	s += *s == '-';
	zero = s < end && *s == '0';
	s = zero ? s + 1 : skip_digits(s, end);
	if (s && s < end && *s == '.')
		s = skip_digits(s + 1, end);
	if (s && s < end && (*s == 'e' || *s == 'E')) {
		s++;
		s += s < end && (*s == '+' || *s == '-');
		s = skip_digits(s, end);
	}
	return s && s < end && is_digit(*s) ? NULL : s;
}

static const char *skip_word(const char *s, const char *end)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(end - s) >= len && !memcmp(s, words[i], len))
			return s + len;
	}
	return NULL;
}

static const char *skip_token(const char *s, const char *end)
{
	switch (*s) {
	case '{':
	case '}':
	case '[':
	case ']':
	case ':':
	case ',':
		return s + 1;
	case '"':
		return skip_string(s, end);
	default:
		return *s == '-' || is_digit(*s) ? skip_number(s, end) : skip_word(s, end);
	}
}

bool json_lex_is_strict(const char *text, size_t len)
{
	const char *end = text + len, *s = text, *next;
	char before = 0;

	for (; s < end; s = next) {
		next = s + 1;
		if (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n')
			continue;
		if (before == ',' && (*s == '}' || *s == ']'))
			return false;
		before = *s;
		next = skip_token(s, end);
		if (!next)
			return false;
	}
	return true;
}
