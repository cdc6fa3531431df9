/* SPDX-License-Identifier: ISC */
/* Each ssh of a tunnel whose place another one has taken: what it serves may end first. */
#ifndef HELPER_RETIRED_H
#define HELPER_RETIRED_H

#include <stdint.h>

struct sshsession;

/* The first of a list; NULL: there is none. It owns them. */
struct retired {
	struct sshsession *first;
};

/* It is to end at its `end_ms`, if that is set: SIGTERM then, and SIGKILL SUPERVISOR_STOP_MS later. NULL is legal. */
void retired_add(struct retired *list, struct sshsession *s);
/* None has longer than that. */
void retired_hurry(struct retired *list, int64_t end_ms);

/* When retired_timers() has something to do; -1: never. */
int64_t retired_deadline(const struct retired *list);
void retired_timers(struct retired *list, int64_t now_ms);

/* Drops those that have ended. */
void retired_reap(struct retired *list);
/* Kills what is left, and waits for that: a second at most. */
void retired_clear(struct retired *list);

#endif
