/* SPDX-License-Identifier: ISC */
/* Stragglers: connections that wait in the listener of a session that ended, or come to it still because HAProxy repeats
 * a request towards the same address, are accepted here and relayed to who serves now. Small and short-lived: a
 * listener is drained for seconds (takeover.h). Bounded: DRAIN_RELAYS connections at a time in the whole node, the
 * others wait in their backlog. */
#ifndef NODE_DRAIN_H
#define NODE_DRAIN_H

#include <stdint.h>

#define DRAIN_RELAYS 1024
#define DRAIN_BUFFER 65536 /* bytes that wait in each direction */
#define DRAIN_AGAIN_MS 100 /* after accept() failed for want of descriptors or memory */
#define DRAIN_IDLE_S 3600  /* a relayed connection that is silent for so long is closed */

struct drain;
struct event_base;

/* Begins to accept from the listening socket (which stays the caller's). NULL: no memory. */
struct drain *drain_new(struct event_base *base, int listen_fd);
/* Where connections go from now on; those that are relayed already stay. */
void drain_set_target(struct drain *drain, uint32_t address, uint16_t port);
/* Stops accepting; connections that are being relayed go on by themselves. NULL is fine. */
void drain_free(struct drain *drain);
/* Ends all relayed connections, at the end of the program. */
void drain_end_all(void);

#endif
