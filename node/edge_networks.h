/* SPDX-License-Identifier: ISC */
/* Which client addresses a name serves, as keys of HAProxy's map networks.map, which it searches for the longest
 * beginning of "<name>/<digits of an address: 8 or 32>/<the address in upper-case hex>":
 *
 *	<name>/			ALLOW or DENY: what is in no network below
 *	<name>/8/0A		10.0.0.0/8
 *	<name>/32/20010DB8	2001:db8::/32
 *
 * A prefix that ends within a digit becomes up to 8 keys. */
#ifndef NODE_EDGE_NETWORKS_H
#define NODE_EDGE_NETWORKS_H

#include "node/edge_keys.h"

struct socketconf;

#define EDGE_NETWORKS_ALLOW "allow"
#define EDGE_NETWORKS_DENY "deny"

/* Appends the keys of a label by what they lead to. Nothing below a denied network is allowed, as socketconf.h has it,
 * although the longest key wins. Nothing is appended if there are no networks. 0 or -ENOMEM. */
int edge_networks_keys(const struct socketconf *conf, const char *label,
		       struct edge_keys *ret_denied, struct edge_keys *ret_allowed);

#endif
