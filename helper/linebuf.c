/* SPDX-License-Identifier: ISC */
/* Lines out of a stream. */
#include "helper/linebuf.h"

static void finish(struct linebuf *b, void (*on_line)(void *context, const char *line),
		   void *context)
{
	while (b->len && b->text[b->len - 1] == '\r')
		b->len--;
	b->text[b->len] = '\0';
	b->len = 0;
	on_line(context, b->text);
}

void linebuf_add(struct linebuf *b, const char *data, size_t len,
		 void (*on_line)(void *context, const char *line), void *context)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (data[i] == '\n')
			finish(b, on_line, context);
		else if (b->len < LINEBUF_MAX)
			b->text[b->len++] = (char)(data[i] ? data[i] : '?');
	}
}

void linebuf_end(struct linebuf *b, void (*on_line)(void *context, const char *line), void *context)
{
	if (b->len)
		finish(b, on_line, context);
}
