/* SPDX-License-Identifier: ISC */
/* Keys to be removed from HAProxy. */
#include "node/edge_keys.h"

#include <stdlib.h>
#include <string.h>

void edge_keys_add(struct edge_keys *keys, const char *key)
{
	if (keys->count == keys->alloc) {
		size_t alloc = keys->alloc ? keys->alloc * 2 : 64;
		char **more = realloc(keys->items, alloc * sizeof(*more));

		if (!more)
			return;
		keys->items = more;
		keys->alloc = alloc;
	}
	keys->items[keys->count] = strdup(key);
	if (keys->items[keys->count])
		keys->count++;
}

void edge_keys_clear(struct edge_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		free(keys->items[i]);
	free(keys->items);
	*keys = (struct edge_keys){ 0 };
}
