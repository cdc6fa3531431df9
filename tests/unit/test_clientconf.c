/* SPDX-License-Identifier: ISC */
/* lib/clientconf.h, lib/home.h: what client programs are told, and by whom. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/clientconf.h"
#include "lib/file.h"
#include "lib/home.h"

static char home[64];
static char path[200];
static char why[CLIENTCONF_WHY_SIZE];

static int set_up(void **state)
{
	unit_folder_make(home, sizeof(home));
	setenv("HOME", home, 1);
	setenv("XDG_CONFIG_HOME", home, 1);
	unsetenv("MYSOCKET_API");
	unsetenv("MYSOCKET_CA_FILE");
	snprintf(path, sizeof(path), "%s/mysocket", home);
	assert_int_equal(file_mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/mysocket/config", home);
	return 0;
}

static int tear_down(void **state)
{
	snprintf(path, sizeof(path), "%s/mysocket", home);
	unit_folder_remove(path);
	unit_folder_remove(home);
	return 0;
}

static void write_conf(const char *text)
{
	assert_int_equal(file_write(path, text, strlen(text), 0600), 0);
}

/* NULL: nobody said. */
static void expect(const char *api, const char *ca_file, bool ca_for_api)
{
	auto_call(clientconf_clear) struct clientconf c = { 0 };

	assert_int_equal(clientconf_load(&c, why), 0);
	assert_string_equal(c.file, path);
	assert_string_equal(c.api ? c.api : "nobody", api ? api : "nobody");
	assert_string_equal(c.ca_file ? c.ca_file : "nobody", ca_file ? ca_file : "nobody");
	assert_int_equal(c.ca_for_api, ca_for_api);
}

static void without_a_file_the_environment_is_all(void **state)
{
	expect(NULL, NULL, false);
	setenv("MYSOCKET_API", "", 1);
	expect(NULL, NULL, false);
	setenv("MYSOCKET_API", "https://api.a.example/", 1);
	setenv("MYSOCKET_CA_FILE", "ca.crt", 1);
	expect("https://api.a.example/", "ca.crt", false);
}

static void the_file_counts_where_the_environment_is_silent(void **state)
{
	write_conf("# by hand\n\n  api = https://api.a.example\nca_file =/a.crt \n");
	expect("https://api.a.example", "/a.crt", true);
	setenv("MYSOCKET_CA_FILE", "/b.crt", 1);
	expect("https://api.a.example", "/b.crt", false);
}

static void the_files_ca_is_for_the_files_api_alone(void **state)
{
	write_conf("api = https://api.a.example\nca_file = /a.crt\n");
	setenv("MYSOCKET_API", "https://api.a.example//", 1);
	expect("https://api.a.example//", "/a.crt", true);
	setenv("MYSOCKET_API", "https://api.a.example.org", 1);
	expect("https://api.a.example.org", NULL, false);
	write_conf("ca_file = /a.crt\n");
	expect("https://api.a.example.org", NULL, false);
}

static void a_damaged_file_is_named_with_its_line(void **state)
{
	static const char *const bad[] = { "api = x\nopi = y\n", "api = x\napi\n", "\n=\n" };
	struct clientconf c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		write_conf(bad[i]);
		assert_int_equal(clientconf_load(&c, why), -EINVAL);
		assert_non_null(strstr(why, "mysocket/config:2: unknown setting "));
	}
}

static void a_tilde_is_the_home_folder(void **state)
{
	static const char *const same[] = { "/x", "x", "~x/y", "", "x/~" };
	auto_free char *alone = NULL, *below = NULL;
	size_t i;

	setenv("HOME", "/home/somebody", 1);
	assert_int_equal(home_expand("~", &alone), 0);
	assert_string_equal(alone, "/home/somebody");
	assert_int_equal(home_expand("~/x", &below), 0);
	assert_string_equal(below, "/home/somebody/x");
	for (i = 0; i < ARRAY_SIZE(same); i++) {
		auto_free char *expanded = NULL;

		assert_int_equal(home_expand(same[i], &expanded), 0);
		assert_string_equal(expanded, same[i]);
	}
}

static void a_home_that_is_no_absolute_path_is_not_taken(void **state)
{
	setenv("HOME", "home", 1);
	assert_true(!home_folder() || home_folder()[0] == '/');
}

#define AT_HOME(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_HOME(without_a_file_the_environment_is_all),
		AT_HOME(the_file_counts_where_the_environment_is_silent),
		AT_HOME(the_files_ca_is_for_the_files_api_alone),
		AT_HOME(a_damaged_file_is_named_with_its_line),
		AT_HOME(a_tilde_is_the_home_folder),
		AT_HOME(a_home_that_is_no_absolute_path_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
