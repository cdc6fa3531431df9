/* SPDX-License-Identifier: ISC */
/* HTTP requests to mysocket-api that never block: libcurl's multi interface on the node's event loop.
 * Connections are kept. Bounded: NODE_HTTP_PARALLEL requests at a time, each answer at most `max` bytes. */
#ifndef NODE_NODE_HTTP_H
#define NODE_NODE_HTTP_H

#include <stddef.h>

struct event_base;
struct node_http;
struct node_http_request;

#define NODE_HTTP_PARALLEL 256

struct node_http_setup {
	struct event_base *base;
	const char *url;       /* "http://127.0.0.1:7080", no slash at the end */
	const char *ca_file;   /* NULL or "": the system's */
	const char *secret;    /* sent as the bearer token */
	const char *node_name; /* sent as NODEAPI_NODE_HEADER */
};

/* 0 with *ret_http; -ENOMEM. */
int node_http_new(const struct node_http_setup *setup, struct node_http **ret_http);
/* Requests that are still under way are dropped; their callbacks are not called. */
void node_http_free(struct node_http *http);

/* `status`: of HTTP, or a negative errno: -EHOSTDOWN if the API could not be asked (no connection, time over,
 * no valid HTTP), -EMSGSIZE if the answer was larger than `max`. `body` is NUL-terminated and gone when the callback
 * returns. */
typedef void node_http_done(void *arg, int status, char *body, size_t len);

struct node_http_call {
	const char *path; /* with the query */
	const char *body; /* NULL: GET; else POST of this JSON, copied */
	long timeout_ms;
	size_t max;
	node_http_done *done;
	void *arg;
};

/* Starts it. `done` is called later, never from inside. 0 with *ret_request (may be NULL), valid until `done` is
 * called; -EBUSY if too many are under way; -ENOMEM. */
int node_http_start(struct node_http *http, const struct node_http_call *call,
		    struct node_http_request **ret_request);
/* Drops it without calling `done`. NULL is fine. */
void node_http_cancel(struct node_http_request *request);

#endif
