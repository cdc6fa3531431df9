/* SPDX-License-Identifier: ISC */
/* libcurl's multi interface driven by libevent: CURLMOPT_SOCKETFUNCTION(3), CURLMOPT_TIMERFUNCTION(3). */
#include "node/node_http.h"

#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <string.h>
#include <sys/queue.h>

#include "lib/cleanup.h"
#include "lib/nodeapi.h"
#include "lib/strbuf.h"

struct node_http_request {
	LIST_ENTRY(node_http_request) entry;
	struct node_http *http;
	CURL *easy;
	struct strbuf answer;
	node_http_done *done;
	void *arg;
	bool too_large;
};

struct node_http {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;
	struct curl_slist *headers;
	struct curl_slist *headers_json;
	char *url;
	char *ca_file;
	size_t count;
	LIST_HEAD(, node_http_request) requests;
};

static void request_free(struct node_http_request *request)
{
	if (request->easy) {
		curl_multi_remove_handle(request->http->multi, request->easy);
		curl_easy_cleanup(request->easy);
	}
	LIST_REMOVE(request, entry);
	request->http->count--;
	strbuf_clear(&request->answer);
	free(request);
}

static int status_of(CURL *easy, CURLcode code, bool too_large)
{
	long status = 0;

	if (too_large)
		return -EMSGSIZE;
	if (code != CURLE_OK)
		return -EHOSTDOWN;
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return status > 0 ? (int)status : -EHOSTDOWN;
}

/* Hands out what has finished. The callback may start and cancel others, so each round asks curl anew. */
static void finish(struct node_http *http)
{
	struct CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(http->multi, &left)) != NULL) {
		struct node_http_request *request;
		node_http_done *done;
		struct strbuf answer;
		void *arg;
		int status;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&request);
		status = status_of(request->easy, msg->data.result, request->too_large);
		answer = request->answer;
		done = request->done;
		arg = request->arg;
		strbuf_init(&request->answer, 0);
		request_free(request);
		done(arg, status, answer.buf, answer.len);
		strbuf_clear(&answer);
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct node_http *http = arg;
	int running;

	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	finish(http);
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct node_http *http = arg;
	struct timeval tv = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };

	if (timeout_ms < 0)
		event_del(http->timer);
	else
		event_add(http->timer, &tv);
	return 0;
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct node_http *http = arg;
	int running, mask = (what & EV_READ ? CURL_CSELECT_IN : 0) |
			    (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

	curl_multi_socket_action(http->multi, fd, mask, &running);
	finish(http);
}

/* curl says which events of a socket it wants; `socket_arg` is our event of it. */
static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct node_http *http = arg;
	struct event *ev = socket_arg;
	short events = EV_PERSIST;

	if (ev)
		event_free(ev);
	curl_multi_assign(http->multi, fd, NULL);
	if (what == CURL_POLL_REMOVE)
		return 0;
	events |= what & CURL_POLL_IN ? EV_READ : 0;
	events |= what & CURL_POLL_OUT ? EV_WRITE : 0;
	ev = event_new(http->base, fd, events, on_socket, http);
	if (!ev || event_add(ev, NULL) < 0)
		return -1;
	curl_multi_assign(http->multi, fd, ev);
	return 0;
}

static size_t on_data(char *data, size_t size, size_t count, void *arg)
{
	struct node_http_request *request = arg;

	strbuf_add(&request->answer, data, size * count);
	if (strbuf_error(&request->answer) < 0) {
		request->too_large = true;
		return 0;
	}
	return size * count;
}

static int add_headers(struct node_http *http, const struct node_http_setup *setup)
{
	auto_call(strbuf_clear) struct strbuf bearer = STRBUF_INIT(4096);
	auto_call(strbuf_clear) struct strbuf name = STRBUF_INIT(512);
	struct curl_slist *more;

	strbuf_addf(&bearer, "Authorization: Bearer %s", setup->secret);
	strbuf_addf(&name, NODEAPI_NODE_HEADER ": %s", setup->node_name);
	if (strbuf_error(&bearer) < 0 || strbuf_error(&name) < 0)
		return -ENOMEM;
	http->headers = curl_slist_append(NULL, bearer.buf);
	more = http->headers ? curl_slist_append(http->headers, name.buf) : NULL;
	http->headers_json = curl_slist_append(NULL, bearer.buf);
	if (!more || !http->headers_json || !curl_slist_append(http->headers_json, name.buf) ||
	    !curl_slist_append(http->headers_json, "Content-Type: application/json"))
		return -ENOMEM;
	return 0;
}

int node_http_new(const struct node_http_setup *setup, struct node_http **ret_http)
{
	struct node_http *http = calloc(1, sizeof(*http));

	if (!http)
		return -ENOMEM;
	LIST_INIT(&http->requests);
	http->base = setup->base;
	http->url = strdup(setup->url);
	http->ca_file = setup->ca_file && *setup->ca_file ? strdup(setup->ca_file) : NULL;
	http->multi = curl_multi_init();
	http->timer = evtimer_new(setup->base, on_timer, http);
	if (!http->url || !http->multi || !http->timer || add_headers(http, setup) < 0) {
		node_http_free(http);
		return -ENOMEM;
	}
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 16L);
	*ret_http = http;
	return 0;
}

void node_http_free(struct node_http *http)
{
	if (!http)
		return;
	while (!LIST_EMPTY(&http->requests))
		request_free(LIST_FIRST(&http->requests));
	if (http->multi)
		curl_multi_cleanup(http->multi);
	if (http->timer)
		event_free(http->timer);
	curl_slist_free_all(http->headers);
	curl_slist_free_all(http->headers_json);
	free(http->url);
	free(http->ca_file);
	free(http);
}

static int set_options(struct node_http_request *request, const struct node_http_call *call)
{
	struct node_http *http = request->http;
	auto_call(strbuf_clear) struct strbuf url = STRBUF_INIT(4096);
	CURL *easy = request->easy;

	strbuf_addf(&url, "%s%s", http->url, call->path);
	if (strbuf_error(&url) < 0)
		return strbuf_error(&url);
	if (curl_easy_setopt(easy, CURLOPT_URL, url.buf) != CURLE_OK)
		return -ENOMEM;
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->body ? http->headers_json : http->headers);
	if (call->body && curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, call->body) != CURLE_OK)
		return -ENOMEM;
	if (http->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY,
			 ""); /* the node's own API, whatever the environment says */
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, call->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	return 0;
}

int node_http_start(struct node_http *http, const struct node_http_call *call,
		    struct node_http_request **ret_request)
{
	struct node_http_request *request;
	int r;

	if (http->count >= NODE_HTTP_PARALLEL)
		return -EBUSY;
	request = calloc(1, sizeof(*request));
	if (!request)
		return -ENOMEM;
	request->http = http;
	request->done = call->done;
	request->arg = call->arg;
	strbuf_init(&request->answer, call->max);
	LIST_INSERT_HEAD(&http->requests, request, entry);
	http->count++;
	request->easy = curl_easy_init();
	r = request->easy ? set_options(request, call) : -ENOMEM;
	if (r == 0 && curl_multi_add_handle(http->multi, request->easy) != CURLM_OK)
		r = -ENOMEM;
	if (r < 0) {
		request_free(request);
		return r;
	}
	if (ret_request)
		*ret_request = request;
	return 0;
}

void node_http_cancel(struct node_http_request *request)
{
	if (request)
		request_free(request);
}
