/* SPDX-License-Identifier: ISC */
/* The guard reads process ids from a pipe until it is closed. */
#include "helper/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "helper/rundir.h"
#include "lib/file.h"
#include "lib/spawn.h"

#define WATCHED_MAX 1024

/* Keeps no terminal, pipe or file of ours open, and no folder busy. */
static void let_go(int keep)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	int null = open("/dev/null", O_RDWR), fd, max = (int)sysconf(_SC_OPEN_MAX);
	size_t i;

	setsid();
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
	for (fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	for (fd = STDERR_FILENO + 1; fd < (max < 1024 ? max : 1024); fd++)
		if (fd != keep)
			close(fd);
}

/* A process id comes, the same negative goes. Past the bound, the kernel alone looks after an ssh. */
static void note(pid_t *watched, pid_t told)
{
	pid_t looked_for = told > 0 ? 0 : -told;
	size_t i;

	for (i = 0; i < WATCHED_MAX && watched[i] != looked_for; i++)
		;
	if (i < WATCHED_MAX)
		watched[i] = told > 0 ? told : 0;
}

static void watch(int fd, const struct rundir *dir)
{
	static pid_t watched[WATCHED_MAX];
	pid_t told;
	size_t i;

	for (;;) {
		ssize_t n = read(fd, &told, sizeof(told));

		if (n == (ssize_t)sizeof(told))
			note(watched, told);
		else if (n >= 0 || errno != EINTR)
			break;
	}
	for (i = 0; i < WATCHED_MAX; i++)
		if (watched[i] > 0)
			kill(watched[i], SIGKILL);
	rundir_remove(dir);
}

int guard_start(const struct rundir *dir, struct guard *ret_guard)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends) < 0)
		return -errno;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		let_go(ends[0]);
		watch(ends[0], dir);
		_exit(0);
	}
	close(ends[0]);
	if (pid < 0) {
		int r = -errno;

		close(ends[1]);
		return r;
	}
	*ret_guard = (struct guard){ .pid = pid, .fd = ends[1] };
	return 0;
}

/* A pipe takes this at once, or the guard is gone. */
static void tell(const struct guard *guard, pid_t ssh)
{
	(void)file_write_all(guard->fd, &ssh, sizeof(ssh));
}

void guard_add(const struct guard *guard, pid_t ssh)
{
	tell(guard, ssh);
}

void guard_remove(const struct guard *guard, pid_t ssh)
{
	tell(guard, -ssh);
}

void guard_stop(struct guard *guard)
{
	int status;

	if (!guard->pid)
		return;
	close(guard->fd);
	(void)spawn_wait(guard->pid, &status);
	*guard = (struct guard){ .fd = -1 };
}
