/* SPDX-License-Identifier: ISC */
/* helper/table.h and helper/wrap.h: boxes whose columns line up whatever is in them. */
#include "tests/unit/unit.h"

#include "helper/table.h"
#include "helper/wrap.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

static const struct table_column two[] = { { "a" }, { "bb" } };
static const struct table_column four[] = {
	{ "id" }, { "name" }, { "type", true }, { "port", true }
};

static void prints(const struct table *t, size_t width, const char *wanted)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(100000);

	assert_int_equal(table_print(t, width, &sb), 0);
	assert_string_equal(sb.buf, wanted);
}

static void a_box_is_as_wide_as_its_widest_cell(void **state)
{
	struct table t;

	table_init(&t, two, 2);
	table_add(&t, (const char *const[]){ "long one", "x" });
	table_add(&t, (const char *const[]){ NULL, "" });
	prints(&t, TABLE_UNLIMITED,
	       "+----------+----+\n"
	       "| a        | bb |\n"
	       "+----------+----+\n"
	       "| long one | x  |\n"
	       "|          |    |\n"
	       "+----------+----+\n");
	table_clear(&t);
}

static void an_empty_table_is_its_heading(void **state)
{
	struct table t;

	table_init(&t, two, 2);
	prints(&t, 10, "+---+----+\n| a | bb |\n+---+----+\n");
	table_clear(&t);
}

static void wide_and_combining_characters_line_up(void **state)
{
	struct table t;

	table_init(&t, two, 2);
	table_add(&t, (const char *const[]){ "日本", "e\xcc\x81" });
	table_add(&t, (const char *const[]){ "abcd", "👍" });
	prints(&t, TABLE_UNLIMITED,
	       "+------+----+\n"
	       "| a    | bb |\n"
	       "+------+----+\n"
	       "| 日本 | e\xcc\x81  |\n"
	       "| abcd | 👍 |\n"
	       "+------+----+\n");
	table_clear(&t);
}

static void control_bytes_are_shown_not_done(void **state)
{
	struct table t;

	table_init(&t, two, 2);
	table_add(&t, (const char *const[]){ "\033[2J", "a\nb" });
	prints(&t, TABLE_UNLIMITED,
	       "+---------+--------+\n"
	       "| a       | bb     |\n"
	       "+---------+--------+\n"
	       "| \\x1b[2J | a\\x0ab |\n"
	       "+---------+--------+\n");
	table_clear(&t);
}

static void optional_columns_go_from_the_right_and_are_named(void **state)
{
	struct table t;

	table_init(&t, four, 4);
	table_add(&t, (const char *const[]){ "1", "abc", "http", "80" });
	table_add(&t, (const char *const[]){ "2", "d", "tcp", "90" });
	prints(&t, 26, /* one column short of all four */
	       "+----+------+------+\n"
	       "| id | name | type |\n"
	       "+----+------+------+\n"
	       "| 1  | abc  | http |\n"
	       "| 2  | d    | tcp  |\n"
	       "+----+------+------+\n"
	       "Left out for want of columns: port.\nWiden the terminal, or use --json.\n");
	prints(&t, 19,
	       "+----+------+\n"
	       "| id | name |\n"
	       "+----+------+\n"
	       "| 1  | abc  |\n"
	       "| 2  | d    |\n"
	       "+----+------+\n"
	       "Left out for want of columns: type, port.\nWiden the terminal, or use --json.\n");
	table_clear(&t);
}

static void a_single_row_is_told_in_full(void **state)
{
	struct table t;

	table_init(&t, four, 4);
	table_add(&t, (const char *const[]){ "1", "abc", "http", "80" });
	prints(&t, 26,
	       "+------+------+\n"
	       "| id   | 1    |\n"
	       "| name | abc  |\n"
	       "| type | http |\n"
	       "| port | 80   |\n"
	       "+------+------+\n");
	table_clear(&t);
}

static void what_still_does_not_fit_becomes_a_box_per_row(void **state)
{
	struct table t;

	table_init(&t, two, 2);
	table_add(&t, (const char *const[]){ "1", "one two three four" });
	table_add(&t, (const char *const[]){ "2", "five" });
	prints(&t, 20,
	       "+----+-------------+\n"
	       "| a  | 1           |\n"
	       "| bb | one two     |\n"
	       "|    | three four  |\n"
	       "+----+-------------+\n"
	       "| a  | 2           |\n"
	       "| bb | five        |\n"
	       "+----+-------------+\n");
	table_clear(&t);
}

static void pairs_have_no_heading(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);
	struct table t;

	table_init(&t, two, 2);
	table_add(&t, (const char *const[]){ "Name", "x" });
	table_add(&t, (const char *const[]){ "Email", "y@z" });
	assert_int_equal(table_print_pairs(&t, 80, &sb), 0);
	assert_string_equal(sb.buf, "+-------+-----+\n"
				    "| Name  | x   |\n"
				    "| Email | y@z |\n"
				    "+-------+-----+\n");
	table_clear(&t);
}

static void no_line_is_wider_than_asked_for(void **state)
{
	size_t width;

	for (width = 25; width < 120; width++) {
		auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(100000);
		struct table t;
		char *line, *rest;

		table_init(&t, four, 4);
		table_add(&t, (const char *const[]){ "24cd3fa2-b56a-486f-a554-30924bae54d0",
						     "日本語の長い名前 with words", "https",
						     "8080 8443" });
		assert_int_equal(table_print(&t, width, &sb), 0);
		table_clear(&t);
		rest = sb.buf;
		while ((line = strsep(&rest, "\n")))
			if (*line == '|' || *line == '+')
				assert_true(wrap_width(line, strlen(line)) <= width);
	}
}

static void widths_are_those_of_unicode(void **state)
{
	static const struct {
		unsigned cp;
		int width;
	} known[] = { { 'a', 1 },     { 0xe9, 1 },    { 0x301, 0 },   { 0x1100, 2 },
		      { 0x200d, 0 },  { 0x20ac, 1 },  { 0x3042, 2 },  { 0x4e00, 2 },
		      { 0xac00, 2 },  { 0xfe0f, 0 },  { 0xff21, 2 },  { 0xff71, 1 },
		      { 0x1f600, 2 }, { 0x1f4a9, 2 }, { 0x20000, 2 }, { 0x2500, 1 } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		assert_int_equal(wrap_char_width(known[i].cp), known[i].width);
}

static void text_breaks_at_spaces_and_else_in_the_word(void **state)
{
	static const struct {
		const char *text;
		size_t indent, width;
		const char *wanted;
	} cases[] = {
		{ "one two three", 0, 80, "one two three" },
		{ "one two three four", 0, 13, "one two three\nfour" },
		{ "abcdefghijklmnop", 0, 10, "abcdefghij\nklmnop" },
		{ "one two three four five", 4, 17, "one two three\n    four five" },
		{ "", 4, 20, "" },
		{ "日本語日本語", 0, 10, "日本語日本\n語" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);

		wrap_add(&sb, cases[i].text, cases[i].indent, cases[i].width);
		assert_string_equal(sb.buf, cases[i].wanted);
	}
}

static void wrapping_always_gets_on(void **state)
{
	unsigned seed = 7;
	int i;

	for (i = 0; i < 5000; i++) {
		static const char letters[] = "  ab\xe6\x97\xa5\xff";
		size_t len = (size_t)rand_r(&seed) % 20, columns = 1 + (size_t)rand_r(&seed) % 6, j;
		char text[21];
		const char *rest = text;

		for (j = 0; j < len; j++)
			text[j] = letters[(size_t)rand_r(&seed) % (sizeof(letters) - 1)];
		text[len] = '\0';
		while (len) {
			size_t skip, n = wrap_next(rest, len, columns, &skip);

			assert_true(n + skip > 0 && n + skip <= len);
			rest += n + skip;
			len -= n + skip;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_box_is_as_wide_as_its_widest_cell),
		cmocka_unit_test(an_empty_table_is_its_heading),
		cmocka_unit_test(wide_and_combining_characters_line_up),
		cmocka_unit_test(control_bytes_are_shown_not_done),
		cmocka_unit_test(optional_columns_go_from_the_right_and_are_named),
		cmocka_unit_test(a_single_row_is_told_in_full),
		cmocka_unit_test(what_still_does_not_fit_becomes_a_box_per_row),
		cmocka_unit_test(pairs_have_no_heading),
		cmocka_unit_test(no_line_is_wider_than_asked_for),
		cmocka_unit_test(widths_are_those_of_unicode),
		cmocka_unit_test(text_breaks_at_spaces_and_else_in_the_word),
		cmocka_unit_test(wrapping_always_gets_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
