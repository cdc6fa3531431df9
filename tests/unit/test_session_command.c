/* SPDX-License-Identifier: ISC */
/* authkeys/session_command.h: the words of a login, and that nothing else is one. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "authkeys/session_command.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

static void each_word_is_known(void **state)
{
	static const char *const good[] = {
		"who",	"log",	 "log --json",	  "kick 4711", "doctor",
		"help", " who ", "log   --json ", "kick 1 ",   "  kick  4294967295"
	};
	struct session_command command;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(session_command_parse(good[i], &command), 0);
}

static void what_is_read_is_what_was_said(void **state)
{
	struct session_command command;

	assert_int_equal(session_command_parse("kick 4711", &command), 0);
	assert_string_equal(command.name, "kick");
	assert_string_equal(command.argument, "4711");
	assert_false(command.json);
	assert_int_equal(session_command_parse("log --json", &command), 0);
	assert_string_equal(command.name, "log");
	assert_string_equal(command.argument, "");
	assert_true(command.json);
	assert_false(command.is_local);
	assert_int_equal(session_command_parse("help", &command), 0);
	assert_true(command.is_local);
}

static void everything_else_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"id",
		"sh -c id",
		"/bin/sh",
		"whoami",
		"wh",
		"WHO",
		"who who",
		"who --json",
		"who;id",
		"who\nid",
		"\twho",
		"log --jso",
		"log --json x",
		"log -f",
		"kick",
		"kick x",
		"kick -1",
		"kick 1 2",
		"kick 1x",
		"kick $(id)",
		"kick 12345678901",
		"help me",
		"doctor 1",
		"who|id",
		"scp -t /tmp",
		"kick 1;id",
		"kick\t1",
	};
	struct session_command command;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(session_command_parse(bad[i], &command), -EINVAL);
}

static void help_has_a_line_for_each(void **state)
{
	auto_call(strbuf_clear) struct strbuf words = STRBUF_INIT(1024), help = STRBUF_INIT(4096);

	session_command_words(&words);
	assert_string_equal(words.buf, "who, log [--json], kick <session>, doctor, help");
	session_command_help(&help);
	assert_int_equal(strbuf_error(&help), 0);
	assert_non_null(strstr(help.buf, "kick <session>   end another session of yours\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word_is_known),
		cmocka_unit_test(what_is_read_is_what_was_said),
		cmocka_unit_test(everything_else_is_refused),
		cmocka_unit_test(help_has_a_line_for_each),
	};

	return cmocka_run_group_tests_name("session_command", tests, NULL, NULL);
}
