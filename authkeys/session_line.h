/* SPDX-License-Identifier: ISC */
/* How a request looks in a session's output. Pure: values in, text out.
 *
 *	12:34:56 203.0.113.7     GET    /index.html             200   1.2K   14ms   12ms
 *
 * MUST 1: nothing reaches the terminal unescaped: a value that lib/escape.h does not find clean is escaped.
 * MUST 2: on a terminal of 65 columns or more no line is wider than it, wide characters counted as two: the path
 *         gives way.
 * MUST 3: without a terminal nothing is cut off and nothing is coloured. */
#ifndef AUTHKEYS_SESSION_LINE_H
#define AUTHKEYS_SESSION_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

struct session_style {
	unsigned columns; /* of the terminal; 0: there is none */
	bool color;
};

struct session_request {
	int64_t at_ms;			    /* since the epoch */
	const char *client, *method, *path; /* of a connection: how it ended, in place of a path */
	int64_t status; /* 0: there is none, it was a connection; else below 100: none was sent */
	int64_t bytes;
	int64_t total_ms;
	int64_t origin_ms; /* -1: the origin did not answer */
};

/* Appends the line of one request, with its newline; times of day are UTC. */
void session_line_request(struct strbuf *sb, const struct session_style *style,
			  const struct session_request *request);
/* Appends the headings of its columns. */
void session_line_heading(struct strbuf *sb, const struct session_style *style);

/* Appends text from outside, escaped where it is not clean. */
void session_line_text(struct strbuf *sb, const char *text);

/* Columns that `len` bytes of clean text take. Needs a UTF-8 LC_CTYPE to know wide characters. */
size_t session_line_width(const char *text, size_t len);
/* Appends `text`, of which only as much as `columns` hold: the last one is then an ellipsis. Returns the
 * columns taken. */
size_t session_line_cut(struct strbuf *sb, const char *text, size_t columns);

#define SESSION_LINE_NUMBER_SIZE 8

/* "999", "1.2K", "45M", "1.0G", ... in powers of 1,024; "-" if negative. At most 4 characters up to 999T. */
void session_line_bytes(int64_t bytes, char ret_text[SESSION_LINE_NUMBER_SIZE]);
/* "3ms", "1.25s", "12.5s", "125s", "35m", "27h"; "-" if negative. */
void session_line_duration(int64_t ms, char ret_text[SESSION_LINE_NUMBER_SIZE]);

#endif
