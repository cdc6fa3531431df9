/* SPDX-License-Identifier: ISC */
/* Keeps one map of HAProxy as it is wanted. HAProxy would keep a second line of the same key beside the first: a key
 * is added only where it is known to be absent. */
#include "node/edge_map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

struct edge_entry {
	struct strmap_node node;
	char *key, *value;
	enum { ABSENT, DIFFERENT, IN_SYNC } edge; /* what HAProxy has */
};

void edge_map_init(struct edge_map *map, const char *name,
		   void (*emit)(void *arg, const char *command), void *arg)
{
	*map = (struct edge_map){ .name = name, .emit = emit, .arg = arg };
}

static struct edge_entry *entry_get(const struct edge_map *map, const char *key)
{
	return strmap_entry(strmap_get(&map->entries, key), struct edge_entry, node);
}

/* It may be a secret. */
static void value_free(char *value)
{
	if (value)
		explicit_bzero(value, strlen(value));
	free(value);
}

static void entry_free(struct edge_map *map, struct edge_entry *entry)
{
	strmap_remove(&map->entries, &entry->node);
	value_free(entry->value);
	free(entry->key);
	free(entry);
}

void edge_map_clear(struct edge_map *map)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;

	while ((node = strmap_next(&map->entries, &cursor)) != NULL)
		entry_free(map, strmap_entry(node, struct edge_entry, node));
	strmap_clear(&map->entries);
	edge_keys_clear(&map->stale);
}

/* Without a value yet. */
static struct edge_entry *entry_add(struct edge_map *map, const char *key)
{
	struct edge_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->key = strdup(key);
	if (!entry->key || strmap_add(&map->entries, &entry->node, entry->key) < 0) {
		free(entry->key);
		free(entry);
		return NULL;
	}
	return entry;
}

static void emit_remove(struct edge_map *map, const char *key)
{
	auto_free char *command = NULL;

	/* Without memory it stays, and the next comparison finds it. */
	if (asprintf(&command, "del map %s %s", map->name, key) < 0)
		command = NULL;
	else
		map->emit(map->arg, command);
}

/* Takes HAProxy from what it has to the value. Without memory that is done by the next comparison. */
static void tell(struct edge_map *map, struct edge_entry *entry)
{
	char *command;

	if (entry->edge == IN_SYNC)
		return;
	if (asprintf(&command, "%s%s %s %s", entry->edge == ABSENT ? EDGE_MAP_ADD : EDGE_MAP_SET,
		     map->name, entry->key, entry->value) < 0)
		return;
	map->emit(map->arg, command);
	value_free(command);
	entry->edge = IN_SYNC;
}

const char *edge_map_get(const struct edge_map *map, const char *key)
{
	const struct edge_entry *entry = entry_get(map, key);

	return entry ? entry->value : NULL;
}

int edge_map_set(struct edge_map *map, const char *key, const char *value)
{
	struct edge_entry *entry = entry_get(map, key);
	bool wait = false; /* edge_map_sync_end() tells it */
	char *copy;

	if (entry && strcmp(entry->value, value) == 0)
		return 0;
	copy = strdup(value);
	if (copy && !entry) {
		entry = entry_add(map, key);
	} else if (copy && entry->edge == IN_SYNC) {
		entry->edge = DIFFERENT;
	} else {
		wait = map->syncing;
	}
	if (!copy || !entry) {
		value_free(copy);
		return -ENOMEM;
	}
	value_free(entry->value);
	entry->value = copy;
	if (!wait)
		tell(map, entry);
	return 0;
}

void edge_map_remove(struct edge_map *map, const char *key)
{
	struct edge_entry *entry = entry_get(map, key);

	if (!entry)
		return;
	/* While it is not known to be there: if it is, it is stale. */
	if (entry->edge != ABSENT)
		emit_remove(map, key);
	entry_free(map, entry);
}

/* ---- comparing with HAProxy's map ---- */
void edge_map_sync_begin(struct edge_map *map)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;

	edge_keys_clear(&map->stale);
	map->syncing = true;
	while ((node = strmap_next(&map->entries, &cursor)) != NULL)
		strmap_entry(node, struct edge_entry, node)->edge = ABSENT;
}

/* "0x55d4 long-hill-8399 0123456789abcdef:0123..." */
void edge_map_sync_line(struct edge_map *map, const char *line)
{
	const char *key = strchr(line, ' '), *value = key ? strchr(key + 1, ' ') : NULL;
	char copy[EDGE_KEY_SIZE];
	struct edge_entry *entry;

	if (strncmp(line, "0x", 2) != 0 || !value || (size_t)(value - key) > sizeof(copy))
		return;
	snprintf(copy, sizeof(copy), "%.*s", (int)(value - key - 1), key + 1);
	entry = entry_get(map, copy);
	if (!entry)
		edge_keys_add(&map->stale, copy);
	else
		entry->edge = strcmp(value + 1, entry->value) == 0 ? IN_SYNC : DIFFERENT;
}

void edge_map_sync_end(struct edge_map *map)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;

	map->syncing = false;
	while ((node = strmap_next(&map->entries, &cursor)) != NULL)
		tell(map, strmap_entry(node, struct edge_entry, node));
}

/* What is wanted by now stays. */
void edge_map_sync_prune(struct edge_map *map)
{
	for (size_t i = 0; i < map->stale.count; i++)
		if (!entry_get(map, map->stale.items[i]))
			emit_remove(map, map->stale.items[i]);
	edge_keys_clear(&map->stale);
}
