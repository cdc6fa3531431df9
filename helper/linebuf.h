/* SPDX-License-Identifier: ISC */
/* Cuts a stream into lines. A line longer than the buffer is cut, its rest dropped. */
#ifndef HELPER_LINEBUF_H
#define HELPER_LINEBUF_H

#include <stdbool.h>
#include <stddef.h>

#define LINEBUF_MAX 4096

struct linebuf {
	size_t len;
	char text[LINEBUF_MAX + 1];
};

/* Calls on_line for each complete line, NUL-terminated, without its end (LF or CR LF). NUL bytes become '?'. */
void linebuf_add(struct linebuf *b, const char *data, size_t len,
		 void (*on_line)(void *context, const char *line), void *context);
/* The last line, if it had no end. */
void linebuf_end(struct linebuf *b, void (*on_line)(void *context, const char *line),
		 void *context);

#endif
