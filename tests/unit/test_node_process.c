/* SPDX-License-Identifier: ISC */
/* node/process.h: processes are named by pid and start time. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/cleanup.h"
#include "node/process.h"

#define FACT(name) cmocka_unit_test(name)
#define LONG_MS 10000

/* A child that lives until its standard input ends; *ret_fd is the other side of that. */
static pid_t start_child(int *ret_fd)
{
	int fds[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(fds[1]);
		_exit(read(fds[0], &c, 1) == 0 ? 0 : 1);
	}
	close(fds[0]);
	*ret_fd = fds[1];
	return pid;
}

static void a_stat_line_is_read_whatever_the_name_of_the_command(void **state)
{
	char text[] =
		"77 (evil) R 1 2 (x) S 42 77 77 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2\n";
	char shorter[] = "77 (x) S 42 77 77";
	char none[] = "77 x S 42";
	uint64_t start;
	pid_t parent;

	assert_int_equal(process_parse_stat(text, &parent, &start), 0);
	assert_int_equal(parent, 42);
	assert_int_equal(start, 987654);
	assert_int_equal(process_parse_stat(shorter, &parent, &start), -EPROTO);
	assert_int_equal(process_parse_stat(none, &parent, &start), -EPROTO);
}

static void a_process_finds_itself_and_its_parent(void **state)
{
	struct process self;
	pid_t parent;

	assert_int_equal(process_find(getpid(), &self, &parent), 0);
	assert_int_equal(parent, getppid());
	assert_true(self.start > 0);
	assert_int_equal(process_find(0, &self, NULL), -ESRCH);
	assert_int_equal(process_find(-1, &self, NULL), -ESRCH);
}

static void another_start_time_is_another_process(void **state)
{
	struct process other;
	int fd;

	assert_int_equal(process_find(getpid(), &other, NULL), 0);
	other.start++;
	assert_int_equal(process_open(&other, &fd), -ESRCH);
	assert_int_equal(process_kill(&other, SIGKILL), -ESRCH);
	assert_int_equal(process_get_fd(&other, 0, &fd), -ESRCH);
}

static void the_end_of_a_process_is_seen(void **state)
{
	struct process child;
	auto_close int pidfd = -1;
	struct pollfd p;
	int end;
	pid_t pid = start_child(&end);

	assert_int_equal(process_find(pid, &child, NULL), 0);
	assert_int_equal(process_open(&child, &pidfd), 0);
	p = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	assert_int_equal(poll(&p, 1, 0), 0);
	close(end);
	assert_int_equal(poll(&p, 1, LONG_MS), 1);
	waitpid(pid, NULL, 0);
	assert_int_equal(process_kill(&child, SIGTERM), -ESRCH);
}

static void descent_is_followed_upwards_only(void **state)
{
	struct process self, child;
	int end;
	pid_t pid = start_child(&end);

	assert_int_equal(process_find(getpid(), &self, NULL), 0);
	assert_int_equal(process_find(pid, &child, NULL), 0);
	assert_true(process_is_descendant(pid, &self));
	assert_true(process_is_descendant(getpid(), &self));
	assert_false(process_is_descendant(getpid(), &child));
	self.start++;
	assert_false(process_is_descendant(pid, &self));
	close(end);
	waitpid(pid, NULL, 0);
}

static void a_descriptor_of_another_process_is_found(void **state)
{
	struct process child;
	struct stat ours, theirs;
	int end, copy, fds[2];
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = start_child(&end);
	assert_int_equal(process_find(pid, &child, NULL), 0);
	assert_int_equal(process_get_fd(&child, fds[1], &copy), 0);
	assert_int_equal(fstat(copy, &theirs), 0);
	assert_int_equal(fstat(fds[1], &ours), 0);
	assert_int_equal(ours.st_ino, theirs.st_ino);
	assert_int_equal(process_get_fd(&child, 1023, &copy), -EBADF);
	close(copy);
	close(fds[0]);
	close(fds[1]);
	close(end);
	waitpid(pid, NULL, 0);
}

static void memory_is_copied_or_it_is_an_error(void **state)
{
	static const char text[] = "here";
	char copy[sizeof(text)];

	assert_int_equal(process_read(getpid(), (uintptr_t)text, copy, sizeof(text)), 0);
	assert_string_equal(copy, text);
	assert_int_equal(process_read(getpid(), 8, copy, sizeof(text)), -EFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(a_stat_line_is_read_whatever_the_name_of_the_command),
		FACT(a_process_finds_itself_and_its_parent),
		FACT(another_start_time_is_another_process),
		FACT(the_end_of_a_process_is_seen),
		FACT(descent_is_followed_upwards_only),
		FACT(a_descriptor_of_another_process_is_found),
		FACT(memory_is_copied_or_it_is_an_error),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
