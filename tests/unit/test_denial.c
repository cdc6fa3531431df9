/* SPDX-License-Identifier: ISC */
/* lib/denial.h: one vocabulary, readable by people and by the supervisor. */
#include "tests/unit/unit.h"

#include "lib/denial.h"

static void every_code_is_unique_and_read_back(void **state)
{
	int d;

	for (d = DENIAL_NONE + 1; d < DENIAL_COUNT; d++)
		assert_int_equal(denial_from_code(denial_code((enum denial)d)), d);
}

static void codes_are_the_published_ones(void **state)
{
	assert_string_equal(denial_code(DENIAL_UNKNOWN), "unknown");
	assert_string_equal(denial_code(DENIAL_SUSPENDED), "suspended");
	assert_string_equal(denial_code(DENIAL_UNCONFIRMED), "unconfirmed");
	assert_string_equal(denial_code(DENIAL_DELETED), "deleted");
	assert_string_equal(denial_code(DENIAL_KEY), "key");
	assert_string_equal(denial_code(DENIAL_KICKED), "kicked");
	assert_string_equal(denial_code(DENIAL_LIMIT), "limit");
	assert_string_equal(denial_code(DENIAL_UNAVAILABLE), "unavailable");
}

static void only_limit_and_unavailable_are_worth_another_try(void **state)
{
	int d;

	for (d = DENIAL_NONE + 1; d < DENIAL_COUNT; d++)
		assert_int_equal(denial_is_final((enum denial)d),
				 d != DENIAL_LIMIT && d != DENIAL_UNAVAILABLE);
	assert_false(denial_is_final(DENIAL_NONE));
}

static void other_codes_are_none(void **state)
{
	assert_int_equal(denial_from_code(""), DENIAL_NONE);
	assert_int_equal(denial_from_code("none"), DENIAL_NONE);
	assert_int_equal(denial_from_code("keys"), DENIAL_NONE);
	assert_int_equal(denial_from_code("ke"), DENIAL_NONE);
	assert_int_equal(denial_from_code("KEY"), DENIAL_NONE);
}

static void every_message_is_found_in_the_line_that_carries_it(void **state)
{
	char line[400];
	int d;

	for (d = DENIAL_NONE + 1; d < DENIAL_COUNT; d++) {
		snprintf(line, sizeof(line), "mysocket: %s [%s]\r\n",
			 denial_message((enum denial)d), denial_code((enum denial)d));
		assert_int_equal(denial_from_line(line), d);
		assert_null(strpbrk(denial_message((enum denial)d), "[]\n\r"));
	}
}

static void a_line_may_have_text_in_front_and_blanks_behind(void **state)
{
	assert_int_equal(denial_from_line("debug1: mysocket: go away [limit] \t\n"), DENIAL_LIMIT);
	assert_int_equal(denial_from_line("mysocket: [brackets] inside [key]"), DENIAL_KEY);
}

static void other_lines_are_none(void **state)
{
	assert_int_equal(denial_from_line(""), DENIAL_NONE);
	assert_int_equal(denial_from_line("mysocket: "), DENIAL_NONE);
	assert_int_equal(denial_from_line("mysocket: []"), DENIAL_NONE);
	assert_int_equal(denial_from_line("mysocket: ]"), DENIAL_NONE);
	assert_int_equal(denial_from_line("mysocket: text [nonsense]"), DENIAL_NONE);
	assert_int_equal(denial_from_line("mysocket: text [key] and more"), DENIAL_NONE);
	assert_int_equal(denial_from_line("something else [key]"), DENIAL_NONE);
	/* the code must stand behind the prefix, on the same line */
	assert_int_equal(denial_from_line("[key] mysocket: text"), DENIAL_NONE);
	assert_int_equal(denial_from_line("mysocket: text\n[key]"), DENIAL_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_is_unique_and_read_back),
		cmocka_unit_test(codes_are_the_published_ones),
		cmocka_unit_test(only_limit_and_unavailable_are_worth_another_try),
		cmocka_unit_test(other_codes_are_none),
		cmocka_unit_test(every_message_is_found_in_the_line_that_carries_it),
		cmocka_unit_test(a_line_may_have_text_in_front_and_blanks_behind),
		cmocka_unit_test(other_lines_are_none),
	};

	return cmocka_run_group_tests_name("denial", tests, NULL, NULL);
}
