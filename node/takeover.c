/* SPDX-License-Identifier: ISC */
/* Latest-wins, standby, hold and drain. No clocks and no sockets here. */
#include "node/takeover.h"

const char *takeover_role_name(enum takeover_role role)
{
	static const char *const names[] = {
		[TAKEOVER_NONE] = "none",	[TAKEOVER_CURRENT] = "current",
		[TAKEOVER_STANDBY] = "standby", [TAKEOVER_HOLD] = "hold",
		[TAKEOVER_DRAIN] = "drain",	[TAKEOVER_CLOSE] = "close",
	};

	return names[role];
}

/* Does live listener `a` come before `b`? */
static bool comes_first(const struct takeover_listener *a, const struct takeover_listener *b)
{
	if ((a->settle_ms == 0) != (b->settle_ms == 0))
		return a->settle_ms == 0;
	return a->serial > b->serial;
}

/* The first live listener of that tunnel (NULL: of any): its index or TAKEOVER_NO_TARGET. */
static size_t newest_live(const struct takeover_listener *l, size_t n, const unsigned *tunnel)
{
	size_t found = TAKEOVER_NO_TARGET;

	for (size_t i = 0; i < n; i++)
		if (l[i].live && (!tunnel || l[i].tunnel == *tunnel) &&
		    (found == TAKEOVER_NO_TARGET || comes_first(&l[i], &l[found])))
			found = i;
	return found;
}

/* The listener of a tunnel to hold, were the socket without a live one: the newest that was not drained.
 * HAProxy may keep connections to a drained one, which the node relays to somebody else. */
static size_t newest_to_hold(const struct takeover_listener *l, size_t n, unsigned tunnel)
{
	size_t found = TAKEOVER_NO_TARGET;

	for (size_t i = 0; i < n; i++)
		if (!l[i].live && l[i].drain_ms == 0 && l[i].tunnel == tunnel &&
		    (found == TAKEOVER_NO_TARGET || l[i].serial > l[found].serial))
			found = i;
	return found;
}

static void plan_live(struct takeover_listener *l, size_t n, size_t i)
{
	l[i].role = newest_live(l, n, &l[i].tunnel) == i ? TAKEOVER_CURRENT : TAKEOVER_STANDBY;
	l[i].until_ms = l[i].settle_ms;
}

static bool can_hold(const struct takeover_listener *l, size_t n, size_t i, int64_t now_ms,
		     int64_t hold_ms)
{
	return newest_live(l, n, NULL) == TAKEOVER_NO_TARGET &&
	       newest_to_hold(l, n, l[i].tunnel) == i && now_ms < l[i].ended_ms + hold_ms;
}

/* Who serves in place of an ended listener: the tunnel's own current one, else another tunnel of the socket,
 * else the one that is held for the tunnel: its backlog is as good a place to wait. */
static size_t drain_target(const struct takeover_listener *l, size_t n, size_t i, int64_t now_ms,
			   int64_t hold_ms)
{
	size_t target = newest_live(l, n, &l[i].tunnel);

	if (target == TAKEOVER_NO_TARGET)
		target = newest_live(l, n, NULL);
	if (target == TAKEOVER_NO_TARGET) {
		target = newest_to_hold(l, n, l[i].tunnel);
		if (target != TAKEOVER_NO_TARGET &&
		    (target == i || !can_hold(l, n, target, now_ms, hold_ms)))
			target = TAKEOVER_NO_TARGET;
	}
	return target;
}

static void plan_ended(struct takeover_listener *l, size_t n, size_t i, int64_t now_ms,
		       int64_t hold_ms)
{
	int64_t since;

	if (can_hold(l, n, i, now_ms, hold_ms)) {
		l[i].role = TAKEOVER_HOLD;
		l[i].until_ms = l[i].ended_ms + hold_ms;
		return;
	}
	l[i].target = drain_target(l, n, i, now_ms, hold_ms);
	since = l[i].drain_ms ? l[i].drain_ms : now_ms;
	if (l[i].target == TAKEOVER_NO_TARGET || now_ms >= since + TAKEOVER_DRAIN_MS) {
		l[i].target = TAKEOVER_NO_TARGET;
		l[i].role = TAKEOVER_CLOSE;
		return;
	}
	l[i].role = TAKEOVER_DRAIN;
	l[i].until_ms = since + TAKEOVER_DRAIN_MS;
}

void takeover_plan(struct takeover_listener *listeners, size_t n, int64_t now_ms, int64_t hold_ms)
{
	for (size_t i = 0; i < n; i++)
		if (now_ms >= listeners[i].settle_ms)
			listeners[i].settle_ms = 0;
	for (size_t i = 0; i < n; i++) {
		listeners[i].target = TAKEOVER_NO_TARGET;
		listeners[i].until_ms = 0;
		if (listeners[i].live)
			plan_live(listeners, n, i);
		else
			plan_ended(listeners, n, i, now_ms, hold_ms);
	}
}
