/* SPDX-License-Identifier: ISC */
/* When ssh is started, stopped and started again: a state x event table. Pure: no clock, no process, no output; the
 * loop around it (supervise.c) brings events in and carries actions out.
 *
 *	idle -begin-> connecting -up-> up -lost-> waiting -timer-> connecting ...
 *	connecting -refused-> asking -unsure-> waiting, or -gone-> ended
 *	up -renew-> renewing -spare up-> up					SIGHUP: no gap
 *	up -interrupt-> closing -lost-> offering -timer-> connecting ...	first Ctrl-C
 *	anything but up -interrupt-> ending or ended				second Ctrl-C
 */
#ifndef HELPER_SUPERVISOR_H
#define HELPER_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

enum supervisor_state {
	SUPERVISOR_STAY, /* in the table only: no change */
	SUPERVISOR_IDLE,
	SUPERVISOR_CONNECTING, /* ssh runs, traffic cannot flow yet */
	SUPERVISOR_UP,
	SUPERVISOR_RENEWING, /* up, and a second ssh, the spare, is to take its place */
	SUPERVISOR_ASKING,   /* no ssh; the API is asked whether it was refused for good */
	SUPERVISOR_WAITING,  /* no ssh; it will be started when the timer ends */
	SUPERVISOR_CLOSING,  /* Ctrl-C: ssh is about to end */
	SUPERVISOR_OFFERING, /* no ssh; a moment in which another Ctrl-C ends all */
	SUPERVISOR_ENDING,   /* for good: ssh is about to end */
	SUPERVISOR_ENDED,
	SUPERVISOR_STATE_COUNT,
};

enum supervisor_event {
	SUPERVISOR_BEGIN,
	SUPERVISOR_CONNECTED, /* traffic can flow */
	SUPERVISOR_LOST,      /* ssh ended, for a reason that may pass */
	SUPERVISOR_REFUSED, /* ssh ended: no key was taken, or the port refused. Final or not: the API knows */
	SUPERVISOR_DENIED,    /* ssh ended or could not be started, and trying again cannot help */
	SUPERVISOR_TIMER,     /* the deadline has come */
	SUPERVISOR_INTERRUPT, /* Ctrl-C */
	SUPERVISOR_TERMINATE, /* SIGTERM, nobody reads our output any more */
	SUPERVISOR_RENEW, /* SIGHUP, or the connection may be dead: the machine slept, an address went */
	SUPERVISOR_SPARE_UP,   /* traffic can flow through the spare */
	SUPERVISOR_SPARE_LOST, /* the spare ended */
	SUPERVISOR_WAKE, /* what failed may work now: the network changed, or the machine woke */
	SUPERVISOR_REACHED, /* the server can be reached, and could not before: likewise, for many at once */
	SUPERVISOR_GONE,   /* the API says of what was refused: trying again cannot help */
	SUPERVISOR_UNSURE, /* it does not say so, or cannot be asked */
	SUPERVISOR_EVENT_COUNT,
};

/* To be carried out in this order. */
enum supervisor_action {
	SUPERVISOR_START_SSH = 1 << 0,
	SUPERVISOR_STOP_SSH = 1 << 1, /* ask it to end (SIGTERM) */
	SUPERVISOR_KILL_SSH = 1 << 2, /* SIGKILL */
	SUPERVISOR_START_SPARE = 1 << 3,
	SUPERVISOR_ADOPT_SPARE =
		1 << 4, /* it is ssh now; the one before, if it runs, ends when it may */
	SUPERVISOR_KILL_SPARE = 1 << 5,
	SUPERVISOR_SAY_UP = 1 << 6,
	SUPERVISOR_SAY_RENEWED = 1 << 7,
	SUPERVISOR_SAY_NOT_RENEWED = 1 << 8, /* why */
	SUPERVISOR_SAY_CLOSED = 1 << 9,	     /* "Connection to ... closed." */
	SUPERVISOR_SAY_RECONNECTING =
		1 << 10,		 /* "Disconnected... Automatically reconnecting now.." */
	SUPERVISOR_SAY_RETRY = 1 << 11,	 /* why it failed, and delay_ms */
	SUPERVISOR_SAY_DENIED = 1 << 12, /* why it is over */
	SUPERVISOR_SAY_BYE = 1 << 13,
	SUPERVISOR_ASK =
		1
		<< 14, /* the API, in the background; SUPERVISOR_GONE or SUPERVISOR_UNSURE follows */
};

enum supervisor_result {
	SUPERVISOR_RESULT_NONE, /* not ended yet */
	SUPERVISOR_RESULT_DONE, /* the user, or the system, wanted it to end */
	SUPERVISOR_RESULT_DENIED,
};

struct supervisor {
	enum supervisor_state state;
	enum supervisor_result result;
	int64_t deadline_ms; /* when SUPERVISOR_TIMER is due; -1: never */
	int64_t delay_ms;    /* of the last wait */
	int64_t start_timeout_ms;
	int64_t lost_max_ms; /* of a wait after LOST; supervisor_init() allows the longest. A refused login waits as always */
	int64_t up_since_ms;
	bool was_up;
	unsigned attempts;   /* since it was up for long enough */
	unsigned reconnects; /* times it was up again */
};

/* Bounds of the wait before a new attempt, and what resets it. */
#define SUPERVISOR_BACKOFF_MIN_MS 200
#define SUPERVISOR_BACKOFF_MAX_MS 30000
#define SUPERVISOR_STABLE_MS 60000
/* Within this time after REACHED it is tried again: not all clients of a server at the same moment. */
#define SUPERVISOR_SPREAD_MS 1000
/* The moment for a second Ctrl-C; how long ssh may take to end when asked to. */
#define SUPERVISOR_OFFER_MS 2000
#define SUPERVISOR_STOP_MS 1000
/* How long the next attempt waits for the API to say why the last one was refused. */
#define SUPERVISOR_ASK_MS 5000

/* `start_timeout_ms`: how long ssh may take until traffic flows; 0: as long as it likes. */
void supervisor_init(struct supervisor *s, int64_t start_timeout_ms);

/* Takes the event; returns the actions. `now_ms` is of a clock that only goes forward, `random` any 32 bits. */
unsigned supervisor_handle(struct supervisor *s, enum supervisor_event event, int64_t now_ms,
			   uint32_t random);

/* Full jitter: evenly spread from SUPERVISOR_BACKOFF_MIN_MS to a ceiling that doubles with each attempt, from 400 ms on
 * attempt 0 to SUPERVISOR_BACKOFF_MAX_MS. */
int64_t supervisor_backoff_ms(unsigned attempt, uint32_t random);

const char *supervisor_state_name(enum supervisor_state state);
const char *supervisor_event_name(enum supervisor_event event);

#endif
