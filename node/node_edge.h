/* SPDX-License-Identifier: ISC */
/* Routes to HAProxy: the wanted ones (edge_routes.h) kept in its table through its command line (edge_cli.h), across its
 * restarts and reloads. */
#ifndef NODE_NODE_EDGE_H
#define NODE_NODE_EDGE_H

#include "node/edge_certs.h"
#include "node/edge_cli.h"
#include "node/edge_routes.h"

/* A reloaded process learns the table from the old one for some seconds: what it learned late is put right then. */
#define NODE_EDGE_RECHECK_MS 6000

struct event;

struct node_edge {
	struct edge_routes routes;
	struct edge_certs certs;
	struct edge_cli *cli;
	struct event *recheck;
	bool is_ready; /* this process of HAProxy has all routes, and was told so (ready.map) */
};

/* Routes can be set from here on; HAProxy is told after node_edge_start(). */
void node_edge_init(struct node_edge *edge);
/* Connects; certificates come over `http`. What HAProxy has and we don't want is removed then. 0 or -ENOMEM. */
int node_edge_start(struct node_edge *edge, struct event_base *base, struct node_http *http,
		    const char *path);
void node_edge_clear(struct node_edge *edge);

#endif
