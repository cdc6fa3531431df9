/* SPDX-License-Identifier: ISC */
/* lib/escape.h: no byte from outside makes a terminal act. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/strbuf.h"

static void assert_escaped_n(const char *in, size_t len, const char *expected)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);

	escape_add(&sb, in, len);
	assert_int_equal(strbuf_error(&sb), 0);
	assert_string_equal(sb.buf, expected);
}

static void assert_escaped(const char *in, const char *expected)
{
	assert_escaped_n(in, strlen(in), expected);
}

static void plain_text_passes_unchanged(void **state)
{
	assert_escaped("", "");
	assert_escaped("GET /a?b=c&d=%20 ~", "GET /a?b=c&d=%20 ~");
}

static void utf8_of_every_length_passes(void **state)
{
	assert_escaped("\u00e9 \u20ac \U0001F600 \U0010FFFF",
		       "\u00e9 \u20ac \U0001F600 \U0010FFFF");
}

static void ansi_sequences_are_spelled_out(void **state)
{
	assert_escaped("a\033[31mred\033[0m", "a\\x1b[31mred\\x1b[0m");
	assert_escaped("\033]0;title\a", "\\x1b]0;title\\x07");
}

static void all_c0_controls_and_del_are_spelled_out(void **state)
{
	char c, expected[8];

	for (c = 0; c < 0x20; c++) {
		snprintf(expected, sizeof(expected), "\\x%02x", (unsigned)c);
		assert_escaped_n(&c, 1, expected);
	}
	assert_escaped("\x7f", "\\x7f");
}

static void c1_controls_are_spelled_out_as_utf8_and_as_bytes(void **state)
{
	assert_escaped("\xc2\x80", "\\xc2\\x80");
	assert_escaped("\xc2\x9b"
		       "31m",
		       "\\xc2\\x9b31m");
	assert_escaped("\xc2\x9f", "\\xc2\\x9f");
	assert_escaped("\u00a0", "\u00a0");
	assert_escaped("\x9b", "\\x9b");
}

static void bidirectional_controls_are_spelled_out(void **state)
{
	assert_escaped("\u202a", "\\xe2\\x80\\xaa");
	assert_escaped("\u202e", "\\xe2\\x80\\xae");
	assert_escaped("\u2066\u2069", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9");
	assert_escaped("\u200e\u200f", "\\xe2\\x80\\x8e\\xe2\\x80\\x8f");
	assert_escaped("\u061c", "\\xd8\\x9c");
	/* their neighbours pass */
	assert_escaped("\u202f\u206a\u2065", "\u202f\u206a\u2065");
}

static void line_and_paragraph_separators_are_spelled_out(void **state)
{
	assert_escaped("a\u2028b\u2029c", "a\\xe2\\x80\\xa8b\\xe2\\x80\\xa9c");
}

static void a_backslash_is_doubled_so_that_no_text_fakes_an_escape(void **state)
{
	assert_escaped("\\x1b", "\\\\x1b");
	assert_escaped("\\", "\\\\");
}

static void invalid_utf8_is_spelled_out_byte_by_byte(void **state)
{
	assert_escaped("\xff", "\\xff");
	assert_escaped("a\xc3", "a\\xc3");	  /* cut short at the end */
	assert_escaped("\xc3(", "\\xc3(");	  /* no continuation */
	assert_escaped("\xc0\xaf", "\\xc0\\xaf"); /* overlong "/" */
	assert_escaped("\xe0\x80\xaf", "\\xe0\\x80\\xaf");
	assert_escaped("\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf");
	assert_escaped("\xed\xa0\x80", "\\xed\\xa0\\x80");	    /* surrogate */
	assert_escaped("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* above 10FFFF */
	assert_escaped("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80");
}

static void the_length_counts_not_a_nul(void **state)
{
	assert_escaped_n("a\0b", 3, "a\\x00b");
	/* A sequence that goes on behind `len` is cut short. */
	assert_escaped_n("\u20ac", 2, "\\xe2\\x82");
}

static void what_was_escaped_is_clean(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(2000);
	char all[256];
	size_t i;

	for (i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	escape_add(&sb, all, sizeof(all));
	assert_int_equal(escape_is_clean(all, sizeof(all)), 0);
	assert_int_equal(escape_is_clean(sb.buf, sb.len), 1);
}

static void clean_means_printable_and_allows_backslash(void **state)
{
	assert_int_equal(escape_is_clean("", 0), 1);
	assert_int_equal(escape_is_clean("a\\b\u20ac", 6), 1);
	assert_int_equal(escape_is_clean("a\nb", 3), 0);
	assert_int_equal(escape_is_clean("\u202e", 3), 0);
	assert_int_equal(escape_is_clean("\u20ac", 2), 0);
}

static void a_full_buffer_latches_its_error(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(3);

	escape_add(&sb, "\033", 1);
	assert_int_equal(strbuf_error(&sb), -EMSGSIZE);
}

static void next_tells_length_and_code_point(void **state)
{
	unsigned cp = 7;

	assert_int_equal(escape_utf8_next("A", 1, &cp), 1);
	assert_int_equal(cp, 'A');
	assert_int_equal(escape_utf8_next("\u07ff", 2, &cp), 2);
	assert_int_equal(cp, 0x7ff);
	assert_int_equal(escape_utf8_next("\uffff", 3, &cp), 3);
	assert_int_equal(cp, 0xffff);
	assert_int_equal(escape_utf8_next("\U0010ffff", 4, &cp), 4);
	assert_int_equal(cp, 0x10ffff);
}

static void next_refuses_what_is_not_utf8_and_leaves_the_code_point(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "\x80", 1 },		   /* a continuation first */
		{ "\u20ac", 2 },	   /* cut short */
		{ "\xc3(", 2 },		   /* no continuation */
		{ "\xe2\x82(", 3 },	   /* no second one */
		{ "\xc1\xbf", 2 },	   /* overlong */
		{ "\xe0\x9f\xbf", 3 },	   /* overlong */
		{ "\xf0\x8f\xbf\xbf", 4 }, /* overlong */
		{ "\xed\xbf\xbf", 3 },	   /* a surrogate */
		{ "\xf4\x90\x80\x80", 4 }, /* above 10FFFF */
		{ "\xff", 1 },
	};
	unsigned cp = 7;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(escape_utf8_next(bad[i].bytes, bad[i].len, &cp), 0);
	assert_int_equal(cp, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_passes_unchanged),
		cmocka_unit_test(utf8_of_every_length_passes),
		cmocka_unit_test(ansi_sequences_are_spelled_out),
		cmocka_unit_test(all_c0_controls_and_del_are_spelled_out),
		cmocka_unit_test(c1_controls_are_spelled_out_as_utf8_and_as_bytes),
		cmocka_unit_test(bidirectional_controls_are_spelled_out),
		cmocka_unit_test(line_and_paragraph_separators_are_spelled_out),
		cmocka_unit_test(a_backslash_is_doubled_so_that_no_text_fakes_an_escape),
		cmocka_unit_test(invalid_utf8_is_spelled_out_byte_by_byte),
		cmocka_unit_test(the_length_counts_not_a_nul),
		cmocka_unit_test(what_was_escaped_is_clean),
		cmocka_unit_test(clean_means_printable_and_allows_backslash),
		cmocka_unit_test(a_full_buffer_latches_its_error),
		cmocka_unit_test(next_tells_length_and_code_point),
		cmocka_unit_test(next_refuses_what_is_not_utf8_and_leaves_the_code_point),
	};

	return cmocka_run_group_tests_name("escape", tests, NULL, NULL);
}
