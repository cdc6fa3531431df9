/* SPDX-License-Identifier: ISC */
/* A hash table over strings: chained, doubled when full, seeded so that nobody outside can aim at one chain. */
#include "node/strmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SLOTS_MIN 64

/* FNV-1a from a random start. */
static uint32_t hash_of(const char *key)
{
	static uint32_t seed;
	uint32_t h;

	if (seed == 0 && (getrandom(&seed, sizeof(seed), 0) != sizeof(seed) || seed == 0))
		seed = 2166136261U;
	h = seed;
	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 16777619U;
	return h ^ (h >> 15);
}

void strmap_clear(struct strmap *map)
{
	free(map->slots);
	*map = (struct strmap){ 0 };
}

static int grow(struct strmap *map)
{
	size_t n = map->slot_count ? map->slot_count * 2 : SLOTS_MIN;
	struct strmap_node **slots = calloc(n, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->slot_count; i++) {
		struct strmap_node *node = map->slots[i];

		while (node) {
			struct strmap_node *next = node->next;
			size_t slot = node->hash & (n - 1);

			node->next = slots[slot];
			slots[slot] = node;
			node = next;
		}
	}
	free(map->slots);
	map->slots = slots;
	map->slot_count = n;
	return 0;
}

int strmap_add(struct strmap *map, struct strmap_node *node, const char *key)
{
	size_t slot;

	if (strmap_get(map, key))
		return -EEXIST;
	if (map->count >= map->slot_count && grow(map) < 0)
		return -ENOMEM;
	node->key = key;
	node->hash = hash_of(key);
	slot = node->hash & (map->slot_count - 1);
	node->next = map->slots[slot];
	map->slots[slot] = node;
	map->count++;
	return 0;
}

struct strmap_node *strmap_get(const struct strmap *map, const char *key)
{
	uint32_t hash;

	if (map->count == 0)
		return NULL;
	hash = hash_of(key);
	for (struct strmap_node *n = map->slots[hash & (map->slot_count - 1)]; n; n = n->next)
		if (n->hash == hash && strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

void strmap_remove(struct strmap *map, struct strmap_node *node)
{
	struct strmap_node **at = &map->slots[node->hash & (map->slot_count - 1)];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	node->next = NULL;
	map->count--;
}

struct strmap_node *strmap_next(const struct strmap *map, struct strmap_cursor *cursor)
{
	struct strmap_node *node = cursor->next;

	while (!node && cursor->slot < map->slot_count)
		node = map->slots[cursor->slot++];
	cursor->next = node ? node->next : NULL;
	return node;
}
