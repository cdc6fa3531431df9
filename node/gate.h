/* SPDX-License-Identifier: ISC */
/* The door: PATHS_NODE_SOCKET, where authkeys, PAM and sessions ask (lib/nodewire.h).
 *
 * MUST 1: who asks is what the kernel says (SO_PEERCRED), never what a message claims: keys for root and
 *	   mysocket-keys, account and open for root, attach and command for mysocket-tunnel.
 * MUST 2: they need the token and a process that descends from the session's.
 * MUST 3: connections are bounded, in all and per kind of peer, and each has a deadline; other users' are closed
 *	   unread. */
#ifndef NODE_GATE_H
#define NODE_GATE_H

#include "lib/nodewire.h"

struct gate;
struct node;

/* Connections that have not been answered yet; a peer of one kind can use at most half of them. */
#define GATE_PENDING 1024
#define GATE_BACKLOG 1024
#define GATE_DEADLINE_MS NODEWIRE_TIMEOUT_MS

/* Listens. A socket file that nobody serves is replaced. 0 with *ret_gate; -EADDRINUSE: another node serves it. */
int gate_new(struct node *node, const char *path, struct gate **ret_gate);
/* The socket file stays: the next node replaces it, and until then clients see that nobody serves. */
void gate_free(struct gate *gate);

#endif
