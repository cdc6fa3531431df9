/* SPDX-License-Identifier: ISC */
/* libmicrohttpd: a few threads with epoll each; requests that wait (long polls, Argon2id) are suspended and hold
 * no thread. One request's way: begun() with the headers, body by pieces, dispatch(), send_answer(). */
#include "api/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "api/feed.h"
#include "api/http_deadline.h"
#include "api/listen.h"
#include "api/metrics.h"
#include "api/route.h"
#include "api/secret.h"
#include "api/token.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"

#define CONNECTIONS_MAX 2048
#define IDLE_TIMEOUT_S 30
#define HEADERS_TIMEOUT_S 15 /* from the connection's start to the headers' end */
#define BODY_TIMEOUT_S 15    /* from there to the body's */
#define DISCARD_MAX ((size_t)1024 * 1024)
#define DRAIN_MS 1000

struct http_server {
	struct api *api;
	struct MHD_Daemon *daemon;
	struct http_deadlines *deadlines;
	int fd; /* listens; the daemon's until it is quiesced */
	pthread_mutex_t lock;
	pthread_cond_t idle;
	unsigned active; /* requests between begun() and ended() */
};

/* ---- waiting ------------------------------------------------------------------------------------------- */

void api_http_suspend(struct http_request *rq)
{
	rq->state = HTTP_WAITING;
	MHD_suspend_connection(rq->connection);
}

void api_http_resume(struct http_request *rq, enum http_state state)
{
	rq->state = state;
	MHD_resume_connection(rq->connection);
}

static struct http_request *request_of_job(struct api_job *job)
{
	return (struct http_request *)((char *)job - offsetof(struct http_request, job));
}

static void later_run(struct api_job *job)
{
	struct http_request *rq = request_of_job(job);
	int r;

	rq->db = db_pool_get(rq->api->pool);
	r = rq->later(rq);
	db_pool_put(rq->api->pool, rq->db);
	if (!rq->status)
		api_http_failed(rq, r);
	api_http_resume(rq, HTTP_ANSWERED);
}

static void later_cancel(struct api_job *job)
{
	struct http_request *rq = request_of_job(job);

	api_http_retry(rq, 503, 5, "the service is restarting");
	api_http_resume(rq, HTTP_ANSWERED);
}

int api_http_later(struct http_request *rq, int (*later)(struct http_request *rq))
{
	return api_http_later_on(rq, rq->api->hasher, "too many people log in at this moment",
				 later);
}

int api_http_later_on(struct http_request *rq, struct api_worker *worker, const char *busy,
		      int (*later)(struct http_request *rq))
{
	if (api_worker_reserve(worker) < 0)
		return api_http_retry(rq, 429, 2, busy);
	rq->later = later;
	rq->job = (struct api_job){ .run = later_run, .cancel = later_cancel };
	api_http_suspend(rq);
	api_worker_push(worker, &rq->job);
	return HTTP_LATER;
}

int api_http_commit(struct http_request *rq, struct db_tx *tx)
{
	int r = db_commit(tx);

	if (r == 0)
		api_feed_wake(rq->api->feed);
	return r;
}

/* ---- authorization ------------------------------------------------------------------------------------- */

static int check_token(struct http_request *rq)
{
	const char *token = api_http_header(rq, "x-access-token");
	char user_id[ID_UUID_SIZE];
	int r;

	if (!token || !token[0])
		token = api_http_bearer(rq);
	if (!token)
		return api_http_error(rq, 401, "no access token: log in first");
	r = api_token_check(rq->api->token_secret, token, time(NULL), user_id);
	if (r == -ETIME)
		return api_http_error(rq, 401, "the access token has expired: log in again");
	if (r < 0)
		return api_http_error(rq, 401, "the access token is not valid: log in again");
	r = store_account_get(rq->db, user_id, &rq->account);
	if (r == -ENOENT)
		return api_http_denied(rq, DENIAL_UNKNOWN, "this account does not exist any more");
	if (r < 0)
		return r;
	if (rq->account.suspended)
		return api_http_denied(rq, DENIAL_SUSPENDED,
				       "this account is suspended: ask the service's operator");
	if (!rq->account.confirmed)
		return api_http_denied(rq, DENIAL_UNCONFIRMED, "this account is not confirmed yet");
	return 0;
}

static int not_here(struct http_request *rq)
{
	return api_http_error(rq, 404, "there is nothing at this address");
}

/* Rows of other programs of ours look like no row at all to everybody else. */
static int check_program(struct http_request *rq)
{
	const char *mark;

	if (rq->route->auth == ROUTE_NODE) {
		mark = api_http_bearer(rq);
		return mark && secret_equal(mark, rq->api->node_secret) ? 0 : not_here(rq);
	}
	if (rq->route->auth == ROUTE_EDGE) {
		mark = api_http_header(rq, "X-Mysocket-Edge");
		return rq->is_local && mark && strcmp(mark, "1") == 0 ? 0 : not_here(rq);
	}
	if (rq->route->auth == ROUTE_LOCAL)
		return rq->is_local && !api_http_header(rq, "X-Forwarded-For") ? 0 : not_here(rq);
	return 0;
}

/* ---- one request --------------------------------------------------------------------------------------- */

static int run_handler(struct http_request *rq)
{
	struct db *db = db_pool_get(rq->api->pool);
	int r = 0;

	rq->db = db;
	if (rq->route->auth == ROUTE_TOKEN)
		r = check_token(rq);
	if (r == 0)
		r = rq->route->run(rq);
	db_pool_put(rq->api->pool, db); /* not rq->db: a worker may have the request by now */
	return r;
}

/* HTTP_LATER: the request is somebody else's by now and must not be touched. */
static int dispatch(struct http_request *rq)
{
	int r = 0, found = 0;

	if (rq->state == HTTP_READING) {
		found = api_route_find(rq->is_head ? "GET" : rq->method, rq->path, &rq->route,
				       rq->params, rq->allow);
		r = found == -ENOENT ? not_here(rq) : check_program(rq);
		if (r == 0 && found < 0)
			r = api_http_error(rq, 405, "this address takes: %s", rq->allow);
		else
			rq->allow[0] = '\0';
	}
	if (r == 0)
		r = run_handler(rq);
	if (r == HTTP_LATER)
		return r;
	if (!rq->status)
		api_http_failed(rq, r < 0 ? r : -EIO);
	rq->state = HTTP_ANSWERED;
	return 0;
}

static void add_headers(const struct http_request *rq, struct MHD_Response *response)
{
	char seconds[16];
	bool is_page = rq->type && strncmp(rq->type, "text/html", 9) == 0;

	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Content-Security-Policy",
				is_page ? "default-src 'none'; style-src 'unsafe-inline'; "
					  "form-action 'self'; base-uri 'none'; "
					  "frame-ancestors 'none'"
					: "default-src 'none'; frame-ancestors 'none'");
	if (rq->type)
		MHD_add_response_header(response, "Content-Type", rq->type);
	if (rq->allow[0])
		MHD_add_response_header(response, "Allow", rq->allow);
	if (rq->status == 401)
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
	if (rq->route && rq->route->auth == ROUTE_EDGE)
		MHD_add_response_header(response, "Vary", "Accept");
	if (rq->retry_after) {
		snprintf(seconds, sizeof(seconds), "%d", rq->retry_after);
		MHD_add_response_header(response, "Retry-After", seconds);
	}
}

static enum MHD_Result send_answer(struct http_request *rq)
{
	static char nothing[1];
	struct MHD_Response *response;
	enum MHD_Result sent;

	api_metrics_count(rq);
	log_debug("answer '%s %s' of %s with %d", rq->method, api_http_name(rq), rq->client,
		  rq->status);
	response =
		MHD_create_response_from_buffer(rq->answer_len, rq->answer ? rq->answer : nothing,
						rq->answer ? MHD_RESPMEM_MUST_FREE
							   : MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	rq->answer = NULL;
	add_headers(rq, response);
	sent = MHD_queue_response(rq->connection, (unsigned)rq->status, response);
	MHD_destroy_response(response);
	return sent;
}

static enum MHD_Result begun(struct http_server *server, struct MHD_Connection *connection,
			     const char *path, const char *method, void **con_cls)
{
	struct http_request *rq = calloc(1, sizeof(*rq));
	const char *length;

	if (rq)
		rq->path = strdup(path);
	if (!rq || !rq->path) {
		free(rq);
		return MHD_NO;
	}
	rq->api = server->api;
	rq->connection = connection;
	rq->is_head = strcmp(method, "HEAD") == 0;
	rq->method = method;
	strbuf_init(&rq->body, HTTP_BODY_MAX);
	rq->begun_us = clock_mono_us();
	api_http_client(rq);
	*con_cls = rq;
	http_deadline_set(server->deadlines, connection, BODY_TIMEOUT_S);

	pthread_mutex_lock(&server->lock);
	server->active++;
	pthread_mutex_unlock(&server->lock);

	length = api_http_header(rq, "Content-Length");
	if (length && strtoull(length, NULL, 10) > DISCARD_MAX) {
		api_http_error(rq, 413, "the body is too large, at most %d bytes are taken",
			       HTTP_BODY_MAX);
		return send_answer(rq);
	}
	return MHD_YES;
}

/* A body that is a little too large is read to its end, since a client that still writes would not see
 * the answer; of a longer one (without a length) the connection is closed. */
static enum MHD_Result take_body(struct http_request *rq, const char *data, size_t *len)
{
	if (!rq->discarded)
		strbuf_add(&rq->body, data, *len);
	if (rq->discarded || strbuf_error(&rq->body) < 0) {
		rq->discarded += *len;
		strbuf_clear(&rq->body);
	}
	*len = 0;
	return rq->discarded > DISCARD_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **con_cls)
{
	struct http_server *server = cls;
	struct http_request *rq = *con_cls;

	if (!rq)
		return begun(server, connection, path, method, con_cls);
	if (*len)
		return take_body(rq, data, len);
	http_deadline_set(server->deadlines, connection, 0);
	/* What comes with a GET means nothing: a visitor's upload, when no tunnel takes it. */
	if (rq->discarded && !rq->is_head && strcmp(rq->method, "GET") != 0) {
		api_http_error(rq, 413, "the body is too large, at most %d bytes are taken",
			       HTTP_BODY_MAX);
		rq->state = HTTP_ANSWERED;
	}
	if (rq->state != HTTP_ANSWERED && dispatch(rq) == HTTP_LATER)
		return MHD_YES;
	return send_answer(rq);
}

static void on_ended(void *cls, struct MHD_Connection *connection, void **con_cls,
		     enum MHD_RequestTerminationCode why)
{
	struct http_server *server = cls;
	struct http_request *rq = *con_cls;

	if (!rq)
		return;
	if (rq->free_data)
		rq->free_data(rq->data);
	strbuf_clear(&rq->body); /* wipes: passwords came in it */
	free(rq->answer);
	free(rq->path);
	free(rq);
	*con_cls = NULL;
	/* The next request may begin at the end of the idle time. */
	http_deadline_set(server->deadlines, connection, IDLE_TIMEOUT_S + HEADERS_TIMEOUT_S);

	pthread_mutex_lock(&server->lock);
	if (--server->active == 0)
		pthread_cond_signal(&server->idle);
	pthread_mutex_unlock(&server->lock);
}

/* Nothing in our paths and queries needs %-escapes, so none are undone: one spelling per address. */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
	return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void on_log(void *cls, const char *fmt, va_list ap)
{
	char text[400];

	vsnprintf(text, sizeof(text), fmt, ap);
	log_debug("libmicrohttpd: %s", text);
}

/* ---- the server ---------------------------------------------------------------------------------------- */

static int start_daemon(struct http_server *server)
{
	server->daemon =
		MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
					 MHD_USE_ERROR_LOG,
				 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER,
				 on_log, NULL, MHD_OPTION_LISTEN_SOCKET, server->fd,
				 MHD_OPTION_THREAD_POOL_SIZE, (unsigned)API_HTTP_THREADS,
				 MHD_OPTION_NOTIFY_CONNECTION, http_deadlines_notify,
				 server->deadlines, MHD_OPTION_NOTIFY_COMPLETED, on_ended, server,
				 MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
				 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
				 MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK,
				 keep_escapes, NULL, MHD_OPTION_END);
	return server->daemon ? 0 : -EIO;
}

int api_http_start(struct api *api, struct http_server **ret_server, char *ret_why, size_t why_size)
{
	struct http_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->api = api;
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->idle, NULL);
	r = api_listen(api->conf.api_listen, &server->fd, ret_why, why_size);
	if (r < 0)
		goto undo;
	r = http_deadlines_start(HEADERS_TIMEOUT_S, &server->deadlines);
	if (r < 0) {
		snprintf(ret_why, why_size, "cannot start the HTTP server: %s", strerror(-r));
		goto undo_listen;
	}
	r = start_daemon(server);
	if (r < 0) {
		snprintf(ret_why, why_size, "cannot start the HTTP server's threads");
		goto undo_listen;
	}
	*ret_server = server;
	return 0;
undo_listen:
	http_deadlines_stop(server->deadlines);
	close(server->fd);
undo:
	pthread_cond_destroy(&server->idle);
	pthread_mutex_destroy(&server->lock);
	free(server);
	return r;
}

void api_http_drain(struct http_server *server)
{
	MHD_socket fd = MHD_quiesce_daemon(server->daemon);

	if (fd != MHD_INVALID_SOCKET)
		close(fd);
}

void api_http_stop(struct http_server *server)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DRAIN_MS / 1000;
	pthread_mutex_lock(&server->lock);
	while (server->active &&
	       pthread_cond_timedwait(&server->idle, &server->lock, &until) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&server->lock);

	MHD_stop_daemon(server->daemon);
	http_deadlines_stop(server->deadlines);
	pthread_cond_destroy(&server->idle);
	pthread_mutex_destroy(&server->lock);
	free(server);
}
