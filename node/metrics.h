/* SPDX-License-Identifier: ISC */
/* What an operator's Prometheus asks of a node: GET /metrics at conf.node_metrics_listen, over HTTP in this one program's
 * loop. mysocket-node(8) lists the metrics. */
#ifndef NODE_METRICS_H
#define NODE_METRICS_H

#include <stdint.h>

struct node;
struct node_metrics;
struct strbuf;

/* What happened since the node started; all else is looked up when somebody asks. */
enum node_count {
	COUNT_SESSIONS,
	COUNT_TAKEOVERS,
	COUNT_HOLDS,
	COUNT_REFUSED_ADDRESS, /* in the order of broker_reasons[] */
	COUNT_REFUSED_PORT,
	COUNT_REFUSED_IN_USE,
	COUNT_REFUSED_LISTENER,
	COUNT_DENIED, /* plus an enum denial: DENIAL_COUNT of them */
	COUNT_DENIED_LAST = COUNT_DENIED + 15,
	COUNT_LOG_RECORDS,
	COUNT_LOG_BAD,
	COUNT_LOG_DROPPED,
	COUNT_EDGE_CONNECTIONS,
	COUNT_MAX,
};

extern uint64_t node_counts[COUNT_MAX];

static inline void node_count(enum node_count what)
{
	node_counts[what]++;
}

/* Serves at `where`, "address:port". 0 with *ret_metrics; a negative errno. */
int node_metrics_new(struct node *node, const char *where, struct node_metrics **ret_metrics);
void node_metrics_free(struct node_metrics *metrics);

/* Appends all of them. */
void node_metrics_text(const struct node *node, struct strbuf *sb);

#endif
