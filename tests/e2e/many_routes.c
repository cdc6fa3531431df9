/* SPDX-License-Identifier: ISC */
/* A node with any number of live routes and nothing else: the part of mysocket-node that keeps HAProxy's table as it is
 * wanted, with names that no session is behind. For tests of what becomes of 10,000 routes, without as many logins. */
#include <arpa/inet.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/log.h"
#include "node/node_edge.h"

/* The names are many-0 .. many-<count - 1>, all with the same relay. */
static int add_routes(struct node_edge *edge, long count, const struct edge_relay *relay)
{
	char label[32];

	for (long i = 0; i < count; i++) {
		snprintf(label, sizeof(label), "many-%ld", i);
		if (edge_routes_set(&edge->routes, label, NULL, relay, 1) < 0)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct edge_relay relay = { 0 };
	struct node_edge edge;
	struct in_addr address;

	if (argc != 5 || !base || inet_pton(AF_INET, argv[3], &address) != 1) {
		fprintf(stderr,
			"usage: many_routes HAPROXY_SOCKET COUNT RELAY_ADDRESS RELAY_PORT\n");
		return 2;
	}
	relay.address = ntohl(address.s_addr);
	relay.port = (uint16_t)strtoul(argv[4], NULL, 10);
	log_init("many_routes", LOG_LEVEL_INFO, 1);
	signal(SIGPIPE, SIG_IGN);
	node_edge_init(&edge);
	if (add_routes(&edge, strtol(argv[2], NULL, 10), &relay) < 0 ||
	    node_edge_start(&edge, base, NULL, argv[1]) < 0)
		return 1;
	event_base_dispatch(base);
	return 1;
}
