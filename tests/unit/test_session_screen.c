/* SPDX-License-Identifier: ISC */
/* authkeys/session_screen.h: what is shown of the node's messages, and in which order. */
#include "tests/unit/unit.h"

#include "authkeys/session_screen.h"
#include "lib/cleanup.h"
#include "lib/denial.h"
#include "lib/escape.h"
#include "lib/strbuf.h"
#include "lib/wire.h"

#define OUT_MAX 65536

#define TUNNEL "tunnel\nstate=current\nname=my test\nurl=https://a.example\nport=6054\ntype=http\n"
#define STANDBY "tunnel\nstate=standby\nname=my test\nurl=https://a.example\nport=6054\ntype=http\n"
#define LOG                                                                            \
	"log\nat=1700000000123\nclient=203.0.113.7\nmethod=GET\npath=/x\nstatus=200\n" \
	"bytes=5\ntotal_ms=3\norigin_ms=2\nport=6054\n"

/* Shows one message; what it adds is in *out. */
static enum session_screen_next show(struct session_screen *screen, const char *text,
				     struct strbuf *out)
{
	auto_free char *copy = strdup(text);
	struct wire_msg msg;
	enum session_screen_next next;

	strbuf_reset(out);
	assert_int_equal(wire_parse(copy, strlen(copy), &msg), 0);
	next = session_screen_message(screen, &msg, out);
	assert_int_equal(strbuf_error(out), 0);
	return next;
}

static void the_welcome_is_what_the_documentation_shows(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { 0 };
	static const char head[] = "\n=======\nLogs\n=======\n";

	show(&screen, "ok\nservice=Mysocket\n", &out);
	assert_string_equal(out.buf, "Welcome to Mysocket!\n");
	show(&screen, TUNNEL, &out);
	assert_string_equal(out.buf, "my test - https://a.example\n");
	strbuf_reset(&out);
	session_screen_head(&screen, &out);
	assert_memory_equal(out.buf, head, sizeof(head) - 1);
	strbuf_reset(&out);
	session_screen_head(&screen, &out);
	assert_string_equal(out.buf, "");
}

static void without_a_forward_the_remedy_is_shown(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { 0 };

	show(&screen, "ok\nservice=Mysocket\n", &out);
	strbuf_reset(&out);
	session_screen_head(&screen, &out);
	assert_non_null(strstr(out.buf, "-R <relay port>:127.0.0.1:<your port>"));
	show(&screen, TUNNEL, &out);
	assert_string_equal(out.buf, "my test - https://a.example\n");
}

static void a_request_before_the_heading_brings_it_along(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { 0 };
	const char *head;

	show(&screen, TUNNEL, &out);
	show(&screen, LOG, &out);
	head = strstr(out.buf, "\nLogs\n");
	assert_non_null(head);
	assert_non_null(strstr(head, "22:13:20 203.0.113.7     GET     /x "));
	show(&screen, LOG, &out);
	assert_null(strstr(out.buf, "Logs"));
}

static void a_connection_shows_how_it_ended_in_place_of_a_path(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { .headed = true, .style.color = true };

	show(&screen,
	     "log\nat=1700000000123\nclient=203.0.113.7\nmethod=TCP\npath=\nstatus=0\nbytes=5\n"
	     "total_ms=90000\norigin_ms=-1\nport=6054\nend=visitor left\n",
	     &out);
	assert_non_null(strstr(out.buf, "203.0.113.7     TCP     visitor left "));
	/* However long it was, it is not slow; and it has no status that could be bad. */
	assert_non_null(strstr(out.buf, "    -     5 90.0s      -\n"));
}

static void changes_of_a_tunnel_are_shown_once(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { 0 };

	show(&screen, TUNNEL, &out);
	show(&screen, STANDBY, &out);
	assert_non_null(strstr(out.buf, "a later login of this tunnel took over"));
	show(&screen, STANDBY, &out);
	assert_string_equal(out.buf, "");
	show(&screen, TUNNEL, &out);
	assert_non_null(strstr(out.buf, "serves the tunnel again"));
}

static void a_restarted_node_repeats_nothing(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { 0 };

	show(&screen, "ok\nservice=Mysocket\n", &out);
	show(&screen, TUNNEL, &out);
	assert_int_equal(show(&screen, "ok\nservice=Mysocket\n", &out), SESSION_SCREEN_GO_ON);
	assert_string_equal(out.buf, "");
	show(&screen, TUNNEL, &out);
	assert_string_equal(out.buf, "");
}

static void more_tunnels_than_are_remembered_are_all_shown(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { 0 };
	char text[200];
	int i, round;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < SESSION_SCREEN_TUNNELS + 10; i++) {
			snprintf(text, sizeof(text),
				 "tunnel\nstate=current\nname=n\nurl=u\nport=%d\ntype=http\n",
				 7000 + i);
			show(&screen, text, &out);
			assert_int_equal(out.len == 0, round && i < SESSION_SCREEN_TUNNELS);
		}
	}
}

static void dropped_lines_are_counted(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { .headed = true };

	show(&screen, "dropped\ncount=120\n", &out);
	assert_string_equal(out.buf, "... 120 lines not shown (too fast for this terminal)\n");
}

static void an_end_is_a_line_that_the_supervisor_understands(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { 0 };

	assert_int_equal(show(&screen, "end\ncode=deleted\nmessage=it was deleted\n", &out),
			 SESSION_SCREEN_REFUSED);
	assert_string_equal(out.buf, "mysocket: it was deleted [deleted]\n");
	assert_int_equal(denial_from_line(out.buf), DENIAL_DELETED);
	assert_int_equal(show(&screen, "end\n", &out), SESSION_SCREEN_REFUSED);
	assert_int_equal(denial_from_line(out.buf), DENIAL_UNAVAILABLE);
}

static void a_final_denial_ends_and_a_passing_one_is_tried_again(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { 0 };

	assert_int_equal(show(&screen, "denied\ncode=unknown\nmessage=no\n", &out),
			 SESSION_SCREEN_REFUSED);
	assert_string_equal(out.buf, "mysocket: no [unknown]\n");
	assert_int_equal(show(&screen, "denied\ncode=unavailable\nmessage=no\n", &out),
			 SESSION_SCREEN_RETRY);
	assert_string_equal(out.buf, "");
	assert_int_equal(show(&screen, "denied\ncode=newer\n", &out), SESSION_SCREEN_RETRY);
}

static void every_text_is_escaped_if_the_node_did_not(void **state)
{
	static const char *const messages[] = {
		"ok\nservice=\xc2\x9bJ\n",
		"tunnel\nstate=current\nname=\xff\nurl=\xe2\x80\xae\nport=1\ntype=http\n",
		"log\nat=1\nclient=\xff\nmethod=\xc2\x85\npath=\xe2\x80\xa8\nstatus=200\n",
		"notice\ntext=\xc2\x9b\n",
		"end\ncode=deleted\nmessage=\xff\n",
	};
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { .headed = true };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(messages); i++) {
		show(&screen, messages[i], &out);
		assert_true(out.len > 1);
		assert_int_equal(out.buf[out.len - 1], '\n');
		assert_true(escape_is_clean(out.buf, out.len - 1));
	}
}

static void visitors_that_waited_are_counted(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { 0 };

	show(&screen, TUNNEL "waited=1\n", &out);
	assert_string_equal(out.buf, "my test - https://a.example\n"
				     "mysocket: 1 visitor waited for this login\n");
	show(&screen, TUNNEL "waited=1\n", &out);
	assert_string_equal(out.buf, "");
}

static void an_origin_that_refuses_is_said_with_the_remedy(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { .headed = true };

	show(&screen, TUNNEL, &out);
	show(&screen, "origin\nstate=refuses\nname=my test\nport=6054\n", &out);
	assert_string_equal(out.buf,
			    "mysocket: my test: connections to your service are refused: is "
			    "anything listening on the port that -R leads to?\n");
	screen.origin = "8000\033[2J";
	show(&screen, "origin\nstate=refuses\nname=my test\nport=6054\n", &out);
	assert_non_null(strstr(out.buf, "is anything listening on the port that -R leads to?\n"));
	screen.origin = "8000";
	show(&screen, "origin\nstate=refuses\nname=my test\nport=6054\n", &out);
	assert_non_null(strstr(out.buf, "is anything listening on port 8000?\n"));
	show(&screen, "origin\nstate=answers\nname=my test\nport=6054\n", &out);
	assert_string_equal(out.buf, "mysocket: my test: your service answers again\n");
	show(&screen, "origin\nstate=closes\nname=my test\nport=6054\n", &out);
	assert_non_null(strstr(out.buf, "closes connections without an answer"));
	show(&screen, "origin\nstate=silent\nname=my test\nport=6054\n", &out);
	assert_non_null(strstr(out.buf, "takes connections but does not answer; start it again"));
}

static void an_unknown_message_is_ignored(void **state)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT(OUT_MAX);
	struct session_screen screen = { 0 };

	assert_int_equal(show(&screen, "newer\nthing=1\n", &out), SESSION_SCREEN_GO_ON);
	assert_string_equal(out.buf, "");
	assert_int_equal(show(&screen, "log\n", &out), SESSION_SCREEN_GO_ON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_welcome_is_what_the_documentation_shows),
		cmocka_unit_test(without_a_forward_the_remedy_is_shown),
		cmocka_unit_test(a_request_before_the_heading_brings_it_along),
		cmocka_unit_test(a_connection_shows_how_it_ended_in_place_of_a_path),
		cmocka_unit_test(changes_of_a_tunnel_are_shown_once),
		cmocka_unit_test(a_restarted_node_repeats_nothing),
		cmocka_unit_test(more_tunnels_than_are_remembered_are_all_shown),
		cmocka_unit_test(dropped_lines_are_counted),
		cmocka_unit_test(an_end_is_a_line_that_the_supervisor_understands),
		cmocka_unit_test(a_final_denial_ends_and_a_passing_one_is_tried_again),
		cmocka_unit_test(every_text_is_escaped_if_the_node_did_not),
		cmocka_unit_test(visitors_that_waited_are_counted),
		cmocka_unit_test(an_origin_that_refuses_is_said_with_the_remedy),
		cmocka_unit_test(an_unknown_message_is_ignored),
	};

	return cmocka_run_group_tests_name("session_screen", tests, NULL, NULL);
}
