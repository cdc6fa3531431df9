/* SPDX-License-Identifier: ISC */
/* What an operator's Prometheus asks of the API: GET /metrics, from this host only. mysocket-api(8) lists the metrics. */
#ifndef API_METRICS_H
#define API_METRICS_H

#include <stdint.h>

struct http_request;

/* The answer is about to be sent. From any thread. */
void api_metrics_count(const struct http_request *rq);

#endif
