/* SPDX-License-Identifier: ISC */
/* authkeys/session_answer.h: what commands show. */
#include "tests/unit/unit.h"

#include "authkeys/session_answer.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"
#include "lib/wire.h"

#define LOG                                                                                     \
	"log\nat=1700000000123\nclient=203.0.113.7\nmethod=GET\npath=/x\nstatus=200\nbytes=5\n" \
	"total_ms=3\norigin_ms=2\nport=6054\nname=my test\nurl=https://a.example\n"

static enum session_answer_next show(struct session_answer *answer, const char *text,
				     struct strbuf *out)
{
	auto_free char *copy = strdup(text);
	enum session_answer_next next;
	struct wire_msg msg;

	strbuf_reset(out);
	assert_int_equal(wire_parse(copy, strlen(copy), &msg), 0);
	next = session_answer_message(answer, &msg, out);
	assert_int_equal(strbuf_error(out), 0);
	return next;
}

static void holders_are_a_table(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(65536);
	struct session_answer answer = { 0 };

	show(&answer,
	     "holder\nsession=4711\nstate=current\nclient=203.0.113.7\nsince=1700000000123\n"
	     "name=my test\nurl=https://a.example\nrequests=12\norigin=answers\n",
	     &out);
	assert_string_equal(
		out.buf,
		"session    state    client          since (UTC)         requests  tunnel\n"
		"4711       current  203.0.113.7     2023-11-14 22:13:20       12  "
		"my test - https://a.example\n");
	show(&answer, "holder\nsession=4712\nclient=::1\nsince=1700000000123\n", &out);
	assert_string_equal(out.buf, "4712       -        ::1             2023-11-14 22:13:20"
				     "        -  no port is forwarded\n");
	show(&answer,
	     "holder\nsession=1\nstate=standby\nclient=::1\nsince=0\nname=a\nurl=b\nrequests=0\n"
	     "origin=refuses\n",
	     &out);
	assert_non_null(strstr(out.buf, "a - b (refuses connections)\n"));
	show(&answer, "holder\nsession=1\nname=a\nurl=b\norigin=closes\n", &out);
	assert_non_null(strstr(out.buf, "a - b (closes without an answer)\n"));
	show(&answer, "holder\nsession=1\nname=a\nurl=b\norigin=silent\n", &out);
	assert_non_null(strstr(out.buf, "a - b (does not answer)\n"));
}

static void a_request_names_its_tunnel(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(65536);
	struct session_answer answer = { .headed = true };

	show(&answer, LOG, &out);
	assert_non_null(strstr(out.buf, "22:13:20 203.0.113.7     GET     a/x "));
	show(&answer, LOG "end=visitor left\n", &out);
	assert_non_null(strstr(out.buf, " a: visitor left "));
}

static void json_is_one_object_per_request(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(65536);
	struct session_answer answer = { .json = true };

	show(&answer, LOG, &out);
	assert_string_equal(
		out.buf,
		"{\"at\":1700000000123,\"name\":\"my test\",\"url\":\"https://a.example\","
		"\"client\":\"203.0.113.7\",\"method\":\"GET\",\"path\":\"/x\",\"status\":200,"
		"\"bytes\":5,\"total_ms\":3,\"origin_ms\":2}\n");
	show(&answer, "dropped\ncount=7\n", &out);
	assert_string_equal(out.buf, "{\"dropped\":7}\n");
}

static void nothing_leaves_a_json_string(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(65536);
	struct session_answer answer = { .json = true };

	show(&answer, "log\npath=/\",\"status\":1,\"x\":\"\\\nend=\x9b\n", &out);
	assert_non_null(strstr(out.buf, "\"path\":\"/\\\",\\\"status\\\":1,\\\"x\\\":\\\"\\\\\""));
	assert_non_null(strstr(out.buf, "\"end\":\"\\\\x9b\"}\n"));
}

static void checks_stand_below_their_tunnel(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(65536);
	struct session_answer answer = { 0 };

	show(&answer, "check\nname=a\nurl=b\nwhat=dns\nok=1\ntext=fine\n", &out);
	assert_string_equal(out.buf, "a - b\n  ok   dns         fine\n");
	show(&answer, "check\nname=a\nurl=b\nwhat=origin\nok=0\ntext=start it\n", &out);
	assert_string_equal(out.buf, "  FAIL origin      start it\n");
}

static void the_end_says_how_it_went(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(65536);
	struct session_answer answer = { 0 };

	assert_int_equal(show(&answer, "ok\nservice=x\n", &out), SESSION_ANSWER_GO_ON);
	assert_string_equal(out.buf, "");
	assert_int_equal(show(&answer, "done\nok=1\n", &out), SESSION_ANSWER_DONE);
	assert_string_equal(out.buf, "");
	assert_int_equal(show(&answer, "done\nok=0\ntext=no such session\n", &out),
			 SESSION_ANSWER_FAILED);
	assert_string_equal(out.buf, "mysocket: no such session\n");
	assert_int_equal(show(&answer, "denied\ncode=limit\nmessage=too many\n", &out),
			 SESSION_ANSWER_FAILED);
	assert_string_equal(out.buf, "mysocket: too many [limit]\n");
}

static void terminals_get_nothing_that_they_act_on(void **state)
{
	static const char *const messages[] = {
		"holder\nsession=\x9b\nstate=\x9b\nclient=\x9b\nname=\x9b\nurl=\x9b\n",
		"log\nclient=\x9b\nmethod=\x9b\npath=\x9b\nname=\x9b\nurl=\x9b\nend=\x9b\n",
		"check\nname=\x9b\nurl=\x9b\nwhat=\x9b\ntext=\x9b\n",
		"done\nok=0\ntext=\x9b\n",
		"end\ncode=\x9b\nmessage=\x9b\n",
	};
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(65536);
	struct session_answer answer = { .headed = true };

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		show(&answer, messages[i], &out);
		assert_null(strstr(out.buf, "\x9b"));
		assert_non_null(strstr(out.buf, "\\x9b"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holders_are_a_table),
		cmocka_unit_test(a_request_names_its_tunnel),
		cmocka_unit_test(json_is_one_object_per_request),
		cmocka_unit_test(nothing_leaves_a_json_string),
		cmocka_unit_test(checks_stand_below_their_tunnel),
		cmocka_unit_test(the_end_says_how_it_went),
		cmocka_unit_test(terminals_get_nothing_that_they_act_on),
	};

	return cmocka_run_group_tests_name("session_answer", tests, NULL, NULL);
}
