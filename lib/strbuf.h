/* SPDX-License-Identifier: ISC */
/* A growing string with a maximum. The first error (-ENOMEM, -EMSGSIZE, -EINVAL) is latched and later
 * appends do nothing, so a caller builds the whole text and checks once, with strbuf_error().
 *
 *	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(4096);
 *
 *	strbuf_addf(&sb, "%s:%u", host, port);
 *	r = strbuf_error(&sb);
 */
#ifndef LIB_STRBUF_H
#define LIB_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

struct strbuf {
	char *buf;    /* always NUL-terminated; "" before the first append; never NULL after init */
	size_t len;   /* bytes, without the NUL */
	size_t alloc; /* bytes of heap behind buf; 0 while buf is the shared empty string */
	size_t max;   /* len never exceeds it */
	int error;    /* 0 or the first negative errno */
};

extern char strbuf_empty[1]; /* what `buf` of all empty buffers points to; never written to */

/* `max`: the most bytes it may ever hold, without the NUL. Allocates nothing. With auto_call() always the
 * initialiser: a return before strbuf_init() would clear what was never set. */
/* clang-format off */ /* its releases disagree about braces in macros */
#define STRBUF_INIT(maximum) { .buf = strbuf_empty, .max = (maximum) }
/* clang-format on */
void strbuf_init(struct strbuf *sb, size_t max);
/* Wipes and frees; the buffer is then as after init, with the same maximum. */
void strbuf_clear(struct strbuf *sb);
/* Empties it and forgets the error, but keeps the memory. */
void strbuf_reset(struct strbuf *sb);
/* Drops its first `len` bytes, or all if they are fewer; a latched error stays. */
void strbuf_drop(struct strbuf *sb, size_t len);

void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_addch(struct strbuf *sb, char c);
void strbuf_adds(struct strbuf *sb, const char *s);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Latches `error` (a negative errno) from outside: an encoder that found bad input. */
void strbuf_fail(struct strbuf *sb, int error);

/* 0 or the latched negative errno. */
int strbuf_error(const struct strbuf *sb);
/* 0, and *ret_s is the heap string (caller frees; the strbuf is empty again); or the latched error,
 * or -ENOMEM. */
int strbuf_take(struct strbuf *sb, char **ret_s);

#endif
