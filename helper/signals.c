/* SPDX-License-Identifier: ISC */
/* The self-pipe: handlers write, the loop reads. */
#include "helper/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "lib/cleanup.h"

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGWINCH };
static struct sigaction before[ARRAY_SIZE(caught)];
static int ends[2] = { -1, -1 };
static volatile sig_atomic_t interrupts, terminate, renew, child, resized;
static volatile sig_atomic_t terminated;
static bool had_terminal;

/* A terminal that is closed takes itself from its session before it sends SIGHUP. open(2) may be called in a handler. */
static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void on_signal(int sig)
{
	int saved = errno;

	if (sig == SIGINT)
		interrupts++;
	else if (sig == SIGCHLD)
		child = 1;
	else if (sig == SIGWINCH)
		resized = 1;
	else if (sig == SIGHUP && (!had_terminal || has_terminal()))
		renew = 1;
	else
		terminate = terminated = 1;
	(void)!write(ends[1], "", 1);
	errno = saved;
}

int signals_catch(void)
{
	struct sigaction catch = { .sa_handler = on_signal };
	size_t i;

	if (pipe(ends) < 0)
		return -errno;
	for (i = 0; i < 2; i++) {
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
		fcntl(ends[i], F_SETFL, O_NONBLOCK);
	}
	interrupts = terminate = renew = child = resized = terminated = 0;
	had_terminal = has_terminal();
	for (i = 0; i < ARRAY_SIZE(caught); i++) {
		sigaction(caught[i], &catch, &before[i]);
		if (caught[i] == SIGHUP && before[i].sa_handler == SIG_IGN)
			sigaction(caught[i], &before[i], NULL);
	}
	return 0;
}

void signals_release(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(caught); i++)
		sigaction(caught[i], &before[i], NULL);
	for (i = 0; i < 2; i++) {
		close(ends[i]);
		ends[i] = -1;
	}
}

int signals_fd(void)
{
	return ends[0];
}

unsigned signals_end_requests(void)
{
	return (unsigned)interrupts + (unsigned)terminate;
}

bool signals_terminated(void)
{
	return terminated;
}

void signals_take(struct signals *ret_seen)
{
	sigset_t block, old;
	char drain[64];

	sigemptyset(&block);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaddset(&block, caught[i]);
	sigprocmask(SIG_BLOCK, &block, &old);
	while (read(ends[0], drain, sizeof(drain)) > 0)
		;
	*ret_seen = (struct signals){
		.interrupts = (unsigned)interrupts,
		.terminate = terminate,
		.renew = renew,
		.child = child,
		.resized = resized,
	};
	interrupts = terminate = renew = child = resized = 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
}
