/* SPDX-License-Identifier: ISC */
/* The options part of --help, printed from the tables. */
#include <string.h>

#include "helper/options.h"
#include "helper/wrap.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

#define HELP_COLUMN 30
#define HELP_WIDTH 80

static void add_left(const struct ctl_option *o, struct strbuf *sb)
{
	strbuf_addf(sb, "  --%s", o->name);
	if (o->negation)
		strbuf_addf(sb, " / --%s", o->negation);
	if (o->metavar)
		strbuf_addf(sb, " %s", o->metavar);
}

static void add_right(const struct ctl_option *o, struct strbuf *sb)
{
	size_t i;

	strbuf_adds(sb, o->help);
	for (i = 0; o->choices && o->choices[i]; i++)
		strbuf_addf(sb, "%s%s", i ? ", " : ": ", o->choices[i]);
	if (o->required)
		strbuf_adds(sb, "  [required]");
	if (o->fallback)
		strbuf_addf(sb, "  [default: %s]", o->fallback);
}

static void add_option(const struct ctl_option *o, struct strbuf *sb)
{
	auto_call(strbuf_clear) struct strbuf left = STRBUF_INIT(200);
	auto_call(strbuf_clear) struct strbuf right = STRBUF_INIT(1000);

	add_left(o, &left);
	add_right(o, &right);
	strbuf_adds(sb, left.buf);
	if (left.len + 2 > HELP_COLUMN)
		strbuf_addf(sb, "\n%*s", HELP_COLUMN, "");
	else
		strbuf_addf(sb, "%*s", (int)(HELP_COLUMN - left.len), "");
	wrap_add(sb, right.buf, HELP_COLUMN, HELP_WIDTH);
	strbuf_addch(sb, '\n');
	strbuf_fail(sb, strbuf_error(&left) ? strbuf_error(&left) : strbuf_error(&right));
}

void ctl_options_help(const struct ctl_option_table *tables, size_t table_count, struct strbuf *sb)
{
	size_t t, i;

	for (t = 0; t < table_count; t++)
		for (i = 0; i < tables[t].count; i++)
			add_option(&tables[t].options[i], sb);
}
