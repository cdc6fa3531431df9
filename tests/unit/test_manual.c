/* SPDX-License-Identifier: ISC */
/* What --help and the manual pages tell beside options (test_options_everywhere.c): the environment, exit status, JSON. */
#include "tests/unit/unit.h"

#include <glob.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/strbuf.h"
#include "proxycommand/proxy_options.h"
#include "tests/unit/manual_page.h"

static char *page, *proxy_page;

static int read_pages(void **state)
{
	page = manual_page("man/mysocketctl.1");
	proxy_page = manual_page("man/mysocket-proxycommand.1");
	return 0;
}

static int free_pages(void **state)
{
	free(page);
	free(proxy_page);
	return 0;
}

static void help_fits_into_80_columns(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1 << 20);
	char *line, *rest;
	size_t i;

	ctl_help_all(&sb);
	proxy_options_help(&sb);
	for (i = 0; i < ctl_group_count; i++)
		ctl_help_group(&ctl_groups[i], &sb);
	for (i = 0; i < ctl_command_count; i++)
		ctl_help_command(ctl_commands[i], &sb);
	assert_int_equal(strbuf_error(&sb), 0);
	rest = sb.buf;
	while ((line = strsep(&rest, "\n")))
		if (strlen(line) > 80)
			fail_msg("too long: '%s'", line);
}

static void every_command_is_listed_where_it_is_looked_for(void **state)
{
	auto_call(strbuf_clear) struct strbuf all = STRBUF_INIT(65536);
	size_t i;

	ctl_help_all(&all);
	for (i = 0; i < ctl_command_count; i++) {
		const char *space = strchr(ctl_commands[i]->name, ' ');
		auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);
		char first[40], wanted[60];

		snprintf(first, sizeof(first), "%.*s",
			 space ? (int)(space - ctl_commands[i]->name) : 39, ctl_commands[i]->name);
		snprintf(wanted, sizeof(wanted), "\n  %s ", first);
		assert_non_null(strstr(all.buf, wanted));
		if (!space)
			continue;
		assert_non_null(ctl_group_find(first));
		ctl_help_group(ctl_group_find(first), &sb);
		snprintf(wanted, sizeof(wanted), "\n  %s ", space + 1);
		assert_non_null(strstr(sb.buf, wanted));
	}
}

static void rows_are_complete(void **state)
{
	size_t i, j;

	for (i = 0; i < ctl_command_count; i++) {
		const struct ctl_command *c = ctl_commands[i];

		assert_non_null(c->run);
		assert_non_null(c->summary);
		assert_true(c->options_size >= sizeof(struct ctl_common));
		assert_true(i == 0 || strcmp(ctl_commands[i - 1]->name, c->name) < 0);
		for (j = 0; j < c->table.count; j++) {
			const struct ctl_option *o = &c->table.options[j];

			assert_non_null(o->help);
			assert_int_equal(!o->metavar, o->kind == CTL_OPTION_FLAG);
			assert_int_equal(!o->choices, o->kind != CTL_OPTION_CHOICE);
			assert_true(o->offset >= sizeof(struct ctl_common));
			assert_true(o->offset < c->options_size);
		}
	}
}

static void the_environment_is_told_in_both_places(void **state)
{
	static const char *const names[] = { "MYSOCKET_API", "MYSOCKET_CA_FILE",
					     "MYSOCKET_TOKEN_FILE", "MYSOCKET_PASSWORD" };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);
	auto_free char *text = manual_section(page, ".Sh ENVIRONMENT");
	char wanted[60];
	size_t i;

	ctl_help_all(&sb);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_non_null(strstr(sb.buf, names[i]));
		snprintf(wanted, sizeof(wanted), "\n.It Ev %s\n", names[i]);
		assert_non_null(strstr(text, wanted));
	}
}

/* A variable that `line` of a source file asks for: "" if it asks for none. */
static void variable_of(const char *line, char *name, size_t size)
{
	static const char *const calls[] = { "getenv(\"", "clientconf_environment(\"" };
	size_t i;

	*name = '\0';
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		const char *at = strstr(line, calls[i]);

		if (at)
			snprintf(name, size, "%.*s", (int)strcspn(at + strlen(calls[i]), "\""),
				 at + strlen(calls[i]));
	}
}

static void check_variables(const char *path, const char *environment)
{
	auto_free char *text = NULL;
	char *line, *rest, name[60];

	assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		variable_of(line, name, sizeof(name));
		if (*name && !strstr(environment, name))
			fail_msg("%s reads $%s, which the man page does not tell", path, name);
	}
}

static void the_page_tells_every_variable_that_is_read(void **state)
{
	static const char *const patterns[] = { "helper/*.c", "lib/home.c", "lib/clientconf.c" };
	auto_free char *text = manual_section(page, ".Sh ENVIRONMENT");
	glob_t found = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++)
		assert_int_equal(glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &found), 0);
	assert_true(found.gl_pathc > 40);
	for (i = 0; i < found.gl_pathc; i++)
		check_variables(found.gl_pathv[i], text);
	globfree(&found);
}

static void the_page_tells_every_exit_status(void **state)
{
	auto_free char *text = manual_section(page, ".Sh EXIT STATUS");

	assert_non_null(strstr(text, "\n.It 0\n"));
	assert_non_null(strstr(text, "\n.It 1\n"));
	assert_non_null(strstr(text, "\n.It 2\n"));
	assert_null(strstr(text, "\n.It 3\n"));
}

static void the_page_promises_json_members_for_every_command(void **state)
{
	auto_free char *text = manual_section(page, ".Sh JSON");
	char wanted[100];
	size_t i;

	for (i = 0; i < ctl_command_count; i++) {
		snprintf(wanted, sizeof(wanted), "Ic %s\n", ctl_commands[i]->name);
		if (!strstr(text, wanted))
			fail_msg("the section JSON of the man page lacks '%s'",
				 ctl_commands[i]->name);
	}
}

static void the_proxycommand_tells_its_environment_and_exit_status_too(void **state)
{
	static const char *const names[] = { "MYSOCKET_API", "MYSOCKET_CA_FILE", "https_proxy",
					     "ALL_PROXY", "NO_PROXY" };
	static const char *const statuses[] = { "\n.It 0\n", "\n.It 1\n", "\n.It 2\n" };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);
	auto_free char *environment = manual_section(proxy_page, ".Sh ENVIRONMENT");
	auto_free char *status = manual_section(proxy_page, ".Sh EXIT STATUS");
	size_t i;

	proxy_options_help(&sb);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_non_null(strstr(sb.buf, names[i]));
		assert_non_null(strstr(environment, names[i]));
	}
	for (i = 0; i < ARRAY_SIZE(statuses); i++)
		assert_non_null(strstr(status, statuses[i]));
	assert_non_null(strstr(sb.buf, "exit status: 0 done, 1 failed, 2 bad usage\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_fits_into_80_columns),
		cmocka_unit_test(every_command_is_listed_where_it_is_looked_for),
		cmocka_unit_test(rows_are_complete),
		cmocka_unit_test(the_environment_is_told_in_both_places),
		cmocka_unit_test(the_page_tells_every_variable_that_is_read),
		cmocka_unit_test(the_page_tells_every_exit_status),
		cmocka_unit_test(the_page_promises_json_members_for_every_command),
		cmocka_unit_test(the_proxycommand_tells_its_environment_and_exit_status_too),
	};

	return cmocka_run_group_tests(tests, read_pages, free_pages);
}
