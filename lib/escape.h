/* SPDX-License-Identifier: ISC */
/* Makes bytes from outside safe to print: DESIGN.md 6, rule 5. */
#ifndef LIB_ESCAPE_H
#define LIB_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf;

/* Appends `data` so that no terminal acts on it: valid UTF-8 passes, except C0 and C1 controls, DEL,
 * bidirectional overrides and isolates (U+202A..202E, U+2066..2069, U+200E/200F, U+061C) and line/paragraph
 * separators (U+2028/2029); those and every byte that is not valid UTF-8 become \xHH per byte; a
 * backslash becomes "\\". */
void escape_add(struct strbuf *sb, const char *data, size_t len);

/* 1 if `data` could be printed as it is: valid UTF-8 without any of the above (backslash allowed). */
int escape_is_clean(const char *data, size_t len);

/* The next code point of valid UTF-8 at s (len > 0): its length in bytes (1..4), *ret_cp set; 0 if the
 * bytes are not valid UTF-8 (RFC 3629: no overlongs, no surrogates). */
size_t escape_utf8_next(const char *s, size_t len, unsigned *ret_cp);

/* True if all of the string is valid UTF-8. */
bool escape_is_utf8(const char *s);

#endif
