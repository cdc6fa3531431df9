/* SPDX-License-Identifier: ISC */
/* A hash table over strings, intrusive: the entry is a member of the thing itself, so that adding allocates
 * nothing per entry. The key is kept by reference and must not change while the entry is in. */
#ifndef NODE_STRMAP_H
#define NODE_STRMAP_H

#include <stddef.h>
#include <stdint.h>

struct strmap_node {
	struct strmap_node *next;
	const char *key;
	uint32_t hash;
};

struct strmap {
	struct strmap_node **slots;
	size_t slot_count;
	size_t count;
};

/* All zero is an empty map. */
void strmap_clear(struct strmap *map); /* forgets all entries; frees only the table */
/* 0; -EEXIST if the key is there; -ENOMEM. */
int strmap_add(struct strmap *map, struct strmap_node *node, const char *key);
/* NULL if there is none. */
struct strmap_node *strmap_get(const struct strmap *map, const char *key);
/* The node must be in. */
void strmap_remove(struct strmap *map, struct strmap_node *node);
/* Walks all entries; the entry handed out may be removed and freed before the next call, others may not.
 * Start with *cursor = (struct strmap_cursor){ 0 }; NULL at the end. Nothing may be added meanwhile. */
struct strmap_cursor {
	size_t slot;
	struct strmap_node *next;
};
struct strmap_node *strmap_next(const struct strmap *map, struct strmap_cursor *cursor);

/* The thing around a member; NULL stays NULL. */
#define strmap_entry(node, type, member)                                                   \
	({                                                                                 \
		struct strmap_node *entry_node = (node);                                   \
		entry_node ? (type *)((char *)entry_node - offsetof(type, member)) : NULL; \
	})

#endif
