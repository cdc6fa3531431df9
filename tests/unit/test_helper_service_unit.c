/* SPDX-License-Identifier: ISC */
/* helper/service_unit.h: one text for packages and for `service install`; what stands in it means itself to systemd. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "helper/service_unit.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/strbuf.h"

static void the_packages_unit_has_the_same_text(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);
	auto_free char *text = NULL;

	service_unit_text("/usr/bin/mysocketctl", "%E/mysocket/%i.conf", NULL, &sb);
	assert_int_equal(file_read("scripts/systemd/user/mysocket@.service", 65536, &text, NULL),
			 0);
	assert_string_equal(sb.buf, text);
}

static void words_mean_themselves(void **state)
{
	static const char *const cases[][2] = {
		{ "/usr/bin/x", "\"/usr/bin/x\"" },
		{ "/home/a b/50%", "\"/home/a b/50%%\"" },
		{ "/$HOME", "\"/$$HOME\"" },
		{ "/a\"b\\c", "\"/a\\\"b\\\\c\"" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(200);

		assert_int_equal(service_unit_quote(cases[i][0], &sb), 0);
		assert_string_equal(sb.buf, cases[i][1]);
	}
}

static void no_word_begins_a_line_of_its_own(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(200);

	assert_int_equal(service_unit_quote("/x\nExecStartPre=/bin/rm", &sb), -EINVAL);
}

static void the_environment_is_quoted(void **state)
{
	static const char *const environment[] = { "A=1 \"2\" 3% $x", NULL };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);

	service_unit_text("/p", "/c", environment, &sb);
	assert_non_null(
		strstr(sb.buf, "\nEnvironment=\"A=1 \\\"2\\\" 3%% $x\"\nExecStart=/p up /c\n"));
}

static void a_unit_is_written_once_and_removed_once(void **state)
{
	char home[64], path[200];
	struct service_unit unit;
	bool changed = false;
	struct stat st;

	unit_folder_make(home, sizeof(home));
	setenv("HOME", home, 1);
	unsetenv("XDG_CONFIG_HOME");
	assert_int_equal(service_unit_find("a b", &unit), -EINVAL);
	assert_int_equal(service_unit_find("web", &unit), 0);
	assert_string_equal(unit.name, "mysocket@web.service");
	snprintf(path, sizeof(path), "%s/.config/systemd/user/mysocket@web.service", home);
	assert_string_equal(unit.file, path);
	snprintf(path, sizeof(path), "%s/.config/mysocket/web.conf", home);
	assert_string_equal(unit.config, path);

	assert_int_equal(service_unit_remove(&unit, &changed), 0);
	assert_false(changed);
	assert_int_equal(service_unit_write(&unit, "text\n", &changed), 0);
	assert_true(changed);
	/* The link leads to the file: it is enabled. */
	assert_int_equal(stat(unit.link, &st), 0);
	assert_int_equal(service_unit_write(&unit, "text\n", &changed), 0);
	assert_false(changed);
	assert_int_equal(service_unit_write(&unit, "other\n", &changed), 0);
	assert_true(changed);
	assert_int_equal(service_unit_remove(&unit, &changed), 0);
	assert_true(changed);
	assert_int_not_equal(lstat(unit.link, &st), 0);
	assert_int_not_equal(lstat(unit.file, &st), 0);
	service_unit_clear(&unit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_packages_unit_has_the_same_text),
		cmocka_unit_test(words_mean_themselves),
		cmocka_unit_test(no_word_begins_a_line_of_its_own),
		cmocka_unit_test(the_environment_is_quoted),
		cmocka_unit_test(a_unit_is_written_once_and_removed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
