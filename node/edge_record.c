/* SPDX-License-Identifier: ISC */
/* A parser for one flat JSON object, in place and without memory of its own. Numbers are integers; a fraction or
 * an exponent is an error, as are duplicate commas and anything behind the closing brace but white space. */
#include "node/edge_record.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/cleanup.h"

struct cursor {
	char *at, *end; /* *end is NUL */
};

struct member {
	const char *name;
	size_t offset;
	bool is_string;
};

/* clang-format off */ /* its releases disagree about braces in macros */
#define MEMBER(name, is_string) { #name, offsetof(struct edge_record, name), is_string }
/* clang-format on */

static const struct member members[] = {
	MEMBER(at, false),	 MEMBER(client, true),	   MEMBER(method, true),
	MEMBER(path, true),	 MEMBER(status, false),	   MEMBER(bytes, false),
	MEMBER(total_ms, false), MEMBER(origin_ms, false), MEMBER(relay, true),
	MEMBER(port, false),	 MEMBER(end, true),	   MEMBER(by, true),
	MEMBER(sent, false),
};

static void skip_space(struct cursor *c)
{
	while (*c->at == ' ' || *c->at == '\t' || *c->at == '\r' || *c->at == '\n')
		c->at++;
}

static bool take(struct cursor *c, char ch)
{
	skip_space(c);
	if (*c->at != ch)
		return false;
	c->at++;
	return true;
}

/* Four hex digits; -EPROTO if they are not. */
static int hex4(const char *s)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		char ch = s[i];
		int digit = ch >= '0' && ch <= '9'   ? ch - '0'
			    : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10
			    : ch >= 'A' && ch <= 'F' ? ch - 'A' + 10
						     : -1;
		if (digit < 0)
			return -EPROTO;
		v = v << 4 | digit;
	}
	return v;
}

/* Code point to UTF-8. Surrogates are written one by one: they are not valid UTF-8 then, and get escaped when
 * they are printed. NUL becomes '?'. */
static char *put_utf8(char *out, int cp)
{
	if (cp == 0)
		cp = '?';
	if (cp < 0x80) {
		*out++ = (char)cp;
	} else if (cp < 0x800) {
		*out++ = (char)(0xc0 | cp >> 6);
		*out++ = (char)(0x80 | (cp & 0x3f));
	} else {
		*out++ = (char)(0xe0 | cp >> 12);
		*out++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*out++ = (char)(0x80 | (cp & 0x3f));
	}
	return out;
}

/* What follows a backslash; the result is never longer than its source. 0 or -EPROTO. */
static int take_escape(struct cursor *c, char **out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;
	int cp;

	if (*c->at == 'u') {
		cp = c->end - c->at > 4 ? hex4(c->at + 1) : -EPROTO;
		if (cp < 0)
			return cp;
		*out = put_utf8(*out, cp);
		c->at += 5;
		return 0;
	}
	found = *c->at ? strchr(from, *c->at) : NULL;
	if (!found)
		return -EPROTO;
	*(*out)++ = to[found - from];
	c->at++;
	return 0;
}

static int take_string(struct cursor *c, const char **ret_s)
{
	char *out;

	if (!take(c, '"'))
		return -EPROTO;
	*ret_s = out = c->at;
	for (;;) {
		char ch = *c->at;

		if (ch == '\0')
			return -EPROTO;
		c->at++;
		if (ch == '"')
			break;
		if (ch != '\\')
			*out++ = ch;
		else if (take_escape(c, &out) < 0)
			return -EPROTO;
	}
	*out = '\0'; /* at the latest where the closing quote was */
	return 0;
}

static int take_int(struct cursor *c, int64_t *ret_v)
{
	bool negative;
	int64_t v = 0;
	int digits = 0;

	skip_space(c);
	negative = *c->at == '-';
	c->at += negative;
	for (; *c->at >= '0' && *c->at <= '9'; c->at++) {
		if (++digits > 18)
			return -EPROTO;
		v = v * 10 + (*c->at - '0');
	}
	/* HAProxy's "-": of a request that it could not read it knows nothing. */
	if (digits == 0 && !(negative && (*c->at == ',' || *c->at == '}')))
		return -EPROTO;
	*ret_v = negative ? -v : v;
	return 0;
}

static const struct member *find_member(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

static int take_member(struct cursor *c, struct edge_record *record, unsigned *seen)
{
	const struct member *member;
	const char *name, *string = NULL;
	bool is_string;
	int64_t v = 0;

	if (take_string(c, &name) < 0 || !take(c, ':'))
		return -EPROTO;
	skip_space(c);
	is_string = *c->at == '"';
	if ((is_string ? take_string(c, &string) : take_int(c, &v)) < 0)
		return -EPROTO;
	member = find_member(name);
	if (!member)
		return 0;
	if (member->is_string != is_string || *seen & 1U << (member - members))
		return -EPROTO;
	*seen |= 1U << (member - members);
	if (is_string)
		*(const char **)((char *)record + member->offset) = string;
	else
		*(int64_t *)((char *)record + member->offset) = v;
	return 0;
}

static void mark_left(struct edge_record *record)
{
	if (record->by[0] != 'C' || record->status != 400 || record->origin_ms >= 0)
		return;
	record->status = EDGE_RECORD_LEFT;
	record->bytes = 0;
}

/* HAProxy took both, but by two clocks: the one of origin_ms counts whole milliseconds, and may be set. */
static void fit_origin(struct edge_record *record)
{
	if (record->origin_ms > record->total_ms)
		record->origin_ms = record->total_ms;
	else if (record->origin_ms < -1)
		record->origin_ms = 0;
}

int edge_record_parse(char *text, size_t len, struct edge_record *ret_record)
{
	struct edge_record record = {
		.client = "", .method = "", .path = "", .relay = "", .end = "", .by = ""
	};
	struct cursor c = { .at = memchr(text, '{', len), .end = text + len };
	unsigned seen = 0;

	if (!c.at)
		return -ENOMSG;
	if (len > EDGE_RECORD_MAX)
		return -EPROTO;
	*c.end = '\0';
	c.at++;
	if (!take(&c, '}')) {
		do {
			if (take_member(&c, &record, &seen) < 0)
				return -EPROTO;
		} while (take(&c, ','));
		if (!take(&c, '}'))
			return -EPROTO;
	}
	skip_space(&c);
	if (c.at != c.end || record.port < 0 || record.port > 65535)
		return -EPROTO;
	fit_origin(&record);
	mark_left(&record);
	*ret_record = record;
	return 0;
}

/* HAProxy's documentation, 8.5: the first character says who ended it. */
const char *edge_record_end(const char *end)
{
	static const struct {
		char by;
		const char *words;
	} ends[] = {
		{ '-', "closed" },
		{ 'P', "not admitted" }, /* by the socket's settings, or under another's name */
		{ 'C', "visitor left" },
		{ 'S', "origin left" },
		{ 'c', "visitor idle too long" },
		{ 's', "origin idle too long" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends[i].by == end[0])
			return ends[i].words;
	return "ended by the edge";
}

bool edge_record_is_connection(const struct edge_record *record)
{
	return record->end[0] != '\0';
}

int64_t edge_record_bytes(const struct edge_record *record)
{
	return edge_record_is_connection(record) ? record->bytes + record->sent : record->bytes;
}

/* What the visitor sent says nothing of the origin. */
bool edge_record_is_answered(const struct edge_record *record)
{
	return edge_record_is_connection(record) ? record->bytes > 0 : record->origin_ms >= 0;
}

bool edge_record_is_unanswered(const struct edge_record *record)
{
	/* HAProxy's own pages are not answers of the origin: origin_ms is -1 then. L: it did not even ask. */
	if (!edge_record_is_connection(record))
		return record->origin_ms < 0 && record->status >= 502 && record->status <= 504 &&
		       record->by[0] != 'L';
	return record->bytes == 0 && record->end[0] != 'C' && record->end[0] != 'P' &&
	       record->total_ms < EDGE_RECORD_SHORT_MS;
}

bool edge_record_is_left(const struct edge_record *record)
{
	/* H: all of the request was sent, headers were awaited. */
	return record->status == EDGE_RECORD_LEFT && record->origin_ms < 0 &&
	       record->by[0] == 'C' && record->by[1] == 'H' &&
	       record->total_ms >= EDGE_RECORD_WAITED_MS;
}
