/* SPDX-License-Identifier: ISC */
/* Columns of text on a terminal: how wide it is, and breaking it into lines. Independent of the locale: UTF-8. */
#ifndef HELPER_WRAP_H
#define HELPER_WRAP_H

#include <stddef.h>

struct strbuf;

/* Columns of a code point: 0 (combining, joiners), 1, or 2 (East Asian wide, emoji). */
int wrap_char_width(unsigned cp);

/* Columns of a text of printable UTF-8; each byte that is no UTF-8 counts 1. */
size_t wrap_width(const char *s, size_t len);

/* The longest beginning of s, in bytes, that takes at most `columns`; at least one character if len > 0. Combining
 * characters stay with their base. */
size_t wrap_fit(const char *s, size_t len, size_t columns);

/* How many bytes of s go on the next line of `columns`: broken at a space where there is one (the spaces at the
 * break go into *ret_skip), else in mid-word. */
size_t wrap_next(const char *s, size_t len, size_t columns, size_t *ret_skip);

/* Appends s, which begins at column `indent`, broken into lines of at most `width` columns; further lines
 * are indented by `indent` spaces. */
void wrap_add(struct strbuf *sb, const char *s, size_t indent, size_t width);

#endif
