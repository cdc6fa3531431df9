/* SPDX-License-Identifier: ISC */
/* Copies both ways between our own descriptors and a connection, until both ways have ended. The end of one way is
 * passed on (half-close) and leaves the other alone; a connection that breaks ends both. Bytes cross this process at
 * most once, and where pipe and connection allow it (splice(2)) not at all. */
#ifndef PROXYCOMMAND_RELAY_H
#define PROXYCOMMAND_RELAY_H

#include <stdint.h>

#include "proxycommand/dial.h"

struct relay {
	int in, out; /* two descriptors, maybe of one socket; closed at the end, or before */
	struct dial *dial;
	/* Nothing more comes from the connection: it has ended (0), or broke with this negative errno, after so many
	 * bytes. Called before `out` is closed: whoever reads there may then end us. */
	void (*on_end)(const void *context, int error, uint64_t received);
	const void *context;
};

/* SIGPIPE must be ignored. 0: both ways ended orderly, or nobody reads `out` any more; else the negative errno with which
 * the connection broke. */
int relay_run(const struct relay *relay);

#endif
