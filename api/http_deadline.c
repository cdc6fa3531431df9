/* SPDX-License-Identifier: ISC */
/* A list of connections with their deadlines, and a thread that shuts down what is late. Closing is left to
 * libmicrohttpd, which sees the end of input; it tells us before it closes a descriptor. */
#include "api/http_deadline.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "lib/log.h"

#define LOOK_EVERY_MS 1000

struct peer {
	int fd;
	int64_t until_ms; /* monotonic; 0: none */
	struct peer *next, **prev;
};

struct http_deadlines {
	pthread_mutex_t lock;
	pthread_cond_t event;
	pthread_t thread;
	bool stopping;
	int first_s;
	struct peer *peers;
};

static int64_t until(int seconds)
{
	return seconds ? clock_mono_ms() + (int64_t)seconds * 1000 : 0;
}

static struct peer *peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static int fd_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

/* Sleeps a while, or until there is a connection at all (under the lock). */
static void nap(struct http_deadlines *d)
{
	int64_t at = clock_mono_ms() + LOOK_EVERY_MS;
	struct timespec ts = { .tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000 };

	if (d->peers)
		pthread_cond_timedwait(&d->event, &d->lock, &ts);
	else
		pthread_cond_wait(&d->event, &d->lock);
}

static void *deadlines_run(void *arg)
{
	struct http_deadlines *d = arg;
	struct peer *peer;
	int64_t now;

	pthread_mutex_lock(&d->lock);
	while (!d->stopping) {
		now = clock_mono_ms();
		for (peer = d->peers; peer; peer = peer->next) {
			if (!peer->until_ms || peer->until_ms > now)
				continue;
			log_debug("close a connection whose request did not come in time");
			shutdown(peer->fd, SHUT_RDWR);
			peer->until_ms = 0;
		}
		nap(d);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

/* ---- connections --------------------------------------------------------------------------------------- */

static void peer_add(struct http_deadlines *d, struct peer *peer)
{
	pthread_mutex_lock(&d->lock);
	if (!d->peers)
		pthread_cond_signal(&d->event);
	peer->next = d->peers;
	peer->prev = &d->peers;
	if (d->peers)
		d->peers->prev = &peer->next;
	d->peers = peer;
	pthread_mutex_unlock(&d->lock);
}

static void peer_remove(struct http_deadlines *d, struct peer *peer)
{
	pthread_mutex_lock(&d->lock);
	*peer->prev = peer->next;
	if (peer->next)
		peer->next->prev = peer->prev;
	pthread_mutex_unlock(&d->lock);
	free(peer);
}

void http_deadlines_notify(void *cls, struct MHD_Connection *connection, void **socket_context,
			   enum MHD_ConnectionNotificationCode what)
{
	struct http_deadlines *d = cls;
	struct peer *peer = *socket_context;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (peer)
			peer_remove(d, peer);
		*socket_context = NULL;
		return;
	}
	peer = calloc(1, sizeof(*peer));
	*socket_context = peer;
	if (!peer) {
		shutdown(fd_of(connection), SHUT_RDWR);
		return;
	}
	peer->fd = fd_of(connection);
	peer->until_ms = until(d->first_s);
	peer_add(d, peer);
}

void http_deadline_set(struct http_deadlines *d, struct MHD_Connection *connection, int seconds)
{
	struct peer *peer = peer_of(connection);

	if (!peer)
		return;
	pthread_mutex_lock(&d->lock);
	peer->until_ms = until(seconds);
	pthread_mutex_unlock(&d->lock);
}

/* ---- start and end ------------------------------------------------------------------------------------- */

static void deadlines_free(struct http_deadlines *d)
{
	pthread_cond_destroy(&d->event);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

int http_deadlines_start(int first_s, struct http_deadlines **ret_deadlines)
{
	struct http_deadlines *d = calloc(1, sizeof(*d));
	pthread_condattr_t attr;
	int r;

	if (!d)
		return -ENOMEM;
	d->first_s = first_s;
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->event, &attr);
	pthread_condattr_destroy(&attr);
	r = -pthread_create(&d->thread, NULL, deadlines_run, d);
	if (r < 0) {
		deadlines_free(d);
		return r;
	}
	*ret_deadlines = d;
	return 0;
}

void http_deadlines_stop(struct http_deadlines *d)
{
	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	d->stopping = true;
	pthread_cond_signal(&d->event);
	pthread_mutex_unlock(&d->lock);
	pthread_join(d->thread, NULL);
	deadlines_free(d);
}
