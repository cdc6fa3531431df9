/* SPDX-License-Identifier: ISC */
/* Keeps the login token fresh while a tunnel runs: it is needed at the end, to delete the socket. */
#ifndef HELPER_KEEPER_H
#define HELPER_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

struct ctl;

struct keeper {
	struct ctl *ctl;
	bool running; /* POST /login/refresh is on its way */
	bool refused; /* the API does not take the token any more: a new login is what helps */
	int64_t due;  /* seconds since the epoch */
};

void keeper_init(struct keeper *k, struct ctl *ctl);

/* Refreshes when half of the token's remaining time, or all but 30 minutes, has passed; a newer token that another
 * mysocketctl has left in the file is taken instead, also when the API does not take this one any more. Waits while the
 * client of the API is busy for somebody else. Does not block, says nothing. Returns when it wants to be called again, in
 * milliseconds. */
int64_t keeper_tick(void *keeper);

/* When to refresh a token: in seconds since the epoch. */
int64_t keeper_due(int64_t now, int64_t expires);

#endif
