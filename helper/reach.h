/* SPDX-License-Identifier: ISC */
/* Asks whether a tunnel server can be reached again: a TCP connection that is closed at once, each second until one succeeds. A packet
 * each second is cheaper than an ssh, and a long wait before the next ssh need not be waited out.
 *
 * It is over with the first success: sshd counts connections that do not log in against their address. */
#ifndef HELPER_REACH_H
#define HELPER_REACH_H

#include <stdbool.h>
#include <stdint.h>

#define REACH_EVERY_MS 1000

struct reach {
	const char *host; /* kept by reference; NULL: never asks (behind a proxy) */
	int64_t port;
	int fd; /* readable when there is an answer; -1: nothing was ever asked */
	int answer_fd;
	bool asking;	 /* an answer is on its way */
	bool failed;	 /* the last answer was no */
	bool reached;	 /* the last answer was yes: nothing more to ask */
	int64_t next_ms; /* when to ask again */
};

void reach_init(struct reach *r, const char *host, int64_t port);
void reach_clear(struct reach *r);

/* A connection was lost, or could not be made: asks afresh. */
void reach_restart(struct reach *r);

/* When reach_ask() has something to do; -1: never. */
int64_t reach_deadline(const struct reach *r);
/* Asks in the background if it is time. */
void reach_ask(struct reach *r, int64_t now_ms);
enum reach_news {
	REACH_NONE,    /* no answer, or no */
	REACH_ANSWERS, /* the server can be reached */
	REACH_IS_BACK, /* it can, and could not when last asked */
};

/* Takes an answer. */
enum reach_news reach_take(struct reach *r);

/* The same, told the answer. */
enum reach_news reach_answer(struct reach *r, bool yes);

#endif
