/* SPDX-License-Identifier: ISC */
/* Who waits for the feed (GET /node/feed) and what wakes them: a commit of this process at once, a commit of
 * another one (mysocket-api account) within half a second. One thread for all waiters; also the one that
 * tidies the database from time to time. */
#ifndef API_FEED_H
#define API_FEED_H

#include <stdint.h>

struct api_feed;
struct http_request;

/* Chosen names of deleted sockets are forgotten after `label_rest_ms`. 0 with *ret_feed, or a negative errno. */
int api_feed_start(const char *database, int64_t label_rest_ms, struct api_feed **ret_feed);
/* Something was committed. Never blocks for long. */
void api_feed_wake(struct api_feed *feed);
/* Suspends `rq` until there is a row after `since`, rq->deadline_ms has passed or the program ends; then its
 * handler runs again. HTTP_LATER; 0: there is such a row already, look again; -ECANCELED: the program ends; -EAGAIN:
 * too many wait already. */
int api_feed_wait(struct api_feed *feed, struct http_request *rq, int64_t since);
/* Wakes all waiters; later ones do not wait. */
void api_feed_stop(struct api_feed *feed);
void api_feed_free(struct api_feed *feed);

#endif
