/* SPDX-License-Identifier: ISC */
/* Text tables in boxes of +-----+, as mysocketctl has always printed them. Cells are escaped (lib/escape.h), wide
 * characters counted right. */
#ifndef HELPER_TABLE_H
#define HELPER_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf;

#define TABLE_COLUMNS_MAX 8
#define TABLE_UNLIMITED 0 /* a width: not a terminal, nothing is cut or wrapped */

struct table_column {
	const char *title;
	bool optional; /* left out first where the table is too wide */
};

struct table {
	const struct table_column *columns;
	size_t column_count;
	char **cells; /* row_count * column_count; heap */
	size_t row_count;
	int error; /* 0 or the first -ENOMEM */
};

/* `columns` is kept by reference; at most TABLE_COLUMNS_MAX. */
void table_init(struct table *t, const struct table_column *columns, size_t count);
/* One cell per column; NULL is an empty one. */
void table_add(struct table *t, const char *const *cells);
void table_clear(struct table *t);

/* Appends the table, at most `width` columns wide if that can be: optional columns are left out from the right (a
 * last line names them); if it is still too wide, or has but one row, each row becomes a box of its own with one line per column. 0
 * or -ENOMEM, -EMSGSIZE. */
int table_print(const struct table *t, size_t width, struct strbuf *sb);

/* A box of names and values without a heading, values wrapped at `width`. Rows of the table: name, value. */
int table_print_pairs(const struct table *t, size_t width, struct strbuf *sb);

#endif
