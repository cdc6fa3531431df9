/* SPDX-License-Identifier: ISC */
/* "Did you mean": the nearest of some names to a mistyped one. */
#ifndef HELPER_SUGGEST_H
#define HELPER_SUGGEST_H

#include <stddef.h>

/* Edits (insert, delete, replace, swap of neighbours) from a to b; `_` and `-` count as the same letter.
 * Names longer than 63 bytes are as far as can be (SIZE_MAX). */
size_t suggest_distance(const char *a, const char *b);

/* Looks at one more candidate: *best becomes `name` if it is nearer to `typed` than *best_distance (start with
 * *best NULL and suggest_limit(typed)). */
void suggest_consider(const char *typed, const char *name, const char **best,
		      size_t *best_distance);

/* One more than the edits that may lie between a typed name and what was meant. */
size_t suggest_limit(const char *typed);

#endif
