/* SPDX-License-Identifier: ISC */
/* The cache of logins: ssh users that logged in here, as the API last told. Entries of live sessions are pinned; of
 * the others the LOGINS_CACHED most recently used are kept, so that known accounts can log in while the
 * API is away and memory does not grow with the number of accounts. */
#ifndef NODE_LOGINS_H
#define NODE_LOGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "node/node_login.h"
#include "node/strmap.h"

#define LOGINS_CACHED 4096
#define LOGINS_TIMEOUT_MS 2000 /* of a question to the API: below NODEWIRE_TIMEOUT_MS */
#define LOGINS_CHECKS 32       /* out-of-date logins that are asked for again at a time */
/* From a failure to the next attempt: doubles while nothing succeeds, and has up to a quarter of jitter. */
#define LOGINS_RETRY_MS 2000
#define LOGINS_RETRY_MAX_MS 8000

struct event;
struct event_base;
struct node_http;
struct node_http_request;
struct logins_wait;
struct logins;

TAILQ_HEAD(logins_wait_list, logins_wait);
TAILQ_HEAD(logins_entry_list, logins_entry);

struct logins_entry {
	struct strmap_node node;
	char user[ID_USER_SIZE];
	struct logins *logins;
	struct node_login *login; /* NULL before the first answer */
	bool gone;		  /* the API says there is no such user; `login` is what it was */
	bool stale;		  /* in `stale` or `failed`: to be asked for again */
	bool failed;		  /* in `failed` */
	bool warned;		  /* since the last definite answer */
	bool cached;		  /* in `unpinned` */
	unsigned pins;
	struct node_http_request *request;
	struct logins_wait_list waiting; /* for the answer under way */
	struct logins_wait_list next;	 /* asked later than that: they need a newer one */
	TAILQ_ENTRY(logins_entry) unpinned_entry;
	TAILQ_ENTRY(logins_entry) stale_entry;
};

/* Called with 0 and a fresh login; -ENOENT: no such user; another negative errno: the API could not be asked, and
 * `login` is what the cache has, or NULL. The login is valid until the callback returns. */
typedef void logins_done(void *arg, int result, const struct node_login *login);

struct logins_wait {
	TAILQ_ENTRY(logins_wait) entry;
	struct logins_entry *of; /* NULL: not waiting */
	bool is_next;
	logins_done *done;
	void *arg;
};

struct logins {
	struct node_http *http;
	struct strmap entries;
	struct logins_entry_list unpinned; /* oldest first */
	struct logins_entry_list stale;
	struct logins_entry_list failed; /* asked for in vain: they wait for `retry` */
	size_t unpinned_count;
	size_t checks; /* requests under way for them */
	int64_t seq;   /* of the newest change that was told */
	struct event *retry;
	unsigned retry_ms; /* the next wait, before jitter */
	bool away;	   /* the API could not be asked the last time */
	/* Called at each definite answer about a user who is pinned; NULL: no such user any more. */
	void (*changed)(void *arg, const char *user, const struct node_login *login);
	void *arg;
};

int logins_init(struct logins *logins, struct event_base *base, struct node_http *http);
void logins_clear(struct logins *logins);

/* What the cache has; NULL if nothing. */
const struct node_login *logins_get(struct logins *logins, const char *user);
/* Asks the API; `wait` is the caller's, all zero before the first use, and belongs to the cache until `done` or
 * logins_cancel(). `done` may be called from inside when the question cannot even be put. */
void logins_fetch(struct logins *logins, const char *user, struct logins_wait *wait,
		  logins_done *done, void *arg);
void logins_cancel(struct logins_wait *wait);

/* Keeps the user's entry, which may still be without an answer. 0 with *ret_entry; -ENOMEM. */
int logins_pin(struct logins *logins, const char *user, struct logins_entry **ret_entry);
void logins_unpin(struct logins_entry *entry);

/* Something about the account changed at feed position `seq`: what is older is asked for again, and no answer until
 * then. logins_invalidate_all(): everything may have changed; what is not pinned is dropped. */
void logins_invalidate(struct logins *logins, const char *user_id, int64_t seq);
void logins_invalidate_all(struct logins *logins);

#endif
