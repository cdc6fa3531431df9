/* SPDX-License-Identifier: ISC */
/* One thread per question: looking up a name may take long, and cannot be interrupted. */
#include "helper/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/origin.h"
#include "lib/cleanup.h"

/* The thread's own: it may live longer than the one that asked. */
struct question {
	char *host;
	int64_t port;
	int answer_fd;
};

void reach_init(struct reach *r, const char *host, int64_t port)
{
	*r = (struct reach){ .host = host, .port = port, .fd = -1, .answer_fd = -1 };
}

void reach_clear(struct reach *r)
{
	if (r->fd >= 0)
		close(take_fd(&r->fd));
	if (r->answer_fd >= 0)
		close(take_fd(&r->answer_fd));
}

void reach_restart(struct reach *r)
{
	r->reached = false;
	r->next_ms = 0;
}

int64_t reach_deadline(const struct reach *r)
{
	return r->host && !r->asking && !r->reached ? r->next_ms : -1;
}

static void *ask(void *context)
{
	struct question *q = context;
	char yes = origin_probe(q->host, q->port, REACH_EVERY_MS) == 0 ? 1 : 0;

	(void)!write(q->answer_fd, &yes, 1);
	close(q->answer_fd);
	free(q->host);
	free(q);
	return NULL;
}

static int make_pipe(struct reach *r)
{
	int ends[2];

	if (r->fd >= 0)
		return 0;
	if (pipe(ends) < 0)
		return -errno;
	r->fd = ends[0];
	r->answer_fd = ends[1];
	fcntl(r->fd, F_SETFD, FD_CLOEXEC);
	fcntl(r->fd, F_SETFL, O_NONBLOCK);
	fcntl(r->answer_fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

/* Signals are for the thread that polls. */
static int start_thread(struct question *q)
{
	sigset_t all, before;
	pthread_t thread;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&thread, NULL, ask, q);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r == 0)
		pthread_detach(thread);
	return r;
}

void reach_ask(struct reach *r, int64_t now_ms)
{
	int64_t deadline = reach_deadline(r);
	struct question *q;

	if (deadline < 0 || now_ms < deadline)
		return;
	r->next_ms = now_ms + REACH_EVERY_MS;
	if (make_pipe(r) < 0)
		return;
	q = calloc(1, sizeof(*q));
	if (!q)
		return;
	q->host = strdup(r->host);
	q->port = r->port;
	q->answer_fd = fcntl(r->answer_fd, F_DUPFD_CLOEXEC, 0);
	if (q->host && q->answer_fd >= 0 && start_thread(q) == 0) {
		r->asking = true;
		return;
	}
	if (q->answer_fd >= 0)
		close(q->answer_fd);
	free(q->host);
	free(q);
}

enum reach_news reach_answer(struct reach *r, bool yes)
{
	bool back = yes && r->failed;

	r->asking = false;
	r->reached = yes;
	r->failed = !yes;
	return back ? REACH_IS_BACK : yes ? REACH_ANSWERS : REACH_NONE;
}

enum reach_news reach_take(struct reach *r)
{
	char yes;

	if (r->fd < 0 || read(r->fd, &yes, 1) != 1)
		return REACH_NONE;
	return reach_answer(r, yes);
}
