/* SPDX-License-Identifier: ISC */
/* A list of keys that HAProxy has and should not: found while comparing, removed at its end. */
#ifndef NODE_EDGE_KEYS_H
#define NODE_EDGE_KEYS_H

#include <stddef.h>

#define EDGE_KEY_SIZE 256 /* a label, a slash and a number or an address; a host name */

struct edge_keys {
	char **items;
	size_t count, alloc;
};

/* Without memory the key is not added: nothing is routed by it, and the next comparison finds it again. */
void edge_keys_add(struct edge_keys *keys, const char *key);
void edge_keys_clear(struct edge_keys *keys);

#endif
