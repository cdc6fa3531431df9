/* SPDX-License-Identifier: ISC */
/* helper/report.h, helper/voice.h, helper/termfilter.h, helper/linebuf.h, helper/json_text.h: what reaches the user's terminal. */
#include "tests/unit/unit.h"

#include <json-c/json.h>

#include "helper/json_text.h"
#include "helper/linebuf.h"
#include "helper/report.h"
#include "helper/sshline.h"
#include "helper/termfilter.h"
#include "helper/voice.h"
#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/json.h"

static void filters(bool colors, const char *in, size_t len, const char *wanted)
{
	size_t cut;

	/* Whatever way the bytes are cut, the result is the same. */
	for (cut = 0; cut <= len; cut++) {
		auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);
		struct termfilter f;

		termfilter_init(&f, colors);
		termfilter_add(&f, in, cut, &sb);
		termfilter_add(&f, in + cut, len - cut, &sb);
		termfilter_end(&f, &sb);
		assert_string_equal(sb.buf, wanted);
	}
}

static void text_and_colours_pass(void **state)
{
	static const char text[] = "a\tb\r\n\033[1;32m200\033[0m \xe6\x97\xa5 \\x1b\n";

	filters(true, text, sizeof(text) - 1, "a\tb\n\033[1;32m200\033[0m \xe6\x97\xa5 \\x1b\n");
	filters(false, text, sizeof(text) - 1, "a\tb\n200 \xe6\x97\xa5 \\x1b\n");
}

static void everything_else_that_a_terminal_would_act_on_is_shown(void **state)
{
	static const struct {
		const char *in, *wanted;
	} cases[] = {
		{ "\033[2J", "\\x1b[2J" },
		{ "\033]0;title\a", "\\x1b]0;title\\x07" },
		{ "\033]52;c;ZXZpbA==\033\\", "\\x1b]52;c;ZXZpbA==\\x1b\\" },
		{ "\033[6n", "\\x1b[6n" },
		{ "\033c", "\\x1bc" },
		{ "\033[?1049h", "\\x1b[?1049h" },
		{ "\033\033[31mx\033[m", "\\x1b\033[31mx\033[m" },
		{ "\xc2\x9b"
		  "2J",
		  "\\xc2\\x9b2J" },
		{ "\x9b", "\\x9b" },
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },
		{ "\b\x7f", "\\x08\\x7f" },
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xe6\x97", "\\xe6\\x97" },
		{ "\xc0\xaf", "\\xc0\\xaf" },
		{ "\033", "\\x1b" },
		{ "\033[3", "\\x1b[3" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		filters(true, cases[i].in, strlen(cases[i].in), cases[i].wanted);
}

static void an_endless_colour_is_no_colour(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
	struct termfilter f;
	int i;

	termfilter_init(&f, true);
	termfilter_add(&f, "\033[", 2, &sb);
	for (i = 0; i < 100; i++)
		termfilter_add(&f, "1;", 2, &sb);
	termfilter_add(&f, "m", 1, &sb);
	termfilter_end(&f, &sb);
	assert_null(strchr(sb.buf, '\033'));
	assert_non_null(strstr(sb.buf, "\\x1b[1;1;"));
}

static void a_colour_left_on_is_turned_off(void **state)
{
	filters(true, "\033[31mx", 6, "\033[31mx\033[0m");
	filters(true, "\033[31mx\033[0m", 10, "\033[31mx\033[0m");
}

static void random_bytes_leave_nothing_but_text_and_colours(void **state)
{
	unsigned seed = 3;
	int round;

	for (round = 0; round < 3000; round++) {
		auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
		static const char favourites[] = "\033[]0;1m\x9b\xc2\n\ra";
		struct termfilter f;
		char chunk[64] = "";
		size_t len = (size_t)rand_r(&seed) % sizeof(chunk), i, skip;

		for (i = 0; i < len; i++) {
			unsigned char any = (unsigned char)(rand_r(&seed) & 0xff);

			memcpy(&chunk[i], &any, 1);
			if (rand_r(&seed) % 2)
				chunk[i] = favourites[any % (sizeof(favourites) - 1)];
		}
		termfilter_init(&f, true);
		termfilter_add(&f, chunk, len / 2, &sb);
		termfilter_add(&f, chunk + len / 2, len - len / 2, &sb);
		termfilter_end(&f, &sb);
		for (i = 0; i < sb.len; i += skip) {
			skip = 1;
			if (sb.buf[i] == '\033') {
				assert_int_equal(sb.buf[i + 1], '[');
				skip = 2 + strspn(sb.buf + i + 2, "0123456789;");
				assert_int_equal(sb.buf[i + skip++], 'm');
			} else if (sb.buf[i] != '\n' && sb.buf[i] != '\t') {
				unsigned cp;

				skip = escape_utf8_next(sb.buf + i, sb.len - i, &cp);
				assert_true(skip && escape_is_clean(sb.buf + i, skip));
			}
		}
	}
}

struct seen {
	int count;
	char last[LINEBUF_MAX + 1];
};

static void on_line(void *context, const char *line)
{
	struct seen *seen = context;

	seen->count++;
	snprintf(seen->last, sizeof(seen->last), "%s", line);
}

static void lines_end_at_newlines_and_are_bounded(void **state)
{
	static struct linebuf b;
	static struct seen seen;
	int i;

	linebuf_add(&b, "one\r\ntw", 7, on_line, &seen);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.last, "one");
	linebuf_add(&b, "o\n\nx\0y", 6, on_line, &seen);
	assert_int_equal(seen.count, 3);
	linebuf_end(&b, on_line, &seen);
	assert_string_equal(seen.last, "x?y");
	for (i = 0; i < 10000; i++)
		linebuf_add(&b, "z", 1, on_line, &seen);
	linebuf_end(&b, on_line, &seen);
	assert_int_equal(strlen(seen.last), LINEBUF_MAX);
	linebuf_end(&b, on_line, &seen);
	assert_int_equal(seen.count, 5);
}

/* What one ssh says, and all that it needs. */
struct said {
	struct report report;
	struct report_name name;
	struct voice voice;
	struct sshline why;
};

static struct said *said_new(bool json, bool colors, const char *label, bool quiet)
{
	struct said *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->name = (struct report_name){ "ssh.example.com", label };
	report_init(&s->report, json);
	voice_init(&s->voice, &s->report, &s->name, colors, quiet, &s->why);
	return s;
}

static void said_free(struct said *s)
{
	report_clear(&s->report);
	free(s);
}

static void session(struct said *s, const char *text)
{
	voice_session(&s->voice, text, strlen(text));
}

static void ssh(struct said *s, const char *text)
{
	voice_ssh(&s->voice, text, strlen(text));
}

static void events_are_one_json_object_per_line(void **state)
{
	struct said *s = said_new(true, true, NULL, false);

	report_connecting(&s->report, &s->name);
	session(s, "Welcome\r\n\033[32m\"x\"\033[0m");
	report_up(&s->report, &s->name, 0);
	ssh(s, "Connection reset by peer\n");
	voice_end(&s->voice);
	report_reconnecting(&s->report, &s->name, &s->why, 321);
	report_bye(&s->report);
	assert_string_equal(s->report.out.pending.buf,
			    "{\"event\":\"connecting\",\"server\":\"ssh.example.com\"}\n"
			    "{\"event\":\"log\",\"line\":\"Welcome\"}\n"
			    "{\"event\":\"up\",\"reconnects\":0}\n"
			    "{\"event\":\"ssh\",\"line\":\"Connection reset by peer\"}\n"
			    "{\"event\":\"log\",\"line\":\"\\\"x\\\"\"}\n"
			    "{\"event\":\"disconnected\",\"reason\":\"the connection was closed\","
			    "\"retry_ms\":321}\n");
	assert_int_equal(s->report.err.pending.len, 0);
	said_free(s);
}

static void events_of_one_of_several_name_it(void **state)
{
	struct said *s = said_new(true, true, "web", true);

	session(s, "Welcome\n");
	report_up(&s->report, &s->name, 3);
	assert_string_equal(s->report.out.pending.buf,
			    "{\"event\":\"log\",\"tunnel\":\"web\",\"line\":\"Welcome\"}\n"
			    "{\"event\":\"up\",\"tunnel\":\"web\",\"reconnects\":3}\n");
	said_free(s);
}

static void a_final_denial_has_its_code(void **state)
{
	struct said *s = said_new(true, false, NULL, false);

	ssh(s, "mysocket: gone [deleted]\r\n");
	assert_int_equal(sshline_event(&s->why), SUPERVISOR_DENIED);
	strbuf_reset(&s->report.out.pending);
	report_denied(&s->report, &s->name, &s->why);
	assert_non_null(strstr(s->report.out.pending.buf, "\"event\":\"denied\""));
	assert_non_null(strstr(s->report.out.pending.buf, "\"code\":\"deleted\""));
	said_free(s);
}

static void sentences_are_those_of_the_documentation(void **state)
{
	struct said *s = said_new(false, true, NULL, false);

	report_connecting(&s->report, &s->name);
	session(s, "Welcome to Mysocket.io!\r\n");
	ssh(s, "Connection to 127.0.0.1 closed.\r\n");
	voice_end(&s->voice);
	report_closed(&s->report, &s->name);
	report_reconnecting(&s->report, &s->name, &s->why, 2000);
	report_bye(&s->report);
	assert_string_equal(s->report.out.pending.buf,
			    "Connecting to Server: ssh.example.com\n\n"
			    "Welcome to Mysocket.io!\n"
			    "\nConnection to ssh.example.com closed.\n"
			    "Disconnected... Automatically reconnecting now..\n"
			    "Press ctrl-c to exit\n"
			    "\nBye\n");
	assert_int_equal(s->report.err.pending.len, 0);
	said_free(s);
}

#define WELCOME                                                             \
	"Welcome to X!\r\nweb - https://web.example.com\r\n\r\n=======\r\n" \
	"Logs\r\n=======\r\n\033[2mUTC  client\033[0m\r\n"

static void several_sessions_are_mixed_line_by_line_and_told_apart(void **state)
{
	struct said *s = said_new(false, true, "2", false);

	session(s, WELCOME "12:00 GE");
	session(s, "T /\033[32m200\033[0m\r\n12:01 \033[31mPOST\n");
	ssh(s, "Warning: x\r\n");
	assert_string_equal(s->report.out.pending.buf,
			    "Welcome to X!\nweb - https://web.example.com\n\n=======\nLogs\n"
			    "=======\n\033[2mUTC  client\033[0m\n"
			    "[2] 12:00 GET /\033[32m200\033[0m\n[2] 12:01 \033[31mPOST\033[0m\n");
	assert_string_equal(s->report.err.pending.buf, "[2] Warning: x\n");
	said_free(s);
}

static void a_quiet_session_shows_its_requests_alone(void **state)
{
	struct said *s = said_new(false, false, NULL, true);

	session(s, WELCOME "12:00 GET /\r\n");
	assert_string_equal(s->report.out.pending.buf, "12:00 GET /\n");
	said_free(s);
	s = said_new(false, false, NULL, true);
	session(s, "=======\nLogs\n=======\n12:00 GET /\n");
	assert_string_equal(s->report.out.pending.buf, "12:00 GET /\n");
	said_free(s);
}

static void a_welcome_without_an_end_is_no_welcome(void **state)
{
	struct said *s = said_new(false, false, NULL, true);
	int i;

	for (i = 0; i < 40; i++)
		session(s, "line\n");
	assert_int_equal(s->report.out.pending.len, 10 * strlen("line\n"));
	said_free(s);
}

static void json_text_is_safe_for_a_terminal_and_means_the_same(void **state)
{
	static const char text[] = "{\"a\":\"\xe6\x97\xa5 \x7f \xc2\x9b \xe2\x80\xae \\u0007/\"}";
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);
	struct json_object *o, *again;

	assert_int_equal(json_parse(text, sizeof(text) - 1, 1000, &o), 0);
	assert_int_equal(json_text_add(&sb, o, false), 0);
	assert_string_equal(sb.buf, "{\"a\":\"\xe6\x97\xa5 \\u007f \\u009b \\u202e \\u0007/\"}");
	assert_int_equal(json_parse(sb.buf, sb.len, 1000, &again), 0);
	assert_true(json_object_equal(o, again));
	json_object_put(o);
	json_object_put(again);
}

static void json_on_several_lines_does_not_break_what_is_empty(void **state)
{
	static const char text[] = "{\"a\":[],\"b\":{},\"c\":[[\"[\\n]\"],{}]}";
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);
	struct json_object *o;

	assert_int_equal(json_parse(text, sizeof(text) - 1, 1000, &o), 0);
	assert_int_equal(json_text_add(&sb, o, true), 0);
	assert_string_equal(
		sb.buf,
		"{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    [\n      \"[\\n]\"\n    ],\n    {}\n  ]\n}");
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_colours_pass),
		cmocka_unit_test(everything_else_that_a_terminal_would_act_on_is_shown),
		cmocka_unit_test(an_endless_colour_is_no_colour),
		cmocka_unit_test(a_colour_left_on_is_turned_off),
		cmocka_unit_test(random_bytes_leave_nothing_but_text_and_colours),
		cmocka_unit_test(lines_end_at_newlines_and_are_bounded),
		cmocka_unit_test(events_are_one_json_object_per_line),
		cmocka_unit_test(a_final_denial_has_its_code),
		cmocka_unit_test(sentences_are_those_of_the_documentation),
		cmocka_unit_test(events_of_one_of_several_name_it),
		cmocka_unit_test(several_sessions_are_mixed_line_by_line_and_told_apart),
		cmocka_unit_test(a_quiet_session_shows_its_requests_alone),
		cmocka_unit_test(a_welcome_without_an_end_is_no_welcome),
		cmocka_unit_test(json_on_several_lines_does_not_break_what_is_empty),
		cmocka_unit_test(json_text_is_safe_for_a_terminal_and_means_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
