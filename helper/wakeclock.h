/* SPDX-License-Identifier: ISC */
/* Tells that the machine has slept: of two clocks, one goes on meanwhile. */
#ifndef HELPER_WAKECLOCK_H
#define HELPER_WAKECLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct wakeclock {
	int fd;		  /* readable when it wakes (Linux); -1: look now and then */
	int64_t slept_ms; /* in all, when last looked */
};

/* Shorter is no sleep that a connection would notice. */
#define WAKECLOCK_MIN_MS 1000

void wakeclock_open(struct wakeclock *w);
void wakeclock_close(struct wakeclock *w);

/* True if it has slept since the last call. */
bool wakeclock_has_slept(struct wakeclock *w);

/* The same, told the clocks: one that counts sleep, and one that does not. */
bool wakeclock_compare(struct wakeclock *w, int64_t with_sleep_ms, int64_t without_ms);

#endif
