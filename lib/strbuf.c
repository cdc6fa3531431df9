/* SPDX-License-Identifier: ISC */
/* A growing string with a maximum and a latched error. Outgrown memory is wiped, since passwords and
 * tokens pass through here. */
#include "lib/strbuf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char strbuf_empty[1];

void strbuf_init(struct strbuf *sb, size_t max)
{
	*sb = (struct strbuf)STRBUF_INIT(max);
}

static void release(struct strbuf *sb)
{
	if (sb->alloc) {
		explicit_bzero(sb->buf, sb->alloc);
		free(sb->buf);
	}
}

void strbuf_clear(struct strbuf *sb)
{
	release(sb);
	strbuf_init(sb, sb->max);
}

void strbuf_reset(struct strbuf *sb)
{
	sb->len = 0;
	sb->error = 0;
	if (sb->alloc)
		sb->buf[0] = '\0';
}

void strbuf_drop(struct strbuf *sb, size_t len)
{
	if (!len || !sb->len)
		return;
	if (len > sb->len)
		len = sb->len;
	sb->len -= len;
	memmove(sb->buf, sb->buf + len, sb->len + 1);
}

void strbuf_fail(struct strbuf *sb, int error)
{
	if (!sb->error)
		sb->error = error;
}

int strbuf_error(const struct strbuf *sb)
{
	return sb->error;
}

/* Makes room for `more` bytes and a NUL: true, or false with the error latched. */
static int reserve(struct strbuf *sb, size_t more)
{
	size_t need, size;
	char *bigger;

	if (sb->error)
		return 0;
	if (more > sb->max - sb->len) {
		strbuf_fail(sb, -EMSGSIZE);
		return 0;
	}
	need = sb->len + more + 1;
	if (need <= sb->alloc)
		return 1;
	size = sb->alloc * 2 > 64 ? sb->alloc * 2 : 64;
	if (size > sb->max + 1)
		size = sb->max + 1;
	if (size < need)
		size = need;
	bigger = malloc(size);
	if (!bigger) {
		strbuf_fail(sb, -ENOMEM);
		return 0;
	}
	memcpy(bigger, sb->buf, sb->len + 1);
	release(sb);
	sb->buf = bigger;
	sb->alloc = size;
	return 1;
}

void strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	if (!len || !reserve(sb, len))
		return;
	memcpy(sb->buf + sb->len, data, len);
	sb->len += len;
	sb->buf[sb->len] = '\0';
}

void strbuf_addch(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void strbuf_adds(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list measure;
	int n;

	if (sb->error)
		return;
	va_copy(measure, ap);
	n = vsnprintf(NULL, 0, fmt, measure);
	va_end(measure);
	if (n < 0) {
		strbuf_fail(sb, -EINVAL);
		return;
	}
	if (!n || !reserve(sb, (size_t)n))
		return;
	vsnprintf(sb->buf + sb->len, (size_t)n + 1, fmt, ap);
	sb->len += (size_t)n;
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
}

int strbuf_take(struct strbuf *sb, char **ret_s)
{
	char *s = sb->buf;

	if (sb->error)
		return sb->error;
	if (!sb->alloc) {
		s = calloc(1, 1);
		if (!s)
			return -ENOMEM;
	}
	strbuf_init(sb, sb->max);
	*ret_s = s;
	return 0;
}
