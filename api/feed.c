/* SPDX-License-Identifier: ISC */
/* Who waits for the feed. The thread sleeps until a commit here, or wakes twice a second (while somebody
 * waits) to ask SQLite whether another process has written: PRAGMA data_version, a few microseconds. */
#include "api/feed.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/db.h"
#include "api/http.h"
#include "api/ports.h"
#include "api/store.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"

#define FEED_WAITERS_MAX 1024
#define FEED_POLL_MS 400
#define FEED_KEEP_ROWS 100000
#define DAY_MS INT64_C(86400000)
#define FEED_KEEP_MS (7 * DAY_MS)
#define UNCONFIRMED_KEEP_MS (7 * DAY_MS)
#define TIDY_EVERY_MS 60000

struct api_feed {
	pthread_mutex_t lock;
	pthread_cond_t event;
	pthread_t thread;
	bool started, stopping;
	bool woken;		      /* a commit was told and not looked at yet */
	int64_t newest;		      /* last row that the thread knows of */
	struct http_request *waiters; /* linked by next_waiter and prev_waiter */
	size_t waiter_count;
	/* the thread's own */
	struct db *db;
	int64_t seen;	 /* db_changes() */
	int64_t tidy_at; /* monotonic */
	int64_t label_rest_ms;
};

/* ---- the list of waiters (under the lock) -------------------------------------------------------------- */

static void waiter_add(struct api_feed *feed, struct http_request *rq)
{
	rq->next_waiter = feed->waiters;
	rq->prev_waiter = &feed->waiters;
	if (feed->waiters)
		feed->waiters->prev_waiter = &rq->next_waiter;
	feed->waiters = rq;
	feed->waiter_count++;
}

static void waiter_wake(struct api_feed *feed, struct http_request *rq)
{
	*rq->prev_waiter = rq->next_waiter;
	if (rq->next_waiter)
		rq->next_waiter->prev_waiter = rq->prev_waiter;
	feed->waiter_count--;
	api_http_resume(rq, HTTP_AGAIN);
}

/* Wakes everybody, or those whose time is over; returns the next deadline. */
static int64_t waiters_wake(struct api_feed *feed, bool all, int64_t now, int64_t next)
{
	struct http_request *rq, *following;

	for (rq = feed->waiters; rq; rq = following) {
		following = rq->next_waiter;
		if (all || rq->deadline_ms <= now)
			waiter_wake(feed, rq);
		else if (rq->deadline_ms < next)
			next = rq->deadline_ms;
	}
	return next;
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

/* True if there are rows that nobody was told of. */
static bool feed_look(struct api_feed *feed, bool woken, int64_t known, int64_t *ret_newest)
{
	int64_t changes = 0, pruned = 0;

	if (db_changes(feed->db, &changes) < 0 || (!woken && changes == feed->seen))
		return false;
	feed->seen = changes;
	/* Not only "greater": a database that was replaced starts anew. */
	return store_feed_range(feed->db, &pruned, ret_newest) == 0 && *ret_newest != known;
}

static void feed_tidy(struct api_feed *feed, int64_t mono)
{
	auto_call(db_end) struct db_tx tx = { 0 };
	int64_t now = clock_wall_ms();
	int r;

	if (mono < feed->tidy_at)
		return;
	feed->tidy_at = mono + TIDY_EVERY_MS;
	r = db_begin(feed->db, DB_RELAXED, &tx);
	if (r == 0)
		r = store_feed_prune(feed->db, FEED_KEEP_ROWS, now - FEED_KEEP_MS);
	if (r == 0)
		r = store_prune(feed->db, now, now - UNCONFIRMED_KEEP_MS, now - PORTS_REST_MS,
				now - feed->label_rest_ms);
	if (r >= 0)
		r = db_commit(&tx);
	if (r < 0)
		log_error_r(r, "cannot tidy the database, trying again in %d s",
			    TIDY_EVERY_MS / 1000);
}

/* Sleeps until `until_ms`, a commit, or the end (under the lock). */
static void feed_sleep(struct api_feed *feed, int64_t until_ms)
{
	struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };

	if (!feed->woken && !feed->stopping)
		pthread_cond_timedwait(&feed->event, &feed->lock, &until);
}

static void *feed_run(void *arg)
{
	struct api_feed *feed = arg;
	int64_t now, next, newest = 0, known;
	bool woken, news;

	pthread_mutex_lock(&feed->lock);
	while (!feed->stopping) {
		woken = feed->woken;
		feed->woken = false;
		known = feed->newest;
		pthread_mutex_unlock(&feed->lock);

		now = clock_mono_ms();
		feed_tidy(feed, now);
		news = feed_look(feed, woken, known, &newest);

		pthread_mutex_lock(&feed->lock);
		if (news)
			feed->newest = newest;
		next = waiters_wake(feed, news, now, feed->tidy_at);
		if (feed->waiters && next > now + FEED_POLL_MS)
			next = now + FEED_POLL_MS;
		feed_sleep(feed, next);
	}
	waiters_wake(feed, true, 0, 0);
	pthread_mutex_unlock(&feed->lock);
	return NULL;
}

/* ---- for others ---------------------------------------------------------------------------------------- */

static void feed_init_lock(struct api_feed *feed)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&feed->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&feed->event, &attr);
	pthread_condattr_destroy(&attr);
}

int api_feed_start(const char *database, int64_t label_rest_ms, struct api_feed **ret_feed)
{
	struct api_feed *feed = calloc(1, sizeof(*feed));
	char why[DB_ERROR_SIZE];
	int64_t pruned;
	int r;

	if (!feed)
		return -ENOMEM;
	feed_init_lock(feed);
	feed->woken = true;
	feed->label_rest_ms = label_rest_ms;
	r = db_open(database, DB_EXISTING, &feed->db, why);
	if (r == 0)
		r = store_feed_range(feed->db, &pruned, &feed->newest);
	if (r == 0)
		r = -pthread_create(&feed->thread, NULL, feed_run, feed);
	if (r < 0) {
		api_feed_free(feed);
		return r;
	}
	feed->started = true;
	*ret_feed = feed;
	return 0;
}

void api_feed_wake(struct api_feed *feed)
{
	pthread_mutex_lock(&feed->lock);
	feed->woken = true;
	pthread_cond_signal(&feed->event);
	pthread_mutex_unlock(&feed->lock);
}

int api_feed_wait(struct api_feed *feed, struct http_request *rq, int64_t since)
{
	int r = HTTP_LATER;

	pthread_mutex_lock(&feed->lock);
	if (feed->stopping)
		r = -ECANCELED;
	else if (feed->newest > since)
		r = 0;
	else if (feed->waiter_count == FEED_WAITERS_MAX)
		r = -EAGAIN;
	if (r == HTTP_LATER) {
		bool first = !feed->waiters;

		api_http_suspend(rq);
		waiter_add(feed, rq);
		/* The thread slept without a deadline for waiters. */
		if (first)
			pthread_cond_signal(&feed->event);
	}
	pthread_mutex_unlock(&feed->lock);
	return r;
}

void api_feed_stop(struct api_feed *feed)
{
	pthread_mutex_lock(&feed->lock);
	feed->stopping = true;
	pthread_cond_signal(&feed->event);
	pthread_mutex_unlock(&feed->lock);
	if (feed->started)
		pthread_join(feed->thread, NULL);
	feed->started = false;
}

void api_feed_free(struct api_feed *feed)
{
	if (!feed)
		return;
	api_feed_stop(feed);
	db_close(feed->db);
	pthread_cond_destroy(&feed->event);
	pthread_mutex_destroy(&feed->lock);
	free(feed);
}
