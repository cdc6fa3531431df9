/* SPDX-License-Identifier: ISC */
/* One request and its answer, between libmicrohttpd (http.c) and the handlers of the route table.
 *
 * A handler sets an answer and returns 0; or returns HTTP_LATER after api_http_wait(); or a negative errno,
 * which becomes a 500 unless an answer is set. So `return api_http_error(rq, 404, "...")` ends a handler, and
 * a helper of it, alike. */
#ifndef API_HTTP_H
#define API_HTTP_H

#include <json-c/json.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/store.h"
#include "api/worker.h"
#include "lib/denial.h"
#include "lib/json.h"
#include "lib/strbuf.h"

struct MHD_Connection;
struct api;
struct route;

#define HTTP_LATER 1
#define HTTP_BODY_MAX 65536
#define HTTP_PARAMS_MAX 2
#define HTTP_PARAM_SIZE 256
#define HTTP_ALLOW_SIZE 64

enum http_state {
	HTTP_READING,  /* the body is coming */
	HTTP_WAITING,  /* suspended: somebody else has the request */
	HTTP_AGAIN,    /* woken: the handler is to run again */
	HTTP_ANSWERED, /* to be sent */
};

struct http_request {
	struct api *api;
	struct MHD_Connection *connection;
	const struct route *route;
	enum http_state state;
	char *path;
	bool is_head;
	const char *method;
	char params[HTTP_PARAMS_MAX][HTTP_PARAM_SIZE]; /* of the path, in order; syntax checked */
	char client[INET6_ADDRSTRLEN];		       /* who asks, behind our own proxy */
	bool is_local;				       /* the peer itself is on loopback */
	struct store_account account;		       /* ROUTE_TOKEN: whose token it is */
	struct db *db;				       /* during the handler */

	struct strbuf body;
	int64_t begun_us; /* monotonic */
	size_t discarded; /* bytes of a body that is too large */

	/* the answer */
	int status; /* 0: none yet */
	const char *type;
	char *answer; /* heap */
	size_t answer_len;
	int retry_after;	     /* seconds; 0: no header */
	char allow[HTTP_ALLOW_SIZE]; /* of a 405 */

	/* what waits */
	struct api_job job;
	int (*later)(struct http_request *rq);
	void *data;					 /* the handler's own */
	void (*free_data)(void *data);			 /* NULL: nothing to free */
	struct http_request *next_waiter, **prev_waiter; /* feed.c */
	int64_t deadline_ms;				 /* monotonic */
};

/* ---- http_answer.c: answers; all are -ECANCELED ("answered") or 0 as said ---- */
/* Takes `o` (NULL: out of memory). 0 or -ENOMEM. */
int api_http_json(struct http_request *rq, int status, struct json_object *o);
/* 204. 0. */
int api_http_empty(struct http_request *rq);
/* Takes what is in `sb`. 0 or its error. */
int api_http_text(struct http_request *rq, int status, const char *type, struct strbuf *sb);
/* {"error_message": ...}. Always -ECANCELED. */
int api_http_error(struct http_request *rq, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* 401 for what the account is, not for its token: `why` stands in the member "code" as well, for a client to act on. */
int api_http_denied(struct http_request *rq, enum denial why, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* 429 or 503 with Retry-After. Always -ECANCELED. */
int api_http_retry(struct http_request *rq, int status, int seconds, const char *message);
/* What a handler's negative errno becomes. Always -ECANCELED. */
int api_http_failed(struct http_request *rq, int r);
/* What a log line calls the request: its route, since paths may hold a link's secret. */
const char *api_http_name(const struct http_request *rq);

/* ---- http_request.c: what was asked ---- */
/* The body as a JSON object (json_object_put() it). 0; or answered 400. */
int api_http_object(struct http_request *rq, struct json_object **ret_o);
/* The same into a table's struct. */
int api_http_body(struct http_request *rq, const struct json_field *fields, size_t count,
		  void *obj);
/* A header's value, or NULL. */
const char *api_http_header(const struct http_request *rq, const char *name);
/* A number in the query; `fallback` if it is not there. 0; or answered 400. */
int api_http_query(struct http_request *rq, const char *name, int64_t min, int64_t max,
		   int64_t fallback, int64_t *ret_value);
/* The value of "Authorization: Bearer", or NULL. */
const char *api_http_bearer(const struct http_request *rq);
/* Fills in client and is_local. */
void api_http_client(struct http_request *rq);
/* The key under which an address is limited: an IPv6 subscriber has a /64. */
void api_http_client_key(const struct http_request *rq, char ret_key[INET6_ADDRSTRLEN]);

/* ---- http.c ---- */
/* Ends the transaction, and wakes the followers of the feed. 0 or a negative errno. */
int api_http_commit(struct http_request *rq, struct db_tx *tx);
/* Suspends the request; from here on it belongs to whoever will call api_http_resume(). */
void api_http_suspend(struct http_request *rq);
void api_http_resume(struct http_request *rq, enum http_state state);
/* Goes on with `later` on a worker thread (it may set the answer, and has rq->db). HTTP_LATER; or answered 429. */
int api_http_later(struct http_request *rq, int (*later)(struct http_request *rq));
/* The same on a thread of `worker`; `busy`: what a 429 says. */
int api_http_later_on(struct http_request *rq, struct api_worker *worker, const char *busy,
		      int (*later)(struct http_request *rq));

struct http_server;
/* Listens and serves. 0, or a negative errno and a sentence. */
int api_http_start(struct api *api, struct http_server **ret_server, char *ret_why,
		   size_t why_size);
/* No new connections; what is being answered gets a moment; then all end. Call api_stop() in between. */
void api_http_drain(struct http_server *server);
void api_http_stop(struct http_server *server);

#endif
