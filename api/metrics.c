/* SPDX-License-Identifier: ISC */
/* Counts answers by route and status, and shows them with the size of the database. */
#include "api/metrics.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>

#include "api/api.h"
#include "api/http.h"
#include "api/route.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/promtext.h"

#define PREFIX "mysocket_api_"
#define TEXT_MAX ((size_t)256 * 1024)
#define ROUTES_MAX 128 /* the last one: all that have no route */

static const int statuses[] = { 200, 201, 204, 304, 400, 401, 403, 404, 405, 409,
				410, 413, 415, 422, 429, 500, 502, 503, 0 /* others */ };
static const struct bucket {
	int64_t us;
	const char *label;
} buckets[] = {
	{ 1000, "le=\"0.001\"" },  { 5000, "le=\"0.005\"" },	 { 25000, "le=\"0.025\"" },
	{ 100000, "le=\"0.1\"" },  { 500000, "le=\"0.5\"" },	 { 2500000, "le=\"2.5\"" },
	{ 10000000, "le=\"10\"" }, { INT64_MAX, "le=\"+Inf\"" },
};

static atomic_uint_fast64_t answers[ROUTES_MAX][ARRAY_SIZE(statuses)];
static atomic_uint_fast64_t lasted[ARRAY_SIZE(buckets)];
static atomic_uint_fast64_t lasted_us;

/* ---- counting ---- */
static size_t row_of(const struct http_request *rq)
{
	size_t row = rq->route ? (size_t)(rq->route - api_route(0)) : ROUTES_MAX - 1;

	return row < ROUTES_MAX ? row : ROUTES_MAX - 1;
}

void api_metrics_count(const struct http_request *rq)
{
	int64_t us = clock_mono_us() - rq->begun_us;
	size_t column = 0, i = 0;

	while (statuses[column] && statuses[column] != rq->status)
		column++;
	atomic_fetch_add_explicit(&answers[row_of(rq)][column], 1, memory_order_relaxed);
	/* A long poll lasts as long as it was asked to. */
	if (rq->route && rq->route->run == api_node_feed)
		return;
	while (us > buckets[i].us)
		i++;
	atomic_fetch_add_explicit(&lasted[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&lasted_us, (uint64_t)us, memory_order_relaxed);
}

/* ---- showing ---- */
static void add_answers(struct strbuf *sb)
{
	const struct route *route;
	char labels[200];

	promtext_family(sb, PREFIX "requests_total", "counter", "Requests that were answered.");
	for (size_t i = 0; i < ROUTES_MAX; i++) {
		route = i < ROUTES_MAX - 1 ? api_route(i) : NULL;
		for (size_t k = 0; k < ARRAY_SIZE(statuses); k++) {
			uint64_t n = atomic_load(&answers[i][k]);

			if (!n)
				continue;
			snprintf(labels, sizeof(labels), "method=\"%s\",route=\"%s\",status=\"%d\"",
				 route ? route->method : "", route ? route->path : "", statuses[k]);
			promtext_sample(sb, PREFIX "requests_total", labels, (int64_t)n);
		}
	}
}

static void add_lasted(struct strbuf *sb)
{
	uint64_t n = 0;

	promtext_family(
		sb, PREFIX "request_seconds", "histogram",
		"Time from a request's headers to its answer, but for the feed's long polls.");
	for (size_t i = 0; i < ARRAY_SIZE(buckets); i++) {
		n += atomic_load(&lasted[i]);
		promtext_sample(sb, PREFIX "request_seconds_bucket", buckets[i].label, (int64_t)n);
	}
	promtext_seconds(sb, PREFIX "request_seconds_sum", NULL, (int64_t)atomic_load(&lasted_us));
	promtext_sample(sb, PREFIX "request_seconds_count", NULL, (int64_t)n);
}

/* With what SQLite has not written back yet. */
static int64_t database_size(const char *path)
{
	char wal[PATH_MAX];
	int64_t size = 0;
	struct stat st;

	if (stat(path, &st) == 0)
		size += st.st_size;
	if (snprintf(wal, sizeof(wal), "%s-wal", path) < (int)sizeof(wal) && stat(wal, &st) == 0)
		size += st.st_size;
	return size;
}

int api_metrics(struct http_request *rq)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(TEXT_MAX);

	promtext_family(&sb, PREFIX "info", "gauge", "The program's version.");
	promtext_sample(&sb, PREFIX "info", "version=\"" MYSOCKET_VERSION "\"", 1);
	promtext_single(&sb, PREFIX "database_bytes", "gauge", "Size of the database's files.",
			database_size(rq->api->conf.database));
	add_answers(&sb);
	add_lasted(&sb);
	return api_http_text(rq, 200, PROMTEXT_TYPE, &sb);
}
