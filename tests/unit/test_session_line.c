/* SPDX-License-Identifier: ISC */
/* authkeys/session_line.h: its MUST rules, and how numbers and widths come out. */
#include "tests/unit/unit.h"

#include <locale.h>

#include "authkeys/session_line.h"
#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/strbuf.h"

#define LINE_MAX_BYTES 20000

static const struct session_style terminal = { .columns = 80 };
static const struct session_style no_terminal = { 0 };

static const struct session_request request = {
	.at_ms = 1700000000123,
	.client = "203.0.113.7",
	.method = "GET",
	.path = "/index.html",
	.status = 200,
	.bytes = 1234,
	.total_ms = 14,
	.origin_ms = 12,
};

/* The line in a buffer that lasts until the next call, without its newline. */
static const char *line_of(const struct session_style *style, const struct session_request *r)
{
	static char text[LINE_MAX_BYTES + 1];
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(LINE_MAX_BYTES);

	session_line_request(&sb, style, r);
	assert_int_equal(strbuf_error(&sb), 0);
	assert_int_equal(sb.buf[sb.len - 1], '\n');
	memcpy(text, sb.buf, sb.len);
	text[sb.len - 1] = '\0';
	return text;
}

static size_t width_of(const char *text)
{
	return session_line_width(text, strlen(text));
}

static void a_request_is_one_aligned_line(void **state)
{
	assert_string_equal(
		line_of(&terminal, &request),
		"22:13:20 203.0.113.7     GET     /index.html              200  1.2K  14ms   12ms");
}

static void the_heading_stands_above_its_columns(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(LINE_MAX_BYTES);
	const char *line = line_of(&terminal, &request);

	session_line_heading(&sb, &terminal);
	assert_int_equal(sb.len - 1, strlen(line));
	assert_ptr_equal(strstr(sb.buf, "path"), sb.buf + (strstr(line, "/index") - line));
	assert_ptr_equal(strstr(sb.buf, "client"), sb.buf + (strstr(line, "203") - line));
	assert_ptr_equal(strstr(sb.buf, "code") + 4, sb.buf + (strstr(line, "200") - line) + 3);
}

static void must_1_nothing_reaches_the_terminal_unescaped(void **state)
{
	struct session_request r = request;
	const char *line;

	r.path = "/\033]0;owned\007\xff\xe2\x80\xae";
	r.method = "G\033[2J";
	r.client = "1.2.3.4\r\n";
	line = line_of(&no_terminal, &r);
	assert_true(escape_is_clean(line, strlen(line)));
	assert_non_null(strstr(line, "/\\x1b]0;owned\\x07\\xff\\xe2\\x80\\xae"));
	assert_non_null(strstr(line, "1.2.3.4\\x0d\\x0a"));
}

static void must_1_text_that_was_escaped_before_is_not_escaped_twice(void **state)
{
	struct session_request r = request;

	r.path = "/a\\x1bb\\\\c";
	assert_non_null(strstr(line_of(&no_terminal, &r), " /a\\x1bb\\\\c "));
}

static void must_2_no_line_is_wider_than_its_terminal(void **state)
{
	static const char *const paths[] = { "/", "/index.html",
					     "/a/long/way/down/to/some/file/with/a/name?and=query",
					     "/日本語のパスはここにあります/テスト" };
	static const char *const clients[] = { "1.2.3.4",
					       "2001:db8:1234:5678:9abc:def0:1234:5678" };
	struct session_style style = terminal;
	struct session_request r = request;
	size_t i, j;

	for (style.columns = 66; style.columns < 300; style.columns++) {
		for (i = 0; i < ARRAY_SIZE(paths); i++) {
			for (j = 0; j < ARRAY_SIZE(clients); j++) {
				r.path = paths[i];
				r.client = clients[j];
				r.method = j ? "PROPPATCH" : "GET";
				assert_in_range(width_of(line_of(&style, &r)), 60, style.columns);
			}
		}
	}
}

static void must_2_the_path_gives_way_and_shows_that_it_did(void **state)
{
	struct session_request r = request;

	r.path = "/a/very/long/path/that/goes/on";
	assert_non_null(strstr(line_of(&terminal, &r), " /a/very/long/path/that… "));
}

static void must_3_without_a_terminal_nothing_is_cut_off(void **state)
{
	static char path[3001];
	struct session_request r = request;

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	r.path = path;
	assert_non_null(strstr(line_of(&no_terminal, &r), path));
	assert_null(strchr(line_of(&no_terminal, &r), '\033'));
}

static void statuses_have_their_colours(void **state)
{
	static const struct {
		int status;
		const char *text;
	} cases[] = {
		{ 204, "\033[32m204\033[m" },
		{ 304, "\033[36m304\033[m" },
		{ 404, "\033[33m404\033[m" },
		{ 502, "\033[31m502\033[m" },
		{ 101, " 101" },
		{ -1, "\033[31m-\033[m" },
	};
	const struct session_style style = { .columns = 80, .color = true };
	struct session_request r = request;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		r.status = cases[i].status;
		assert_non_null(strstr(line_of(&style, &r), cases[i].text));
	}
}

static void slow_requests_are_marked(void **state)
{
	const struct session_style style = { .columns = 80, .color = true };
	struct session_request r = request;

	r.total_ms = 999;
	assert_non_null(strstr(line_of(&style, &r), " 999ms "));
	r.total_ms = 1000;
	assert_non_null(strstr(line_of(&style, &r), "\033[33m1.00s\033[m"));
	r.total_ms = 5000;
	assert_non_null(strstr(line_of(&style, &r), "\033[31m5.00s\033[m"));
}

static void what_is_absent_is_a_dash(void **state)
{
	struct session_request r = {
		.at_ms = -1, .status = -1, .bytes = -1, .total_ms = -1, .origin_ms = -1
	};

	assert_string_equal(
		line_of(&terminal, &r),
		"--:--:-- -               -       -                          -     -     -      -");
}

static void bytes_take_four_characters_at_most(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {
		{ -1, "-" },	       { 0, "0" },	    { 999, "999" },
		{ 1000, "0.9K" },      { 1024, "1.0K" },    { 10239, "9.9K" },
		{ 10240, "10K" },      { 1023999, "999K" }, { 1024000, "0.9M" },
		{ 209715200, "200M" }, { 1 << 30, "1.0G" }, { INT64_MAX, "8.0E" },
	};
	char text[SESSION_LINE_NUMBER_SIZE];
	int64_t bytes;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		session_line_bytes(cases[i].bytes, text);
		if (i + 1 < ARRAY_SIZE(cases)) /* the largest one is rounded */
			assert_string_equal(text, cases[i].text);
	}
	for (bytes = 1; bytes < INT64_MAX / 3; bytes += bytes / 2 + 1) {
		session_line_bytes(bytes, text);
		assert_in_range(strlen(text), 1, 4);
	}
}

static void durations_take_five_characters_at_most(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{ -1, "-" },	       { 0, "0ms" },	   { 999, "999ms" },
		{ 1000, "1.00s" },     { 1259, "1.25s" },  { 12590, "12.5s" },
		{ 99999, "99.9s" },    { 125000, "125s" }, { 1000000, "16m" },
		{ 6000000, "1h" },     { 7200000, "2h" },  { INT64_MAX, ">99h" },
		{ 360000000, ">99h" },
	};
	char text[SESSION_LINE_NUMBER_SIZE];
	int64_t ms;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		session_line_duration(cases[i].ms, text);
		assert_string_equal(text, cases[i].text);
	}
	for (ms = 1; ms < INT64_MAX / 3; ms += ms / 2 + 1) {
		session_line_duration(ms, text);
		assert_in_range(strlen(text), 1, 5);
	}
}

static void wide_and_combining_characters_are_counted_right(void **state)
{
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	assert_int_equal(width_of(""), 0);
	assert_int_equal(width_of("abc"), 3);
	assert_int_equal(width_of("é"), 1);
	assert_int_equal(width_of("日本"), 4);
	assert_int_equal(width_of("e\xcc\x81"), 1);
	assert_int_equal(width_of("🙂"), 2);
}

static void a_wide_character_is_never_cut_in_half(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(100);

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	assert_int_equal(session_line_cut(&sb, "日本語", 6), 6);
	assert_string_equal(sb.buf, "日本語");
	strbuf_reset(&sb);
	assert_int_equal(session_line_cut(&sb, "日本語", 5), 5);
	assert_string_equal(sb.buf, "日本…");
	strbuf_reset(&sb);
	assert_int_equal(session_line_cut(&sb, "日本語", 4), 3);
	assert_string_equal(sb.buf, "日…");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_one_aligned_line),
		cmocka_unit_test(the_heading_stands_above_its_columns),
		cmocka_unit_test(must_1_nothing_reaches_the_terminal_unescaped),
		cmocka_unit_test(must_1_text_that_was_escaped_before_is_not_escaped_twice),
		cmocka_unit_test(must_2_no_line_is_wider_than_its_terminal),
		cmocka_unit_test(must_2_the_path_gives_way_and_shows_that_it_did),
		cmocka_unit_test(must_3_without_a_terminal_nothing_is_cut_off),
		cmocka_unit_test(statuses_have_their_colours),
		cmocka_unit_test(slow_requests_are_marked),
		cmocka_unit_test(what_is_absent_is_a_dash),
		cmocka_unit_test(bytes_take_four_characters_at_most),
		cmocka_unit_test(durations_take_five_characters_at_most),
		cmocka_unit_test(wide_and_combining_characters_are_counted_right),
		cmocka_unit_test(a_wide_character_is_never_cut_in_half),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests_name("session_line", tests, NULL, NULL);
}
