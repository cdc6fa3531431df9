/* SPDX-License-Identifier: ISC */
/* helper/options.h, helper/command.h, helper/suggest.h: command lines. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "helper/command.h"
#include "helper/options.h"
#include "helper/suggest.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

struct values {
	bool flag;
	const char *text;
	int64_t number;
	const char *choice;
	const char *id;
	struct ctl_list list;
	const char *file;
};

static const char *const choices[] = { "one", "two", NULL };

static const struct ctl_option rows[] = {
	{ "protected", CTL_OPTION_FLAG, offsetof(struct values, flag), .negation = "not-protected",
	  .help = "A flag" },
	{ "socket_id", CTL_OPTION_STRING, offsetof(struct values, text), .metavar = "TEXT",
	  .help = "A text", .required = true },
	{ "port", CTL_OPTION_INT, offsetof(struct values, number), .metavar = "INTEGER",
	  .help = "A number", .min = 1, .max = 65535, .fallback = "80" },
	{ "type", CTL_OPTION_CHOICE, offsetof(struct values, choice), .metavar = "TEXT",
	  .help = "A choice", .choices = choices, .fallback = "one" },
	{ "id", CTL_OPTION_UUID, offsetof(struct values, id), .metavar = "TEXT",
	  .help = "The thing, as 'ls' lists it" },
	{ "ssh_option", CTL_OPTION_LIST, offsetof(struct values, list), .metavar = "OPTION",
	  .help = "Many" },
	{ "file", CTL_OPTION_STRING, offsetof(struct values, file), .metavar = "FILE",
	  .help = "A file" },
};
static const struct ctl_option_table table = { rows, ARRAY_SIZE(rows) };

static struct values v;
static struct ctl_args args;
static char why[CTL_OPTIONS_WHY_SIZE];

/* Words separated by single spaces. */
static int parse(const char *line)
{
	static char copy[500];
	char *argv[40] = { 0 }, *rest = copy, *word;
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	while (*line && (word = strsep(&rest, " ")))
		argv[argc++] = word;
	v = (struct values){ 0 };
	why[0] = '\0';
	return ctl_options_parse(&table, 1, argc, argv, &v, &args, why);
}

static void refused(const char *line, const char *wanted)
{
	assert_int_equal(parse(line), -EINVAL);
	assert_string_equal(why, wanted);
}

static void underscores_and_dashes_are_the_same(void **state)
{
	assert_int_equal(parse("--socket_id a"), 0);
	assert_string_equal(v.text, "a");
	assert_int_equal(parse("--socket-id b"), 0);
	assert_string_equal(v.text, "b");
	assert_int_equal(parse("--not_protected --ssh-option x"), 0);
	assert_int_equal(v.list.count, 1);
}

static void values_follow_or_are_attached(void **state)
{
	assert_int_equal(parse("--socket_id=a=b --port=8000"), 0);
	assert_string_equal(v.text, "a=b");
	assert_int_equal(v.number, 8000);
	assert_int_equal(parse("--socket_id --port"), 0); /* a value may look like an option */
	assert_string_equal(v.text, "--port");
	assert_int_equal(parse("--socket_id="), 0);
	assert_string_equal(v.text, "");
}

static void defaults_come_from_the_table(void **state)
{
	assert_int_equal(parse(""), 0);
	assert_int_equal(v.number, 80);
	assert_ptr_equal(v.choice, choices[0]);
	assert_null(v.text);
	assert_false(v.flag);
}

static void the_last_of_several_counts(void **state)
{
	assert_int_equal(parse("--protected --not-protected"), 0);
	assert_false(v.flag);
	assert_int_equal(parse("--not-protected --protected --port 1 --port 2"), 0);
	assert_true(v.flag);
	assert_int_equal(v.number, 2);
}

static void lists_collect_and_are_bounded(void **state)
{
	assert_int_equal(parse("--ssh_option a --ssh_option=b"), 0);
	assert_int_equal(v.list.count, 2);
	assert_string_equal(v.list.items[1], "b");
	refused("--ssh_option 1 --ssh_option 2 --ssh_option 3 --ssh_option 4 --ssh_option 5 "
		"--ssh_option 6 --ssh_option 7 --ssh_option 8 --ssh_option 9 --ssh_option 10 "
		"--ssh_option 11 --ssh_option 12 --ssh_option 13 --ssh_option 14 --ssh_option 15 "
		"--ssh_option 16 --ssh_option 17",
		"option '--ssh_option' is given more than 16 times");
}

static void texts_are_utf8_but_files_and_what_is_ssh_s_are_any_bytes(void **state)
{
	assert_int_equal(parse("--socket_id \xe6\x97\xa5"), 0);
	refused("--socket_id a\xff",
		"option '--socket_id' must be UTF-8; set your terminal, or what wrote this, to it");
	refused("--type=\xc3",
		"option '--type' must be UTF-8; set your terminal, or what wrote this, to it");
	assert_int_equal(parse("--ssh_option IdentityFile=\xff"), 0);
	assert_int_equal(parse("--file \xff"), 0);
	assert_string_equal(v.file, "\xff");
}

static void arguments_and_options_mix_until_two_dashes(void **state)
{
	assert_int_equal(parse("a --port 1 b -- --port c -"), 0);
	assert_int_equal(args.count, 5);
	assert_string_equal(args.items[2], "--port");
	assert_string_equal(args.items[4], "-");
	refused("1 2 3 4 5 6 7 8 9", "too many arguments");
}

static void wrong_values_are_named_with_what_would_be_right(void **state)
{
	refused("--port 0", "option '--port' must be a number from 1 to 65535, not '0'");
	refused("--port 65536", "option '--port' must be a number from 1 to 65535, not '65536'");
	refused("--port 80x", "option '--port' must be a number from 1 to 65535, not '80x'");
	refused("--port=", "option '--port' must be a number from 1 to 65535, not ''");
	refused("--port 99999999999999999999",
		"option '--port' must be a number from 1 to 65535, not '99999999999999999999'");
	refused("--type three", "option '--type' must be one of one, two, not 'three'");
	refused("--protected=yes", "option '--protected' takes no value");
	refused("--port", "option '--port' needs a value: --port INTEGER");
	refused("--id ../x", "option '--id' must be an id like "
			     "24cd3fa2-b56a-486f-a554-30924bae54d0, not '../x'; "
			     "it is the thing, as 'ls' lists it");
	assert_int_equal(parse("--id 24cd3fa2-b56a-486f-a554-30924bae54d0"), 0);
}

static void a_near_name_is_suggested(void **state)
{
	refused("--prot 1", "unknown option '--prot'\ndid you mean '--port'?");
	refused("--soket_id 1", "unknown option '--soket_id'\ndid you mean '--socket_id'?");
	refused("--not-protcted",
		"unknown option '--not-protcted'\ndid you mean '--not-protected'?");
	refused("--xyzzyxyzzy", "unknown option '--xyzzyxyzzy'");
	refused("-p 80", "unknown option '-p': options begin with two dashes");
}

static void missing_and_empty_requirements_are_named(void **state)
{
	assert_int_equal(parse(""), 0);
	assert_int_equal(ctl_options_check(&table, &v, why), -EINVAL);
	assert_string_equal(why, "option '--socket_id TEXT' is missing");
	assert_int_equal(parse("--socket_id="), 0);
	assert_int_equal(ctl_options_check(&table, &v, why), -EINVAL);
	assert_string_equal(why, "option '--socket_id TEXT' must not be empty");
	assert_int_equal(parse("--socket_id x"), 0);
	assert_int_equal(ctl_options_check(&table, &v, why), 0);
}

static void distances_count_edits(void **state)
{
	assert_int_equal(suggest_distance("login", "login"), 0);
	assert_int_equal(suggest_distance("lgoin", "login"), 1);
	assert_int_equal(suggest_distance("logn", "login"), 1);
	assert_int_equal(suggest_distance("", "abc"), 3);
	assert_int_equal(suggest_distance("socket-id", "socket_id"), 0);
	assert_int_equal(suggest_distance("kitten", "sitting"), 3);
}

static void commands_are_found_and_near_ones_suggested(void **state)
{
	char *create[] = { (char *)"account", (char *)"create", (char *)"--x" };
	char *typo[] = { (char *)"acount", (char *)"craete" };
	char *half[] = { (char *)"account" };
	char *other[] = { (char *)"conect", (char *)"--port" };
	char *nothing[] = { (char *)"xyzzyxyzzy" };
	char *removal[] = { (char *)"socket", (char *)"rm" };
	char *list[] = { (char *)"socket", (char *)"list" };
	char *key[] = { (char *)"account", (char *)"key", (char *)"ad" };
	int words;

	assert_ptr_equal(ctl_command_find(3, create, &words), &cmd_account_create);
	assert_int_equal(words, 2);
	assert_null(ctl_command_find(2, typo, &words));
	assert_null(ctl_command_find(1, half, &words));
	assert_null(ctl_command_find(0, half, &words));
	assert_string_equal(ctl_command_suggest(2, typo), "account create");
	assert_string_equal(ctl_command_suggest(2, other), "connect");
	assert_null(ctl_command_suggest(1, nothing));
	/* Words that are right make no other word near. */
	assert_string_equal(ctl_command_suggest(2, removal), "socket");
	assert_string_equal(ctl_command_suggest(2, list), "socket ls");
	assert_string_equal(ctl_command_suggest(3, key), "account key add");
	assert_non_null(ctl_group_find("account"));
	assert_null(ctl_group_find("login"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(underscores_and_dashes_are_the_same),
		cmocka_unit_test(values_follow_or_are_attached),
		cmocka_unit_test(defaults_come_from_the_table),
		cmocka_unit_test(the_last_of_several_counts),
		cmocka_unit_test(lists_collect_and_are_bounded),
		cmocka_unit_test(texts_are_utf8_but_files_and_what_is_ssh_s_are_any_bytes),
		cmocka_unit_test(arguments_and_options_mix_until_two_dashes),
		cmocka_unit_test(wrong_values_are_named_with_what_would_be_right),
		cmocka_unit_test(a_near_name_is_suggested),
		cmocka_unit_test(missing_and_empty_requirements_are_named),
		cmocka_unit_test(distances_count_edits),
		cmocka_unit_test(commands_are_found_and_near_ones_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
