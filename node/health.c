/* SPDX-License-Identifier: ISC */
/* Good, refuses, closes, silent. */
#include "node/health.h"

const char *health_state_name(enum health_state state)
{
	static const char *const names[] = {
		[HEALTH_GOOD] = "answers",
		[HEALTH_REFUSES] = "refuses",
		[HEALTH_CLOSES] = "closes",
		[HEALTH_SILENT] = "silent",
	};

	return names[state];
}

static bool set_state(struct health *h, enum health_state state, int64_t now_ms)
{
	if (h->state == state)
		return false;
	h->state = state;
	h->since_ms = now_ms;
	h->quiet_ms = 0;
	return true;
}

/* ---- visitors ---- */
bool health_sign(struct health *h, enum health_sign sign, int64_t now_ms)
{
	int64_t gap = h->gap_ms ? h->gap_ms : HEALTH_GAP_MS;

	if (h->state != HEALTH_GOOD)
		return false;
	if (sign == HEALTH_FAILED && gap > HEALTH_GAP_FAILED_MAX_MS)
		gap = HEALTH_GAP_FAILED_MAX_MS;
	return !h->probed_ms || now_ms - h->probed_ms >= gap;
}

bool health_is_overtaken(struct health *h, uint64_t answers, size_t n, int64_t now_ms)
{
	if (h->quiet_ms == 0) {
		h->quiet_ms = now_ms;
		h->quiet_answers = answers;
	}
	return h->state == HEALTH_GOOD && n > 1 &&
	       answers - h->quiet_answers >= HEALTH_TURNS * (uint64_t)(n - 1) &&
	       now_ms - h->quiet_ms >= HEALTH_QUIET_MS;
}

/* A long poll among quick answers counts for little, and where all answers are slow, that is learnt. */
static void keep_pace(struct health *h, int64_t took_ms)
{
	if (h->pace_ms == 0 || took_ms < h->pace_ms)
		h->pace_ms = took_ms > 0 ? took_ms : 1;
	else
		h->pace_ms += (took_ms - h->pace_ms) / 8;
}

bool health_answered(struct health *h, int64_t origin_ms, int64_t at_ms)
{
	keep_pace(h, origin_ms);
	if (at_ms > h->answered_ms)
		h->answered_ms = at_ms;
	if (at_ms >= h->quiet_ms)
		h->quiet_ms = 0;
	/* What it said before that says nothing of what a probe has met since. */
	if (at_ms < h->asked_ms || (h->state != HEALTH_GOOD && at_ms < h->since_ms))
		return false;
	h->missed = 0;
	h->deferred_ms = 0;
	return set_state(h, HEALTH_GOOD, at_ms);
}

/* ---- probes ---- */
void health_ask(struct health *h, int64_t now_ms)
{
	h->asked_ms = now_ms;
	h->deferred_ms = 0;
	h->asked++;
}

void health_defer(struct health *h, int64_t until_ms)
{
	h->deferred_ms = until_ms;
}

bool health_is_known(int64_t reacted_ms, int64_t now_ms)
{
	return reacted_ms && now_ms - reacted_ms <= HEALTH_REACTED_MS;
}

int64_t health_patience(const struct health *h, int64_t pace_ms)
{
	int64_t ms = HEALTH_PATIENCE_MS + 2 * pace_ms;

	if (h->state != HEALTH_GOOD && ms < HEALTH_PATIENCE_BAD_MS)
		ms = HEALTH_PATIENCE_BAD_MS;
	return ms > HEALTH_PATIENCE_MAX_MS ? HEALTH_PATIENCE_MAX_MS : ms;
}

static void wait_longer(struct health *h, int64_t now_ms)
{
	if (h->state == HEALTH_GOOD && now_ms - h->since_ms > HEALTH_FORGIVE_MS)
		h->wait_ms = 0;
	h->wait_ms = h->wait_ms ? h->wait_ms * 2 : HEALTH_WAIT_MS;
	if (h->wait_ms > HEALTH_WAIT_MAX_MS)
		h->wait_ms = HEALTH_WAIT_MAX_MS;
}

static bool is_well(struct health *h, int64_t now_ms)
{
	if (h->state == HEALTH_GOOD) {
		h->gap_ms = h->gap_ms ? h->gap_ms * 2 : 2 * HEALTH_GAP_MS;
		if (h->gap_ms > HEALTH_GAP_MAX_MS)
			h->gap_ms = HEALTH_GAP_MAX_MS;
	}
	h->missed = 0;
	h->quiet_ms = 0;
	return set_state(h, HEALTH_GOOD, now_ms);
}

static bool is_bad(struct health *h, enum health_state state, int64_t now_ms)
{
	wait_longer(h, now_ms);
	h->gap_ms = 0;
	h->missed = 0;
	return set_state(h, state, now_ms);
}

bool health_probed(struct health *h, enum health_probe met, int64_t now_ms)
{
	if (h->probed_ms && now_ms - h->probed_ms > HEALTH_FORGET_MS)
		h->gap_ms = 0;
	h->probed_ms = now_ms;
	if (met == HEALTH_PROBE_REFUSED)
		return is_bad(h, HEALTH_REFUSES, now_ms);
	if (met == HEALTH_PROBE_ANSWERED) /* the very thing that is waited for */
		h->pace_ms = now_ms - h->asked_ms + 1;
	if (met == HEALTH_PROBE_ANSWERED || met == HEALTH_PROBE_TAKEN)
		return is_well(h, now_ms);
	if (h->state == HEALTH_GOOD) {
		if (h->answered_ms >= h->asked_ms)
			return is_well(h, now_ms);
		if (++h->missed < HEALTH_PROBES)
			return false;
	}
	return is_bad(h, met == HEALTH_PROBE_CLOSED ? HEALTH_CLOSES : HEALTH_SILENT, now_ms);
}

int64_t health_probe_at(const struct health *h)
{
	if (h->deferred_ms)
		return h->deferred_ms;
	if (h->state == HEALTH_GOOD)
		return h->missed ? h->probed_ms : 0;
	return h->probed_ms + h->wait_ms;
}

/* ---- what follows from it ---- */
bool health_tell(struct health *h, int64_t now_ms)
{
	if (h->told == h->state)
		return false;
	if (h->state != HEALTH_GOOD) {
		if (h->told_ms && now_ms - h->told_ms < HEALTH_TELL_MS)
			return false;
		h->told_ms = now_ms;
	}
	h->told = h->state;
	return true;
}

void health_route(const struct health *const *tunnels, size_t n, bool *ret_routed)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any |= tunnels[i]->state == HEALTH_GOOD;
	for (size_t i = 0; i < n; i++)
		ret_routed[i] = !any || tunnels[i]->state == HEALTH_GOOD;
}
