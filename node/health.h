/* SPDX-License-Identifier: ISC */
/* Does what a tunnel leads to answer? Judged from what visitors meet, and from probes that only follow it: nothing is
 * asked of an origin that is seen to answer. Pure: no clocks, no I/O.
 *
 *	good	  nothing is known against it
 *	refuses	  a connection through the tunnel was refused
 *	closes	  HEALTH_PROBES questions in a row were met with the end of the connection
 *	silent	  HEALTH_PROBES questions in a row stayed without a byte for a patience each: its service hangs, or the ssh
 *		  client, or its network
 *
 * What gives rise to a probe is a sign: a request that failed, a visitor who left without an answer, or that the other
 * tunnels answered HEALTH_TURNS turns of the rotation while this one said nothing (HAProxy's log has a request when
 * it ends: one that hangs shows by what is missing). A sign is never more than that. Long polls and streams give signs
 * as well; only probes put a tunnel out, and any answer to a visitor meanwhile outweighs them: one that began
 * meanwhile, since a stream may end long after its service began to hang.
 *
 * Which end speaks first on a tcp or tls socket is its users' affair, and there is no question that all services
 * understand but one: the end of what the visitor sends. Most say something then, or end the connection too. Where one
 * tunnel of the socket is seen to do so, one that does not, again and again, is silent; elsewhere that says nothing.
 *
 * While it is not good and probes are worth it (another tunnel serves the socket meanwhile), they come after
 * HEALTH_WAIT_MS, twice that, and so on: each costs the user's ssh a line on its terminal. It is good again once it
 * answers one, or a visitor. */
#ifndef NODE_HEALTH_H
#define NODE_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEALTH_PROBES 2
#define HEALTH_TURNS 3
#define HEALTH_QUIET_MS 2000 /* for so long at least it said nothing */
#define HEALTH_LOOK_MS 500   /* how often a socket's tunnels are looked over for that */
/* Between two probes of an origin that is good: twice the time before after each one that is answered, up to a
 * bound for failed requests, and one for the other signs, which a healthy origin gives as well. */
#define HEALTH_GAP_MS 100
#define HEALTH_GAP_FAILED_MAX_MS 5000
#define HEALTH_GAP_MAX_MS 60000
/* How long a probe waits for a byte: this, and twice the time that answers take (the quick ones among them). */
#define HEALTH_PATIENCE_MS 3000
#define HEALTH_PATIENCE_BAD_MS \
	10000 /* at least, when it is not good: a client that wakes up answers what waits */
#define HEALTH_PATIENCE_MAX_MS 60000
#define HEALTH_WAIT_MS 500
#define HEALTH_WAIT_MAX_MS 10000
#define HEALTH_FORGIVE_MS 60000	 /* good for so long: the waits begin anew */
#define HEALTH_FORGET_MS 120000	 /* not probed for so long: the gaps do */
#define HEALTH_REACTED_MS 600000 /* for so long it counts that one reacted to an end */
#define HEALTH_TELL_MS 10000	 /* its user is not told "it refuses" twice within that */

enum health_state { HEALTH_GOOD, HEALTH_REFUSES, HEALTH_CLOSES, HEALTH_SILENT };
#define HEALTH_STATES (HEALTH_SILENT + 1)

enum health_sign {
	HEALTH_FAILED,	  /* a request or connection ended without a byte of the origin */
	HEALTH_LEFT,	  /* a visitor waited for one, and left */
	HEALTH_OVERTAKEN, /* others answered, it did not */
};

enum health_probe {
	HEALTH_PROBE_ANSWERED,
	HEALTH_PROBE_TAKEN,  /* there was no question, and it was not refused */
	HEALTH_PROBE_SILENT, /* it stayed open, without an answer */
	HEALTH_PROBE_CLOSED, /* it ended without an answer */
	HEALTH_PROBE_REFUSED,
};

/* All zero: good. */
struct health {
	enum health_state state;
	enum health_state told; /* what its user knows */
	unsigned missed;	/* probes without an answer since the last one */
	unsigned asked;		/* probes ever */
	int64_t deferred_ms;	/* when one is due that could not begin; 0: none */
	int64_t asked_ms;	/* when the last one began, ... */
	int64_t probed_ms;	/* ... and when it ended; 0: never */
	int64_t answered_ms;	/* the last answer to a visitor */
	int64_t pace_ms;  /* how long answers take: falls at once, rises slowly; 0: not known */
	int64_t gap_ms;	  /* 0: HEALTH_GAP_MS */
	int64_t wait_ms;  /* the last one; 0: none yet */
	int64_t since_ms; /* of the state */
	int64_t told_ms;  /* when it was last told something bad; 0: never */
	int64_t quiet_ms; /* it said nothing since, 0: to be set; ... */
	uint64_t quiet_answers; /* ... the socket's answers by then */
};

/* There is a sign. True: probe now, unless that is being done. */
bool health_sign(struct health *h, enum health_sign sign, int64_t now_ms);
/* The socket has had so many answers from all its tunnels, `n` of which get visitors: is this one overtaken? */
bool health_is_overtaken(struct health *h, uint64_t answers, size_t n, int64_t now_ms);
/* A visitor got an answer after origin_ms, at at_ms: it is known only when all of it was sent, or the WebSocket closed,
 * and that may be long ago. True: the state changed. */
bool health_answered(struct health *h, int64_t origin_ms, int64_t at_ms);

/* A probe begins (`asked` counts them: questions take turns). */
void health_ask(struct health *h, int64_t now_ms);
/* It could not: it is due at until_ms, unless a visitor is answered before. */
void health_defer(struct health *h, int64_t until_ms);
/* What it met. True: the state changed. */
bool health_probed(struct health *h, enum health_probe met, int64_t now_ms);
/* Is it known, of a socket where one reacted to an end at reacted_ms (0: never), that silence after one says something? */
bool health_is_known(int64_t reacted_ms, int64_t now_ms);
/* How long a probe is to wait, where answers of the socket take pace_ms. */
int64_t health_patience(const struct health *h, int64_t pace_ms);
/* When the next probe is due, by itself; 0: not at all. */
int64_t health_probe_at(const struct health *h);

/* Is its user to be told of its state now? Then he counts as told. */
bool health_tell(struct health *h, int64_t now_ms);

/* Which of `n` tunnels of one socket visitors are sent to: the good ones, or all if none is. */
void health_route(const struct health *const *tunnels, size_t n, bool *ret_routed);

const char *health_state_name(enum health_state state);

#endif
