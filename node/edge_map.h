/* SPDX-License-Identifier: ISC */
/* One map of HAProxy (haproxy.d) as it is to be, and the commands that take it there from what it is. A map and not
 * the table of routes, which holds numbers only. It is empty after each start and reload of HAProxy (but for one: edge_cert_files.h). No I/O: commands
 * go to `emit`.
 *
 * Keys and values are the caller's, who makes sure that they have no white space, semicolon or backslash. */
#ifndef NODE_EDGE_MAP_H
#define NODE_EDGE_MAP_H

#include <stdbool.h>

#include "node/edge_keys.h"
#include "node/strmap.h"

struct edge_map {
	const char *name;
	struct strmap entries; /* of struct edge_entry, by key */
	struct edge_keys stale;
	bool syncing;				      /* what HAProxy has is about to be known */
	void (*emit)(void *arg, const char *command); /* without newline */
	void *arg;
};

/* What begins so may hold a secret, and is not for a log. */
#define EDGE_MAP_ADD "add map "
#define EDGE_MAP_SET "set map "

/* `name` is kept. */
void edge_map_init(struct edge_map *map, const char *name,
		   void (*emit)(void *arg, const char *command), void *arg);
void edge_map_clear(struct edge_map *map);

/* From now on this is the key's value. Emits what changes. 0 or -ENOMEM (nothing changed). */
int edge_map_set(struct edge_map *map, const char *key, const char *value);
/* What the key is to have; NULL if nothing. */
const char *edge_map_get(const struct edge_map *map, const char *key);
/* It has none, which is no error if it had none. */
void edge_map_remove(struct edge_map *map, const char *key);

/* Compares with what HAProxy has: begin, each line of `show map <name>`, end (which emits what is missing or
 * different), and once no route needs them: prune (which emits removals). */
void edge_map_sync_begin(struct edge_map *map);
void edge_map_sync_line(struct edge_map *map, const char *line);
void edge_map_sync_end(struct edge_map *map);
void edge_map_sync_prune(struct edge_map *map);

#endif
