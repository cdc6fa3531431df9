/* SPDX-License-Identifier: ISC */
/* Starts the system's ssh. */
#include "helper/sshproc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/spawn.h"

void sshproc_init(struct sshproc *p)
{
	*p = (struct sshproc){ .in_fd = -1, .out_fd = -1, .err_fd = -1 };
}

/* *ret_ours is close-on-exec. */
static int make_pipe(int reader_is_ours, int *ret_ours, int *ret_theirs)
{
	int ends[2];

	if (pipe(ends) < 0)
		return -errno;
	*ret_ours = ends[!reader_is_ours];
	*ret_theirs = ends[reader_is_ours];
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	return 0;
}

static int make_terminal(int *ret_ours, int *ret_theirs)
{
	auto_close int ours = posix_openpt(O_RDWR | O_NOCTTY), theirs = -1;
	const char *name;

	if (ours < 0)
		return -errno;
	fcntl(ours, F_SETFD, FD_CLOEXEC);
	if (grantpt(ours) < 0 || unlockpt(ours) < 0 || !(name = ptsname(ours)))
		return -errno;
	theirs = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (theirs < 0)
		return -errno;
	*ret_ours = take_fd(&ours);
	*ret_theirs = take_fd(&theirs);
	return 0;
}

void sshproc_resize(const struct sshproc *p)
{
	struct winsize size;

	if (p->in_fd < 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return;
	if (size.ws_col > p->indent)
		size.ws_col = (unsigned short)(size.ws_col - p->indent);
	/* Our terminal's "foreground" is nobody: tell ssh itself. A pipe refuses, and needs no size. */
	if (!ioctl(p->in_fd, TIOCSWINSZ, &size))
		sshproc_signal(p, SIGWINCH);
}

int sshproc_start(const char *const *argv, bool pty, struct sshproc *p)
{
	auto_close int in = -1, out = -1, err = -1;
	struct spawn spawn = { .argv = argv, .parent_death_signal = SIGKILL };
	int r = pty ? make_terminal(&p->in_fd, &in) : make_pipe(0, &p->in_fd, &in);

	if (r == 0)
		r = make_pipe(1, &p->out_fd, &out);
	if (r == 0)
		r = make_pipe(1, &p->err_fd, &err);
	if (r == 0) {
		fcntl(p->out_fd, F_SETFL, O_NONBLOCK);
		fcntl(p->err_fd, F_SETFL, O_NONBLOCK);
		sshproc_resize(p);
		spawn.fds[0] = in;
		spawn.fds[1] = out;
		spawn.fds[2] = err;
		r = spawn_start(&spawn, &p->pid);
	}
	if (r < 0) {
		p->pid = 0;
		sshproc_close(p);
	}
	return r;
}

bool sshproc_reap(struct sshproc *p)
{
	int status;
	pid_t pid = p->pid ? waitpid(p->pid, &status, WNOHANG) : 0;

	if (!pid || (pid < 0 && errno == EINTR))
		return false;
	p->pid = 0;
	return true;
}

void sshproc_signal(const struct sshproc *p, int sig)
{
	if (p->pid > 0)
		kill(p->pid, sig);
}

void sshproc_close(struct sshproc *p)
{
	int *const fds[] = { &p->in_fd, &p->out_fd, &p->err_fd };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fds); i++)
		if (*fds[i] >= 0)
			close(take_fd(fds[i]));
}
