/* SPDX-License-Identifier: ISC */
/* lib/strbuf.h: the maximum holds, the first error stays, and ownership is as promised. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "lib/cleanup.h"
#include "lib/strbuf.h"

static void a_new_buffer_is_an_empty_string_without_memory(void **state)
{
	struct strbuf sb;

	strbuf_init(&sb, 10);
	assert_string_equal(sb.buf, "");
	assert_int_equal(sb.len, 0);
	assert_int_equal(sb.alloc, 0);
	assert_int_equal(strbuf_error(&sb), 0);
}

static void appends_join_in_order(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(100);

	strbuf_adds(&sb, "one");
	strbuf_addch(&sb, ' ');
	strbuf_add(&sb, "twofold", 3);
	strbuf_addf(&sb, " %d%s", 3, "!");
	assert_string_equal(sb.buf, "one two 3!");
	assert_int_equal(sb.len, 10);
	assert_int_equal(strbuf_error(&sb), 0);
}

static void it_grows_over_many_appends_and_stays_terminated(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(100000);
	size_t i;

	for (i = 0; i < 50000; i++) {
		strbuf_addch(&sb, (char)('a' + i % 26));
		assert_int_equal(sb.buf[i + 1], '\0');
	}
	assert_int_equal(sb.len, 50000);
	for (i = 0; i < 50000; i++)
		assert_int_equal(sb.buf[i], 'a' + i % 26);
}

static void exactly_the_maximum_fits(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(5);

	strbuf_adds(&sb, "12345");
	assert_string_equal(sb.buf, "12345");
	assert_int_equal(strbuf_error(&sb), 0);
	assert_true(sb.alloc <= 6);
}

static void one_byte_more_than_the_maximum_adds_nothing_and_latches(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(5);

	strbuf_adds(&sb, "123");
	strbuf_adds(&sb, "456");
	assert_string_equal(sb.buf, "123");
	assert_int_equal(strbuf_error(&sb), -EMSGSIZE);
	/* What would fit is refused too: the text is no longer whole. */
	strbuf_addch(&sb, '4');
	strbuf_addf(&sb, "%d", 4);
	assert_string_equal(sb.buf, "123");
}

static void a_format_past_the_maximum_latches(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(5);

	strbuf_addf(&sb, "%s", "123456");
	assert_string_equal(sb.buf, "");
	assert_int_equal(strbuf_error(&sb), -EMSGSIZE);
}

static void a_length_near_size_max_does_not_wrap(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(100);

	strbuf_adds(&sb, "x");
	strbuf_add(&sb, "y", SIZE_MAX);
	assert_int_equal(strbuf_error(&sb), -EMSGSIZE);
	assert_string_equal(sb.buf, "x");
}

static void the_first_error_is_the_one_reported(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(2);

	strbuf_fail(&sb, -EINVAL);
	strbuf_adds(&sb, "too long");
	strbuf_fail(&sb, -ENOMEM);
	assert_int_equal(strbuf_error(&sb), -EINVAL);
}

static void reset_forgets_text_and_error_but_keeps_memory(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(20);
	const char *before;

	strbuf_adds(&sb, "text");
	before = sb.buf;
	strbuf_fail(&sb, -EINVAL);
	strbuf_reset(&sb);
	assert_string_equal(sb.buf, "");
	assert_int_equal(strbuf_error(&sb), 0);
	strbuf_adds(&sb, "new");
	assert_ptr_equal(sb.buf, before);
	assert_string_equal(sb.buf, "new");
}

static void clear_keeps_the_maximum(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(3);

	strbuf_adds(&sb, "abc");
	strbuf_clear(&sb);
	assert_int_equal(sb.alloc, 0);
	assert_string_equal(sb.buf, "");
	strbuf_adds(&sb, "abcd");
	assert_int_equal(strbuf_error(&sb), -EMSGSIZE);
}

static void take_hands_over_and_leaves_an_empty_buffer(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(20);
	auto_free char *s = NULL;

	strbuf_adds(&sb, "mine");
	assert_int_equal(strbuf_take(&sb, &s), 0);
	assert_string_equal(s, "mine");
	assert_int_equal(sb.alloc, 0);
	strbuf_adds(&sb, "new");
	assert_string_equal(s, "mine");
	assert_string_equal(sb.buf, "new");
}

static void take_of_an_empty_buffer_is_a_heap_string(void **state)
{
	struct strbuf sb;
	auto_free char *s = NULL;

	strbuf_init(&sb, 20);
	assert_int_equal(strbuf_take(&sb, &s), 0);
	assert_string_equal(s, "");
	assert_ptr_not_equal(s, sb.buf);
}

static void take_after_an_error_leaves_the_result_untouched(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(20);
	char *s = (char *)state;

	strbuf_adds(&sb, "half");
	strbuf_fail(&sb, -EINVAL);
	assert_int_equal(strbuf_take(&sb, &s), -EINVAL);
	assert_ptr_equal(s, state);
}

static void drop_takes_from_the_front_and_makes_room(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(6);

	strbuf_drop(&sb, 1); /* of nothing */
	strbuf_adds(&sb, "abcdef");
	strbuf_drop(&sb, 0);
	strbuf_drop(&sb, 4);
	assert_string_equal(sb.buf, "ef");
	strbuf_adds(&sb, "ghij");
	assert_int_equal(strbuf_error(&sb), 0);
	assert_string_equal(sb.buf, "efghij");
	strbuf_adds(&sb, "k");
	strbuf_drop(&sb, 100);
	assert_string_equal(sb.buf, "");
	assert_int_equal(strbuf_error(&sb), -EMSGSIZE);
}

static void bytes_of_zero_are_kept(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(20);

	strbuf_add(&sb, "a\0b", 3);
	assert_int_equal(sb.len, 3);
	assert_memory_equal(sb.buf, "a\0b", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_buffer_is_an_empty_string_without_memory),
		cmocka_unit_test(appends_join_in_order),
		cmocka_unit_test(it_grows_over_many_appends_and_stays_terminated),
		cmocka_unit_test(exactly_the_maximum_fits),
		cmocka_unit_test(one_byte_more_than_the_maximum_adds_nothing_and_latches),
		cmocka_unit_test(a_format_past_the_maximum_latches),
		cmocka_unit_test(a_length_near_size_max_does_not_wrap),
		cmocka_unit_test(the_first_error_is_the_one_reported),
		cmocka_unit_test(reset_forgets_text_and_error_but_keeps_memory),
		cmocka_unit_test(clear_keeps_the_maximum),
		cmocka_unit_test(drop_takes_from_the_front_and_makes_room),
		cmocka_unit_test(take_hands_over_and_leaves_an_empty_buffer),
		cmocka_unit_test(take_of_an_empty_buffer_is_a_heap_string),
		cmocka_unit_test(take_after_an_error_leaves_the_result_untouched),
		cmocka_unit_test(bytes_of_zero_are_kept),
	};

	return cmocka_run_group_tests_name("strbuf", tests, NULL, NULL);
}
