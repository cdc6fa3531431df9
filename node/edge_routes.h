/* SPDX-License-Identifier: ISC */
/* The live routes as HAProxy is to know them (stick table `routes`, haproxy.d), and the commands that take it there
 * from what it knows:
 *
 *	<label>		gpt0 = n, the number of relays, plus the flags of edge_settings.h
 *	<label>/<i>	gpt0 = IPv4 address of the relay, gpc0 = its port, plus 65536 times its mark if the name is
 *			sticky; i in [0, n)
 *	<label>/s<mark>	the same again, for visitors who carry that mark
 *
 * Commands come in an order in which HAProxy never picks a relay that is not there: new relays before the new
 * n, n lowered before a relay is removed. This module does no I/O: commands go to `emit`.
 *
 * MUST 1: a label is never routed without saying on which terms: n and the flags are one value, so that no reader
 *         sees one without the others.
 * MUST 2: what the flags announce (edge_settings.h) is written before n, and removed after it. */
#ifndef NODE_EDGE_ROUTES_H
#define NODE_EDGE_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/edge_keys.h"
#include "node/edge_settings.h"
#include "node/strmap.h"

struct edge_relay {
	uint32_t address; /* host order */
	uint16_t port;
	uint16_t
		mark; /* of the tunnel, not 0, of no other relay of the label; 0: visitors cannot keep to it */
};

struct edge_routes {
	struct strmap names; /* of struct edge_name, by label */
	struct edge_settings settings;
	struct edge_keys stale;			      /* found by edge_routes_sync_line() */
	void (*emit)(void *arg, const char *command); /* without newline */
	void *arg;
};

void edge_routes_init(struct edge_routes *routes, void (*emit)(void *arg, const char *command),
		      void *arg);
void edge_routes_clear(struct edge_routes *routes);

/* From now on these are the relays of that label, served on these terms (NULL: http, open to all); n = 0 removes both,
 * unless the label has another owner by now: ports and names are given out again, and a removal may be late.
 * Emits what changes. 0; -ENOMEM or -EINVAL, and no route changed. */
int edge_routes_set(struct edge_routes *routes, const char *label, const struct edge_terms *terms,
		    const struct edge_relay *relays, size_t n);

/* Compares with what HAProxy has: begin; each line of `show map` and its end, for each of settings.maps (edge_map.h);
 * each line of `show table mysocket/routes`, and its end (which emits the difference: missing relays, then counts, then
 * removals). What is already right costs no command. */
void edge_routes_sync_begin(struct edge_routes *routes);
void edge_routes_sync_line(struct edge_routes *routes, const char *line);
void edge_routes_sync_end(struct edge_routes *routes);

#endif
