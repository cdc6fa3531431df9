/* SPDX-License-Identifier: ISC */
/* helper/supervisor.h: every state x event, and the waits. */
#include "tests/unit/unit.h"

#include "helper/supervisor.h"

#define NOW 1000000

/* What each cell must do, written again by hand: "next actions". "." is: nothing changes. Actions: s start, t stop
 * (SIGTERM), k kill; S, A, K start, adopt, kill the spare; u say up, n say renewed, N say not renewed, c say closed, d say
 * disconnected and reconnecting, r say retry, f say why it is final, b say bye, a ask the API. */
static const char *const expected[SUPERVISOR_STATE_COUNT][SUPERVISOR_EVENT_COUNT] = {
	/* begin, connected, lost, refused, denied, timer, interrupt, terminate, renew, spare up, spare lost, wake, reached,
	 * gone, unsure */
	[SUPERVISOR_IDLE] = { "connecting s", ".", ".", ".", ".", ".", "ended b", "ended", ".", ".",
			      ".", ".", ".", ".", "." },
	[SUPERVISOR_CONNECTING] = { ".", "up u", "waiting r", "asking a", "ended f", "connecting k",
				    "ending tb", "ending t", ".", ".", ".", ".", "connecting k",
				    ".", "." },
	[SUPERVISOR_UP] = { ".", ".", "waiting d", "waiting d", "ended f", ".", "closing t",
			    "ending t", "renewing S", ".", ".", ".", ".", ".", "." },
	[SUPERVISOR_RENEWING] = { ".", ".", "connecting Ad", "connecting Ad", "ended Kf", "up KN",
				  "closing tK", "ending tK", ".", "up An", "up N", ".", ".", ".",
				  "." },
	[SUPERVISOR_ASKING] = { ".", ".", ".", ".", ".", "waiting r", "ended b", "ended",
				"connecting s", ".", ".", "connecting s", ".", "ended f",
				"waiting r" },
	[SUPERVISOR_WAITING] = { ".", ".", ".", ".", ".", "connecting s", "ended b", "ended",
				 "connecting s", ".", ".", "connecting s", ".", "ended f", "." },
	[SUPERVISOR_CLOSING] = { ".", ".", "offering cd", "offering cd", "ended cf", "closing k",
				 "ending b", "ending", ".", ".", ".", ".", ".", ".", "." },
	[SUPERVISOR_OFFERING] = { ".", ".", ".", ".", ".", "connecting s", "ended b", "ended", ".",
				  ".", ".", ".", ".", ".", "." },
	[SUPERVISOR_ENDING] = { ".", ".", "ended", "ended", "ended", "ending k", "ending k", ".",
				".", ".", ".", ".", ".", ".", "." },
	[SUPERVISOR_ENDED] = { ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".",
			       "." },
};

static const struct {
	char letter;
	unsigned action;
} letters[] = {
	{ 's', SUPERVISOR_START_SSH },
	{ 't', SUPERVISOR_STOP_SSH },
	{ 'k', SUPERVISOR_KILL_SSH },
	{ 'S', SUPERVISOR_START_SPARE },
	{ 'A', SUPERVISOR_ADOPT_SPARE },
	{ 'K', SUPERVISOR_KILL_SPARE },
	{ 'n', SUPERVISOR_SAY_RENEWED },
	{ 'N', SUPERVISOR_SAY_NOT_RENEWED },
	{ 'u', SUPERVISOR_SAY_UP },
	{ 'c', SUPERVISOR_SAY_CLOSED },
	{ 'd', SUPERVISOR_SAY_RECONNECTING },
	{ 'r', SUPERVISOR_SAY_RETRY },
	{ 'f', SUPERVISOR_SAY_DENIED },
	{ 'b', SUPERVISOR_SAY_BYE },
	{ 'a', SUPERVISOR_ASK },
};

static void describe(enum supervisor_state state, unsigned actions, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "%s%s", supervisor_state_name(state),
				      actions ? " " : ""),
	       i;

	for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (actions & letters[i].action)
			len += (size_t)snprintf(buf + len, size - len, "%c", letters[i].letter);
}

static struct supervisor in_state(enum supervisor_state state)
{
	struct supervisor s;

	supervisor_init(&s, 60000);
	s.state = state;
	return s;
}

static void every_event_in_every_state_does_what_the_table_says(void **state)
{
	int st, ev;

	for (st = SUPERVISOR_IDLE; st < SUPERVISOR_STATE_COUNT; st++)
		for (ev = 0; ev < SUPERVISOR_EVENT_COUNT; ev++) {
			struct supervisor s = in_state((enum supervisor_state)st);
			const char *want = expected[st][ev];
			unsigned actions = supervisor_handle(&s, (enum supervisor_event)ev, NOW, 0);
			char got[80];

			describe(s.state, actions, got, sizeof(got));
			if (!strcmp(want, "."))
				want = supervisor_state_name((enum supervisor_state)st);
			if (strcmp(got, want) != 0)
				fail_msg("%s in %s: '%s', not '%s'",
					 supervisor_event_name((enum supervisor_event)ev),
					 supervisor_state_name((enum supervisor_state)st), got,
					 want);
		}
}

static void ssh_runs_exactly_in_the_states_that_are_left_when_it_ends(void **state)
{
	int st;

	for (st = SUPERVISOR_IDLE; st < SUPERVISOR_STATE_COUNT; st++) {
		struct supervisor s = in_state((enum supervisor_state)st);
		bool runs = st == SUPERVISOR_CONNECTING || st == SUPERVISOR_UP ||
			    st == SUPERVISOR_RENEWING || st == SUPERVISOR_CLOSING ||
			    st == SUPERVISOR_ENDING;

		supervisor_handle(&s, SUPERVISOR_LOST, NOW, 0);
		assert_int_equal((int)s.state != st, runs);
	}
}

static void whatever_waits_has_a_deadline_and_nothing_else_has(void **state)
{
	unsigned seed = 1;
	int i, n;

	for (i = 0; i < 2000; i++) {
		struct supervisor s;
		int64_t now = NOW;

		supervisor_init(&s, 60000);
		for (n = 0; n < 12; n++) {
			supervisor_handle(&s,
					  (enum supervisor_event)(rand_r(&seed) %
								  SUPERVISOR_EVENT_COUNT),
					  now, 0x80000000u);
			now += 10;
			if (s.state == SUPERVISOR_WAITING || s.state == SUPERVISOR_OFFERING ||
			    s.state == SUPERVISOR_ASKING)
				assert_true(s.deadline_ms > now - 10);
			if (s.state == SUPERVISOR_UP || s.state == SUPERVISOR_ENDED ||
			    s.state == SUPERVISOR_IDLE)
				assert_int_equal(s.deadline_ms, -1);
		}
	}
}

/* Was up, was lost, and is refused now. */
static struct supervisor refused(void)
{
	struct supervisor s;

	supervisor_init(&s, 0);
	supervisor_handle(&s, SUPERVISOR_BEGIN, NOW, 0);
	supervisor_handle(&s, SUPERVISOR_CONNECTED, NOW, 0);
	supervisor_handle(&s, SUPERVISOR_LOST, NOW, 0);
	supervisor_handle(&s, SUPERVISOR_TIMER, NOW, 0);
	assert_int_equal(s.state, SUPERVISOR_CONNECTING);
	supervisor_handle(&s, SUPERVISOR_REFUSED, NOW, 0);
	assert_int_equal(s.state, SUPERVISOR_ASKING);
	return s;
}

static void a_refusal_is_final_when_the_api_says_so(void **state)
{
	struct supervisor s = refused();

	assert_int_equal(supervisor_handle(&s, SUPERVISOR_GONE, NOW, 0), SUPERVISOR_SAY_DENIED);
	assert_int_equal(s.state, SUPERVISOR_ENDED);
	assert_int_equal(s.result, SUPERVISOR_RESULT_DENIED);
}

static void a_refusal_that_the_api_does_not_explain_is_tried_again_after_growing_waits(void **state)
{
	struct supervisor s = refused();
	int i;

	for (i = 0; i < 20; i++) {
		supervisor_handle(&s, i % 2 ? SUPERVISOR_UNSURE : SUPERVISOR_TIMER, NOW,
				  UINT32_MAX);
		assert_int_equal(s.state, SUPERVISOR_WAITING);
		supervisor_handle(&s, SUPERVISOR_TIMER, NOW, 0);
		supervisor_handle(&s, SUPERVISOR_REFUSED, NOW, 0);
	}
	assert_int_equal(s.delay_ms, 30000);
}

static void an_api_that_is_silent_holds_the_next_attempt_up_for_seconds_only(void **state)
{
	struct supervisor s = refused();

	assert_int_equal(s.deadline_ms, NOW + SUPERVISOR_ASK_MS);
	assert_int_equal(supervisor_handle(&s, SUPERVISOR_TIMER, NOW + SUPERVISOR_ASK_MS, 0),
			 SUPERVISOR_SAY_RETRY);
	/* It may still answer while the next attempt is waited for. */
	supervisor_handle(&s, SUPERVISOR_GONE, NOW + SUPERVISOR_ASK_MS + 1, 0);
	assert_int_equal(s.result, SUPERVISOR_RESULT_DENIED);
}

static void an_answer_that_comes_too_late_ends_nothing_that_runs(void **state)
{
	static const enum supervisor_state states[] = { SUPERVISOR_CONNECTING, SUPERVISOR_UP,
							SUPERVISOR_RENEWING, SUPERVISOR_CLOSING };
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct supervisor s = in_state(states[i]);

		assert_int_equal(supervisor_handle(&s, SUPERVISOR_GONE, NOW, 0), 0);
		assert_int_equal(s.state, states[i]);
	}
}

static void the_first_reconnect_comes_within_half_a_second(void **state)
{
	struct supervisor s;

	supervisor_init(&s, 0);
	supervisor_handle(&s, SUPERVISOR_BEGIN, NOW, 0);
	supervisor_handle(&s, SUPERVISOR_CONNECTED, NOW, 0);
	supervisor_handle(&s, SUPERVISOR_LOST, NOW + 50, UINT32_MAX);
	assert_in_range(s.delay_ms, 200, 500);
	assert_int_equal(s.deadline_ms, NOW + 50 + s.delay_ms);
}

static void backoff_stays_in_its_bounds_and_grows_to_thirty_seconds(void **state)
{
	static const int64_t ceilings[] = {
		400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000
	};
	unsigned i;

	for (i = 0; i < sizeof(ceilings) / sizeof(ceilings[0]); i++) {
		assert_int_equal(supervisor_backoff_ms(i, 0), 200);
		assert_int_equal(supervisor_backoff_ms(i, UINT32_MAX), ceilings[i]);
	}
	assert_int_equal(supervisor_backoff_ms(UINT32_MAX, UINT32_MAX), 30000);
}

static void backoff_is_spread_evenly(void **state)
{
	assert_int_equal(supervisor_backoff_ms(3, UINT32_MAX / 2), 200 + 3000 / 2);
	assert_int_equal(supervisor_backoff_ms(3, UINT32_MAX / 4), 200 + 3000 / 4);
}

/* The ceiling of the wait after the tenth end of this kind. */
static int64_t tenth_wait(enum supervisor_event event)
{
	struct supervisor s;
	int i;

	supervisor_init(&s, 0);
	s.lost_max_ms = 4000;
	supervisor_handle(&s, SUPERVISOR_BEGIN, NOW, 0);
	for (i = 0; i < 10; i++) {
		supervisor_handle(&s, SUPERVISOR_TIMER, NOW, 0);
		supervisor_handle(&s, event, NOW, UINT32_MAX);
		supervisor_handle(&s, SUPERVISOR_UNSURE, NOW, UINT32_MAX);
	}
	assert_int_equal(s.state, SUPERVISOR_WAITING);
	return s.delay_ms;
}

/* sshd counts refused logins against their address. */
static void a_wait_may_be_kept_short_but_not_after_a_refused_login(void **state)
{
	assert_int_equal(tenth_wait(SUPERVISOR_LOST), 4000);
	assert_int_equal(tenth_wait(SUPERVISOR_REFUSED), 30000);
}

/* The ceiling of the wait after being up for `up_ms` and then lost, having failed `failures` times before. */
static int64_t wait_after(int64_t up_ms, int failures)
{
	struct supervisor s;

	supervisor_init(&s, 0);
	supervisor_handle(&s, SUPERVISOR_BEGIN, NOW, 0);
	while (failures-- > 0) {
		supervisor_handle(&s, SUPERVISOR_LOST, NOW, 0);
		supervisor_handle(&s, SUPERVISOR_TIMER, NOW, 0);
	}
	supervisor_handle(&s, SUPERVISOR_CONNECTED, NOW, 0);
	supervisor_handle(&s, SUPERVISOR_LOST, NOW + up_ms, UINT32_MAX);
	return s.delay_ms;
}

static void a_minute_up_resets_the_backoff_and_less_does_not(void **state)
{
	assert_int_equal(wait_after(60000, 5), 400);
	assert_int_equal(wait_after(59999, 5), 12800);
	assert_int_equal(wait_after(0, 0), 400);
}

static void a_tunnel_that_dies_at_once_each_time_is_not_hammered(void **state)
{
	struct supervisor s;
	int i;

	supervisor_init(&s, 0);
	supervisor_handle(&s, SUPERVISOR_BEGIN, NOW, 0);
	for (i = 0; i < 20; i++) {
		supervisor_handle(&s, SUPERVISOR_CONNECTED, NOW, 0);
		supervisor_handle(&s, SUPERVISOR_LOST, NOW + 100, UINT32_MAX);
		supervisor_handle(&s, SUPERVISOR_TIMER, NOW, 0);
	}
	assert_int_equal(s.delay_ms, 30000);
	assert_int_equal(s.reconnects, 19);
}

static void a_second_interrupt_within_the_offer_ends_it(void **state)
{
	struct supervisor s = in_state(SUPERVISOR_UP);

	assert_int_equal(supervisor_handle(&s, SUPERVISOR_INTERRUPT, NOW, 0), SUPERVISOR_STOP_SSH);
	assert_int_equal(s.deadline_ms, NOW + SUPERVISOR_STOP_MS);
	supervisor_handle(&s, SUPERVISOR_LOST, NOW, 0);
	assert_int_equal(s.deadline_ms, NOW + SUPERVISOR_OFFER_MS);
	assert_int_equal(supervisor_handle(&s, SUPERVISOR_INTERRUPT, NOW + 100, 0),
			 SUPERVISOR_SAY_BYE);
	assert_int_equal(s.state, SUPERVISOR_ENDED);
	assert_int_equal(s.result, SUPERVISOR_RESULT_DONE);
}

static void without_a_second_interrupt_it_connects_again(void **state)
{
	struct supervisor s = in_state(SUPERVISOR_UP);

	supervisor_handle(&s, SUPERVISOR_INTERRUPT, NOW, 0);
	supervisor_handle(&s, SUPERVISOR_LOST, NOW, 0);
	assert_int_equal(supervisor_handle(&s, SUPERVISOR_TIMER, NOW + 2000, 0),
			 SUPERVISOR_START_SSH);
	assert_int_equal(s.state, SUPERVISOR_CONNECTING);
}

static void ssh_that_does_not_stop_is_killed(void **state)
{
	struct supervisor s = in_state(SUPERVISOR_UP);

	supervisor_handle(&s, SUPERVISOR_TERMINATE, NOW, 0);
	assert_int_equal(s.deadline_ms, NOW + SUPERVISOR_STOP_MS);
	assert_int_equal(supervisor_handle(&s, SUPERVISOR_TIMER, NOW + 1000, 0),
			 SUPERVISOR_KILL_SSH);
	assert_int_equal(s.deadline_ms, -1);
}

static void two_quick_interrupts_keep_the_deadline_of_the_first(void **state)
{
	struct supervisor s = in_state(SUPERVISOR_UP);

	supervisor_handle(&s, SUPERVISOR_INTERRUPT, NOW, 0);
	supervisor_handle(&s, SUPERVISOR_INTERRUPT, NOW + 300, 0);
	assert_int_equal(s.state, SUPERVISOR_ENDING);
	assert_int_equal(s.deadline_ms, NOW + SUPERVISOR_STOP_MS);
}

static void a_start_that_takes_too_long_is_given_up(void **state)
{
	struct supervisor s;

	supervisor_init(&s, 60000);
	supervisor_handle(&s, SUPERVISOR_BEGIN, NOW, 0);
	assert_int_equal(s.deadline_ms, NOW + 60000);
	assert_int_equal(supervisor_handle(&s, SUPERVISOR_TIMER, NOW + 60000, 0),
			 SUPERVISOR_KILL_SSH);
	assert_int_equal(supervisor_handle(&s, SUPERVISOR_LOST, NOW + 60001, 0),
			 SUPERVISOR_SAY_RETRY);
}

/* Up since NOW, having failed `failures` times before. */
static struct supervisor up_after(int failures)
{
	struct supervisor s;

	supervisor_init(&s, 60000);
	supervisor_handle(&s, SUPERVISOR_BEGIN, NOW, 0);
	while (failures-- > 0) {
		supervisor_handle(&s, SUPERVISOR_LOST, NOW, 0);
		supervisor_handle(&s, SUPERVISOR_TIMER, NOW, 0);
	}
	supervisor_handle(&s, SUPERVISOR_CONNECTED, NOW, 0);
	return s;
}

static void renewed_it_counts_as_one_reconnect_and_is_up_since_then(void **state)
{
	struct supervisor s = up_after(0);

	supervisor_handle(&s, SUPERVISOR_RENEW, NOW + 5, 0);
	assert_int_equal(s.deadline_ms, NOW + 5 + 60000);
	supervisor_handle(&s, SUPERVISOR_SPARE_UP, NOW + 10, 0);
	assert_int_equal(s.reconnects, 1);
	assert_int_equal(s.up_since_ms, NOW + 10);
	assert_int_equal(s.deadline_ms, -1);
}

static void a_renewal_that_fails_changes_nothing(void **state)
{
	struct supervisor s = up_after(0);

	supervisor_handle(&s, SUPERVISOR_RENEW, NOW + 5, 0);
	supervisor_handle(&s, SUPERVISOR_SPARE_LOST, NOW + 10, 0);
	assert_int_equal(s.state, SUPERVISOR_UP);
	assert_int_equal(s.reconnects, 0);
	assert_int_equal(s.up_since_ms, NOW);
	assert_int_equal(s.deadline_ms, -1);
}

static void what_ends_while_it_is_renewed_leaves_the_spare_the_rest_of_its_time(void **state)
{
	struct supervisor s = up_after(0);

	supervisor_handle(&s, SUPERVISOR_RENEW, NOW, 0);
	supervisor_handle(&s, SUPERVISOR_LOST, NOW + 10, 0);
	assert_int_equal(s.state, SUPERVISOR_CONNECTING);
	assert_int_equal(s.deadline_ms, NOW + 60000);
	assert_int_equal(s.delay_ms, 0);
	supervisor_handle(&s, SUPERVISOR_CONNECTED, NOW + 20, 0);
	assert_int_equal(s.reconnects, 1);
}

static void a_reachable_server_is_tried_within_a_second_and_never_later(void **state)
{
	struct supervisor s = up_after(10);
	int64_t before;

	supervisor_handle(&s, SUPERVISOR_LOST, NOW, UINT32_MAX);
	assert_int_equal(s.delay_ms, 30000);
	supervisor_handle(&s, SUPERVISOR_REACHED, NOW + 100, UINT32_MAX);
	assert_in_range(s.deadline_ms, NOW + 100, NOW + 100 + SUPERVISOR_SPREAD_MS);
	before = s.deadline_ms;
	supervisor_handle(&s, SUPERVISOR_REACHED, before - 1, UINT32_MAX);
	assert_int_equal(s.deadline_ms, before);
}

static void after_a_wake_the_waits_begin_again(void **state)
{
	static const enum supervisor_event events[] = { SUPERVISOR_WAKE, SUPERVISOR_REACHED };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct supervisor s = up_after(10);

		supervisor_handle(&s, SUPERVISOR_LOST, NOW, UINT32_MAX);
		supervisor_handle(&s, SUPERVISOR_TIMER, NOW, 0);
		supervisor_handle(&s, events[i], NOW, 0);
		supervisor_handle(&s, SUPERVISOR_LOST, NOW, UINT32_MAX);
		assert_int_equal(s.delay_ms, 400);
	}
}

static void a_denial_is_the_result(void **state)
{
	struct supervisor s = in_state(SUPERVISOR_UP);

	supervisor_handle(&s, SUPERVISOR_DENIED, NOW, 0);
	assert_int_equal(s.result, SUPERVISOR_RESULT_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_in_every_state_does_what_the_table_says),
		cmocka_unit_test(ssh_runs_exactly_in_the_states_that_are_left_when_it_ends),
		cmocka_unit_test(whatever_waits_has_a_deadline_and_nothing_else_has),
		cmocka_unit_test(a_refusal_is_final_when_the_api_says_so),
		cmocka_unit_test(
			a_refusal_that_the_api_does_not_explain_is_tried_again_after_growing_waits),
		cmocka_unit_test(an_api_that_is_silent_holds_the_next_attempt_up_for_seconds_only),
		cmocka_unit_test(an_answer_that_comes_too_late_ends_nothing_that_runs),
		cmocka_unit_test(the_first_reconnect_comes_within_half_a_second),
		cmocka_unit_test(backoff_stays_in_its_bounds_and_grows_to_thirty_seconds),
		cmocka_unit_test(backoff_is_spread_evenly),
		cmocka_unit_test(a_wait_may_be_kept_short_but_not_after_a_refused_login),
		cmocka_unit_test(a_minute_up_resets_the_backoff_and_less_does_not),
		cmocka_unit_test(a_tunnel_that_dies_at_once_each_time_is_not_hammered),
		cmocka_unit_test(a_second_interrupt_within_the_offer_ends_it),
		cmocka_unit_test(without_a_second_interrupt_it_connects_again),
		cmocka_unit_test(ssh_that_does_not_stop_is_killed),
		cmocka_unit_test(two_quick_interrupts_keep_the_deadline_of_the_first),
		cmocka_unit_test(a_start_that_takes_too_long_is_given_up),
		cmocka_unit_test(renewed_it_counts_as_one_reconnect_and_is_up_since_then),
		cmocka_unit_test(a_renewal_that_fails_changes_nothing),
		cmocka_unit_test(
			what_ends_while_it_is_renewed_leaves_the_spare_the_rest_of_its_time),
		cmocka_unit_test(a_reachable_server_is_tried_within_a_second_and_never_later),
		cmocka_unit_test(after_a_wake_the_waits_begin_again),
		cmocka_unit_test(a_denial_is_the_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
