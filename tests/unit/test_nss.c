/* SPDX-License-Identifier: ISC */
/* libnss_mysocket.so.2 as glibc loads it: its MUST rules (authkeys/nss_mysocket.c). */
#include "tests/unit/unit.h"

#include <dlfcn.h>
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/paths.h"
#include "tests/unit/in_child.h"
#include "tests/unit/module_exports.h"
#include "tests/unit/own_run.h"

#define USER "0123456789abcdef0123456789abcdef"

typedef enum nss_status getpwnam_fn(const char *, struct passwd *, char *, size_t, int *);
typedef enum nss_status getpwuid_fn(uid_t, struct passwd *, char *, size_t, int *);

static getpwnam_fn *by_name;
static getpwuid_fn *by_uid;
static char path[PATH_MAX];

static int load(void **state)
{
	void *module;

	module_path("libnss_mysocket.so.2", path, sizeof(path));
	module = dlopen(path, RTLD_NOW);
	if (!module)
		fail_msg("%s", dlerror());
	by_name = (getpwnam_fn *)dlsym(module, "_nss_mysocket_getpwnam_r");
	by_uid = (getpwuid_fn *)dlsym(module, "_nss_mysocket_getpwuid_r");
	return !by_name || !by_uid;
}

static void exactly_two_functions_are_exported(void **state)
{
	static const char *const names[] = { "_nss_mysocket_getpwnam_r", "_nss_mysocket_getpwuid_r",
					     NULL };

	assert_exports(path, names);
}

static void must_1_other_names_and_all_uids_are_not_found(void **state)
{
	static const char *const names[] = { "",
					     "root",
					     "mysocket-tunnel",
					     "0123456789abcdef0123456789abcde",
					     "0123456789abcdef0123456789abcdef0",
					     "0123456789ABCDEF0123456789ABCDEF",
					     "0123456789abcdef0123456789abcdeg",
					     "01234567-89ab-cdef-0123-456789abcdef",
					     "../456789abcdef0123456789abcdef01" };
	struct passwd pw = { .pw_name = (char *)"untouched" };
	char buf[256];
	size_t i;
	int error;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		error = 0;
		assert_int_equal(by_name(names[i], &pw, buf, sizeof(buf), &error),
				 NSS_STATUS_NOTFOUND);
		assert_int_equal(error, ENOENT);
		/* Not even a buffer of nothing makes another name ours. */
		assert_int_equal(by_name(names[i], &pw, buf, 0, &error), NSS_STATUS_NOTFOUND);
	}
	assert_int_equal(by_uid(0, &pw, buf, sizeof(buf), &error), NSS_STATUS_NOTFOUND);
	assert_int_equal(by_uid(geteuid(), &pw, buf, sizeof(buf), &error), NSS_STATUS_NOTFOUND);
	assert_string_equal(pw.pw_name, "untouched");
}

/* ---- MUST 2: every system call is trapped instead of made, and counted ---- */
static volatile sig_atomic_t calls, last_call;

static void on_trap(int sig, siginfo_t *info, void *context)
{
	calls++;
	last_call = info->si_syscall;
}

static void trap_all(void)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);

	check(ctx != NULL, 2);
	check(sigaction(SIGSYS, &action, NULL) == 0, 3);
	check(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(exit_group), 0) == 0, 4);
	check(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(rt_sigreturn), 0) == 0, 5);
	/* The address sanitizer's, on its way out. */
	check(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(sigaltstack), 0) == 0, 6);
	check(seccomp_load(ctx) == 0, 7);
}

static void one_stat(void)
{
	struct passwd pw;
	char buf[256];
	int error;

	trap_all();
	by_name(USER, &pw, buf, sizeof(buf), &error);
	check(calls == 1, 10);
	check(last_call == SCMP_SYS(newfstatat) || last_call == SCMP_SYS(lstat) ||
		      last_call == SCMP_SYS(statx) || last_call == SCMP_SYS(fstatat64),
	      11);
}

static void nothing(void)
{
	struct passwd pw;
	char buf[256];
	int error;

	trap_all();
	by_name("root", &pw, buf, sizeof(buf), &error);
	by_name(USER, &pw, buf, 10, &error);
	by_uid(1000, &pw, buf, sizeof(buf), &error);
	check(calls == 0, 10);
}

static void must_2_our_names_cost_one_stat(void **state)
{
	in_a_child(one_stat);
}

static void must_2_other_questions_cost_no_system_call(void **state)
{
	in_a_child(nothing);
}

/* ---- with a home of its own ---- */
static enum nss_status ask(struct passwd *pw, int *ret_error)
{
	static char buf[256];

	return by_name(USER, pw, buf, sizeof(buf), ret_error);
}

static void owners(void)
{
	struct passwd pw;
	int error = 0;

	skip_unless(own_run_make() == 0);
	check(ask(&pw, &error) == NSS_STATUS_UNAVAIL && error == EHOSTDOWN, 1);
	check(mkdir(PATHS_TUNNEL_HOME, 0555) == 0, 2);
	check(ask(&pw, &error) == NSS_STATUS_UNAVAIL, 3);
	check(chown(PATHS_TUNNEL_HOME, 1234, 0) == 0, 4);
	check(ask(&pw, &error) == NSS_STATUS_UNAVAIL, 5);
	check(chown(PATHS_TUNNEL_HOME, 0, 2345) == 0, 6);
	check(ask(&pw, &error) == NSS_STATUS_UNAVAIL, 7);
	check(chown(PATHS_TUNNEL_HOME, 1234, 2345) == 0, 8);
	check(ask(&pw, &error) == NSS_STATUS_SUCCESS, 9);
	check(pw.pw_uid == 1234 && pw.pw_gid == 2345, 10);
	check(!strcmp(pw.pw_name, USER) && !strcmp(pw.pw_passwd, "*"), 11);
	check(!strcmp(pw.pw_dir, PATHS_TUNNEL_HOME) && !strcmp(pw.pw_shell, PATHS_SESSION), 12);
	check(rename(PATHS_TUNNEL_HOME, PATHS_RUN "/elsewhere") == 0, 13);
	check(symlink("elsewhere", PATHS_TUNNEL_HOME) == 0, 14);
	check(ask(&pw, &error) == NSS_STATUS_UNAVAIL, 15);
}

static void must_3_the_home_gives_uid_and_gid_but_never_root(void **state)
{
	in_a_child(owners);
}

static void sizes(void)
{
	struct passwd pw;
	enum nss_status status = NSS_STATUS_TRYAGAIN;
	char buf[256];
	size_t size;
	int error = 0;

	skip_unless(own_run_make() == 0);
	check(mkdir(PATHS_TUNNEL_HOME, 0555) == 0, 1);
	check(chown(PATHS_TUNNEL_HOME, 1234, 2345) == 0, 2);
	for (size = 0; status == NSS_STATUS_TRYAGAIN; size++) {
		/* Of exactly this size, so that the sanitizer sees a byte too many. */
		char *exact = malloc(size);

		status = by_name(USER, &pw, exact, size, &error);
		check(status == NSS_STATUS_SUCCESS || error == ERANGE, 3);
		check(size < sizeof(buf), 4);
		free(exact);
	}
	check(status == NSS_STATUS_SUCCESS, 5);
	check(size > sizeof(USER) + sizeof(PATHS_TUNNEL_HOME) + sizeof(PATHS_SESSION), 6);
}

static void must_4_every_small_buffer_is_erange_until_it_fits(void **state)
{
	in_a_child(sizes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exactly_two_functions_are_exported),
		cmocka_unit_test(must_1_other_names_and_all_uids_are_not_found),
		cmocka_unit_test(must_2_our_names_cost_one_stat),
		cmocka_unit_test(must_2_other_questions_cost_no_system_call),
		cmocka_unit_test(must_3_the_home_gives_uid_and_gid_but_never_root),
		cmocka_unit_test(must_4_every_small_buffer_is_erange_until_it_fits),
	};

	return cmocka_run_group_tests_name("nss", tests, load, NULL);
}
