/* SPDX-License-Identifier: ISC */
/* Lays out and draws the boxes. */
#include "helper/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/wrap.h"
#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/strbuf.h"

#define CELL_MAX 65536
#define MIN_VALUE_WIDTH 10

void table_init(struct table *t, const struct table_column *columns, size_t count)
{
	*t = (struct table){ .columns = columns, .column_count = count };
}

void table_clear(struct table *t)
{
	size_t i;

	for (i = 0; i < t->row_count * t->column_count; i++)
		free(t->cells[i]);
	free(t->cells);
	table_init(t, t->columns, t->column_count);
}

static int escaped(const char *text, char **ret_cell)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(CELL_MAX);

	escape_add(&sb, text ? text : "", text ? strlen(text) : 0);
	return strbuf_take(&sb, ret_cell);
}

void table_add(struct table *t, const char *const *cells)
{
	size_t columns = t->column_count, i;
	char **grown;

	if (t->error)
		return;
	grown = realloc(t->cells, (t->row_count + 1) * columns * sizeof(*grown));
	if (!grown) {
		t->error = -ENOMEM;
		return;
	}
	t->cells = grown;
	grown += t->row_count * columns;
	memset(grown, 0, columns * sizeof(*grown));
	t->row_count++;
	for (i = 0; i < columns && !t->error; i++)
		t->error = escaped(cells[i], &grown[i]);
}

static const char *cell(const struct table *t, size_t row, size_t column)
{
	const char *text = t->cells[row * t->column_count + column];

	return text ? text : "";
}

static size_t text_width(const char *s)
{
	return wrap_width(s, strlen(s));
}

static size_t max_size(size_t a, size_t b)
{
	return a > b ? a : b;
}

static void add_rule(struct strbuf *sb, const size_t *widths, size_t count)
{
	size_t i, n;

	for (i = 0; i < count; i++) {
		strbuf_addch(sb, '+');
		for (n = 0; n < widths[i] + 2; n++)
			strbuf_addch(sb, '-');
	}
	strbuf_adds(sb, "+\n");
}

static void add_cell(struct strbuf *sb, const char *s, size_t len, size_t width)
{
	size_t used = wrap_width(s, len);

	strbuf_adds(sb, "| ");
	strbuf_add(sb, s, len);
	strbuf_addf(sb, "%*s", (int)(used < width ? width - used + 1 : 1), "");
}

static size_t total_width(const size_t *widths, size_t count)
{
	size_t total = 1, i;

	for (i = 0; i < count; i++)
		total += widths[i] + 3;
	return total;
}

/* The columns that stay: indices into t->columns. */
struct layout {
	size_t index[TABLE_COLUMNS_MAX];
	size_t width[TABLE_COLUMNS_MAX];
	size_t count;
};

static void lay_out(const struct table *t, struct layout *ret_l)
{
	size_t c, row;

	ret_l->count = t->column_count;
	for (c = 0; c < t->column_count; c++) {
		ret_l->index[c] = c;
		ret_l->width[c] = text_width(t->columns[c].title);
		for (row = 0; row < t->row_count; row++)
			ret_l->width[c] = max_size(ret_l->width[c], text_width(cell(t, row, c)));
	}
}

/* Leaves out the last optional column: false if there is none. */
static bool drop_one(const struct table *t, struct layout *l)
{
	size_t c = l->count;

	while (c > 0 && !t->columns[l->index[c - 1]].optional)
		c--;
	if (!c)
		return false;
	l->count--;
	memmove(&l->index[c - 1], &l->index[c], (l->count - (c - 1)) * sizeof(l->index[0]));
	memmove(&l->width[c - 1], &l->width[c], (l->count - (c - 1)) * sizeof(l->width[0]));
	return true;
}

static void draw(const struct table *t, const struct layout *l, struct strbuf *sb)
{
	size_t c, row;

	add_rule(sb, l->width, l->count);
	for (c = 0; c < l->count; c++) {
		const char *title = t->columns[l->index[c]].title;

		add_cell(sb, title, strlen(title), l->width[c]);
	}
	strbuf_adds(sb, "|\n");
	add_rule(sb, l->width, l->count);
	for (row = 0; row < t->row_count; row++) {
		for (c = 0; c < l->count; c++) {
			const char *text = cell(t, row, l->index[c]);

			add_cell(sb, text, strlen(text), l->width[c]);
		}
		strbuf_adds(sb, "|\n");
	}
	if (t->row_count)
		add_rule(sb, l->width, l->count);
}

static void add_left_out(const struct table *t, const struct layout *l, struct strbuf *sb)
{
	const char *separator = "Left out for want of columns: ";
	size_t c, kept = 0;

	if (l->count == t->column_count)
		return;
	for (c = 0; c < t->column_count; c++) {
		if (kept < l->count && l->index[kept] == c) {
			kept++;
			continue;
		}
		strbuf_addf(sb, "%s%s", separator, t->columns[c].title);
		separator = ", ";
	}
	strbuf_adds(sb, ".\nWiden the terminal, or use --json.\n");
}

/* One line of a box of pairs; a long value goes on below. */
static void add_pair(struct strbuf *sb, const char *name, const char *value, const size_t widths[2])
{
	size_t len = strlen(value), skip;

	do {
		size_t n = wrap_next(value, len, widths[1], &skip);

		add_cell(sb, name, strlen(name), widths[0]);
		add_cell(sb, value, n, widths[1]);
		strbuf_adds(sb, "|\n");
		value += n + skip;
		len -= n + skip;
		name = "";
	} while (len);
}

static void clamp_value_width(size_t widths[2], size_t width)
{
	size_t rest;

	if (width == TABLE_UNLIMITED || total_width(widths, 2) <= width)
		return;
	rest = width > widths[0] + 7 ? width - widths[0] - 7 : 0;
	widths[1] = max_size(rest, MIN_VALUE_WIDTH);
}

/* Each row as a box of pairs, with one rule between. */
static void draw_records(const struct table *t, size_t width, struct strbuf *sb)
{
	size_t widths[2] = { 0, 0 }, row, c;

	for (c = 0; c < t->column_count; c++) {
		widths[0] = max_size(widths[0], text_width(t->columns[c].title));
		for (row = 0; row < t->row_count; row++)
			widths[1] = max_size(widths[1], text_width(cell(t, row, c)));
	}
	clamp_value_width(widths, width);
	add_rule(sb, widths, 2);
	for (row = 0; row < t->row_count; row++) {
		for (c = 0; c < t->column_count; c++)
			add_pair(sb, t->columns[c].title, cell(t, row, c), widths);
		add_rule(sb, widths, 2);
	}
}

int table_print(const struct table *t, size_t width, struct strbuf *sb)
{
	struct layout l;

	if (t->error)
		return t->error;
	lay_out(t, &l);
	/* A single row is told in full, as a box; of several, what matters most. */
	while (width != TABLE_UNLIMITED && t->row_count != 1 &&
	       total_width(l.width, l.count) > width)
		if (!drop_one(t, &l))
			break;
	if (width == TABLE_UNLIMITED || total_width(l.width, l.count) <= width || !t->row_count) {
		draw(t, &l, sb);
		add_left_out(t, &l, sb);
	} else {
		draw_records(t, width, sb);
	}
	return strbuf_error(sb);
}

int table_print_pairs(const struct table *t, size_t width, struct strbuf *sb)
{
	size_t widths[2] = { 0, 0 }, row;

	if (t->error)
		return t->error;
	for (row = 0; row < t->row_count; row++) {
		widths[0] = max_size(widths[0], text_width(cell(t, row, 0)));
		widths[1] = max_size(widths[1], text_width(cell(t, row, 1)));
	}
	clamp_value_width(widths, width);
	add_rule(sb, widths, 2);
	for (row = 0; row < t->row_count; row++)
		add_pair(sb, cell(t, row, 0), cell(t, row, 1), widths);
	add_rule(sb, widths, 2);
	return strbuf_error(sb);
}
