/* SPDX-License-Identifier: ISC */
/* Live routes: what is wanted, and the commands that get there. */
#include "node/edge_routes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/id.h"

#define COMMAND_SIZE 512

struct edge_slot {
	struct edge_relay relay;
	bool in_sync, mark_in_sync; /* as HAProxy has it */
};

struct edge_name {
	struct strmap_node node;
	char *label;
	char owner[ID_UUID_SIZE]; /* "": it does not matter */
	struct edge_slot *slots;
	size_t count;
	uint32_t flags; /* of edge_settings.h */
	bool in_sync;	/* the count and the flags, as HAProxy has them */
};

void edge_routes_init(struct edge_routes *routes, void (*emit)(void *arg, const char *command),
		      void *arg)
{
	*routes = (struct edge_routes){ .emit = emit, .arg = arg };
	edge_settings_init(&routes->settings, emit, arg);
}

static void name_free(struct edge_routes *routes, struct edge_name *name)
{
	strmap_remove(&routes->names, &name->node);
	free(name->label);
	free(name->slots);
	free(name);
}

void edge_routes_clear(struct edge_routes *routes)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;

	while ((node = strmap_next(&routes->names, &cursor)) != NULL)
		name_free(routes, strmap_entry(node, struct edge_name, node));
	strmap_clear(&routes->names);
	edge_keys_clear(&routes->stale);
	edge_settings_clear(&routes->settings);
}

static uint32_t gpc0_of(const struct edge_relay *relay)
{
	return relay->port | (uint32_t)relay->mark << 16;
}

static void emit_set(struct edge_routes *routes, const char *key, const struct edge_relay *relay)
{
	char command[COMMAND_SIZE];

	snprintf(command, sizeof(command),
		 "set table mysocket/routes key %s data.gpt0 %" PRIu32 " data.gpc0 %" PRIu32, key,
		 relay->address, gpc0_of(relay));
	routes->emit(routes->arg, command);
}

static void emit_relay(struct edge_routes *routes, const char *label, size_t i,
		       const struct edge_relay *relay)
{
	char key[EDGE_KEY_SIZE];

	snprintf(key, sizeof(key), "%s/%zu", label, i);
	emit_set(routes, key, relay);
}

/* Where the visitors go who carry the relay's mark. */
static void emit_mark(struct edge_routes *routes, const char *label, const struct edge_relay *relay)
{
	char key[EDGE_KEY_SIZE];

	snprintf(key, sizeof(key), "%s/s%u", label, relay->mark);
	emit_set(routes, key, relay);
}

/* What gpt0 of a label is for HAProxy. */
static size_t count_value(const struct edge_name *name)
{
	return name->count | name->flags;
}

static void emit_count(struct edge_routes *routes, const struct edge_name *name)
{
	char command[COMMAND_SIZE];

	snprintf(command, sizeof(command), "set table mysocket/routes key %s data.gpt0 %zu",
		 name->label, count_value(name));
	routes->emit(routes->arg, command);
}

static void emit_clear(struct edge_routes *routes, const char *key)
{
	char command[COMMAND_SIZE];

	snprintf(command, sizeof(command), "clear table mysocket/routes key %s", key);
	routes->emit(routes->arg, command);
}

static void emit_clear_relay(struct edge_routes *routes, const char *label, size_t i)
{
	char key[EDGE_KEY_SIZE];

	snprintf(key, sizeof(key), "%s/%zu", label, i);
	emit_clear(routes, key);
}

static void emit_clear_mark(struct edge_routes *routes, const char *label, uint16_t mark)
{
	char key[EDGE_KEY_SIZE];

	snprintf(key, sizeof(key), "%s/s%u", label, mark);
	emit_clear(routes, key);
}

static struct edge_name *name_add(struct edge_routes *routes, const char *label)
{
	struct edge_name *name = calloc(1, sizeof(*name));

	if (!name)
		return NULL;
	name->label = strdup(label);
	if (!name->label || strmap_add(&routes->names, &name->node, name->label) < 0) {
		free(name->label);
		free(name);
		return NULL;
	}
	return name;
}

static struct edge_name *name_get(const struct edge_routes *routes, const char *label)
{
	return strmap_entry(strmap_get(&routes->names, label), struct edge_name, node);
}

static const struct edge_slot *slot_marked(const struct edge_slot *slots, size_t n, unsigned mark)
{
	for (size_t i = 0; mark && i < n; i++)
		if (slots[i].relay.mark == mark)
			return &slots[i];
	return NULL;
}

static void name_remove(struct edge_routes *routes, struct edge_name *name)
{
	emit_clear(routes, name->label);
	for (size_t i = 0; i < name->count; i++) {
		emit_clear_relay(routes, name->label, i);
		if (name->slots[i].relay.mark)
			emit_clear_mark(routes, name->label, name->slots[i].relay.mark);
	}
	name_free(routes, name);
}

static bool relay_is(const struct edge_relay *a, const struct edge_relay *b)
{
	return a->address == b->address && a->port == b->port && a->mark == b->mark;
}

/* Relays that are new or different, before any count says that they are there. */
static void emit_relays(struct edge_routes *routes, const struct edge_name *name,
			const struct edge_slot *slots, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct edge_relay *relay = &slots[i].relay;
		const struct edge_slot *marked = slot_marked(name->slots, name->count, relay->mark);

		if (i >= name->count || !relay_is(&name->slots[i].relay, relay))
			emit_relay(routes, name->label, i, relay);
		if (relay->mark && (!marked || !relay_is(&marked->relay, relay)))
			emit_mark(routes, name->label, relay);
	}
}

static void name_change(struct edge_routes *routes, struct edge_name *name, uint32_t flags,
			struct edge_slot *slots, size_t n)
{
	auto_free struct edge_slot *old = name->slots;
	size_t before = name->count, value = count_value(name);

	name->slots = slots;
	name->count = n;
	name->flags = flags;
	if (count_value(name) != value)
		emit_count(routes, name);
	for (size_t i = n; i < before; i++)
		emit_clear_relay(routes, name->label, i);
	for (size_t i = 0; i < before; i++)
		if (old[i].relay.mark && !slot_marked(slots, n, old[i].relay.mark))
			emit_clear_mark(routes, name->label, old[i].relay.mark);
}

static void take_relays(struct edge_slot *slots, const struct edge_relay *relays, size_t n,
			uint32_t flags)
{
	for (size_t i = 0; i < n; i++) {
		slots[i].relay = relays[i];
		if (!(flags & EDGE_STICKY))
			slots[i].relay.mark = 0;
	}
}

static bool is_others(const struct edge_name *name, const struct edge_terms *terms)
{
	return name && name->owner[0] && terms && terms->owner &&
	       strcmp(name->owner, terms->owner) != 0;
}

int edge_routes_set(struct edge_routes *routes, const char *label, const struct edge_terms *terms,
		    const struct edge_relay *relays, size_t n)
{
	struct edge_name *name = name_get(routes, label);
	struct edge_slot *slots;
	uint32_t flags;
	int r;

	if (n == 0 && is_others(name, terms))
		return 0;
	if (n == 0) {
		if (name)
			name_remove(routes, name);
		edge_settings_remove(&routes->settings, label);
		return 0;
	}
	r = edge_settings_set(&routes->settings, label, terms, &flags);
	if (r < 0)
		return r;
	slots = calloc(n, sizeof(*slots));
	if (slots && !name)
		name = name_add(routes, label);
	if (!slots || !name) {
		free(slots);
		return -ENOMEM;
	}
	snprintf(name->owner, sizeof(name->owner), "%s", terms && terms->owner ? terms->owner : "");
	take_relays(slots, relays, n, flags);
	emit_relays(routes, name, slots, n);
	name_change(routes, name, flags, slots, n);
	edge_settings_trim(&routes->settings, label, flags);
	return 0;
}

/* ---- comparing with HAProxy's table ---- */
void edge_routes_sync_begin(struct edge_routes *routes)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;

	edge_keys_clear(&routes->stale);
	edge_settings_sync_begin(&routes->settings);
	while ((node = strmap_next(&routes->names, &cursor)) != NULL) {
		struct edge_name *name = strmap_entry(node, struct edge_name, node);

		name->in_sync = false;
		for (size_t i = 0; i < name->count; i++)
			name->slots[i].in_sync = name->slots[i].mark_in_sync = false;
	}
}

/* The number behind "<field>=" in a line, or 0. */
static uint32_t value_of(const char *line, const char *field)
{
	const char *at = strstr(line, field);

	return at ? (uint32_t)strtoul(at + strlen(field), NULL, 10) : 0;
}

/* What a key of HAProxy's table is about. */
struct place {
	struct edge_name *name;
	struct edge_slot *slot; /* NULL: the count */
	bool is_mark;
};

/* Finds what is wanted under a key: false if nothing. */
static bool find_wanted(const struct edge_routes *routes, const char *key, struct place *ret_place)
{
	struct place place = { 0 };
	char label[EDGE_KEY_SIZE];
	char *slash;
	size_t i;

	snprintf(label, sizeof(label), "%s", key);
	slash = strchr(label, '/');
	if (slash)
		*slash++ = '\0';
	place.name = name_get(routes, label);
	if (!place.name)
		return false;
	if (slash && *slash == 's') {
		place.is_mark = true;
		place.slot =
			(struct edge_slot *)slot_marked(place.name->slots, place.name->count,
							(unsigned)strtoul(slash + 1, NULL, 10));
	} else if (slash) {
		i = strtoul(slash, NULL, 10);
		place.slot = i < place.name->count ? &place.name->slots[i] : NULL;
	}
	if (slash && !place.slot)
		return false;
	*ret_place = place;
	return true;
}

/* "0x55d4: key=long-hill-8399/0 use=0 exp=0 gpt0=2134900737 gpc0=6054" */
void edge_routes_sync_line(struct edge_routes *routes, const char *line)
{
	const char *start = strstr(line, ": key=");
	uint32_t gpt0 = value_of(line, " gpt0="), gpc0 = value_of(line, " gpc0=");
	char key[EDGE_KEY_SIZE];
	struct place place;
	bool same;
	size_t len;

	if (line[0] == '#' || !start)
		return;
	start += strlen(": key=");
	len = strcspn(start, " ");
	if (len == 0 || len >= sizeof(key))
		return;
	memcpy(key, start, len);
	key[len] = '\0';
	if (!find_wanted(routes, key, &place)) {
		edge_keys_add(&routes->stale, key);
		return;
	}
	same = place.slot && gpt0 == place.slot->relay.address &&
	       gpc0 == gpc0_of(&place.slot->relay);
	if (!place.slot)
		place.name->in_sync = gpt0 == count_value(place.name);
	else if (place.is_mark)
		place.slot->mark_in_sync = same;
	else
		place.slot->in_sync = same;
}

/* Counts before relays: a relay goes only when no count includes it. What is wanted by now stays. */
static void clear_stale(struct edge_routes *routes, bool relays)
{
	struct place place;

	for (size_t i = 0; i < routes->stale.count; i++)
		if ((strchr(routes->stale.items[i], '/') != NULL) == relays &&
		    !find_wanted(routes, routes->stale.items[i], &place))
			emit_clear(routes, routes->stale.items[i]);
}

static void sync_slot(struct edge_routes *routes, const struct edge_name *name, size_t i)
{
	const struct edge_slot *slot = &name->slots[i];

	if (!slot->in_sync)
		emit_relay(routes, name->label, i, &slot->relay);
	if (slot->relay.mark && !slot->mark_in_sync)
		emit_mark(routes, name->label, &slot->relay);
}

void edge_routes_sync_end(struct edge_routes *routes)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;

	while ((node = strmap_next(&routes->names, &cursor)) != NULL) {
		struct edge_name *name = strmap_entry(node, struct edge_name, node);

		for (size_t i = 0; i < name->count; i++)
			sync_slot(routes, name, i);
		if (!name->in_sync)
			emit_count(routes, name);
	}
	clear_stale(routes, false);
	clear_stale(routes, true);
	edge_keys_clear(&routes->stale);
	edge_settings_sync_prune(&routes->settings);
}
