/* SPDX-License-Identifier: ISC */
/* Connects to a relay as a visitor would, to learn whether anything is behind it: sshd accepts every connection, and
 * closes it again without a byte when the origin refuses. Bounded at a time: in the whole node, and so that neither one
 * account nor one socket has all of that. */
#ifndef NODE_PROBE_H
#define NODE_PROBE_H

#include <stddef.h>
#include <stdint.h>

#define PROBE_MAX 256
#define PROBE_MAX_OF_ACCOUNT 16
#define PROBE_MAX_OF_SOCKET 8

enum probe_result {
	PROBE_REFUSED, /* closed before anything was read of the request, or without a byte if there was none */
	PROBE_CLOSED,	/* the request was read, and answered by the end of the connection */
	PROBE_OPEN,	/* still open after the wait, and silent */
	PROBE_STAYED,	/* and after the second wait too */
	PROBE_ENDED,	/* it ended once our half had */
	PROBE_ANSWERED, /* it sent something */
};

struct probe_plan {
	const char *user_id, *socket_id; /* whose */
	const void *request;		 /* `len` bytes, sent at once; 0: none */
	size_t len;
	int64_t wait_ms;
	int64_t end_wait_ms; /* not 0: then we end our half, and wait so long again */
};

struct event_base;
struct probe;

typedef void probe_done(void *arg, enum probe_result result);

/* `done` is called once, later, and the probe is gone then. NULL: too many, no descriptors or no memory. Copies what the
 * plan points to. */
struct probe *probe_start(struct event_base *base, uint32_t address, uint16_t port,
			  const struct probe_plan *plan, probe_done *done, void *arg);
/* Drops it without calling `done`. NULL is fine. */
void probe_cancel(struct probe *probe);

#endif
