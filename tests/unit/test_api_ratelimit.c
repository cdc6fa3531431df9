/* SPDX-License-Identifier: ISC */
/* api/ratelimit.h: bursts, refills, refunds, and a table that cannot be flooded into forgetting. */
#include "tests/unit/unit.h"

#include <sodium.h>

#include "api/ratelimit.h"

#define BURST 3
#define REFILL_MS 1000
#define START 50000

static int setup(void **state)
{
	*state = ratelimit_new(64, BURST, REFILL_MS);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	ratelimit_free(*state);
	return 0;
}

static void spend(struct ratelimit *rl, const char *key)
{
	for (int i = 0; i < BURST; i++)
		assert_int_equal(ratelimit_take(rl, key, START), 0);
}

static void a_burst_passes_and_the_next_try_waits(void **state)
{
	spend(*state, "a");
	assert_int_equal(ratelimit_take(*state, "a", START), REFILL_MS);
}

static void a_refused_try_costs_nothing(void **state)
{
	spend(*state, "a");
	for (int i = 0; i < 100; i++)
		assert_int_equal(ratelimit_take(*state, "a", START), REFILL_MS);
	assert_int_equal(ratelimit_take(*state, "a", START + REFILL_MS), 0);
}

static void one_try_comes_back_per_refill(void **state)
{
	spend(*state, "a");
	assert_int_equal(ratelimit_take(*state, "a", START + REFILL_MS - 1), 1);
	assert_int_equal(ratelimit_take(*state, "a", START + REFILL_MS), 0);
	assert_int_equal(ratelimit_take(*state, "a", START + REFILL_MS), REFILL_MS);
}

static void a_long_pause_gives_the_burst_back_and_no_more(void **state)
{
	spend(*state, "a");
	for (int i = 0; i < BURST; i++)
		assert_int_equal(ratelimit_take(*state, "a", START + 1000 * REFILL_MS), 0);
	assert_int_not_equal(ratelimit_take(*state, "a", START + 1000 * REFILL_MS), 0);
}

static void keys_do_not_share(void **state)
{
	spend(*state, "a");
	assert_int_equal(ratelimit_take(*state, "b", START), 0);
}

static void what_is_given_back_can_be_taken_again(void **state)
{
	spend(*state, "a");
	ratelimit_give(*state, "a", START);
	assert_int_equal(ratelimit_take(*state, "a", START), 0);
	assert_int_equal(ratelimit_take(*state, "a", START), REFILL_MS);
}

static void giving_more_than_was_taken_adds_nothing(void **state)
{
	for (int i = 0; i < 10; i++)
		ratelimit_give(*state, "a", START);
	spend(*state, "a");
	assert_int_not_equal(ratelimit_take(*state, "a", START), 0);
}

static void a_flood_of_new_keys_does_not_free_a_spent_one(void **state)
{
	char key[32];

	spend(*state, "a");
	for (int i = 0; i < 10000; i++) {
		snprintf(key, sizeof(key), "flood-%d", i);
		ratelimit_take(*state, key, START);
	}
	assert_int_equal(ratelimit_take(*state, "a", START), REFILL_MS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_burst_passes_and_the_next_try_waits),
		TEST(a_refused_try_costs_nothing),
		TEST(one_try_comes_back_per_refill),
		TEST(a_long_pause_gives_the_burst_back_and_no_more),
		TEST(keys_do_not_share),
		TEST(what_is_given_back_can_be_taken_again),
		TEST(giving_more_than_was_taken_adds_nothing),
		TEST(a_flood_of_new_keys_does_not_free_a_spent_one),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("api/ratelimit", tests, NULL, NULL);
}
