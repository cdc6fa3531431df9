/* SPDX-License-Identifier: ISC */
/* Results on standard output: text, tables as wide as the terminal allows, JSON. */
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "helper/ctl.h"
#include "helper/json_text.h"
#include "helper/table.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

#define OUTPUT_MAX (64 << 20)
#define MIN_WIDTH 20

size_t ctl_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long n;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col < MIN_WIDTH ? MIN_WIDTH : size.ws_col;
	n = columns ? strtol(columns, NULL, 10) : 0;
	return n >= MIN_WIDTH && n < 10000 ? (size_t)n : TABLE_UNLIMITED;
}

int ctl_print(const struct ctl *ctl, const char *text)
{
	if (fputs(text, stdout) < 0 || fflush(stdout) < 0)
		return ctl_fail(ctl, -EIO, "cannot write the result to standard output");
	return 0;
}

static int print_document(const struct ctl *ctl, struct json_object *o, bool pretty)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(OUTPUT_MAX);
	int r;

	r = json_text_add(&sb, o, pretty);
	strbuf_addch(&sb, '\n');
	if (r < 0)
		return ctl_fail(ctl, r, "cannot print the result: out of memory");
	return ctl_print(ctl, sb.buf);
}

int ctl_print_json(const struct ctl *ctl, struct json_object *o)
{
	return print_document(ctl, o, true);
}

int ctl_print_event(const struct ctl *ctl, struct json_object *o)
{
	return print_document(ctl, o, false);
}

int ctl_print_help(const struct ctl *ctl, const struct strbuf *sb)
{
	struct json_object *o;
	int r = strbuf_error(sb);

	if (r < 0)
		return ctl_fail(ctl, r, "cannot print the help: %s", strerror(-r));
	if (!ctl->json)
		return ctl_print(ctl, sb->buf);
	o = ctl_json_strings("help", sb->buf, NULL);
	r = o ? ctl_print_json(ctl, o) : ctl_fail(ctl, -ENOMEM, "out of memory");
	json_object_put(o);
	return r;
}

int ctl_print_table(const struct ctl *ctl, const struct table *t)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(OUTPUT_MAX);
	int r;

	r = table_print(t, ctl_width(), &sb);
	if (r < 0)
		return ctl_fail(ctl, r, "cannot print the table: out of memory");
	return ctl_print(ctl, sb.buf);
}

struct json_object *ctl_json_strings(const char *name, ...)
{
	struct json_object *o = json_object_new_object();
	va_list ap;

	va_start(ap, name);
	while (o && name) {
		const char *value = va_arg(ap, const char *);
		struct json_object *text = json_object_new_string(value ? value : "");

		if (!text || json_object_object_add(o, name, text) < 0) {
			json_object_put(text);
			json_object_put(o);
			o = NULL;
			break;
		}
		name = va_arg(ap, const char *);
	}
	va_end(ap);
	return o;
}
