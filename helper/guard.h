/* SPDX-License-Identifier: ISC */
/* A small process that outlives the supervisor by a moment: when the supervisor is gone, kill -9 included, it kills what
 * is left of ssh and removes the run folder. Portable; on Linux ssh also asks the kernel for the same (lib/spawn.h). */
#ifndef HELPER_GUARD_H
#define HELPER_GUARD_H

#include <sys/types.h>

struct rundir;

struct guard {
	pid_t pid; /* 0: none */
	int fd;	   /* the supervisor's end: its closing is the signal */
};

/* 0 or a negative errno. */
int guard_start(const struct rundir *dir, struct guard *ret_guard);

/* Tells that an ssh runs, and that it was waited for. */
void guard_add(const struct guard *guard, pid_t ssh);
void guard_remove(const struct guard *guard, pid_t ssh);

/* Ends it; it removes the run folder before it goes. */
void guard_stop(struct guard *guard);

#endif
