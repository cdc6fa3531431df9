/* SPDX-License-Identifier: ISC */
/* node/edge_routes.h: the commands to HAProxy and their order. A small model of its table executes them, and checks after
 * each one that no visitor could be sent to a relay that is not there. */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdbool.h>

#include "lib/cleanup.h"
#include "node/edge_routes.h"

#define FACT(name) cmocka_unit_test(name)
#define ENTRIES 64

struct entry {
	char key[96];
	uint32_t gpt0, gpc0;
};

/* What HAProxy has. */
struct table {
	struct entry entries[ENTRIES];
	size_t count;
	unsigned commands;
	bool checked; /* the label "a" is looked up after each command */
};

static struct entry *table_find(struct table *t, const char *key)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->entries[i].key, key) == 0)
			return &t->entries[i];
	return NULL;
}

static struct entry *table_get(struct table *t, const char *key)
{
	struct entry *e = table_find(t, key);

	if (e)
		return e;
	assert_true(t->count < ENTRIES);
	e = &t->entries[t->count++];
	*e = (struct entry){ 0 };
	snprintf(e->key, sizeof(e->key), "%s", key);
	return e;
}

static void table_remove(struct table *t, const char *key)
{
	struct entry *e = table_find(t, key);

	if (e)
		*e = t->entries[--t->count];
}

/* Every index below the label's count leads to a relay. */
static void check_label(struct table *t, const char *label)
{
	const struct entry *e = table_find(t, label);

	for (uint32_t i = 0; e && i < e->gpt0; i++) {
		char key[96];

		snprintf(key, sizeof(key), "%s/%" PRIu32, label, i);
		assert_non_null(table_find(t, key));
	}
}

static void execute(void *arg, const char *command)
{
	struct table *t = arg;
	char key[96];
	uint32_t gpt0, gpc0;
	int n = sscanf(command,
		       "set table mysocket/routes key %95s data.gpt0 %" SCNu32
		       " data.gpc0 %" SCNu32,
		       key, &gpt0, &gpc0);

	t->commands++;
	if (n >= 2) {
		struct entry *e = table_get(t, key);

		e->gpt0 = gpt0;
		if (n == 3)
			e->gpc0 = gpc0;
	} else {
		assert_int_equal(sscanf(command, "clear table mysocket/routes key %95s", key), 1);
		table_remove(t, key);
	}
	if (t->checked)
		check_label(t, "a");
}

static void assert_relay(struct table *t, const char *key, uint32_t address, uint16_t port)
{
	const struct entry *e = table_find(t, key);

	assert_non_null(e);
	assert_int_equal(e->gpt0, address);
	assert_int_equal(e->gpc0, port);
}

static const struct edge_relay one[] = { { 0x7f400001, 6001 } };
static const struct edge_relay two[] = { { 0x7f400001, 6001 }, { 0x7f400002, 6002 } };
static const struct edge_relay last[] = { { 0x7f400002, 6002 } };

static void a_new_relay_is_written_before_the_count(void **state)
{
	struct table t = { .checked = true };
	struct edge_routes routes;

	edge_routes_init(&routes, execute, &t);
	assert_int_equal(edge_routes_set(&routes, "a", NULL, one, 1), 0);
	assert_int_equal(t.commands, 2);
	assert_relay(&t, "a/0", 0x7f400001, 6001);
	assert_int_equal(edge_routes_set(&routes, "a", NULL, two, 2), 0);
	assert_int_equal(t.commands, 4);
	assert_relay(&t, "a/1", 0x7f400002, 6002);
	assert_int_equal(table_find(&t, "a")->gpt0, 2);
	edge_routes_clear(&routes);
}

static void the_count_is_lowered_before_a_relay_is_removed_and_relays_stay_dense(void **state)
{
	struct table t = { .checked = true };
	struct edge_routes routes;

	edge_routes_init(&routes, execute, &t);
	edge_routes_set(&routes, "a", NULL, two, 2);
	edge_routes_set(&routes, "a", NULL, last, 1);
	assert_relay(&t, "a/0", 0x7f400002, 6002);
	assert_null(table_find(&t, "a/1"));
	assert_int_equal(table_find(&t, "a")->gpt0, 1);
	edge_routes_set(&routes, "a", NULL, NULL, 0);
	assert_int_equal(t.count, 0);
	edge_routes_clear(&routes);
}

static void a_takeover_is_one_command(void **state)
{
	struct table t = { .checked = true };
	struct edge_routes routes;

	edge_routes_init(&routes, execute, &t);
	edge_routes_set(&routes, "a", NULL, one, 1);
	t.commands = 0;
	edge_routes_set(&routes, "a", NULL, last, 1);
	assert_int_equal(t.commands, 1);
	assert_relay(&t, "a/0", 0x7f400002, 6002);
	edge_routes_clear(&routes);
}

static void the_same_routes_again_cost_nothing(void **state)
{
	struct table t = { .checked = true };
	struct edge_routes routes;

	edge_routes_init(&routes, execute, &t);
	edge_routes_set(&routes, "a", NULL, two, 2);
	t.commands = 0;
	edge_routes_set(&routes, "a", NULL, two, 2);
	edge_routes_set(&routes, "b", NULL, NULL, 0);
	assert_int_equal(t.commands, 0);
	edge_routes_clear(&routes);
}

/* Reads the model's table to the module, as HAProxy prints it. */
static void dump(struct edge_routes *routes, const struct table *t)
{
	edge_routes_sync_line(routes, "# table: routes, type: string, size:1048576, used:3");
	for (size_t i = 0; i < t->count; i++) {
		char line[256];

		snprintf(line, sizeof(line),
			 "0x55f8e9c3a0b8: key=%s use=0 exp=0 shard=0 gpt0=%" PRIu32
			 " gpc0=%" PRIu32,
			 t->entries[i].key, t->entries[i].gpt0, t->entries[i].gpc0);
		edge_routes_sync_line(routes, line);
	}
	edge_routes_sync_line(routes, "");
}

/* With a map of secrets that is empty, as is ours: test_node_edge_secrets.c fills both. */
static void sync_begin(struct edge_routes *routes)
{
	edge_routes_sync_begin(routes);
	for (size_t i = 0; i < EDGE_MAP_COUNT; i++)
		edge_map_sync_end(&routes->settings.maps[i]);
}

static void an_empty_table_is_filled(void **state)
{
	struct table t = { .checked = true };
	struct edge_routes routes;

	edge_routes_init(&routes, execute, &t);
	edge_routes_set(&routes, "a", NULL, two, 2);
	edge_routes_set(&routes, "b", NULL, one, 1);
	t.count = 0;
	sync_begin(&routes);
	dump(&routes, &t);
	edge_routes_sync_end(&routes);
	assert_int_equal(t.count, 5);
	assert_relay(&t, "a/1", 0x7f400002, 6002);
	assert_relay(&t, "b/0", 0x7f400001, 6001);
	edge_routes_clear(&routes);
}

/* A port that was given out again: the one before it may end at any time. */
static void a_late_removal_spares_the_next_owner(void **state)
{
	const struct edge_terms before = {
		.type = "tcp", .secret = "", .settings = "", .owner = "before"
	};
	const struct edge_terms after = {
		.type = "tcp", .secret = "", .settings = "", .owner = "after"
	};
	struct table t = { .checked = true };
	struct edge_routes routes;

	edge_routes_init(&routes, execute, &t);
	edge_routes_set(&routes, "a", &before, one, 1);
	edge_routes_set(&routes, "a", &after, last, 1);
	edge_routes_set(&routes, "a", &before, NULL, 0);
	assert_relay(&t, "a/0", last[0].address, last[0].port);
	edge_routes_set(&routes, "a", &after, NULL, 0);
	assert_int_equal(t.count, 0);
	edge_routes_clear(&routes);
}

static void a_table_that_is_right_costs_nothing(void **state)
{
	struct table t = { .checked = true };
	struct edge_routes routes;

	edge_routes_init(&routes, execute, &t);
	edge_routes_set(&routes, "a", NULL, two, 2);
	t.commands = 0;
	sync_begin(&routes);
	dump(&routes, &t);
	edge_routes_sync_end(&routes);
	assert_int_equal(t.commands, 0);
	edge_routes_clear(&routes);
}

static void what_is_stale_goes_counts_first(void **state)
{
	struct table t = { 0 };
	struct edge_routes routes;

	edge_routes_init(&routes, execute, &t);
	/* Before a crash: three relays of a, one of gone. Now: one of a, another one. */
	execute(&t, "set table mysocket/routes key gone/0 data.gpt0 1 data.gpc0 1");
	execute(&t, "set table mysocket/routes key gone data.gpt0 1");
	execute(&t, "set table mysocket/routes key a/2 data.gpt0 3 data.gpc0 3");
	execute(&t, "set table mysocket/routes key a/1 data.gpt0 2 data.gpc0 2");
	execute(&t, "set table mysocket/routes key a/0 data.gpt0 1 data.gpc0 1");
	execute(&t, "set table mysocket/routes key a data.gpt0 3");
	routes.emit = execute;
	edge_routes_set(&routes, "a", NULL, one, 1);
	table_get(&t, "a")->gpt0 = 3; /* what HAProxy had */
	t.checked = true;
	sync_begin(&routes);
	dump(&routes, &t);
	edge_routes_sync_end(&routes);
	assert_int_equal(t.count, 2);
	assert_relay(&t, "a/0", 0x7f400001, 6001);
	assert_int_equal(table_find(&t, "a")->gpt0, 1);
	edge_routes_clear(&routes);
}

static void a_route_that_comes_during_the_comparison_stays(void **state)
{
	struct table t = { .checked = true };
	struct edge_routes routes;

	edge_routes_init(&routes, execute, &t);
	execute(&t, "set table mysocket/routes key a/0 data.gpt0 9 data.gpc0 9");
	execute(&t, "set table mysocket/routes key a data.gpt0 1");
	sync_begin(&routes);
	dump(&routes, &t); /* stale so far */
	edge_routes_set(&routes, "a", NULL, one, 1);
	edge_routes_sync_end(&routes);
	assert_relay(&t, "a/0", 0x7f400001, 6001);
	assert_int_equal(table_find(&t, "a")->gpt0, 1);
	edge_routes_clear(&routes);
}

static void lines_that_are_no_entries_are_ignored(void **state)
{
	struct table t = { .checked = true };
	struct edge_routes routes;
	char line[400] = "0x1: key=";

	edge_routes_init(&routes, execute, &t);
	sync_begin(&routes);
	memset(line + strlen(line), 'x', 300);
	edge_routes_sync_line(&routes, line);
	edge_routes_sync_line(&routes, "Unknown command");
	edge_routes_sync_line(&routes, "0x1: key=");
	edge_routes_sync_end(&routes);
	assert_int_equal(t.commands, 0);
	edge_routes_clear(&routes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(a_new_relay_is_written_before_the_count),
		FACT(the_count_is_lowered_before_a_relay_is_removed_and_relays_stay_dense),
		FACT(a_takeover_is_one_command),
		FACT(the_same_routes_again_cost_nothing),
		FACT(an_empty_table_is_filled),
		FACT(a_late_removal_spares_the_next_owner),
		FACT(a_table_that_is_right_costs_nothing),
		FACT(what_is_stale_goes_counts_first),
		FACT(a_route_that_comes_during_the_comparison_stays),
		FACT(lines_that_are_no_entries_are_ignored),
	};

	return cmocka_run_group_tests_name("edge_routes", tests, NULL, NULL);
}
