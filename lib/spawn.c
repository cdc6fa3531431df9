/* SPDX-License-Identifier: ISC */
/* Starts programs from an argument vector. Between fork and exec only async-signal-safe calls are made;
 * a failure there comes back through a pipe that a successful exec closes. */
#include "lib/spawn.h"
#include "lib/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/close_range.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#endif

#include "lib/cleanup.h"
#include "lib/strbuf.h"

extern char **environ;

#define FIRST_FREE_FD 3

static void reset_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL); /* SIGKILL and SIGSTOP refuse: as they are */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Puts s->fds in place of 0, 1 and 2. First all out of the way, so that no dup2 overwrites one that is
 * still needed. */
static int place_fds(const struct spawn *s)
{
	int from[3], i;

	for (i = 0; i < 3; i++) {
		from[i] = s->fds[i];
		if (from[i] == SPAWN_INHERIT)
			continue;
		if (from[i] >= 0)
			from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
		else
			from[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		/* open() may have returned 0 to 2, if the caller has those closed */
		if (from[i] >= 0 && from[i] < FIRST_FREE_FD)
			from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
		if (from[i] < 0)
			return -errno;
	}
	for (i = 0; i < 3; i++)
		if (from[i] != SPAWN_INHERIT && dup2(from[i], i) < 0)
			return -errno;
	return 0;
}

static void close_the_rest_on_exec(void)
{
#ifdef __linux__
	if (!close_range(FIRST_FREE_FD, ~0U, CLOSE_RANGE_CLOEXEC))
		return;
#endif
	for (int fd = FIRST_FREE_FD; fd < (int)sysconf(_SC_OPEN_MAX); fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* 0, or -ECHILD if the parent died before the signal was asked for: nobody would send it any more. */
static int follow_parent(int sig, pid_t parent)
{
#ifdef __linux__
	if (sig && prctl(PR_SET_PDEATHSIG, sig) < 0)
		return -errno;
	if (sig && getppid() != parent)
		return -ECHILD;
#endif
	return 0;
}

/* Returns only on failure. */
static int become(const struct spawn *s, pid_t parent)
{
	int r = follow_parent(s->parent_death_signal, parent);

	if (r < 0)
		return r;
	if (s->new_process_group && setpgid(0, 0) < 0)
		return -errno;
	r = place_fds(s);
	if (r < 0)
		return r;
	close_the_rest_on_exec();
	reset_signals();
	execvpe(s->argv[0], (char *const *)s->argv, s->env ? s->env : environ);
	return -errno;
}

static _Noreturn void run_child(const struct spawn *s, pid_t parent, int report)
{
	int r;

	report = fcntl(report, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	r = report < 0 ? -errno : become(s, parent);
	if (report >= 0 && write(report, &r, sizeof(r)) < 0)
		_exit(126);
	_exit(127);
}

/* 0 when the pipe was closed by a successful exec, else what the child wrote. */
static int read_report(int fd)
{
	int child_error = 0;
	ssize_t n;

	do
		n = read(fd, &child_error, sizeof(child_error));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == sizeof(child_error) ? child_error : 0;
}

int spawn_start(const struct spawn *s, pid_t *ret_pid)
{
	auto_close int reader = -1, writer = -1;
	sigset_t all, before;
	pid_t parent = getpid(), pid;
	int ends[2], r, status;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reader = ends[0];
	writer = ends[1];
	/* No handler of ours may run in the child. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	r = errno;
	if (pid == 0)
		run_child(s, parent, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return -r;
	close(take_fd(&writer));
	r = read_report(reader);
	if (r < 0) {
		(void)spawn_wait(pid, &status);
		return r;
	}
	*ret_pid = pid;
	return 0;
}

int spawn_wait(pid_t pid, int *ret_status)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	*ret_status = status;
	return 0;
}

/* 0 when fd is readable, -ETIMEDOUT at `deadline`. */
static int wait_readable(int fd, int64_t deadline)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - clock_mono_ms();
		int n = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int read_output(int fd, int64_t deadline, struct strbuf *sb)
{
	char chunk[4096];

	for (;;) {
		int r = wait_readable(fd, deadline);
		ssize_t n;

		if (r < 0)
			return r;
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		strbuf_add(sb, chunk, (size_t)n);
		r = strbuf_error(sb);
		if (r < 0)
			return r;
	}
}

/* The output's end is not the program's: it may have closed its standard output and live on. */
static int wait_exit(pid_t pid, int64_t deadline)
{
#ifdef __linux__
	auto_close int fd = pidfd_open(pid, 0);

	return fd < 0 ? -errno : wait_readable(fd, deadline);
#else
	return 0;
#endif
}

int spawn_capture(const char *const *argv, size_t max, int timeout_ms, char **ret_out,
		  int *ret_status)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(max);
	auto_close int reader = -1, writer = -1;
	int64_t deadline = clock_mono_ms() + timeout_ms;
	int ends[2], r, status = 0;
	pid_t pid = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reader = ends[0];
	writer = ends[1];
	r = spawn_start(&(struct spawn){ .argv = argv, .fds = { -1, writer, SPAWN_INHERIT } },
			&pid);
	if (r < 0)
		return r;
	close(take_fd(&writer));
	r = read_output(reader, deadline, &sb);
	if (r == 0)
		r = wait_exit(pid, deadline);
	if (r < 0)
		kill(pid, SIGKILL);
	if (spawn_wait(pid, &status) < 0 && r == 0)
		r = -ECHILD;
	if (r == 0)
		r = strbuf_take(&sb, ret_out);
	if (r == 0)
		*ret_status = status;
	return r;
}
