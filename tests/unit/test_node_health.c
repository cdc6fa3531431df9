/* SPDX-License-Identifier: ISC */
/* node/health.h: when an origin counts as one that does not answer, and until when. */
#include "tests/unit/unit.h"

#include "lib/cleanup.h"
#include "node/health.h"

/* A probe from one time to another. */
static bool probe(struct health *h, enum health_probe met, int64_t from_ms, int64_t to_ms)
{
	health_ask(h, from_ms);
	return health_probed(h, met, to_ms);
}

static void one_failed_request_asks_for_a_probe(void **state)
{
	struct health h = { 0 };

	assert_true(health_sign(&h, HEALTH_FAILED, 1000));
	assert_int_equal(h.state, HEALTH_GOOD);
	assert_true(probe(&h, HEALTH_PROBE_REFUSED, 1000, 1001));
	assert_int_equal(h.state, HEALTH_REFUSES);
	/* From now on the clock says when. */
	assert_false(health_sign(&h, HEALTH_FAILED, 100000));
}

static void probes_of_an_origin_that_answers_keep_a_growing_distance(void **state)
{
	int64_t now = 1000, gap = HEALTH_GAP_MS;
	struct health h = { 0 };

	for (int i = 0; i < 20; i++) {
		assert_true(health_sign(&h, HEALTH_LEFT, now));
		assert_false(probe(&h, HEALTH_PROBE_ANSWERED, now, now));
		gap = gap * 2 > HEALTH_GAP_MAX_MS ? HEALTH_GAP_MAX_MS : gap * 2;
		assert_false(health_sign(&h, HEALTH_LEFT, now + gap - 1));
		now += gap;
	}
	assert_int_equal(gap, HEALTH_GAP_MAX_MS);
	/* That requests fail is looked into sooner. */
	probe(&h, HEALTH_PROBE_ANSWERED, now, now);
	assert_false(health_sign(&h, HEALTH_LEFT, now + HEALTH_GAP_FAILED_MAX_MS));
	assert_true(health_sign(&h, HEALTH_FAILED, now + HEALTH_GAP_FAILED_MAX_MS));
	now += HEALTH_FORGET_MS + 1;
	probe(&h, HEALTH_PROBE_ANSWERED, now, now);
	assert_true(health_sign(&h, HEALTH_LEFT, now + 2 * HEALTH_GAP_MS));
}

static void waits_double_up_to_a_bound(void **state)
{
	int64_t now = 1000, wait = HEALTH_WAIT_MS;
	struct health h = { 0 };

	probe(&h, HEALTH_PROBE_REFUSED, now, now);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(health_probe_at(&h), now + wait);
		now = health_probe_at(&h);
		assert_false(probe(&h, HEALTH_PROBE_REFUSED, now, now));
		wait = wait * 2 > HEALTH_WAIT_MAX_MS ? HEALTH_WAIT_MAX_MS : wait * 2;
	}
}

static void an_origin_that_answers_again_is_good(void **state)
{
	struct health h = { 0 };

	probe(&h, HEALTH_PROBE_REFUSED, 1000, 1000);
	assert_true(probe(&h, HEALTH_PROBE_ANSWERED, 1500, 1501));
	assert_int_equal(h.state, HEALTH_GOOD);
	assert_int_equal(health_probe_at(&h), 0);
	/* One that comes and goes is asked less and less, until it was good for long. */
	probe(&h, HEALTH_PROBE_REFUSED, 1600, 1600);
	assert_int_equal(health_probe_at(&h), 1600 + 2 * HEALTH_WAIT_MS);
	probe(&h, HEALTH_PROBE_ANSWERED, 3000, 3000);
	probe(&h, HEALTH_PROBE_REFUSED, 3001 + HEALTH_FORGIVE_MS, 3001 + HEALTH_FORGIVE_MS);
	assert_int_equal(health_probe_at(&h), 3001 + HEALTH_FORGIVE_MS + HEALTH_WAIT_MS);
}

static void an_answer_to_a_visitor_is_proof_enough(void **state)
{
	struct health h = { 0 };

	probe(&h, HEALTH_PROBE_REFUSED, 1000, 1000);
	assert_true(health_answered(&h, 5, 1001));
	assert_false(health_answered(&h, 5, 1002));
	assert_int_equal(h.state, HEALTH_GOOD);
}

static void what_was_said_before_is_no_proof_when_it_ends(void **state)
{
	struct health h = { 0 };

	/* A stream that began before its origin hung ends between two probes, ... */
	assert_false(probe(&h, HEALTH_PROBE_SILENT, 10000, 13000));
	assert_false(health_answered(&h, 5, 9999));
	assert_int_equal(health_probe_at(&h), 13000);
	/* ... or while one waits, ... */
	health_ask(&h, 13000);
	assert_false(health_answered(&h, 5, 9000));
	assert_true(health_probed(&h, HEALTH_PROBE_SILENT, 16000));
	assert_int_equal(h.state, HEALTH_SILENT);
	/* ... or afterwards. */
	assert_false(health_answered(&h, 5, 9000));
	assert_false(health_answered(&h, 5, 15999));
	assert_int_equal(h.state, HEALTH_SILENT);
	/* It woke up, and hangs again. */
	assert_false(probe(&h, HEALTH_PROBE_SILENT, 20000, 30000));
	assert_false(health_answered(&h, 5, 19999));
	assert_int_equal(h.state, HEALTH_SILENT);
	assert_true(health_answered(&h, 5, 20000));
	assert_int_equal(h.state, HEALTH_GOOD);
}

static void the_end_of_an_old_answer_does_not_break_a_silence(void **state)
{
	struct health h = { 0 };

	assert_false(health_is_overtaken(&h, 0, 2, 1000));
	health_answered(&h, 5, 999);
	assert_true(health_is_overtaken(&h, HEALTH_TURNS, 2, 1000 + HEALTH_QUIET_MS));
	health_answered(&h, 5, 1001);
	assert_false(health_is_overtaken(&h, 2 * HEALTH_TURNS, 2, 2000 + HEALTH_QUIET_MS));
}

static void questions_in_a_row_without_a_byte_are_silence(void **state)
{
	struct health h = { 0 };

	assert_true(health_sign(&h, HEALTH_OVERTAKEN, 1000));
	for (int i = 1; i < HEALTH_PROBES; i++) {
		assert_false(probe(&h, HEALTH_PROBE_SILENT, 1000 * i, 1000 * i + 900));
		assert_int_equal(health_probe_at(&h), 1000 * i + 900);
	}
	assert_true(probe(&h, HEALTH_PROBE_SILENT, 9000, 9900));
	assert_int_equal(h.state, HEALTH_SILENT);
	/* A connection that is taken is no answer. */
	assert_int_equal(health_probe_at(&h), 9900 + HEALTH_WAIT_MS);
	assert_false(probe(&h, HEALTH_PROBE_SILENT, 20000, 21000));
	assert_true(probe(&h, HEALTH_PROBE_ANSWERED, 30000, 30001));
	assert_int_equal(h.state, HEALTH_GOOD);
}

static void the_end_of_the_connection_is_no_answer_either(void **state)
{
	struct health h = { 0 };

	for (int i = 1; i < HEALTH_PROBES; i++)
		assert_false(probe(&h, HEALTH_PROBE_CLOSED, 1000, 1001));
	assert_true(probe(&h, HEALTH_PROBE_CLOSED, 1001, 1002));
	assert_int_equal(h.state, HEALTH_CLOSES);
	/* What is bad is bad in another way at once. */
	assert_true(probe(&h, HEALTH_PROBE_SILENT, 2000, 3000));
	assert_int_equal(h.state, HEALTH_SILENT);
	assert_true(probe(&h, HEALTH_PROBE_REFUSED, 4000, 4001));
	assert_int_equal(h.state, HEALTH_REFUSES);
}

static void visitors_that_are_answered_outweigh_probes_that_are_not(void **state)
{
	struct health h = { 0 };

	for (int64_t now = 1000; now < 1000000; now += 10000) {
		assert_false(probe(&h, HEALTH_PROBE_SILENT, now, now + 5000));
		health_answered(&h, 9000, now + 6000); /* in between two of them */
	}
	for (int64_t now = 2000000; now < 3000000; now += 10000) {
		health_ask(&h, now);
		health_answered(&h, 9000, now + 1000); /* or while one waits */
		assert_false(health_probed(&h, HEALTH_PROBE_SILENT, now + 5000));
	}
	assert_int_equal(h.state, HEALTH_GOOD);
}

static void where_nothing_can_be_asked_a_taken_connection_is_good(void **state)
{
	struct health h = { 0 };

	for (int i = 0; i < 100; i++)
		assert_false(probe(&h, HEALTH_PROBE_TAKEN, 1000 * i, 1000 * i + 900));
	probe(&h, HEALTH_PROBE_REFUSED, 200000, 200001);
	assert_true(probe(&h, HEALTH_PROBE_TAKEN, 201000, 202000));
	assert_int_equal(h.state, HEALTH_GOOD);
}

static void silence_after_an_end_says_something_only_where_another_one_reacted(void **state)
{
	assert_false(health_is_known(0, 5000));
	assert_true(health_is_known(4000, 5000));
	assert_true(health_is_known(4000, 4000 + HEALTH_REACTED_MS));
	assert_false(health_is_known(4000, 4001 + HEALTH_REACTED_MS));
}

static void others_that_answer_turn_by_turn_overtake_one_that_does_not(void **state)
{
	const int64_t later = 1000 + HEALTH_QUIET_MS;
	struct health h = { 0 };

	/* It is looked at for the first time: what was before does not count. */
	assert_false(health_is_overtaken(&h, 5000, 3, 1000));
	assert_false(health_is_overtaken(&h, 5000 + 2 * HEALTH_TURNS - 1, 3, later));
	assert_false(health_is_overtaken(&h, 5000 + 2 * HEALTH_TURNS, 3, later - 1));
	assert_true(health_is_overtaken(&h, 5000 + 2 * HEALTH_TURNS, 3, later));
	/* An answer of its own, to a visitor or a probe, and it begins anew. */
	health_answered(&h, 5, later);
	assert_false(health_is_overtaken(&h, 6000, 3, later + 1));
	assert_false(health_is_overtaken(&h, 6001, 3, later + HEALTH_QUIET_MS + 1));
	assert_true(health_is_overtaken(&h, 7000, 3, later + HEALTH_QUIET_MS + 1));
	probe(&h, HEALTH_PROBE_ANSWERED, 9000, 9001);
	assert_false(health_is_overtaken(&h, 8000, 3, 20000));
	/* Alone it can't be, and when it is out it is no news. */
	assert_false(health_is_overtaken(&h, 9000, 1, 90000));
	probe(&h, HEALTH_PROBE_REFUSED, 91000, 91001);
	assert_false(health_is_overtaken(&h, 10000, 3, 92000));
	assert_false(health_is_overtaken(&h, 11000, 3, 99000));
}

static void one_that_comes_back_is_given_its_turns(void **state)
{
	struct health h = { 0 };

	health_is_overtaken(&h, 0, 2, 1000);
	probe(&h, HEALTH_PROBE_REFUSED, 2000, 2001);
	health_is_overtaken(&h, 100, 2, 50000);
	probe(&h, HEALTH_PROBE_ANSWERED, 60000, 60001);
	assert_false(health_is_overtaken(&h, 200, 2, 60002));
	assert_false(health_is_overtaken(&h, 202, 2, 70000));
}

static void patience_follows_the_pace_of_answers(void **state)
{
	struct health h = { 0 };

	assert_int_equal(health_patience(&h, 0), HEALTH_PATIENCE_MS);
	assert_int_equal(health_patience(&h, 2000), HEALTH_PATIENCE_MS + 4000);
	assert_int_equal(health_patience(&h, 600000), HEALTH_PATIENCE_MAX_MS);
	/* All are slow: that is how it is. */
	for (int i = 0; i < 10; i++)
		health_answered(&h, 20000, 1000);
	assert_int_equal(h.pace_ms, 20000);
	/* Long polls beside quick answers. */
	for (int i = 0; i < 10; i++) {
		health_answered(&h, 30000, 2000);
		health_answered(&h, 10, 2000);
	}
	assert_int_equal(h.pace_ms, 10);
	/* How long the very question took, once it was answered. */
	probe(&h, HEALTH_PROBE_ANSWERED, 10000, 18000);
	assert_in_range(health_patience(&h, h.pace_ms), HEALTH_PATIENCE_MS + 16000,
			HEALTH_PATIENCE_MS + 16010);
	probe(&h, HEALTH_PROBE_REFUSED, 19000, 19000);
	assert_int_equal(health_patience(&h, 0), HEALTH_PATIENCE_BAD_MS);
}

static void a_probe_that_could_not_begin_is_due_later(void **state)
{
	struct health h = { 0 };

	assert_true(health_sign(&h, HEALTH_FAILED, 1000));
	health_defer(&h, 2000);
	assert_int_equal(health_probe_at(&h), 2000);
	probe(&h, HEALTH_PROBE_REFUSED, 2000, 2001);
	assert_int_equal(health_probe_at(&h), 2001 + HEALTH_WAIT_MS);
	health_defer(&h, 5000);
	assert_int_equal(health_probe_at(&h), 5000);
	/* A visitor is answered first. */
	assert_true(health_answered(&h, 5, 4000));
	assert_int_equal(health_probe_at(&h), 0);
}

static void questions_take_turns(void **state)
{
	struct health h = { 0 };

	probe(&h, HEALTH_PROBE_SILENT, 1000, 1001);
	assert_int_equal(h.asked, 1);
	health_defer(&h, 2000); /* nothing was asked */
	assert_int_equal(h.asked, 1);
	probe(&h, HEALTH_PROBE_ANSWERED, 3000, 3001);
	assert_int_equal(h.asked, 2);
}

static void its_user_is_told_once_and_not_too_often(void **state)
{
	struct health h = { 0 };

	assert_false(health_tell(&h, 1000));
	probe(&h, HEALTH_PROBE_REFUSED, 1000, 1000);
	assert_true(health_tell(&h, 1000));
	assert_false(health_tell(&h, 1001));
	health_answered(&h, 5, 1500);
	assert_true(health_tell(&h, 1500));
	probe(&h, HEALTH_PROBE_REFUSED, 2000, 2000);
	assert_false(health_tell(&h, 2000));
	health_answered(&h, 5, 2500);
	assert_false(health_tell(&h, 2500));
	probe(&h, HEALTH_PROBE_REFUSED, 3000, 3000);
	assert_true(health_tell(&h, 1000 + HEALTH_TELL_MS));
}

static void visitors_are_sent_to_the_good_ones_or_to_all(void **state)
{
	const struct health good = { 0 }, bad = { .state = HEALTH_REFUSES },
			    silent = { .state = HEALTH_SILENT };
	const struct health *some[] = { &bad, &good, &silent }, *none[] = { &bad, &silent };
	bool routed[3];

	health_route(some, 3, routed);
	assert_false(routed[0]);
	assert_true(routed[1]);
	assert_false(routed[2]);
	health_route(none, 2, routed);
	assert_true(routed[0]);
	assert_true(routed[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_failed_request_asks_for_a_probe),
		cmocka_unit_test(probes_of_an_origin_that_answers_keep_a_growing_distance),
		cmocka_unit_test(waits_double_up_to_a_bound),
		cmocka_unit_test(an_origin_that_answers_again_is_good),
		cmocka_unit_test(an_answer_to_a_visitor_is_proof_enough),
		cmocka_unit_test(what_was_said_before_is_no_proof_when_it_ends),
		cmocka_unit_test(the_end_of_an_old_answer_does_not_break_a_silence),
		cmocka_unit_test(questions_in_a_row_without_a_byte_are_silence),
		cmocka_unit_test(the_end_of_the_connection_is_no_answer_either),
		cmocka_unit_test(visitors_that_are_answered_outweigh_probes_that_are_not),
		cmocka_unit_test(where_nothing_can_be_asked_a_taken_connection_is_good),
		cmocka_unit_test(
			silence_after_an_end_says_something_only_where_another_one_reacted),
		cmocka_unit_test(others_that_answer_turn_by_turn_overtake_one_that_does_not),
		cmocka_unit_test(one_that_comes_back_is_given_its_turns),
		cmocka_unit_test(patience_follows_the_pace_of_answers),
		cmocka_unit_test(a_probe_that_could_not_begin_is_due_later),
		cmocka_unit_test(questions_take_turns),
		cmocka_unit_test(its_user_is_told_once_and_not_too_often),
		cmocka_unit_test(visitors_are_sent_to_the_good_ones_or_to_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
