/* SPDX-License-Identifier: ISC */
/* The cache of logins. One question per user is under way at a time; who asks meanwhile waits for the next one,
 * since an answer may be older than the change that made them ask. */
#include "node/logins.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/nodeapi.h"
#include "node/node_http.h"

static void pump(struct logins *logins);

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct logins *logins = arg;
	struct logins_entry *entry;

	if (!TAILQ_EMPTY(&logins->failed) && logins->retry_ms < LOGINS_RETRY_MAX_MS)
		logins->retry_ms *= 2;
	TAILQ_FOREACH(entry, &logins->failed, stale_entry)
	{
		entry->failed = false;
	}
	TAILQ_CONCAT(&logins->stale, &logins->failed, stale_entry);
	pump(logins);
}

/* With jitter, so that nodes do not all come at once to an API that is back. */
static void set_retry(struct logins *logins)
{
	unsigned ms = logins->retry_ms, random;
	struct timeval tv;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) == sizeof(random))
		ms += random % (logins->retry_ms / 4);
	tv = (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	event_add(logins->retry, &tv);
}

int logins_init(struct logins *logins, struct event_base *base, struct node_http *http)
{
	*logins = (struct logins){ .http = http, .retry_ms = LOGINS_RETRY_MS };
	TAILQ_INIT(&logins->unpinned);
	TAILQ_INIT(&logins->stale);
	TAILQ_INIT(&logins->failed);
	logins->retry = evtimer_new(base, on_retry, logins);
	return logins->retry ? 0 : -ENOMEM;
}

static void set_stale(struct logins_entry *entry, bool stale)
{
	struct logins *logins = entry->logins;

	if (stale == entry->stale)
		return;
	entry->stale = stale;
	if (stale)
		TAILQ_INSERT_TAIL(&logins->stale, entry, stale_entry);
	else
		TAILQ_REMOVE(entry->failed ? &logins->failed : &logins->stale, entry, stale_entry);
	entry->failed = false;
}

/* Asked for in vain: not again before the timer. */
static void set_failed(struct logins_entry *entry)
{
	if (!entry->stale || entry->failed)
		return;
	TAILQ_REMOVE(&entry->logins->stale, entry, stale_entry);
	TAILQ_INSERT_TAIL(&entry->logins->failed, entry, stale_entry);
	entry->failed = true;
}

static void set_cached(struct logins_entry *entry, bool cached)
{
	struct logins *logins = entry->logins;

	if (entry->cached) {
		TAILQ_REMOVE(&logins->unpinned, entry, unpinned_entry);
		logins->unpinned_count--;
	}
	entry->cached = cached;
	if (cached) {
		TAILQ_INSERT_TAIL(&logins->unpinned, entry, unpinned_entry);
		logins->unpinned_count++;
	}
}

static void entry_free(struct logins_entry *entry)
{
	if (entry->request && entry->stale)
		entry->logins->checks--;
	set_stale(entry, false);
	set_cached(entry, false);
	node_http_cancel(entry->request);
	strmap_remove(&entry->logins->entries, &entry->node);
	node_login_free(entry->login);
	free(entry);
}

/* An entry that nobody pins or waits for is kept while it has an answer, and while there is room. */
static void settle(struct logins_entry *entry)
{
	struct logins *logins = entry->logins;

	if (entry->pins || entry->request || !TAILQ_EMPTY(&entry->waiting)) {
		set_cached(entry, false);
		return;
	}
	if (!entry->login || entry->gone) {
		entry_free(entry);
		return;
	}
	set_cached(entry, true);
	if (logins->unpinned_count > LOGINS_CACHED)
		entry_free(TAILQ_FIRST(&logins->unpinned));
}

void logins_clear(struct logins *logins)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;

	while ((node = strmap_next(&logins->entries, &cursor)) != NULL)
		entry_free(strmap_entry(node, struct logins_entry, node));
	strmap_clear(&logins->entries);
	if (logins->retry)
		event_free(logins->retry);
	logins->retry = NULL;
}

static struct logins_entry *find(struct logins *logins, const char *user)
{
	return strmap_entry(strmap_get(&logins->entries, user), struct logins_entry, node);
}

static struct logins_entry *find_or_add(struct logins *logins, const char *user)
{
	struct logins_entry *entry = find(logins, user);

	if (entry)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	snprintf(entry->user, sizeof(entry->user), "%s", user);
	entry->logins = logins;
	TAILQ_INIT(&entry->waiting);
	TAILQ_INIT(&entry->next);
	if (strmap_add(&logins->entries, &entry->node, entry->user) < 0) {
		free(entry);
		return NULL;
	}
	return entry;
}

const struct node_login *logins_get(struct logins *logins, const char *user)
{
	struct logins_entry *entry = find(logins, user);

	if (!entry || entry->gone || entry->stale)
		return NULL;
	if (entry->cached)
		set_cached(entry, true); /* now the most recently used */
	return entry->login;
}

/* One line per outage, and one per user whose login cannot be had although the API is there. */
static void warn_away(struct logins_entry *entry, int status)
{
	if (entry->logins->away || entry->warned)
		return;
	entry->warned = true;
	if (status > 0)
		log_warn("ask for login '%s': the API answers %d, using what is known", entry->user,
			 status);
	else
		log_warn("ask for login '%s': the API cannot be asked, using what is known",
			 entry->user);
}

static void warn_unreadable(struct logins_entry *entry, const char *why)
{
	if (!entry->warned)
		log_warn("read login '%s': %s, using what is known", entry->user, why);
	entry->warned = true;
}

/* Takes the API's answer into the entry: 0, -ENOENT, or another negative errno if it says nothing. */
static int take_answer(struct logins_entry *entry, int status, char *body, size_t len)
{
	char why[NODE_LOGIN_ERROR_SIZE];
	struct node_login *login;
	int r;

	if (status == 404) {
		entry->gone = true;
		return -ENOENT;
	}
	if (status == -EMSGSIZE) {
		warn_unreadable(entry, "too large");
		return status;
	}
	if (status != 200) {
		warn_away(entry, status);
		return -EHOSTDOWN;
	}
	r = node_login_parse(entry->user, body, len, &login, why);
	if (r < 0) {
		warn_unreadable(entry, why);
		return r;
	}
	node_login_free(entry->login);
	entry->login = login;
	entry->gone = false;
	return 0;
}

/* Once the API answers again, what failed does not wait any longer than after a first failure. */
static void note_result(struct logins_entry *entry, int result)
{
	struct logins *logins = entry->logins;

	logins->away = result == -EHOSTDOWN;
	if (result < 0 && result != -ENOENT) {
		set_failed(entry);
		return;
	}
	entry->warned = false;
	set_stale(entry, false);
	if (logins->retry_ms == LOGINS_RETRY_MS)
		return;
	logins->retry_ms = LOGINS_RETRY_MS;
	if (evtimer_pending(logins->retry, NULL))
		set_retry(logins);
}

static int start(struct logins_entry *entry);

/* What is known to be out of date is no answer: it may have a key that was deleted. */
static const struct node_login *known(const struct logins_entry *entry, int result)
{
	return entry->gone || (result < 0 && entry->stale) ? NULL : entry->login;
}

static void wake(struct logins_entry *entry, int result)
{
	struct logins_wait *wait;

	while ((wait = TAILQ_FIRST(&entry->waiting)) != NULL) {
		logins_cancel(wait);
		wait->done(wait->arg, result, known(entry, result));
	}
}

static void on_answer(void *arg, int status, char *body, size_t len)
{
	struct logins_entry *entry = arg;
	struct logins *logins = entry->logins;
	bool first = !entry->login;
	struct logins_wait *wait;
	int r;

	entry->request = NULL;
	r = take_answer(entry, status, body, len);
	if (entry->stale)
		logins->checks--;
	note_result(entry, r);
	/* A first answer that was under way while a change was told: nobody knew yet whom it concerns. */
	if (r == 0 && first && entry->login->seq < logins->seq)
		set_stale(entry, true);
	entry->pins++; /* for as long as callbacks run */
	if (entry->pins > 1 && (r == 0 || r == -ENOENT) && logins->changed)
		logins->changed(logins->arg, entry->user, r == 0 ? entry->login : NULL);
	wake(entry, r);
	while ((wait = TAILQ_FIRST(&entry->next)) != NULL) {
		TAILQ_REMOVE(&entry->next, wait, entry);
		wait->is_next = false;
		TAILQ_INSERT_TAIL(&entry->waiting, wait, entry);
	}
	if (!entry->request && !TAILQ_EMPTY(&entry->waiting)) {
		r = start(entry);
		if (r < 0)
			wake(entry, r);
	}
	entry->pins--;
	settle(entry);
	pump(logins);
}

static int start(struct logins_entry *entry)
{
	char path[sizeof(NODEAPI_LOGIN) + ID_USER_SIZE];
	struct node_http_call call = {
		.path = path,
		.timeout_ms = LOGINS_TIMEOUT_MS,
		.max = NODE_LOGIN_MAX,
		.done = on_answer,
		.arg = entry,
	};
	int r;

	snprintf(path, sizeof(path), NODEAPI_LOGIN "%s", entry->user);
	r = node_http_start(entry->logins->http, &call, &entry->request);
	if (r == 0 && entry->stale)
		entry->logins->checks++;
	return r;
}

void logins_fetch(struct logins *logins, const char *user, struct logins_wait *wait,
		  logins_done *done, void *arg)
{
	struct logins_entry *entry = find_or_add(logins, user);
	int r = -ENOMEM;

	*wait = (struct logins_wait){ .done = done, .arg = arg };
	if (entry && !entry->request) {
		r = start(entry);
		if (r == 0)
			TAILQ_INSERT_TAIL(&entry->waiting, wait, entry);
	} else if (entry) {
		r = 0;
		wait->is_next = true;
		TAILQ_INSERT_TAIL(&entry->next, wait, entry);
	}
	if (r == 0) {
		wait->of = entry;
		set_cached(entry, false);
		return;
	}
	done(arg, r, logins_get(logins, user));
	entry = find(logins, user);
	if (entry)
		settle(entry);
}

void logins_cancel(struct logins_wait *wait)
{
	if (!wait->of)
		return;
	TAILQ_REMOVE(wait->is_next ? &wait->of->next : &wait->of->waiting, wait, entry);
	wait->of = NULL;
}

int logins_pin(struct logins *logins, const char *user, struct logins_entry **ret_entry)
{
	struct logins_entry *entry = find_or_add(logins, user);

	if (!entry)
		return -ENOMEM;
	entry->pins++;
	set_cached(entry, false);
	*ret_entry = entry;
	return 0;
}

void logins_unpin(struct logins_entry *entry)
{
	entry->pins--;
	settle(entry);
}

/* Asks again for stale entries, a few at a time; while the API is away, as many at each turn of the timer. */
static void pump(struct logins *logins)
{
	struct logins_entry *entry;

	if (logins->away && evtimer_pending(logins->retry, NULL))
		return;
	TAILQ_FOREACH(entry, &logins->stale, stale_entry)
	{
		if (logins->checks >= LOGINS_CHECKS || (!entry->request && start(entry) < 0))
			break;
	}
	if ((!TAILQ_EMPTY(&logins->stale) || !TAILQ_EMPTY(&logins->failed)) &&
	    !evtimer_pending(logins->retry, NULL))
		set_retry(logins);
}

static void invalidate(struct logins_entry *entry)
{
	if (entry->request) {
		/* What is under way may be older than the change: drop it and ask again. */
		node_http_cancel(entry->request);
		entry->request = NULL;
		if (entry->stale)
			entry->logins->checks--;
		set_stale(entry, true);
		start(entry); /* if that fails, pump() does it later */
		return;
	}
	set_stale(entry, true);
	settle(entry);
}

void logins_invalidate(struct logins *logins, const char *user_id, int64_t seq)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;

	if (seq > logins->seq)
		logins->seq = seq;
	while ((node = strmap_next(&logins->entries, &cursor)) != NULL) {
		struct logins_entry *entry = strmap_entry(node, struct logins_entry, node);

		if (entry->login && entry->login->seq < seq &&
		    strcmp(entry->login->user_id, user_id) == 0)
			invalidate(entry);
	}
	pump(logins);
}

void logins_invalidate_all(struct logins *logins)
{
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;

	while ((node = strmap_next(&logins->entries, &cursor)) != NULL) {
		struct logins_entry *entry = strmap_entry(node, struct logins_entry, node);

		if (entry->cached)
			entry_free(entry);
		else
			invalidate(entry);
	}
	pump(logins);
}
