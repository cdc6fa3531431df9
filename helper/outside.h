/* SPDX-License-Identifier: ISC */
/* What happens outside and may make a lost connection possible again, or a connection dead: the network changes, the machine
 * wakes, a server answers. Brings it to the tunnels. */
#ifndef HELPER_OUTSIDE_H
#define HELPER_OUTSIDE_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/supervise.h"
#include "helper/wakeclock.h"

struct kept_tunnel;
struct reach;

struct outside {
	struct kept_tunnel *const *tunnels;
	size_t count;
	int network_fd;
	struct wakeclock clock;
	struct reach *reaches; /* one per server */
	size_t reach_count;
};

#define OUTSIDE_FDS_MAX (2 + SUPERVISE_MAX)

/* 0 or -ENOMEM; outside_clear() it in either case. */
int outside_init(struct outside *o);
/* For these, at most SUPERVISE_MAX, it looks from now on; each gets its reach. */
void outside_set(struct outside *o, struct kept_tunnel *const *tunnels, size_t count);
void outside_clear(struct outside *o);

/* How many descriptors it has for poll(2), and those. Whatever poll says of them, outside_look() finds out itself. */
size_t outside_fd_count(const struct outside *o);
void outside_fill(const struct outside *o, struct pollfd *fds);

/* When outside_look() is due; -1: never. */
int64_t outside_deadline(const struct outside *o);
void outside_look(struct outside *o, int64_t now_ms);

#endif
