/* SPDX-License-Identifier: ISC */
/* node/edge_record.h: HAProxy's log records. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "lib/cleanup.h"
#include "node/edge_record.h"

#define FACT(name) cmocka_unit_test(name)

static char buf[EDGE_RECORD_MAX + 64];

static int parse(const char *text, struct edge_record *ret_record)
{
	size_t len = strlen(text);

	assert_true(len < sizeof(buf));
	memcpy(buf, text, len + 1);
	buf[len] = 'x';
	return edge_record_parse(buf, len, ret_record);
}

static void a_record_as_agreed_is_read(void **state)
{
	struct edge_record r;

	assert_int_equal(parse("{\"at\":1795394532123,\"client\":\"192.0.2.7\",\"method\":\"GET\","
			       "\"path\":\"/x?y=1\",\"status\":200,\"bytes\":123,\"total_ms\":3,"
			       "\"origin_ms\":-1,\"relay\":\"127.64.0.1\",\"port\":6054,"
			       "\"new\":\"member\"}",
			       &r),
			 0);
	assert_int_equal(r.at, 1795394532123);
	assert_string_equal(r.client, "192.0.2.7");
	assert_string_equal(r.method, "GET");
	assert_string_equal(r.path, "/x?y=1");
	assert_int_equal(r.status, 200);
	assert_int_equal(r.bytes, 123);
	assert_int_equal(r.total_ms, 3);
	assert_int_equal(r.origin_ms, -1);
	assert_string_equal(r.relay, "127.64.0.1");
	assert_int_equal(r.port, 6054);
}

static void an_answer_never_begins_after_its_end_nor_before_its_request(void **state)
{
	struct edge_record r;

	assert_int_equal(parse("{\"total_ms\":1,\"origin_ms\":2}", &r), 0);
	assert_int_equal(r.origin_ms, 1);
	assert_int_equal(parse("{\"total_ms\":1000,\"origin_ms\":-3600000}", &r), 0);
	assert_int_equal(r.origin_ms, 0);
	assert_int_equal(parse("{\"total_ms\":0,\"origin_ms\":-1}", &r), 0);
	assert_int_equal(r.origin_ms, -1);
}

static void of_a_request_that_cannot_be_read_nothing_is_known(void **state)
{
	struct edge_record r;

	assert_int_equal(parse("{\"at\":-,\"client\":\"127.0.0.1\",\"method\":\"-\",\"path\":\"-\","
			       "\"status\":400,\"bytes\":0,\"total_ms\":0,\"origin_ms\":-,"
			       "\"relay\":\"-\",\"port\":-,\"by\":\"PR\"}",
			       &r),
			 0);
	assert_int_equal(r.status, 400);
	assert_string_equal(r.relay, "-");
	assert_int_equal(r.port, 0);
	assert_int_equal(parse("{\"at\":-x}", &r), -EPROTO);
	assert_int_equal(parse("{\"at\":-", &r), -EPROTO);
}

static void a_connection_says_how_it_ended(void **state)
{
	static const struct {
		const char *end, *words;
	} ends[] = {
		{ "--", "closed" },
		{ "CD", "visitor left" },
		{ "SD", "origin left" },
		{ "cD", "visitor idle too long" },
		{ "sD", "origin idle too long" },
		{ "PR", "not admitted" },
		{ "KD", "ended by the edge" },
		{ "", "ended by the edge" },
	};
	struct edge_record r;

	assert_int_equal(parse("{\"method\":\"TCP\",\"path\":\"\",\"status\":0,\"end\":\"CD\"}",
			       &r),
			 0);
	assert_string_equal(r.method, "TCP");
	assert_string_equal(r.path, "");
	assert_int_equal(r.status, 0);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		assert_string_equal(edge_record_end(ends[i].end), ends[i].words);
	assert_string_equal(r.end, "CD");
}

static void a_syslog_header_and_white_space_are_skipped(void **state)
{
	struct edge_record r;

	assert_int_equal(
		parse("<134>Nov 23 01:02:03 haproxy[12]: { \"port\" : 1 , \"relay\":\"x\" }\n", &r),
		0);
	assert_int_equal(r.port, 1);
}

static void haproxy_s_words_about_itself_are_no_record(void **state)
{
	struct edge_record r;

	assert_int_equal(parse("Proxy web stopped (cumulated conns: FE: 27, BE: 0).\n", &r),
			 -ENOMSG);
}

static void what_is_absent_is_empty(void **state)
{
	struct edge_record r;

	assert_int_equal(parse("{}", &r), 0);
	assert_string_equal(r.path, "");
	assert_string_equal(r.relay, "");
	assert_int_equal(r.port, 0);
}

static void escapes_are_undone(void **state)
{
	struct edge_record r;

	assert_int_equal(parse("{\"path\":\"/\\\"\\\\\\/\\u001b[31m\\u00e9\\u20ac\\n\\t\"}", &r),
			 0);
	assert_string_equal(r.path, "/\"\\/\x1b[31m\xc3\xa9\xe2\x82\xac\n\t");
}

static void an_escaped_nul_does_not_cut_the_text(void **state)
{
	struct edge_record r;

	assert_int_equal(parse("{\"path\":\"/a\\u0000b\"}", &r), 0);
	assert_string_equal(r.path, "/a?b");
}

static void a_path_cannot_pretend_to_be_another_member(void **state)
{
	struct edge_record r;

	assert_int_equal(
		parse("{\"path\":\"/\\\",\\\"relay\\\":\\\"127.0.0.1\",\"relay\":\"127.64.0.9\","
		      "\"port\":2}",
		      &r),
		0);
	assert_string_equal(r.relay, "127.64.0.9");
	assert_string_equal(r.path, "/\",\"relay\":\"127.0.0.1");
}

static void what_is_not_as_agreed_is_refused(void **state)
{
	static const char *const bad[] = {
		"{",
		"{\"",
		"{\"path",
		"{\"path\"",
		"{\"path\":",
		"{\"path\":\"",
		"{\"path\":\"/\"",
		"{\"path\":\"/\",}",
		"{\"path\":\"/\" \"port\":1}",
		"{\"path\":\"\\",
		"{\"path\":\"\\x\"}",
		"{\"path\":\"\\u12\"}",
		"{\"path\":\"\\u12",
		"{\"path\":7}",
		"{\"port\":\"7\"}",
		"{\"port\":}",
		"{\"port\":--}",
		"{\"port\":-1-}",
		"{\"port\":1.5}",
		"{\"port\":1e3}",
		"{\"port\":65536}",
		"{\"port\":-1}",
		"{\"at\":1234567890123456789}",
		"{\"at\":99999999999999999999999}",
		"{\"new\":{\"deep\":1}}",
		"{\"new\":[1]}",
		"{\"new\":null}",
		"{\"port\":1,\"port\":2}",
		"{\"relay\":\"127.64.0.9\",\"new\":1,\"relay\":\"127.64.0.1\"}",
		"{\"port\":1} {",
		"{\"port\":1}x",
		"{port:1}",
	};
	struct edge_record r;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse(bad[i], &r), -EPROTO);
}

#define LEFT "{\"status\":400,\"origin_ms\":-1,"

static void whether_the_origin_answered_is_told(void **state)
{
	static const struct {
		const char *text;
		bool answered, unanswered, left;
	} records[] = {
		{ "{\"status\":200,\"origin_ms\":0}", true, false, false },
		{ "{\"status\":502,\"origin_ms\":7}", true, false, false }, /* its own words */
		{ "{\"status\":502,\"origin_ms\":-1}", false, true, false },
		{ "{\"status\":502,\"origin_ms\":-1,\"by\":\"SH\"}", false, true, false },
		{ "{\"status\":503,\"origin_ms\":-1,\"by\":\"LR\"}", false, false, false },
		{ LEFT "\"total_ms\":2000,\"by\":\"CH\"}", false, false, true },
		{ LEFT "\"total_ms\":20,\"by\":\"CH\"}", false, false, false },	  /* soon */
		{ LEFT "\"total_ms\":2000,\"by\":\"CD\"}", false, false, false }, /* sending */
		{ LEFT "\"total_ms\":2000,\"by\":\"PR\"}", false, false, false },
		{ "{\"status\":308,\"origin_ms\":-1}", false, false, false },
		{ "{\"end\":\"--\",\"bytes\":1,\"total_ms\":5}", true, false, false },
		{ "{\"end\":\"SD\",\"bytes\":0,\"total_ms\":5}", false, true, false },
		{ "{\"end\":\"CD\",\"bytes\":0,\"total_ms\":5}", false, false, false },
		{ "{\"end\":\"--\",\"bytes\":0,\"total_ms\":60000}", false, false, false },
	};
	struct edge_record r;

	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		assert_int_equal(parse(records[i].text, &r), 0);
		assert_int_equal(edge_record_is_answered(&r), records[i].answered);
		assert_int_equal(edge_record_is_unanswered(&r), records[i].unanswered);
		assert_int_equal(edge_record_is_left(&r), records[i].left);
	}
}

static void who_left_did_not_get_haproxys_page(void **state)
{
	struct edge_record r;

	assert_int_equal(parse(LEFT "\"bytes\":206,\"by\":\"CH\"}", &r), 0);
	assert_int_equal(r.status, EDGE_RECORD_LEFT);
	assert_int_equal(r.bytes, 0);
	/* A bad request of his, or the origin's own word. */
	assert_int_equal(parse(LEFT "\"bytes\":206,\"by\":\"PR\"}", &r), 0);
	assert_int_equal(r.status, 400);
	assert_int_equal(parse("{\"status\":400,\"origin_ms\":3,\"bytes\":9,\"by\":\"CD\"}", &r),
			 0);
	assert_int_equal(r.status, 400);
	assert_int_equal(r.bytes, 9);
}

static void bytes_of_a_connection_are_those_of_both_ways(void **state)
{
	struct edge_record r;

	assert_int_equal(parse("{\"bytes\":7,\"sent\":100,\"end\":\"--\"}", &r), 0);
	assert_int_equal(edge_record_bytes(&r), 107);
	/* The visitor's alone are no answer. */
	assert_int_equal(parse("{\"bytes\":0,\"sent\":100,\"total_ms\":5,\"end\":\"SD\"}", &r), 0);
	assert_int_equal(edge_record_bytes(&r), 100);
	assert_false(edge_record_is_answered(&r));
	assert_true(edge_record_is_unanswered(&r));
	assert_int_equal(parse("{\"bytes\":7,\"status\":200,\"by\":\"--\"}", &r), 0);
	assert_int_equal(edge_record_bytes(&r), 7);
}

static void members_that_are_not_known_are_ignored(void **state)
{
	struct edge_record r;

	assert_int_equal(parse("{\"new\":1,\"newer\":\"x\",\"port\":3}", &r), 0);
	assert_int_equal(r.port, 3);
}

static void a_record_that_is_too_long_is_refused(void **state)
{
	struct edge_record r;

	memset(buf, ' ', sizeof(buf));
	buf[0] = '{';
	buf[EDGE_RECORD_MAX] = '}';
	assert_int_equal(edge_record_parse(buf, EDGE_RECORD_MAX + 1, &r), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(a_record_as_agreed_is_read),
		FACT(an_answer_never_begins_after_its_end_nor_before_its_request),
		FACT(of_a_request_that_cannot_be_read_nothing_is_known),
		FACT(a_connection_says_how_it_ended),
		FACT(a_syslog_header_and_white_space_are_skipped),
		FACT(haproxy_s_words_about_itself_are_no_record),
		FACT(what_is_absent_is_empty),
		FACT(escapes_are_undone),
		FACT(an_escaped_nul_does_not_cut_the_text),
		FACT(a_path_cannot_pretend_to_be_another_member),
		FACT(what_is_not_as_agreed_is_refused),
		FACT(whether_the_origin_answered_is_told),
		FACT(who_left_did_not_get_haproxys_page),
		FACT(bytes_of_a_connection_are_those_of_both_ways),
		FACT(members_that_are_not_known_are_ignored),
		FACT(a_record_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests_name("edge_record", tests, NULL, NULL);
}
