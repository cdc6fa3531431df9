/* SPDX-License-Identifier: ISC */
/* For what a test must not do to its own process (namespaces, system call filters): a child does it, and
 * tells by its exit status which check failed. */
#ifndef TESTS_UNIT_IN_CHILD_H
#define TESTS_UNIT_IN_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#define IN_CHILD_SKIP 255

/* In the child: ends it unless `ok`; `which` (1..254) is then shown. */
static inline void check(bool ok, int which)
{
	if (!ok)
		_exit(which);
}

/* In the child: this system or user cannot run the test. */
static inline void skip_unless(bool ok)
{
	check(ok, IN_CHILD_SKIP);
}

/* In the child: a fault ends it. cmocka's handlers, inherited, would go on with the tests that follow. */
static inline void end_at_faults(void)
{
	static const int faults[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS };
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		signal(faults[i], SIG_DFL);
}

static inline void in_a_child(void (*run)(void))
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (!pid) {
		alarm(180);
		end_at_faults();
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		fail_msg("the child ended by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == IN_CHILD_SKIP)
		skip();
	if (WEXITSTATUS(status))
		fail_msg("check %d failed", WEXITSTATUS(status));
}

#endif
