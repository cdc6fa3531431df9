/* SPDX-License-Identifier: ISC */
/* Tells that the machine's network has changed: links, addresses, routes (rtnetlink(7), Linux; elsewhere nothing is told). */
#ifndef HELPER_NETWATCH_H
#define HELPER_NETWATCH_H

#include <stddef.h>

enum netwatch_change {
	NETWATCH_CHANGED = 1, /* what could not be reached may be now */
	NETWATCH_GONE = 2,    /* an address or the default route went: what used it may be dead */
};

/* A descriptor that is readable after a change, non-blocking; -1 where there is none. */
int netwatch_open(void);

/* Reads all that is there; returns enum netwatch_change, or'd. */
unsigned netwatch_read(int fd);

/* What netlink messages tell: 0 for those that matter to no connection, such as statistics, link-local addresses, the
 * loopback link, routes of other tables, and for what is cut short. */
unsigned netwatch_parse(const void *messages, size_t len);

#endif
