/* SPDX-License-Identifier: ISC */
/* Optimal string alignment distance over short names. */
#include "helper/suggest.h"

#include <stdint.h>
#include <string.h>

#define NAME_MAX_LEN 63

static int same(char a, char b)
{
	return (a == '_' ? '-' : a) == (b == '_' ? '-' : b);
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

size_t suggest_distance(const char *a, const char *b)
{
	size_t rows[3][NAME_MAX_LEN + 1], *before = rows[0], *above = rows[1], *row = rows[2];
	size_t a_len = strlen(a), b_len = strlen(b), i, j;

	if (a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN)
		return SIZE_MAX;
	for (j = 0; j <= b_len; j++)
		row[j] = j;
	for (i = 1; i <= a_len; i++) {
		size_t *oldest = before;

		before = above;
		above = row;
		row = oldest;
		row[0] = i;
		for (j = 1; j <= b_len; j++) {
			row[j] = least(above[j] + 1, row[j - 1] + 1,
				       above[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
	}
	return row[b_len];
}

void suggest_consider(const char *typed, const char *name, const char **best, size_t *best_distance)
{
	size_t d = suggest_distance(typed, name);

	if (d < *best_distance) {
		*best_distance = d;
		*best = name;
	}
}

size_t suggest_limit(const char *typed)
{
	size_t len = strlen(typed);

	return len <= 2 ? 2 : len <= 6 ? 3 : 4;
}
