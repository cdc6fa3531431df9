/* SPDX-License-Identifier: ISC */
/* node/takeover.h: who serves a socket's visitors. */
#include "tests/unit/unit.h"

#include "lib/cleanup.h"
#include "node/takeover.h"

#define FACT(name) cmocka_unit_test(name)
#define HOLD 10000
#define NOW 1000000

static struct takeover_listener live(unsigned tunnel, uint64_t serial)
{
	return (struct takeover_listener){ .tunnel = tunnel, .serial = serial, .live = true };
}

static struct takeover_listener ended(unsigned tunnel, uint64_t serial, int64_t ended_ms)
{
	return (struct takeover_listener){ .tunnel = tunnel,
					   .serial = serial,
					   .ended_ms = ended_ms };
}

#define PLAN(listeners, now) takeover_plan(listeners, ARRAY_SIZE(listeners), now, HOLD)

static void a_single_login_is_current(void **state)
{
	struct takeover_listener l[] = { live(0, 1) };

	PLAN(l, NOW);
	assert_int_equal(l[0].role, TAKEOVER_CURRENT);
	assert_int_equal(l[0].until_ms, 0);
}

static void the_latest_login_wins_and_the_others_stand_by(void **state)
{
	struct takeover_listener l[] = { live(0, 2), live(0, 3), live(0, 1) };

	PLAN(l, NOW);
	assert_int_equal(l[0].role, TAKEOVER_STANDBY);
	assert_int_equal(l[1].role, TAKEOVER_CURRENT);
	assert_int_equal(l[2].role, TAKEOVER_STANDBY);
}

static void a_login_that_may_be_a_command_stands_by_for_a_moment(void **state)
{
	struct takeover_listener l[] = { live(0, 1), live(0, 2) }, alone[] = { live(0, 1) };

	l[1].settle_ms = alone[0].settle_ms = NOW + 300;
	PLAN(l, NOW);
	assert_int_equal(l[0].role, TAKEOVER_CURRENT);
	assert_int_equal(l[1].role, TAKEOVER_STANDBY);
	assert_int_equal(l[1].until_ms, NOW + 300);
	PLAN(alone, NOW);
	assert_int_equal(alone[0].role, TAKEOVER_CURRENT);
	PLAN(l, NOW + 300);
	assert_int_equal(l[0].role, TAKEOVER_STANDBY);
	assert_int_equal(l[1].role, TAKEOVER_CURRENT);
	assert_int_equal(l[1].until_ms, 0);
}

static void each_tunnel_of_a_socket_has_a_current_login(void **state)
{
	struct takeover_listener l[] = { live(0, 1), live(0, 3), live(1, 2) };

	PLAN(l, NOW);
	assert_int_equal(l[0].role, TAKEOVER_STANDBY);
	assert_int_equal(l[1].role, TAKEOVER_CURRENT);
	assert_int_equal(l[2].role, TAKEOVER_CURRENT);
}

static void when_the_current_ends_the_newest_standby_takes_over_at_once(void **state)
{
	struct takeover_listener l[] = { live(0, 1), live(0, 2), ended(0, 3, NOW) };

	PLAN(l, NOW);
	assert_int_equal(l[0].role, TAKEOVER_STANDBY);
	assert_int_equal(l[1].role, TAKEOVER_CURRENT);
	assert_int_equal(l[2].role, TAKEOVER_DRAIN);
	assert_int_equal(l[2].target, 1);
	assert_int_equal(l[2].until_ms, NOW + TAKEOVER_DRAIN_MS);
}

static void when_a_standby_ends_it_is_drained_to_the_current(void **state)
{
	struct takeover_listener l[] = { ended(0, 1, NOW), live(0, 2) };

	PLAN(l, NOW);
	assert_int_equal(l[0].role, TAKEOVER_DRAIN);
	assert_int_equal(l[0].target, 1);
	assert_int_equal(l[1].role, TAKEOVER_CURRENT);
}

static void a_drain_ends_in_time_and_does_not_start_over(void **state)
{
	struct takeover_listener l[] = { ended(0, 1, NOW - 50), live(0, 2) };

	l[0].drain_ms = NOW;
	PLAN(l, NOW + TAKEOVER_DRAIN_MS - 1);
	assert_int_equal(l[0].role, TAKEOVER_DRAIN);
	assert_int_equal(l[0].until_ms, NOW + TAKEOVER_DRAIN_MS);
	PLAN(l, NOW + TAKEOVER_DRAIN_MS);
	assert_int_equal(l[0].role, TAKEOVER_CLOSE);
	assert_int_equal(l[0].target, TAKEOVER_NO_TARGET);
}

static void the_last_login_is_held_when_it_ends(void **state)
{
	struct takeover_listener l[] = { ended(0, 1, NOW) };

	PLAN(l, NOW);
	assert_int_equal(l[0].role, TAKEOVER_HOLD);
	assert_int_equal(l[0].until_ms, NOW + HOLD);
	PLAN(l, NOW + HOLD - 1);
	assert_int_equal(l[0].role, TAKEOVER_HOLD);
}

static void after_the_hold_the_listener_is_closed(void **state)
{
	struct takeover_listener l[] = { ended(0, 1, NOW) };

	PLAN(l, NOW + HOLD);
	assert_int_equal(l[0].role, TAKEOVER_CLOSE);
	assert_int_equal(l[0].until_ms, 0);
}

static void with_no_hold_it_is_closed_at_once(void **state)
{
	struct takeover_listener l[] = { ended(0, 1, NOW) };

	takeover_plan(l, 1, NOW, 0);
	assert_int_equal(l[0].role, TAKEOVER_CLOSE);
}

static void of_two_that_end_together_the_newest_is_held_and_takes_the_other_s_stragglers(
	void **state)
{
	struct takeover_listener l[] = { ended(0, 2, NOW), ended(0, 1, NOW) };

	PLAN(l, NOW);
	assert_int_equal(l[0].role, TAKEOVER_HOLD);
	assert_int_equal(l[1].role, TAKEOVER_DRAIN);
	assert_int_equal(l[1].target, 0);
}

static void a_listener_that_was_drained_is_not_held(void **state)
{
	/* Serial 2 ended first and was drained to serial 1, which ends now. */
	struct takeover_listener l[] = { ended(0, 1, NOW), ended(0, 2, NOW - 1000) };

	l[1].drain_ms = NOW - 1000;
	PLAN(l, NOW);
	assert_int_equal(l[0].role, TAKEOVER_HOLD);
	assert_int_equal(l[1].role, TAKEOVER_DRAIN);
	assert_int_equal(l[1].target, 0);
}

static void nothing_is_held_while_another_tunnel_serves_the_socket(void **state)
{
	struct takeover_listener l[] = { ended(0, 5, NOW), live(1, 2), live(1, 4) };

	PLAN(l, NOW);
	assert_int_equal(l[0].role, TAKEOVER_DRAIN);
	assert_int_equal(l[0].target, 2);
}

static void a_held_listener_is_drained_when_another_tunnel_comes(void **state)
{
	struct takeover_listener l[] = { ended(0, 1, NOW - 3000), live(1, 2) };

	PLAN(l, NOW);
	assert_int_equal(l[0].role, TAKEOVER_DRAIN);
	assert_int_equal(l[0].target, 1);
	assert_int_equal(l[0].until_ms, NOW + TAKEOVER_DRAIN_MS);
}

static void all_tunnels_of_a_socket_can_be_held(void **state)
{
	struct takeover_listener l[] = { ended(0, 1, NOW), ended(1, 2, NOW - 100) };

	PLAN(l, NOW);
	assert_int_equal(l[0].role, TAKEOVER_HOLD);
	assert_int_equal(l[1].role, TAKEOVER_HOLD);
	assert_int_equal(l[1].until_ms, NOW - 100 + HOLD);
}

static void a_listener_that_may_not_be_held_ends_unless_others_serve(void **state)
{
	/* relays_release() without hold: it ended before any hold. */
	struct takeover_listener alone[] = { ended(0, 1, -HOLD - 1) };
	struct takeover_listener served[] = { ended(0, 1, -HOLD - 1), live(0, 2) };

	PLAN(alone, 0);
	assert_int_equal(alone[0].role, TAKEOVER_CLOSE);
	PLAN(served, NOW);
	assert_int_equal(served[0].role, TAKEOVER_DRAIN);
}

static void every_history_leaves_each_tunnel_one_current_and_routes_only_to_listeners(void **state)
{
	/* All combinations of up to four listeners over two tunnels: live, ended now, long ago, drained. */
	for (unsigned n = 0; n <= 4; n++) {
		for (unsigned code = 0; code < 1U << (3 * n); code++) {
			struct takeover_listener l[4] = { 0 };
			unsigned current[2] = { 0 }, any_live[2] = { 0 };

			for (unsigned i = 0; i < n; i++) {
				unsigned c = code >> (3 * i) & 7;
				int64_t when = NOW - (c >> 1 & 1 ? HOLD : 0);

				l[i] = c >> 2 ? live(c & 1, i + 1) : ended(c & 1, i + 1, when);
				if (!l[i].live && c >> 1 & 1)
					l[i].drain_ms = NOW - 1;
				any_live[c & 1] |= l[i].live;
			}
			takeover_plan(l, n, NOW, HOLD);
			for (unsigned i = 0; i < n; i++) {
				current[l[i].tunnel] += l[i].role == TAKEOVER_CURRENT;
				if (l[i].role == TAKEOVER_DRAIN) {
					assert_true(l[i].target < n && l[i].target != i);
					assert_true(l[l[i].target].role == TAKEOVER_CURRENT ||
						    l[l[i].target].role == TAKEOVER_HOLD);
				}
				if (l[i].role == TAKEOVER_HOLD)
					assert_false(any_live[0] || any_live[1]);
				assert_int_equal(l[i].live, l[i].role == TAKEOVER_CURRENT ||
								    l[i].role == TAKEOVER_STANDBY);
			}
			assert_int_equal(current[0], any_live[0]);
			assert_int_equal(current[1], any_live[1]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(a_single_login_is_current),
		FACT(the_latest_login_wins_and_the_others_stand_by),
		FACT(a_login_that_may_be_a_command_stands_by_for_a_moment),
		FACT(each_tunnel_of_a_socket_has_a_current_login),
		FACT(when_the_current_ends_the_newest_standby_takes_over_at_once),
		FACT(when_a_standby_ends_it_is_drained_to_the_current),
		FACT(a_drain_ends_in_time_and_does_not_start_over),
		FACT(the_last_login_is_held_when_it_ends),
		FACT(after_the_hold_the_listener_is_closed),
		FACT(with_no_hold_it_is_closed_at_once),
		FACT(of_two_that_end_together_the_newest_is_held_and_takes_the_other_s_stragglers),
		FACT(a_listener_that_was_drained_is_not_held),
		FACT(nothing_is_held_while_another_tunnel_serves_the_socket),
		FACT(a_held_listener_is_drained_when_another_tunnel_comes),
		FACT(all_tunnels_of_a_socket_can_be_held),
		FACT(a_listener_that_may_not_be_held_ends_unless_others_serve),
		FACT(every_history_leaves_each_tunnel_one_current_and_routes_only_to_listeners),
	};

	return cmocka_run_group_tests_name("takeover", tests, NULL, NULL);
}
