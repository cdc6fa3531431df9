/* SPDX-License-Identifier: ISC */
/* The table. An empty cell means: the event changes nothing in this state. */
#include "helper/supervisor.h"

enum timer {
	TIMER_KEEP,
	TIMER_OFF,
	TIMER_START,
	TIMER_BACKOFF,
	TIMER_BACKOFF_LOST, /* likewise, but no longer than lost_max_ms */
	TIMER_OFFER,
	TIMER_STOP,
	TIMER_ASK,
	TIMER_SOON,   /* earlier than it was, never later */
	TIMER_AFRESH, /* as it is; but the next wait is a short one */
};

struct transition {
	enum supervisor_state next;
	unsigned actions;
	enum timer timer;
};

#define START SUPERVISOR_START_SSH
#define STOP SUPERVISOR_STOP_SSH
#define KILL SUPERVISOR_KILL_SSH
#define START_SPARE SUPERVISOR_START_SPARE
#define ADOPT SUPERVISOR_ADOPT_SPARE
#define KILL_SPARE SUPERVISOR_KILL_SPARE
#define UP SUPERVISOR_SAY_UP
#define RENEWED SUPERVISOR_SAY_RENEWED
#define NOT_RENEWED SUPERVISOR_SAY_NOT_RENEWED
#define CLOSED SUPERVISOR_SAY_CLOSED
#define RECONNECTING SUPERVISOR_SAY_RECONNECTING
#define RETRY SUPERVISOR_SAY_RETRY
#define DENIED SUPERVISOR_SAY_DENIED
#define BYE SUPERVISOR_SAY_BYE
#define ASK SUPERVISOR_ASK

static const struct transition table[SUPERVISOR_STATE_COUNT][SUPERVISOR_EVENT_COUNT] = {
	[SUPERVISOR_IDLE] = {
		[SUPERVISOR_BEGIN] = { SUPERVISOR_CONNECTING, START, TIMER_START },
		[SUPERVISOR_INTERRUPT] = { SUPERVISOR_ENDED, BYE, TIMER_OFF },
		[SUPERVISOR_TERMINATE] = { SUPERVISOR_ENDED, 0, TIMER_OFF },
	},
	[SUPERVISOR_CONNECTING] = {
		[SUPERVISOR_CONNECTED] = { SUPERVISOR_UP, UP, TIMER_OFF },
		[SUPERVISOR_LOST] = { SUPERVISOR_WAITING, RETRY, TIMER_BACKOFF_LOST },
		[SUPERVISOR_REFUSED] = { SUPERVISOR_ASKING, ASK, TIMER_ASK },
		[SUPERVISOR_DENIED] = { SUPERVISOR_ENDED, DENIED, TIMER_OFF },
		[SUPERVISOR_TIMER] = { SUPERVISOR_STAY, KILL, TIMER_OFF },
		[SUPERVISOR_INTERRUPT] = { SUPERVISOR_ENDING, STOP | BYE, TIMER_STOP },
		[SUPERVISOR_TERMINATE] = { SUPERVISOR_ENDING, STOP, TIMER_STOP },
		[SUPERVISOR_WAKE] = { SUPERVISOR_STAY, 0, TIMER_AFRESH },
		/* Its packets were lost: it would send the next one seconds later. */
		[SUPERVISOR_REACHED] = { SUPERVISOR_STAY, KILL, TIMER_AFRESH },
	},
	[SUPERVISOR_UP] = {
		[SUPERVISOR_LOST] = { SUPERVISOR_WAITING, RECONNECTING, TIMER_BACKOFF_LOST },
		[SUPERVISOR_REFUSED] = { SUPERVISOR_WAITING, RECONNECTING, TIMER_BACKOFF },
		[SUPERVISOR_DENIED] = { SUPERVISOR_ENDED, DENIED, TIMER_OFF },
		[SUPERVISOR_INTERRUPT] = { SUPERVISOR_CLOSING, STOP, TIMER_STOP },
		[SUPERVISOR_TERMINATE] = { SUPERVISOR_ENDING, STOP, TIMER_STOP },
		[SUPERVISOR_RENEW] = { SUPERVISOR_RENEWING, START_SPARE, TIMER_START },
	},
	[SUPERVISOR_RENEWING] = {
		[SUPERVISOR_LOST] = { SUPERVISOR_CONNECTING, ADOPT | RECONNECTING, TIMER_KEEP },
		[SUPERVISOR_REFUSED] = { SUPERVISOR_CONNECTING, ADOPT | RECONNECTING, TIMER_KEEP },
		[SUPERVISOR_DENIED] = { SUPERVISOR_ENDED, KILL_SPARE | DENIED, TIMER_OFF },
		[SUPERVISOR_TIMER] = { SUPERVISOR_UP, KILL_SPARE | NOT_RENEWED, TIMER_OFF },
		[SUPERVISOR_INTERRUPT] = { SUPERVISOR_CLOSING, STOP | KILL_SPARE, TIMER_STOP },
		[SUPERVISOR_TERMINATE] = { SUPERVISOR_ENDING, STOP | KILL_SPARE, TIMER_STOP },
		[SUPERVISOR_SPARE_UP] = { SUPERVISOR_UP, ADOPT | RENEWED, TIMER_OFF },
		[SUPERVISOR_SPARE_LOST] = { SUPERVISOR_UP, NOT_RENEWED, TIMER_OFF },
	},
	[SUPERVISOR_ASKING] = {
		[SUPERVISOR_TIMER] = { SUPERVISOR_WAITING, RETRY, TIMER_BACKOFF },
		[SUPERVISOR_INTERRUPT] = { SUPERVISOR_ENDED, BYE, TIMER_OFF },
		[SUPERVISOR_TERMINATE] = { SUPERVISOR_ENDED, 0, TIMER_OFF },
		[SUPERVISOR_RENEW] = { SUPERVISOR_CONNECTING, START, TIMER_START },
		[SUPERVISOR_WAKE] = { SUPERVISOR_CONNECTING, START, TIMER_START },
		[SUPERVISOR_GONE] = { SUPERVISOR_ENDED, DENIED, TIMER_OFF },
		[SUPERVISOR_UNSURE] = { SUPERVISOR_WAITING, RETRY, TIMER_BACKOFF },
	},
	[SUPERVISOR_WAITING] = {
		[SUPERVISOR_TIMER] = { SUPERVISOR_CONNECTING, START, TIMER_START },
		[SUPERVISOR_INTERRUPT] = { SUPERVISOR_ENDED, BYE, TIMER_OFF },
		[SUPERVISOR_TERMINATE] = { SUPERVISOR_ENDED, 0, TIMER_OFF },
		[SUPERVISOR_RENEW] = { SUPERVISOR_CONNECTING, START, TIMER_START },
		[SUPERVISOR_WAKE] = { SUPERVISOR_CONNECTING, START, TIMER_START },
		[SUPERVISOR_REACHED] = { SUPERVISOR_STAY, 0, TIMER_SOON },
		/* An answer that came late. */
		[SUPERVISOR_GONE] = { SUPERVISOR_ENDED, DENIED, TIMER_OFF },
	},
	[SUPERVISOR_CLOSING] = {
		[SUPERVISOR_LOST] = { SUPERVISOR_OFFERING, CLOSED | RECONNECTING, TIMER_OFFER },
		[SUPERVISOR_REFUSED] = { SUPERVISOR_OFFERING, CLOSED | RECONNECTING, TIMER_OFFER },
		[SUPERVISOR_DENIED] = { SUPERVISOR_ENDED, CLOSED | DENIED, TIMER_OFF },
		[SUPERVISOR_TIMER] = { SUPERVISOR_STAY, KILL, TIMER_OFF },
		[SUPERVISOR_INTERRUPT] = { SUPERVISOR_ENDING, BYE, TIMER_KEEP },
		[SUPERVISOR_TERMINATE] = { SUPERVISOR_ENDING, 0, TIMER_KEEP },
	},
	[SUPERVISOR_OFFERING] = {
		[SUPERVISOR_TIMER] = { SUPERVISOR_CONNECTING, START, TIMER_START },
		[SUPERVISOR_INTERRUPT] = { SUPERVISOR_ENDED, BYE, TIMER_OFF },
		[SUPERVISOR_TERMINATE] = { SUPERVISOR_ENDED, 0, TIMER_OFF },
	},
	[SUPERVISOR_ENDING] = {
		[SUPERVISOR_LOST] = { SUPERVISOR_ENDED, 0, TIMER_OFF },
		[SUPERVISOR_REFUSED] = { SUPERVISOR_ENDED, 0, TIMER_OFF },
		[SUPERVISOR_DENIED] = { SUPERVISOR_ENDED, 0, TIMER_OFF },
		[SUPERVISOR_TIMER] = { SUPERVISOR_STAY, KILL, TIMER_OFF },
		[SUPERVISOR_INTERRUPT] = { SUPERVISOR_STAY, KILL, TIMER_OFF },
	},
};

void supervisor_init(struct supervisor *s, int64_t start_timeout_ms)
{
	*s = (struct supervisor){
		.state = SUPERVISOR_IDLE,
		.deadline_ms = -1,
		.start_timeout_ms = start_timeout_ms,
		.lost_max_ms = SUPERVISOR_BACKOFF_MAX_MS,
	};
}

static int64_t backoff_ms(unsigned attempt, int64_t max_ms, uint32_t random)
{
	int64_t ceiling = 2 * SUPERVISOR_BACKOFF_MIN_MS, span;

	if (max_ms > SUPERVISOR_BACKOFF_MAX_MS)
		max_ms = SUPERVISOR_BACKOFF_MAX_MS;
	while (attempt-- > 0 && ceiling < max_ms)
		ceiling *= 2;
	if (ceiling > max_ms)
		ceiling = max_ms;
	span = ceiling - SUPERVISOR_BACKOFF_MIN_MS + 1;
	return SUPERVISOR_BACKOFF_MIN_MS + (int64_t)(((uint64_t)random * (uint64_t)span) >> 32);
}

int64_t supervisor_backoff_ms(unsigned attempt, uint32_t random)
{
	return backoff_ms(attempt, SUPERVISOR_BACKOFF_MAX_MS, random);
}

static void set_timer(struct supervisor *s, enum timer timer, int64_t now_ms, uint32_t random)
{
	int64_t soon;

	switch (timer) {
	case TIMER_KEEP:
		return;
	case TIMER_OFF:
		s->deadline_ms = -1;
		return;
	case TIMER_START:
		s->deadline_ms = s->start_timeout_ms ? now_ms + s->start_timeout_ms : -1;
		return;
	case TIMER_BACKOFF:
		s->delay_ms = supervisor_backoff_ms(s->attempts, random);
		s->attempts++;
		break;
	case TIMER_BACKOFF_LOST:
		s->delay_ms = backoff_ms(s->attempts, s->lost_max_ms, random);
		s->attempts++;
		break;
	case TIMER_OFFER:
		s->delay_ms = SUPERVISOR_OFFER_MS;
		break;
	case TIMER_STOP:
		s->deadline_ms = now_ms + SUPERVISOR_STOP_MS;
		return;
	case TIMER_ASK:
		s->deadline_ms = now_ms + SUPERVISOR_ASK_MS;
		return;
	case TIMER_SOON:
		soon = now_ms + (int64_t)(((uint64_t)random * SUPERVISOR_SPREAD_MS) >> 32);
		if (soon < s->deadline_ms)
			s->deadline_ms = soon;
		s->attempts = 0;
		return;
	case TIMER_AFRESH:
		s->attempts = 0;
		return;
	}
	s->deadline_ms = now_ms + s->delay_ms;
}

/* What the table does not say: counters, and the result. */
static void note(struct supervisor *s, enum supervisor_state next, unsigned actions, int64_t now_ms)
{
	bool was_up = s->state == SUPERVISOR_UP || s->state == SUPERVISOR_RENEWING;

	if (was_up && now_ms - s->up_since_ms >= SUPERVISOR_STABLE_MS)
		s->attempts = 0;
	if (actions & (UP | RENEWED)) {
		s->reconnects += s->was_up;
		s->was_up = true;
		s->up_since_ms = now_ms;
	}
	/* The spare is on its way already. */
	if (actions & ADOPT && next == SUPERVISOR_CONNECTING)
		s->delay_ms = 0;
	if (next == SUPERVISOR_ENDED)
		s->result = actions & DENIED ? SUPERVISOR_RESULT_DENIED : SUPERVISOR_RESULT_DONE;
	s->state = next;
}

unsigned supervisor_handle(struct supervisor *s, enum supervisor_event event, int64_t now_ms,
			   uint32_t random)
{
	const struct transition *t = &table[s->state][event];

	if (t->next != SUPERVISOR_STAY)
		note(s, t->next, t->actions, now_ms);
	set_timer(s, t->timer, now_ms, random);
	return t->actions;
}

const char *supervisor_state_name(enum supervisor_state state)
{
	static const char *const names[SUPERVISOR_STATE_COUNT] = {
		[SUPERVISOR_STAY] = "stay",
		[SUPERVISOR_IDLE] = "idle",
		[SUPERVISOR_CONNECTING] = "connecting",
		[SUPERVISOR_UP] = "up",
		[SUPERVISOR_RENEWING] = "renewing",
		[SUPERVISOR_ASKING] = "asking",
		[SUPERVISOR_WAITING] = "waiting",
		[SUPERVISOR_CLOSING] = "closing",
		[SUPERVISOR_OFFERING] = "offering",
		[SUPERVISOR_ENDING] = "ending",
		[SUPERVISOR_ENDED] = "ended",
	};

	return names[state];
}

const char *supervisor_event_name(enum supervisor_event event)
{
	static const char *const names[SUPERVISOR_EVENT_COUNT] = {
		[SUPERVISOR_BEGIN] = "begin",
		[SUPERVISOR_CONNECTED] = "connected",
		[SUPERVISOR_LOST] = "lost",
		[SUPERVISOR_REFUSED] = "refused",
		[SUPERVISOR_DENIED] = "denied",
		[SUPERVISOR_TIMER] = "timer",
		[SUPERVISOR_INTERRUPT] = "interrupt",
		[SUPERVISOR_TERMINATE] = "terminate",
		[SUPERVISOR_RENEW] = "renew",
		[SUPERVISOR_SPARE_UP] = "spare up",
		[SUPERVISOR_SPARE_LOST] = "spare lost",
		[SUPERVISOR_WAKE] = "wake",
		[SUPERVISOR_REACHED] = "reached",
		[SUPERVISOR_GONE] = "gone",
		[SUPERVISOR_UNSURE] = "unsure",
	};

	return names[event];
}
