/* SPDX-License-Identifier: ISC */
/* The node's metrics: counters, and what is looked up in its parts. */
#include "node/metrics.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/denial.h"
#include "lib/promtext.h"
#include "lib/strbuf.h"
#include "node/follower.h"
#include "node/node.h"

#define PREFIX "mysocket_node_"
#define TEXT_MAX 65536
#define HEADERS_MAX 8192
#define TIMEOUT_S 10

_Static_assert(DENIAL_COUNT <= COUNT_DENIED_LAST - COUNT_DENIED + 1, "room for each denial");

uint64_t node_counts[COUNT_MAX];

struct node_metrics {
	struct evhttp *http;
	struct node *node;
	time_t started;
};

/* ---- text ---- */
static const struct counter {
	enum node_count what;
	const char *name, *help;
} counters[] = {
	{ COUNT_SESSIONS, PREFIX "sessions_opened_total", "Logins that became a session." },
	{ COUNT_TAKEOVERS, PREFIX "takeovers_total",
	  "Logins that took a tunnel over from an earlier one." },
	{ COUNT_HOLDS, PREFIX "holds_total",
	  "Times that visitors were held for the next login of a tunnel." },
	{ COUNT_LOG_RECORDS, PREFIX "log_records_total", "Records that HAProxy logged." },
	{ COUNT_LOG_BAD, PREFIX "log_records_bad_total",
	  "Records of HAProxy's log that could not be read." },
	{ COUNT_LOG_DROPPED, PREFIX "log_lines_dropped_total",
	  "Log lines that sessions were too slow to take." },
	{ COUNT_EDGE_CONNECTIONS, PREFIX "edge_connections_total",
	  "Connections to HAProxy: its starts and reloads, and our own start." },
};

static void add_counters(struct strbuf *sb)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++)
		promtext_single(sb, counters[i].name, "counter", counters[i].help,
				(int64_t)node_counts[counters[i].what]);
}

static void add_refusals(struct strbuf *sb)
{
	static const char *const broker_reasons[] = { "address", "port", "in_use", "listener" };
	char labels[64];

	promtext_family(sb, PREFIX "broker_refusals_total", "counter",
			"Binds of sessions that were refused.");
	for (size_t i = 0; i < ARRAY_SIZE(broker_reasons); i++) {
		snprintf(labels, sizeof(labels), "reason=\"%s\"", broker_reasons[i]);
		promtext_sample(sb, PREFIX "broker_refusals_total", labels,
				(int64_t)node_counts[COUNT_REFUSED_ADDRESS + i]);
	}
	promtext_family(sb, PREFIX "logins_denied_total", "counter", "Logins that were denied.");
	for (size_t i = DENIAL_NONE + 1; i < DENIAL_COUNT; i++) {
		snprintf(labels, sizeof(labels), "code=\"%s\"", denial_code((enum denial)i));
		promtext_sample(sb, PREFIX "logins_denied_total", labels,
				(int64_t)node_counts[COUNT_DENIED + i]);
	}
}

static void add_listeners(const struct relays *relays, struct strbuf *sb)
{
	static const enum takeover_role shown[] = { TAKEOVER_CURRENT, TAKEOVER_STANDBY,
						    TAKEOVER_HOLD, TAKEOVER_DRAIN };
	int64_t count[TAKEOVER_CLOSE + 1] = { 0 };
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;
	char labels[64];

	while ((node = strmap_next(&relays->listeners, &cursor)) != NULL)
		count[strmap_entry(node, struct relay_listener, node)->role]++;
	promtext_family(sb, PREFIX "listeners", "gauge",
			"Listeners of sessions; each live tunnel has one that is current.");
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		snprintf(labels, sizeof(labels), "role=\"%s\"", takeover_role_name(shown[i]));
		promtext_sample(sb, PREFIX "listeners", labels, count[shown[i]]);
	}
}

static void add_origins(const struct relays *relays, struct strbuf *sb)
{
	int64_t count[HEALTH_STATES] = { 0 };
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;
	char labels[64];

	while ((node = strmap_next(&relays->listeners, &cursor)) != NULL) {
		const struct relay_listener *listener =
			strmap_entry(node, struct relay_listener, node);

		if (listener->role == TAKEOVER_CURRENT)
			count[listener->health.state]++;
	}
	promtext_family(sb, PREFIX "origins", "gauge",
			"Live tunnels by what is known of the services behind them.");
	for (size_t i = 0; i < HEALTH_STATES; i++) {
		snprintf(labels, sizeof(labels), "state=\"%s\"",
			 health_state_name((enum health_state)i));
		promtext_sample(sb, PREFIX "origins", labels, count[i]);
	}
}

void node_metrics_text(const struct node *node, struct strbuf *sb)
{
	const struct edge_cli *cli = node->edge.cli;

	promtext_family(sb, PREFIX "info", "gauge", "The program's version.");
	promtext_sample(sb, PREFIX "info", "version=\"" MYSOCKET_VERSION "\"", 1);
	promtext_single(sb, PREFIX "start_time_seconds", "gauge", "When the node started.",
			node->metrics ? (int64_t)node->metrics->started : 0);
	promtext_single(sb, PREFIX "sessions", "gauge", "Live sessions.",
			(int64_t)node->registry.count);
	promtext_single(sb, PREFIX "tunnels", "gauge", "Tunnels with a listener.",
			(int64_t)node->relays.tunnels.count);
	add_listeners(&node->relays, sb);
	add_origins(&node->relays, sb);
	add_counters(sb);
	add_refusals(sb);
	promtext_single(sb, PREFIX "routes", "gauge", "Names that HAProxy is to have a route of.",
			(int64_t)node->edge.routes.names.count);
	promtext_single(sb, PREFIX "edge_up", "gauge", "1 while HAProxy is connected.",
			cli && edge_cli_is_up(cli));
	promtext_single(sb, PREFIX "edge_ready", "gauge", "1 once HAProxy has all routes.",
			cli && edge_cli_is_up(cli) && node->edge.is_ready);
	promtext_family(sb, PREFIX "feed_lag_seconds", "gauge",
			"Since when the API's feed could not be followed; 0 while it can.");
	promtext_seconds(sb, PREFIX "feed_lag_seconds", NULL,
			 node->follower ? follower_lag_ms(node->follower) * 1000 : 0);
}

/* ---- HTTP ---- */
static void on_request(struct evhttp_request *request, void *arg)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(TEXT_MAX);
	struct node_metrics *metrics = arg;
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));

	if (!path || strcmp(path, "/metrics") != 0) {
		evhttp_send_error(request, HTTP_NOTFOUND, NULL);
		return;
	}
	node_metrics_text(metrics->node, &sb);
	if (strbuf_error(&sb) < 0 ||
	    evbuffer_add(evhttp_request_get_output_buffer(request), sb.buf, sb.len) < 0) {
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
		return;
	}
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			  PROMTEXT_TYPE);
	evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

static int listen_at(struct evhttp *http, const char *where)
{
	const char *colon = strrchr(where, ':');
	char host[128];
	size_t len = colon ? (size_t)(colon - where) : 0;

	if (len > 1 && where[0] == '[' && where[len - 1] == ']') {
		where++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(host))
		return -EINVAL;
	memcpy(host, where, len);
	host[len] = '\0';
	if (evhttp_bind_socket(http, host, (uint16_t)strtoul(colon + 1, NULL, 10)) < 0)
		return errno ? -errno : -EADDRINUSE;
	return 0;
}

int node_metrics_new(struct node *node, const char *where, struct node_metrics **ret_metrics)
{
	struct node_metrics *metrics = calloc(1, sizeof(*metrics));
	int r = -ENOMEM;

	if (!metrics)
		return -ENOMEM;
	metrics->node = node;
	metrics->started = time(NULL);
	metrics->http = evhttp_new(node->base);
	if (metrics->http)
		r = listen_at(metrics->http, where);
	if (r < 0) {
		node_metrics_free(metrics);
		return r;
	}
	evhttp_set_allowed_methods(metrics->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_max_headers_size(metrics->http, HEADERS_MAX);
	evhttp_set_max_body_size(metrics->http, 0);
	evhttp_set_timeout(metrics->http, TIMEOUT_S);
	evhttp_set_gencb(metrics->http, on_request, metrics);
	*ret_metrics = metrics;
	return 0;
}

void node_metrics_free(struct node_metrics *metrics)
{
	if (!metrics)
		return;
	if (metrics->http)
		evhttp_free(metrics->http);
	free(metrics);
}
