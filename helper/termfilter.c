/* SPDX-License-Identifier: ISC */
/* One pass over the bytes; what may still become a sequence is held back. */
#include "helper/termfilter.h"

#include <string.h>

#include "lib/escape.h"
#include "lib/strbuf.h"

#define ESC '\033'

void termfilter_init(struct termfilter *f, bool colors)
{
	*f = (struct termfilter){ .colors = colors };
}

static void add_shown(struct strbuf *sb, const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 0x20 && c < 0x7f)
			strbuf_addch(sb, s[i]);
		else
			strbuf_addf(sb, "\\x%02x", c);
	}
}

/* Length of a whole colour sequence at s; 0: it is none; -1: not to be told yet. */
static int color_length(const char *s, size_t len)
{
	size_t i;

	if (len > 1 && s[1] != '[')
		return 0;
	for (i = 2; i < len; i++) {
		if (s[i] == 'm')
			return (int)i + 1;
		if (!strchr("0123456789;", s[i]) || !s[i])
			return 0;
	}
	return len < TERMFILTER_HELD ? -1 : 0;
}

/* The same for one character of UTF-8. */
static int character_length(const char *s, size_t len)
{
	unsigned char c = (unsigned char)s[0];
	size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
	unsigned cp;
	int n = (int)escape_utf8_next(s, len, &cp);

	if (n)
		return n;
	return c < 0xf5 && len < want ? -1 : 0;
}

static void add_color(struct termfilter *f, const char *s, size_t len, struct strbuf *sb)
{
	if (!f->colors)
		return;
	f->coloured = strspn(s + 2, "0;") + 3 != len;
	strbuf_add(sb, s, len);
}

/* Takes one unit off s; returns its length, or 0 if more bytes are needed to know. */
static size_t take(struct termfilter *f, const char *s, size_t len, struct strbuf *sb)
{
	int n;

	if (s[0] == '\n' || s[0] == '\t') {
		strbuf_addch(sb, s[0]);
		return 1;
	}
	if (s[0] == '\r')
		return 1;
	n = s[0] == ESC ? color_length(s, len) : character_length(s, len);
	if (n < 0)
		return 0;
	if (n > 0 && s[0] == ESC) {
		add_color(f, s, (size_t)n, sb);
		return (size_t)n;
	}
	if (n > 0 && escape_is_clean(s, (size_t)n)) {
		strbuf_add(sb, s, (size_t)n);
		return (size_t)n;
	}
	n = n > 0 ? n : 1;
	add_shown(sb, s, (size_t)n);
	return (size_t)n;
}

/* Handles all units of s that are complete; returns the bytes left over. */
static size_t run(struct termfilter *f, const char *s, size_t len, struct strbuf *sb)
{
	size_t n;

	while (len && (n = take(f, s, len, sb))) {
		s += n;
		len -= n;
	}
	return len;
}

void termfilter_add(struct termfilter *f, const char *data, size_t len, struct strbuf *sb)
{
	size_t left;

	/* Byte by byte while something is held back: it is short. */
	while (len && f->held) {
		f->hold[f->held++] = *data++;
		len--;
		left = run(f, f->hold, f->held, sb);
		memmove(f->hold, f->hold + f->held - left, left);
		f->held = left;
	}
	if (!len)
		return;
	left = run(f, data, len, sb);
	memcpy(f->hold, data + len - left, left);
	f->held = left;
}

void termfilter_end(struct termfilter *f, struct strbuf *sb)
{
	add_shown(sb, f->hold, f->held);
	f->held = 0;
	if (f->coloured)
		strbuf_adds(sb, "\033[0m");
	f->coloured = false;
}
