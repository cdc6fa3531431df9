/* SPDX-License-Identifier: ISC */
/* One node: all that a running mysocket-node has. Modules that only do one thing know only their own struct; those that
 * tie things together (gate, registry, broker, attach, follower) take the node. */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include <stdint.h>
#include <sys/types.h>

#include "lib/conf.h"
#include "node/logins.h"
#include "node/node_edge.h"
#include "node/registry.h"
#include "node/relays.h"
#include "node/updown.h"

struct event_base;
struct edge_log;
struct follower;
struct gate;
struct node_http;
struct node_metrics;

struct node {
	const struct conf *conf;
	struct event_base *base;
	struct node_http *http;
	struct logins logins;
	struct node_edge edge;
	struct relays relays;
	struct registry registry;
	struct updown *updown;
	struct edge_log *edge_log;
	struct follower *follower;
	struct gate *gate;
	struct node_metrics *metrics; /* NULL: not served */
	uid_t tunnel_uid, keys_uid, edge_uid;
};

/* Everything up to READY; what goes wrong is logged with its remedy. 0 or a negative errno; node_stop() is due
 * either way. `secret`: what the API knows the node by. */
int node_start(struct node *node, const struct conf *conf, const char *secret);
/* Runs until node_break(). */
void node_run(struct node *node);
void node_break(struct node *node);
/* Leaves live sessions alone, and their records for the next start. */
void node_stop(struct node *node);

#endif
