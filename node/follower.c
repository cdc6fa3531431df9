/* SPDX-License-Identifier: ISC */
/* The feed of changes: position, long poll, backoff with jitter. */
#include "node/follower.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/nodeapi.h"
#include "node/node.h"
#include "node/node_http.h"

struct follower {
	struct node *node;
	struct event *retry;
	struct node_http_request *request;
	int64_t since; /* -1: begin at the newest */
	int64_t asked_ms;
	int wait_s; /* how long the answer may wait for news */
	int retry_ms;
	int64_t lost_ms; /* since when it fails; 0: all is well */
	int complained;	 /* the status that was complained about; 0: all is well */
};

struct change {
	int64_t seq;
	char *event, *user_id, *socket_id, *tunnel_id;
};

static const struct json_field change_fields[] = {
	{ "seq", JSON_INT, offsetof(struct change, seq), .required = true, .max_int = INT64_MAX },
	{ "event", JSON_STRING, offsetof(struct change, event), .required = true },
	{ "user_id", JSON_STRING, offsetof(struct change, user_id) },
	{ "socket_id", JSON_STRING, offsetof(struct change, socket_id) },
	{ "tunnel_id", JSON_STRING, offsetof(struct change, tunnel_id) },
};

static void poll_feed(struct follower *follower);

/* ---- what a change means here ---- */
static void on_start(struct node *node, const struct change *change)
{
	/* Nobody knows what happened before: all that is cached is asked for again. */
	logins_invalidate_all(&node->logins);
}

static void on_account(struct node *node, const struct change *change)
{
	if (change->user_id)
		logins_invalidate(&node->logins, change->user_id, change->seq);
}

static void on_socket_deleted(struct node *node, const struct change *change)
{
	if (change->socket_id)
		relays_delete_socket(&node->relays, change->socket_id);
	on_account(node, change);
}

static void on_tunnel_deleted(struct node *node, const struct change *change)
{
	if (change->tunnel_id)
		relays_delete_tunnel(&node->relays, change->tunnel_id);
	on_account(node, change);
}

static void on_key_deleted(struct node *node, const struct change *change)
{
	if (change->user_id)
		registry_key_deleted(&node->registry, change->user_id);
	on_account(node, change);
}

/* NULL: nothing to do here. */
static void (*const handlers[NODEAPI_EVENT_COUNT])(struct node *, const struct change *) = {
	[NODEAPI_START] = on_start,
	[NODEAPI_SOCKET_CREATED] = on_account,
	[NODEAPI_SOCKET_DELETED] = on_socket_deleted,
	[NODEAPI_TUNNEL_CREATED] = on_account,
	[NODEAPI_TUNNEL_DELETED] = on_tunnel_deleted,
	[NODEAPI_KEY_ADDED] = on_account,
	[NODEAPI_KEY_DELETED] = on_key_deleted,
	[NODEAPI_ACCOUNT_CHANGED] = on_account,
	[NODEAPI_SOCKET_CHANGED] = on_account,
	[NODEAPI_TUNNEL_UP] = NULL,
	[NODEAPI_TUNNEL_DOWN] = NULL,
};

/* ---- an answer ---- */
static int apply_line(struct follower *follower, const char *line, size_t len)
{
	char why[JSON_ERROR_SIZE];
	struct json_object *o;
	enum nodeapi_event event;
	struct change change;
	int r = json_parse(line, len, 65536, &o);

	if (r < 0)
		return r;
	r = json_read(o, change_fields, ARRAY_SIZE(change_fields), &change, why);
	json_object_put(o);
	if (r < 0)
		return r;
	follower->since = change.seq;
	log_debug("see change %" PRId64 ": %s", change.seq, change.event);
	/* An event that a newer API knows and this node does not: the account is asked for again. */
	if (nodeapi_event_parse(change.event, &event) < 0)
		on_account(follower->node, &change);
	else if (handlers[event])
		handlers[event](follower->node, &change);
	json_clear(change_fields, ARRAY_SIZE(change_fields), &change);
	return 0;
}

static int apply(struct follower *follower, const char *body, size_t len)
{
	const char *end = body + len;
	int r = 0;

	while (r == 0 && body < end) {
		const char *newline = memchr(body, '\n', (size_t)(end - body));
		const char *line_end = newline ? newline : end;

		if (line_end > body)
			r = apply_line(follower, body, (size_t)(line_end - body));
		body = line_end + 1;
	}
	return r;
}

/* Up to twice the delay, so that a fleet does not come back in step. */
static void retry_later(struct follower *follower)
{
	uint32_t random = 0;
	int ms = follower->retry_ms;
	struct timeval tv;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) == sizeof(random))
		ms += (int)(random % (uint32_t)follower->retry_ms);
	tv = (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	event_add(follower->retry, &tv);
	follower->retry_ms *= 2;
	if (follower->retry_ms > FOLLOWER_RETRY_MAX_MS)
		follower->retry_ms = FOLLOWER_RETRY_MAX_MS;
}

static void complain(struct follower *follower, int status)
{
	const char *url = follower->node->conf->api_url;

	if (follower->complained == status)
		return;
	follower->complained = status;
	if (status == 404)
		log_error("follow the feed of '%s': it does not know this node, check that "
			  "'%s' is the same file on both sides, retrying",
			  url, follower->node->conf->node_secret_file);
	else if (status < 0)
		log_warn(
			"follow the feed of '%s': %s, retrying, known accounts can log in meanwhile",
			url, strerror(-status));
	else
		log_warn("follow the feed of '%s': it answers %d, retrying", url, status);
}

static void on_answer(void *arg, int status, char *body, size_t len)
{
	struct follower *follower = arg;

	follower->request = NULL;
	if (status == 410 && follower->since != -1) {
		log_warn("follow the feed: what comes after %" PRId64
			 " is not kept, checking every session again",
			 follower->since);
		follower->since = -1;
		poll_feed(follower);
		return;
	}
	if (status == 200 && apply(follower, body, len) < 0)
		status = -EBADMSG;
	if (status != 200) {
		if (!follower->lost_ms)
			follower->lost_ms = follower->asked_ms;
		complain(follower, status);
		retry_later(follower);
		return;
	}
	if (follower->complained)
		log_info("follow the feed of '%s' again", follower->node->conf->api_url);
	follower->complained = 0;
	follower->lost_ms = 0;
	follower->retry_ms = FOLLOWER_RETRY_MS;
	/* The API waits for news. One that does not is not asked without pause. */
	if (len == 0 && follower->wait_s &&
	    clock_mono_ms() - follower->asked_ms < FOLLOWER_RETRY_MS)
		retry_later(follower);
	else
		poll_feed(follower);
}

static void poll_feed(struct follower *follower)
{
	char path[128];
	struct node_http_call call = {
		.path = path,
		.timeout_ms = (FOLLOWER_WAIT_S + 10) * 1000,
		.max = FOLLOWER_MAX,
		.done = on_answer,
		.arg = follower,
	};

	/* After a failure: is it well again? The answer is not to wait for news. */
	follower->wait_s = follower->lost_ms ? 0 : FOLLOWER_WAIT_S;
	follower->asked_ms = clock_mono_ms();
	snprintf(path, sizeof(path), NODEAPI_FEED "?since=%" PRId64 "&wait=%d", follower->since,
		 follower->wait_s);
	if (node_http_start(follower->node->http, &call, &follower->request) < 0)
		retry_later(follower);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	poll_feed(arg);
}

int follower_new(struct node *node, struct follower **ret_follower)
{
	struct follower *follower = calloc(1, sizeof(*follower));

	if (!follower)
		return -ENOMEM;
	follower->node = node;
	follower->since = -1;
	follower->retry_ms = FOLLOWER_RETRY_MS;
	follower->retry = evtimer_new(node->base, on_retry, follower);
	if (!follower->retry) {
		free(follower);
		return -ENOMEM;
	}
	poll_feed(follower);
	*ret_follower = follower;
	return 0;
}

int64_t follower_lag_ms(const struct follower *follower)
{
	return follower->lost_ms ? clock_mono_ms() - follower->lost_ms : 0;
}

void follower_free(struct follower *follower)
{
	if (!follower)
		return;
	node_http_cancel(follower->request);
	event_free(follower->retry);
	free(follower);
}
