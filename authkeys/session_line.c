/* SPDX-License-Identifier: ISC */
/* One request, one line: fixed columns, the path in what is left of the terminal's width. */
#include "authkeys/session_line.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/strbuf.h"

#define TIME_COLUMNS 8
#define CLIENT_COLUMNS 15 /* an IPv4 address; a longer one takes from the path */
#define CLIENT_MAX 45
#define METHOD_COLUMNS 7
#define METHOD_MAX 16
#define NUMBERS_COLUMNS 24 /* see `numbers`, each with a space in front */
#define FIXED_COLUMNS (TIME_COLUMNS + 1 + CLIENT_COLUMNS + 1 + METHOD_COLUMNS + 1 + NUMBERS_COLUMNS)
#define PATH_MIN 8
#define PATH_PAD_MAX 64 /* beyond, a wide terminal would tear the line apart */
#define PATH_PAD_PLAIN 24

#define ELLIPSIS "\xe2\x80\xa6"
#define VALUE_MAX 16384

/* What follows the path, aligned to the right. */
enum number { STATUS, BYTES, TOTAL, ORIGIN };

static const struct {
	const char *heading;
	size_t columns;
} numbers[] = {
	[STATUS] = { "code", 4 },
	[BYTES] = { "bytes", 5 },
	[TOTAL] = { "total", 5 },
	[ORIGIN] = { "origin", 6 },
};

/* Above these the total time is marked: visitors notice, visitors leave. */
#define SLOW_MS 1000
#define VERY_SLOW_MS 5000

#define DIM "2"
#define RED "31"
#define GREEN "32"
#define YELLOW "33"
#define CYAN "36"

void session_line_text(struct strbuf *sb, const char *text)
{
	size_t len = strlen(text);

	if (escape_is_clean(text, len))
		strbuf_add(sb, text, len);
	else
		escape_add(sb, text, len);
}

/* Bytes of the character at text (len > 0), and its columns. */
static size_t next_char(const char *text, size_t len, size_t *ret_columns)
{
	unsigned cp;
	size_t n = escape_utf8_next(text, len, &cp);
	int columns = n ? wcwidth((wchar_t)cp) : 1;

	/* Characters newer than libc: one column is the better guess. */
	*ret_columns = columns < 0 ? 1 : (size_t)columns;
	return n ? n : 1;
}

size_t session_line_width(const char *text, size_t len)
{
	size_t i, columns, width = 0;

	for (i = 0; i < len; width += columns)
		i += next_char(text + i, len - i, &columns);
	return width;
}

size_t session_line_cut(struct strbuf *sb, const char *text, size_t columns)
{
	size_t len = strlen(text), width = session_line_width(text, len), i = 0, n, taken;

	if (width <= columns) {
		strbuf_add(sb, text, len);
		return width;
	}
	for (width = 0; i < len; i += n, width += taken) {
		n = next_char(text + i, len - i, &taken);
		if (width + taken + 1 > columns)
			break;
	}
	strbuf_add(sb, text, i);
	strbuf_adds(sb, ELLIPSIS);
	return width + 1;
}

void session_line_bytes(int64_t bytes, char ret_text[SESSION_LINE_NUMBER_SIZE])
{
	static const char units[] = "KMGTPE";
	/* Counted in tenths of the unit, so that 1023.97 does not become "1024". */
	uint64_t tenths = (uint64_t)bytes * 10;
	size_t unit = 0;

	if (bytes < 0) {
		snprintf(ret_text, SESSION_LINE_NUMBER_SIZE, "-");
		return;
	}
	if (bytes < 1000) {
		snprintf(ret_text, SESSION_LINE_NUMBER_SIZE, "%u", (unsigned)bytes);
		return;
	}
	if (bytes > INT64_MAX / 10)
		tenths = INT64_MAX;
	for (tenths /= 1024; tenths >= 10000 && units[unit + 1]; unit++)
		tenths /= 1024;
	if (tenths < 100)
		snprintf(ret_text, SESSION_LINE_NUMBER_SIZE, "%u.%u%c", (unsigned)(tenths / 10),
			 (unsigned)(tenths % 10), units[unit]);
	else
		snprintf(ret_text, SESSION_LINE_NUMBER_SIZE, "%u%c",
			 (unsigned)(tenths / 10) % 10000, units[unit]);
}

void session_line_duration(int64_t ms, char ret_text[SESSION_LINE_NUMBER_SIZE])
{
	const size_t size = SESSION_LINE_NUMBER_SIZE;
	unsigned s = (unsigned)(ms / 1000 % 1000000000);

	if (ms < 0)
		snprintf(ret_text, size, "-");
	else if (ms < 1000)
		snprintf(ret_text, size, "%ums", (unsigned)ms);
	else if (s < 10)
		snprintf(ret_text, size, "%u.%02us", s, (unsigned)(ms % 1000) / 10);
	else if (s < 100)
		snprintf(ret_text, size, "%u.%us", s, (unsigned)(ms % 1000) / 100);
	else if (s < 1000)
		snprintf(ret_text, size, "%us", s);
	else if (s < 360000)
		snprintf(ret_text, size, s < 6000 ? "%um" : "%uh", s < 6000 ? s / 60 : s / 3600);
	else
		snprintf(ret_text, size, ">99h");
}

/* ---- one line ---- */
static void color_begin(struct strbuf *sb, const struct session_style *style, const char *code)
{
	if (style->color && code)
		strbuf_addf(sb, "\033[%sm", code);
}

static void color_end(struct strbuf *sb, const struct session_style *style, const char *code)
{
	if (style->color && code)
		strbuf_adds(sb, "\033[m");
}

static void pad(struct strbuf *sb, size_t width, size_t columns)
{
	for (; width < columns; width++)
		strbuf_addch(sb, ' ');
}

/* A column of clean text: left-aligned, cut to `max` columns, padded to `columns`; returns its width. */
static size_t add_left(struct strbuf *sb, const char *text, size_t columns, size_t max)
{
	size_t width = session_line_cut(sb, text, max);

	pad(sb, width, columns);
	return width > columns ? width : columns;
}

static void add_number(struct strbuf *sb, const struct session_style *style, enum number which,
		       const char *text, const char *color)
{
	strbuf_addch(sb, ' ');
	pad(sb, strlen(text), numbers[which].columns);
	color_begin(sb, style, color);
	strbuf_adds(sb, text);
	color_end(sb, style, color);
}

static const char *status_color(int64_t status)
{
	static const char *const by_class[] = { NULL, NULL, GREEN, CYAN, YELLOW, RED };

	if (status == 0)
		return NULL;
	return status >= 100 && status < 600 ? by_class[status / 100] : RED;
}

static const char *total_color(int64_t ms)
{
	if (ms >= VERY_SLOW_MS)
		return RED;
	return ms >= SLOW_MS ? YELLOW : NULL;
}

/* Text of a field, clean: itself, or its escaped copy in `scratch`; "-" if there is none. */
static const char *clean(struct strbuf *scratch, const char *text)
{
	if (!text || !*text)
		return "-";
	if (escape_is_clean(text, strlen(text)))
		return text;
	strbuf_reset(scratch);
	session_line_text(scratch, text);
	return strbuf_error(scratch) ? "?" : scratch->buf;
}

static void add_clock(struct strbuf *sb, int64_t at_ms)
{
	time_t at = (time_t)(at_ms / 1000);
	struct tm tm;

	if (at_ms >= 0 && gmtime_r(&at, &tm))
		strbuf_addf(sb, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	else
		strbuf_adds(sb, "--:--:--");
}

/* Columns of a terminal that are left for the path to have its least width. */
static size_t spare_columns(const struct session_style *style)
{
	size_t fixed = FIXED_COLUMNS + PATH_MIN;

	if (!style->columns)
		return CLIENT_MAX + METHOD_MAX;
	return style->columns > fixed ? style->columns - fixed : 0;
}

/* As add_left; what is beyond `columns` comes out of *spare. */
static void add_field(struct strbuf *sb, const char *text, size_t columns, size_t max,
		      size_t *spare)
{
	if (max > columns + *spare)
		max = columns + *spare;
	*spare -= add_left(sb, text, columns, max) - columns;
	strbuf_addch(sb, ' ');
}

/* `extra`: columns beyond their own that client and method have taken. */
static void add_path(struct strbuf *sb, const struct session_style *style, const char *path,
		     size_t extra)
{
	size_t columns, max;

	if (!style->columns) {
		add_left(sb, path, PATH_PAD_PLAIN, SIZE_MAX);
		return;
	}
	max = PATH_MIN + spare_columns(style) - extra;
	columns = PATH_PAD_MAX > extra ? PATH_PAD_MAX - extra : 0;
	add_left(sb, path, columns < max ? columns : max, max);
}

/* All up to the numbers. */
static void add_front(struct strbuf *sb, const struct session_style *style,
		      const struct session_request *request)
{
	auto_call(strbuf_clear) struct strbuf scratch = STRBUF_INIT(VALUE_MAX);
	size_t all = spare_columns(style), spare = all;

	color_begin(sb, style, DIM);
	add_clock(sb, request->at_ms);
	color_end(sb, style, DIM);
	strbuf_addch(sb, ' ');
	add_field(sb, clean(&scratch, request->client), CLIENT_COLUMNS, CLIENT_MAX, &spare);
	add_field(sb, clean(&scratch, request->method), METHOD_COLUMNS, METHOD_MAX, &spare);
	add_path(sb, style, clean(&scratch, request->path), all - spare);
}

void session_line_request(struct strbuf *sb, const struct session_style *style,
			  const struct session_request *request)
{
	char text[SESSION_LINE_NUMBER_SIZE] = "-";

	add_front(sb, style, request);
	if (request->status >= 100 && request->status < 1000)
		snprintf(text, sizeof(text), "%d", (int)request->status);
	add_number(sb, style, STATUS, text, status_color(request->status));
	session_line_bytes(request->bytes, text);
	add_number(sb, style, BYTES, text, NULL);
	session_line_duration(request->total_ms, text);
	/* Connections may be long. */
	add_number(sb, style, TOTAL, text, request->status ? total_color(request->total_ms) : NULL);
	session_line_duration(request->origin_ms, text);
	add_number(sb, style, ORIGIN, text, NULL);
	strbuf_addch(sb, '\n');
}

void session_line_heading(struct strbuf *sb, const struct session_style *style)
{
	size_t i;

	color_begin(sb, style, DIM);
	add_left(sb, "UTC", TIME_COLUMNS + 1, TIME_COLUMNS);
	add_left(sb, "client", CLIENT_COLUMNS + 1, CLIENT_COLUMNS);
	add_left(sb, "method", METHOD_COLUMNS + 1, METHOD_COLUMNS);
	add_path(sb, style, "path", 0);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		add_number(sb, style, (enum number)i, numbers[i].heading, NULL);
	color_end(sb, style, DIM);
	strbuf_addch(sb, '\n');
}
