/* SPDX-License-Identifier: ISC */
/* Who serves a socket's visitors: latest-wins, standby, hold and drain (DESIGN.md 3), as a pure function over
 * all listeners of one socket. Each listener belongs to a tunnel and was given to one session.
 *
 *	current	 the newest live listener of its tunnel: visitors are routed to it
 *	standby	 an older live one: it takes over when the current one ends. Also one that came just now, while another
 *		 serves: until its login shows that it is no command (settle_ms)
 *	hold	 its session ended and nobody else serves the socket: the newest listener of the tunnel stays routed,
 *		 visitors' connections queue in its backlog, and the next login of the tunnel gets it
 *	drain	 its session ended and others serve: what was queued in it, and what HAProxy sends again to its
 *		 address (it repeats a request towards the same one), is relayed to `target`
 *	close	 its time is over */
#ifndef NODE_TAKEOVER_H
#define NODE_TAKEOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum takeover_role {
	TAKEOVER_NONE, /* not planned yet */
	TAKEOVER_CURRENT,
	TAKEOVER_STANDBY,
	TAKEOVER_HOLD,
	TAKEOVER_DRAIN,
	TAKEOVER_CLOSE,
};

/* How long an ended session's listener is drained, counted from when others serve in its place: HAProxy
 * repeats a request three times, a second apart. */
#define TAKEOVER_DRAIN_MS 5000
#define TAKEOVER_NO_TARGET ((size_t)-1)

struct takeover_listener {
	/* in */
	unsigned tunnel;   /* equal: the same tunnel */
	uint64_t serial;   /* larger: given out later */
	bool live;	   /* its session lives */
	int64_t settle_ms; /* until then others come first, if they live; 0: no */
	int64_t ended_ms;  /* when the session ended */
	int64_t drain_ms;  /* since when it drains; 0: it does not */
	/* out */
	enum takeover_role role;
	size_t target;	  /* with drain: the index of who serves in its place */
	int64_t until_ms; /* when to plan again; 0: need not be */
};

/* Fills in the outputs of all `n`. hold_ms may be 0. */
void takeover_plan(struct takeover_listener *listeners, size_t n, int64_t now_ms, int64_t hold_ms);

const char *takeover_role_name(enum takeover_role role);

#endif
