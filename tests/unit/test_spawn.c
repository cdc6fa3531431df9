/* SPDX-License-Identifier: ISC */
/* lib/spawn.h: what a child gets, and that nothing outlives its bounds. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "lib/cleanup.h"
#include "lib/spawn.h"

#define LONG_MS 20000 /* a deadline that only a broken program meets */

static int capture(const char *script, size_t max, int timeout_ms, char **ret_out, int *ret_status)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	return spawn_capture(argv, max, timeout_ms, ret_out, ret_status);
}

static void assert_output(const char *script, const char *expected)
{
	auto_free char *out = NULL;
	int status;

	assert_int_equal(capture(script, 1000, LONG_MS, &out, &status), 0);
	assert_string_equal(out, expected);
	assert_int_equal(status, 0);
}

/* The child is gone and waited for. */
static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* Everything up to the end of the file, which must come. */
static void assert_read_all(int fd, const char *expected)
{
	char text[1000];
	size_t len = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		assert_int_equal(poll(&p, 1, LONG_MS), 1);
		n = read(fd, text + len, sizeof(text) - 1 - len);
		assert_true(n >= 0);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	assert_string_equal(text, expected);
}

static void output_and_status_are_kept(void **state)
{
	auto_free char *out = NULL;
	int status;

	assert_int_equal(capture("echo out; echo more; exit 3", 1000, LONG_MS, &out, &status), 0);
	assert_string_equal(out, "out\nmore\n");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_no_children();
}

static void arguments_are_no_shell_text(void **state)
{
	const char *const argv[] = { "printf", "%s|", "$HOME; echo x", "a  b", "*", NULL };
	auto_free char *out = NULL;
	int status;

	assert_int_equal(spawn_capture(argv, 1000, LONG_MS, &out, &status), 0);
	assert_string_equal(out, "$HOME; echo x|a  b|*|");
}

static void a_program_that_is_not_there_is_an_error_not_a_status(void **state)
{
	const char *const missing[] = { "/nonexistent/program", NULL };
	const char *const unknown[] = { "mysocket-no-such-program", NULL };
	const char *const folder[] = { "/tmp", NULL };
	char *out = NULL;
	int status;

	assert_int_equal(spawn_capture(missing, 10, LONG_MS, &out, &status), -ENOENT);
	assert_int_equal(spawn_capture(unknown, 10, LONG_MS, &out, &status), -ENOENT);
	assert_int_equal(spawn_capture(folder, 10, LONG_MS, &out, &status), -EACCES);
	assert_null(out);
	assert_no_children();
}

static void output_of_exactly_the_maximum_is_kept(void **state)
{
	auto_free char *out = NULL;
	int status;

	assert_int_equal(capture("printf 12345", 5, LONG_MS, &out, &status), 0);
	assert_string_equal(out, "12345");
}

static void more_output_kills_the_program(void **state)
{
	char *out = NULL;
	int status = 77;

	assert_int_equal(capture("exec yes", 10000, LONG_MS, &out, &status), -EMSGSIZE);
	assert_null(out);
	assert_int_equal(status, 77);
	assert_no_children();
}

static void a_program_past_its_time_is_killed(void **state)
{
	char *out = NULL;
	int status;

	assert_int_equal(capture("exec sleep 1000", 10, 50, &out, &status), -ETIMEDOUT);
	assert_no_children();
	/* also when it has closed its output and lives on */
	assert_int_equal(capture("exec sleep 1000 >/dev/null", 10, 50, &out, &status), -ETIMEDOUT);
	assert_no_children();
	assert_null(out);
}

static void standard_input_of_a_capture_is_empty(void **state)
{
	assert_output("cat; echo end", "end\n");
}

static void only_the_named_descriptors_are_inherited(void **state)
{
	int leak = open("/dev/null", O_RDONLY); /* not close-on-exec */

	assert_true(leak >= 0);
	assert_output("ls /proc/$$/fd | sort -n | head -c 6", "0\n1\n2\n");
	close(leak);
}

static void descriptors_may_be_swapped(void **state)
{
	const char *const argv[] = { "sh", "-c", "echo to1; echo to2 >&2", NULL };
	int a[2], b[2], saved1 = dup(1), saved2 = dup(2), status, r;
	pid_t pid;

	assert_int_equal(pipe2(a, O_CLOEXEC), 0);
	assert_int_equal(pipe2(b, O_CLOEXEC), 0);
	/* descriptor 2 is to become 1, and 1 is to become 2 */
	dup2(a[1], 1);
	dup2(b[1], 2);
	r = spawn_start(&(struct spawn){ .argv = argv, .fds = { -1, 2, 1 } }, &pid);
	dup2(saved1, 1);
	dup2(saved2, 2);
	close(a[1]);
	close(b[1]);
	close(saved1);
	close(saved2);
	assert_int_equal(r, 0);
	assert_read_all(a[0], "to2\n");
	assert_read_all(b[0], "to1\n");
	close(a[0]);
	close(b[0]);
	assert_int_equal(spawn_wait(pid, &status), 0);
	assert_int_equal(status, 0);
}

static void an_inherited_descriptor_is_the_callers_own(void **state)
{
	const char *const argv[] = { "echo", "hello", NULL };
	int ends[2], saved = dup(1), status, r;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	dup2(ends[1], 1);
	close(ends[1]);
	r = spawn_start(&(struct spawn){ .argv = argv, .fds = { -1, SPAWN_INHERIT, -1 } }, &pid);
	dup2(saved, 1);
	close(saved);
	assert_int_equal(r, 0);
	assert_read_all(ends[0], "hello\n");
	close(ends[0]);
	assert_int_equal(spawn_wait(pid, &status), 0);
}

/* A daemon may have its own 0 to 2 closed: pipes then get these numbers. */
static void a_caller_without_standard_descriptors_spawns_as_well(void **state)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		char *out = NULL;

		close(0);
		close(1);
		close(2);
		_exit(capture("cat; echo out", 100, LONG_MS, &out, &status) < 0 ||
		      strcmp(out, "out\n") != 0 || status != 0);
	}
	assert_int_equal(spawn_wait(pid, &status), 0);
	assert_int_equal(status, 0);
}

static void the_environment_may_be_replaced(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c", "echo $A-$MYSOCKET_TEST", NULL };
	char a[] = "A=1", *env[] = { a, NULL };
	int ends[2], status;
	pid_t pid;

	setenv("MYSOCKET_TEST", "inherited", 1);
	assert_output("echo $A-$MYSOCKET_TEST", "-inherited\n");
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(spawn_start(&(struct spawn){ .argv = argv,
						      .env = env,
						      .fds = { -1, ends[1], SPAWN_INHERIT } },
				     &pid),
			 0);
	close(ends[1]);
	assert_read_all(ends[0], "1-\n");
	close(ends[0]);
	assert_int_equal(spawn_wait(pid, &status), 0);
	unsetenv("MYSOCKET_TEST");
}

static void signals_are_back_to_default(void **state)
{
	/* 32 and 33 are the C library's own, which posix_spawn(3) itself leaves ignored. */
	const unsigned long long internal = 3ULL << 31;
	unsigned long long blocked, ignored;
	sigset_t set, before;
	auto_free char *out = NULL;
	int status;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &before);
	assert_int_equal(capture("grep -E '^Sig(Blk|Ign)' /proc/self/status", 1000, LONG_MS, &out,
				 &status),
			 0);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	assert_int_equal(sscanf(out, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
	assert_int_equal(blocked & ~internal, 0);
	assert_int_equal(ignored & ~internal, 0);
}

static void the_callers_signal_mask_is_as_before(void **state)
{
	sigset_t before, after;

	/* The kernel fills in only a part of them, and sigemptyset() empties only that. */
	memset(&before, 0, sizeof(before));
	memset(&after, 0, sizeof(after));
	sigprocmask(SIG_SETMASK, NULL, &before);
	assert_output("true", "");
	sigprocmask(SIG_SETMASK, NULL, &after);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void a_new_process_group_is_the_childs_own(void **state)
{
	const char *const argv[] = { "cat", NULL };
	int ends[2], status;
	pid_t own, shared;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(spawn_start(&(struct spawn){ .argv = argv,
						      .fds = { ends[0], -1, -1 },
						      .new_process_group = 1 },
				     &own),
			 0);
	assert_int_equal(spawn_start(&(struct spawn){ .argv = argv, .fds = { ends[0], -1, -1 } },
				     &shared),
			 0);
	assert_int_equal(getpgid(own), own);
	assert_int_equal(getpgid(shared), getpgid(0));
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(spawn_wait(own, &status), 0);
	assert_int_equal(spawn_wait(shared, &status), 0);
}

static void a_child_dies_with_its_parent_if_asked(void **state)
{
	const char *const argv[] = { "sleep", "1000", NULL };
	int ends[2], status;
	pid_t parent, pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	parent = fork();
	if (parent == 0)
		_exit(spawn_start(&(struct spawn){ .argv = argv,
						   .fds = { -1, ends[1], -1 },
						   .parent_death_signal = SIGKILL },
				  &pid) < 0);
	close(ends[1]);
	assert_int_equal(spawn_wait(parent, &status), 0);
	assert_int_equal(status, 0);
	/* The end of the file comes when nobody holds the pipe any more: `sleep` is gone. */
	assert_read_all(ends[0], "");
	close(ends[0]);
}

static void waiting_for_a_stranger_is_an_error(void **state)
{
	int status;

	assert_int_equal(spawn_wait(getpid(), &status), -ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_status_are_kept),
		cmocka_unit_test(arguments_are_no_shell_text),
		cmocka_unit_test(a_program_that_is_not_there_is_an_error_not_a_status),
		cmocka_unit_test(output_of_exactly_the_maximum_is_kept),
		cmocka_unit_test(more_output_kills_the_program),
		cmocka_unit_test(a_program_past_its_time_is_killed),
		cmocka_unit_test(standard_input_of_a_capture_is_empty),
		cmocka_unit_test(only_the_named_descriptors_are_inherited),
		cmocka_unit_test(descriptors_may_be_swapped),
		cmocka_unit_test(an_inherited_descriptor_is_the_callers_own),
		cmocka_unit_test(a_caller_without_standard_descriptors_spawns_as_well),
		cmocka_unit_test(the_environment_may_be_replaced),
		cmocka_unit_test(signals_are_back_to_default),
		cmocka_unit_test(the_callers_signal_mask_is_as_before),
		cmocka_unit_test(a_new_process_group_is_the_childs_own),
		cmocka_unit_test(a_child_dies_with_its_parent_if_asked),
		cmocka_unit_test(waiting_for_a_stranger_is_an_error),
	};

	return cmocka_run_group_tests_name("spawn", tests, NULL, NULL);
}
