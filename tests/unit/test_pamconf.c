/* SPDX-License-Identifier: ISC */
/* lib/pamconf.h: who asks our module, told from files of a folder of ours. */
#include "tests/unit/unit.h"

#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/pamconf.h"
#include "lib/strbuf.h"

#define OURS "account [success=done ignore=ignore default=die] pam_mysocket.so\n"

static char folder[64], etc[128], vendor[128], modules[128], module[160];
static struct pamconf conf = { .folders = { etc, vendor }, .modules = modules };

static void put(const char *in, const char *name, const char *text)
{
	auto_call(strbuf_clear) struct strbuf path = STRBUF_INIT(256);

	strbuf_addf(&path, "%s/%s", in, name);
	assert_int_equal(file_write(path.buf, text, strlen(text), 0644), 0);
}

static int make_folders(void **state)
{
	unit_folder_make(folder, sizeof(folder));
	snprintf(etc, sizeof(etc), "%s/etc", folder);
	snprintf(vendor, sizeof(vendor), "%s/vendor", folder);
	snprintf(modules, sizeof(modules), "%s/modules", folder);
	snprintf(module, sizeof(module), "%s/pam_mysocket.so", modules);
	assert_int_equal(mkdir(etc, 0755) | mkdir(vendor, 0755) | mkdir(modules, 0755), 0);
	put(modules, "pam_mysocket.so", "");
	return 0;
}

static int remove_folders(void **state)
{
	unit_folder_remove(etc);
	unit_folder_remove(vendor);
	unit_folder_remove(modules);
	unit_folder_remove(folder);
	return 0;
}

/* The service "sshd" with this text is found wanting, for a reason with these words; with NULL it is fine. */
static void check(const char *text, const char *why)
{
	auto_call(strbuf_clear) struct strbuf found = STRBUF_INIT(4096);
	int r;

	put(etc, "sshd", text);
	r = pamconf_check(&conf, "sshd", &found);
	if (!why && r < 0)
		fail_msg("%s: %s", text, found.buf);
	if (!why)
		return;
	assert_int_equal(r, -ENOENT);
	if (!strstr(found.buf, why))
		fail_msg("'%s' is not in '%s'", why, found.buf);
}

static void account_and_session_lines_are_needed(void **state)
{
	check(OURS "session required pam_mysocket.so\n", NULL);
	check(OURS, "for session, put \"@include mysocket\" at its top");
	check("session required pam_mysocket.so", "for account, put");
	check("auth required pam_mysocket.so\n", "for account and session, put");
	check("", "for account and session, put");
	check("account required pam_mysocket.so.old\nsession required not_pam_mysocket.so\n",
	      "for account and session, put");
}

static void lines_are_read_as_pam_reads_them(void **state)
{
	check("-ACCOUNT\t[a=1 \\\n\tb=2]  pam_mysocket.so x\n  session required \\\n pam_mysocket.so # y\n",
	      NULL);
	check(OURS "# session required pam_mysocket.so\n", "for session, put");
	check(OURS "session required pam_unix.so # pam_mysocket.so\n", "for session, put");
	check(OURS "session [broken pam_mysocket.so", "for session, put");
}

static void what_is_included_counts_for_its_own_type(void **state)
{
	put(etc, "mysocket", OURS "session required pam_mysocket.so\n");
	check("auth required pam_env.so\n@include mysocket\n", NULL);
	check("account include mysocket\nsession substack mysocket\n", NULL);
	check("account include mysocket\n", "for session, put");
	check("auth include mysocket\n", "for account and session, put");
	put(vendor, "elsewhere", OURS "session required pam_mysocket.so\n");
	check("@include elsewhere\n", NULL);
}

static void files_that_include_each_other_come_to_an_end(void **state)
{
	put(etc, "circle", "@include circle\n@include sshd\n");
	check("@include circle\n", "for account and session, put");
}

static void a_missing_file_is_named(void **state)
{
	auto_call(strbuf_clear) struct strbuf why = STRBUF_INIT(4096);

	check("@include nowhere\n", "/etc/nowhere' is missing, install mysocket again");
	assert_int_equal(pamconf_check(&conf, "other", &why), -ENOENT);
	assert_non_null(strstr(why.buf, "/etc/other' is missing, install mysocket again"));
}

static void the_module_must_be_there(void **state)
{
	char text[512];

	snprintf(text, sizeof(text), "account required %s\nsession required pam_mysocket.so\n",
		 module);
	check(text, NULL);
	check("account required /nowhere/pam_mysocket.so\nsession required pam_mysocket.so\n",
	      "cannot read '/nowhere/pam_mysocket.so'");
	assert_int_equal(unlink(module), 0);
	check(OURS "session required pam_mysocket.so\n", "install mysocket again");
	put(modules, "pam_mysocket.so", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(account_and_session_lines_are_needed),
		cmocka_unit_test(lines_are_read_as_pam_reads_them),
		cmocka_unit_test(what_is_included_counts_for_its_own_type),
		cmocka_unit_test(files_that_include_each_other_come_to_an_end),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(the_module_must_be_there),
	};

	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
