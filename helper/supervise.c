/* SPDX-License-Identifier: ISC */
/* The loop. What to do when is supervisor.c's; what to say is report.c's; one tunnel is kept_tunnel.c's. */
#include "helper/supervise.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/kept_tunnel.h"
#include "helper/outside.h"
#include "helper/signals.h"
#include "helper/sshsession.h"

#include "lib/clock.h"

#define FLUSH_MS 1000
/* So many are on their way at a time: a server drops new connections when too many have not logged in yet. */
#define BUSY_MAX 8

/* What poll(2) is asked about; behind it what outside.h has, then two streams of each session. */
enum { POLL_SIGNALS, POLL_OUT, POLL_ERR, POLL_OUTSIDE };
#define FIXED_MAX (POLL_OUTSIDE + OUTSIDE_FDS_MAX)

struct watched {
	struct kept_tunnel *tunnel;
	struct sshsession *session;
};

struct supervise {
	struct supervise_params params; /* the set that is to be kept now is in it */
	struct kept_group group;
	struct kept_tunnel **tunnels; /* that set, in order; then those that left, until they end */
	size_t count;
	struct outside outside;
	struct pollfd *fds; /* grows */
	struct watched *watched;
	size_t watched_max;
	int64_t tick_at_ms;
};

/* for (EACH_TUNNEL(l, t)) */
/* NOLINTBEGIN(bugprone-macro-parentheses): t is declared here */
#define EACH_TUNNEL(l, t)                                      \
	struct kept_tunnel *t, *const *at_##t = (l)->tunnels;  \
	at_##t < (l)->tunnels + (l)->count && ((t = *at_##t)); \
	at_##t++
/* NOLINTEND(bugprone-macro-parentheses) */

/* ---- signals ---- */
static void give_all(struct supervise *l, enum supervisor_event event)
{
	for (EACH_TUNNEL(l, t))
		kept_tunnel_give(t, event);
}

/* Disconnects those that are up, unless that has been done, or there are none: then all end. */
static void interrupt(struct supervise *l)
{
	bool ends = true;

	for (EACH_TUNNEL(l, t))
		ends = ends && !kept_tunnel_is_up(t);
	for (EACH_TUNNEL(l, t))
		ends = ends || t->supervisor.state == SUPERVISOR_CLOSING ||
		       t->supervisor.state == SUPERVISOR_OFFERING;
	if (!ends)
		l->group.offered = false;
	for (EACH_TUNNEL(l, t)) {
		bool up = kept_tunnel_is_up(t);

		if (ends || up)
			kept_tunnel_give(t,
					 ends && up ? SUPERVISOR_TERMINATE : SUPERVISOR_INTERRUPT);
	}
}

static void handle_signals(struct supervise *l)
{
	struct signals seen;

	for (EACH_TUNNEL(l, t))
		kept_tunnel_reap(t);
	signals_take(&seen);
	/* An end that is asked for does not wait for a reload. */
	if (seen.terminate || seen.interrupts)
		seen.renew = false;
	if (seen.renew && l->params.hangup && l->params.hangup(l->params.context, l))
		seen.renew = false;
	for (EACH_TUNNEL(l, t)) {
		if (seen.resized && t->ssh)
			sshproc_resize(&t->ssh->proc);
		if (seen.renew)
			kept_tunnel_renew(t);
	}
	if (seen.terminate || l->group.report.out.broken)
		give_all(l, SUPERVISOR_TERMINATE);
	while (seen.interrupts--)
		interrupt(l);
	for (EACH_TUNNEL(l, t))
		kept_tunnel_tell(t);
}

/* ---- whose turn it is ---- */
static void start_some(struct supervise *l)
{
	bool asking = l->params.asking && !l->group.asks_nothing;
	size_t busy = 0, max = asking ? 1 : BUSY_MAX;

	for (EACH_TUNNEL(l, t))
		busy += kept_tunnel_is_busy(t);
	for (EACH_TUNNEL(l, t)) {
		if (busy >= max)
			return;
		if (t->supervisor.state == SUPERVISOR_IDLE)
			kept_tunnel_give(t, SUPERVISOR_BEGIN);
		else if (kept_tunnel_is_due(t))
			kept_tunnel_give(t, SUPERVISOR_RENEW);
		else
			continue;
		t->wants_renewal = false;
		busy += kept_tunnel_is_busy(t);
	}
}

/* ---- waiting ---- */
/* Where the sessions' descriptors begin. */
static size_t fixed(const struct supervise *l)
{
	return POLL_OUTSIDE + outside_fd_count(&l->outside);
}

static bool make_room(struct supervise *l, size_t sessions)
{
	size_t max = sessions + 16;
	struct pollfd *fds;
	struct watched *watched;

	if (sessions <= l->watched_max)
		return true;
	fds = realloc(l->fds, (FIXED_MAX + 2 * max) * sizeof(*fds));
	if (fds)
		l->fds = fds;
	watched = fds ? realloc(l->watched, max * sizeof(*watched)) : NULL;
	if (watched) {
		l->watched = watched;
		l->watched_max = max;
	}
	return watched != NULL;
}

/* Fills fds and watched; returns how many sessions there are: as many as there is memory for. */
static size_t watch_sessions(struct supervise *l)
{
	struct report *report = &l->group.report;
	bool out = outlet_has_room(&report->out), err = outlet_has_room(&report->err);
	size_t n = 0;

	for (EACH_TUNNEL(l, t)) {
		struct sshsession *s = NULL;

		while ((s = kept_tunnel_next(t, s)) && make_room(l, n + 1)) {
			struct pollfd *fds = &l->fds[fixed(l) + 2 * n];

			fds[0] = (struct pollfd){ err ? s->proc.err_fd : -1, POLLIN, 0 };
			fds[1] = (struct pollfd){ out ? s->proc.out_fd : -1, POLLIN, 0 };
			l->watched[n++] = (struct watched){ t, s };
		}
	}
	return n;
}

static void watch_outlets(struct supervise *l)
{
	const struct outlet *out = &l->group.report.out, *err = &l->group.report.err;

	/* Asked for nothing, it still tells that nobody reads any more. */
	l->fds[POLL_OUT] = (struct pollfd){ out->broken ? -1 : out->fd,
					    outlet_has_pending(out) ? POLLOUT : 0, 0 };
	l->fds[POLL_ERR] = (struct pollfd){ outlet_has_pending(err) ? err->fd : -1, POLLOUT, 0 };
	l->fds[POLL_SIGNALS] = (struct pollfd){ signals_fd(), POLLIN, 0 };
}

static int wait_ms(const struct supervise *l)
{
	int64_t now = clock_mono_ms(), at = l->group.tick_now ? now : l->tick_at_ms;
	int64_t outside = outside_deadline(&l->outside);

	if (outside >= 0 && outside < at)
		at = outside;
	for (EACH_TUNNEL(l, t)) {
		int64_t deadline = kept_tunnel_deadline(t);

		if (deadline >= 0 && deadline < at)
			at = deadline;
	}
	return at <= now ? 0 : (int)(at - now);
}

static void wait_for_something(struct supervise *l)
{
	size_t count = watch_sessions(l), i;

	watch_outlets(l);
	outside_fill(&l->outside, l->fds + POLL_OUTSIDE);
	if (poll(l->fds, fixed(l) + 2 * count, wait_ms(l)) <= 0)
		return;
	if (l->fds[POLL_OUT].revents & (POLLERR | POLLHUP))
		l->group.report.out.broken = true;
	for (i = 0; i < count; i++) {
		const struct pollfd *fds = &l->fds[fixed(l) + 2 * i];
		struct watched *w = &l->watched[i];

		if (fds[0].revents)
			sshsession_read_messages(w->session);
		if (fds[1].revents) {
			sshsession_read_output(w->session);
			kept_tunnel_heard(w->tunnel, w->session);
		}
	}
}

/* ---- the loop ---- */
/* Those that left the set, and have ended. */
static void drop_gone(struct supervise *l)
{
	size_t i, n = l->params.count;

	for (i = n; i < l->count; i++) {
		if (kept_tunnel_is_gone(l->tunnels[i]))
			kept_tunnel_free(l->tunnels[i]);
		else
			l->tunnels[n++] = l->tunnels[i];
	}
	l->count = n;
}

static void tick(struct supervise *l)
{
	int64_t now = clock_mono_ms();

	if (now < l->tick_at_ms && !l->group.tick_now)
		return;
	l->group.tick_now = false;
	l->tick_at_ms = now + l->params.tick(l->params.context);
	for (EACH_TUNNEL(l, t))
		kept_tunnel_explain(t);
}

static void step(struct supervise *l)
{
	start_some(l);
	/* In this order, a message that explains stands before the event on a terminal. */
	outlet_write(&l->group.report.err);
	outlet_write(&l->group.report.out);
	wait_for_something(l);
	handle_signals(l);
	for (EACH_TUNNEL(l, t))
		kept_tunnel_timers(t);
	outside_look(&l->outside, clock_mono_ms());
	drop_gone(l);
	tick(l);
}

static bool is_running(const struct supervise *l)
{
	for (EACH_TUNNEL(l, t))
		if (t->supervisor.state != SUPERVISOR_ENDED)
			return true;
	return false;
}

/* Said for each server once, or for each tunnel to a program. */
static void say_connecting(struct supervise *l)
{
	size_t i, j;

	for (i = 0; i < l->params.count; i++) {
		const struct report_name *name = &l->tunnels[i]->name;
		bool said = false;

		for (j = 0; j < i && !said; j++)
			said = !strcmp(l->tunnels[j]->name.server, name->server);
		if (!said || l->params.json)
			report_connecting(&l->group.report, name);
	}
}

/* ---- the set ---- */
static void free_tunnels(struct kept_tunnel **tunnels, size_t count)
{
	while (count)
		kept_tunnel_free(tunnels[--count]);
	free(tunnels);
}

/* One for each, none begun; and room for `more` behind them. */
static int new_tunnels(struct supervise *l, const struct supervise_tunnel *tunnels, size_t count,
		       size_t more, struct kept_tunnel ***ret_new)
{
	struct kept_tunnel **made = calloc(count + more, sizeof(struct kept_tunnel *));
	size_t i;

	for (i = 0; made && i < count; i++) {
		made[i] = kept_tunnel_new(&l->group, &tunnels[i]);
		if (!made[i]) {
			free_tunnels(made, i);
			made = NULL;
		}
	}
	if (!made)
		return -ENOMEM;
	*ret_new = made;
	return 0;
}

/* Which one of before goes on as this; NULL: none. */
static struct kept_tunnel **find_same(struct supervise *l, const struct supervise_tunnel *tunnel)
{
	size_t i;

	for (i = 0; i < l->params.count; i++)
		if (l->tunnels[i] && kept_tunnel_can_become(l->tunnels[i], tunnel))
			return &l->tunnels[i];
	return NULL;
}

int supervise_change(struct supervise *l, const struct supervise_tunnel *tunnels, size_t count)
{
	struct kept_tunnel **made, **old, **before = l->tunnels;
	size_t i, n = count;
	int r;

	if (!count || count > SUPERVISE_MAX)
		return -EINVAL;
	r = new_tunnels(l, tunnels, count, l->count, &made);
	if (r < 0)
		return r;
	for (i = 0; i < count; i++) {
		old = find_same(l, &tunnels[i]);
		if (!old)
			continue;
		kept_tunnel_become(*old, made[i]);
		kept_tunnel_free(made[i]);
		made[i] = *old;
		*old = NULL;
	}
	for (i = 0; i < l->count; i++) {
		if (before[i])
			made[n++] = before[i];
		if (i < l->params.count && before[i])
			kept_tunnel_leave(before[i]);
	}
	l->tunnels = made;
	l->count = n;
	l->params.tunnels = tunnels;
	l->params.count = count;
	outside_set(&l->outside, made, count);
	free(before);
	return 0;
}

void supervise_print(struct supervise *l, const char *text)
{
	strbuf_adds(&l->group.report.out.pending, text);
}

static int loop_init(struct supervise *l, const struct supervise_params *params)
{
	int64_t now = clock_mono_ms();
	int r;

	*l = (struct supervise){ .params = *params,
				 .group.params = &l->params,
				 .outside.network_fd = -1,
				 .outside.clock.fd = -1,
				 .tick_at_ms = now };
	report_init(&l->group.report, params->json);
	l->group.seed[0] = (unsigned short)getpid();
	l->group.seed[1] = (unsigned short)now;
	l->group.seed[2] = (unsigned short)(now >> 16);
	r = new_tunnels(l, params->tunnels, params->count, 0, &l->tunnels);
	if (r < 0)
		return r;
	l->count = params->count;
	r = outside_init(&l->outside);
	if (r < 0)
		return r;
	outside_set(&l->outside, l->tunnels, l->count);
	return make_room(l, l->count) ? 0 : -ENOMEM;
}

static void loop_clear(struct supervise *l)
{
	outside_clear(&l->outside);
	free_tunnels(l->tunnels, l->count);
	free(l->fds);
	free(l->watched);
	report_clear(&l->group.report);
}

static enum supervisor_result result_of(const struct supervise *l)
{
	size_t i;

	for (i = 0; i < l->params.count; i++)
		if (l->tunnels[i]->supervisor.result != SUPERVISOR_RESULT_DENIED)
			return SUPERVISOR_RESULT_DONE;
	return SUPERVISOR_RESULT_DENIED;
}

int supervise_run(const struct supervise_params *params, enum supervisor_result *ret_result)
{
	struct supervise l;
	int r;

	if (!params->count || params->count > SUPERVISE_MAX)
		return -EINVAL;
	r = loop_init(&l, params);
	if (r == 0) {
		say_connecting(&l);
		while (is_running(&l))
			step(&l);
		for (EACH_TUNNEL(&l, t))
			kept_tunnel_clear(t);
		outlet_flush(&l.group.report.err, FLUSH_MS);
		outlet_flush(&l.group.report.out, FLUSH_MS);
		*ret_result = result_of(&l);
	}
	loop_clear(&l);
	return r;
}

const char *supervise_state_name(enum supervise_state state)
{
	static const char *const names[] = {
		[SUPERVISE_CONNECTING] = "connecting", [SUPERVISE_CONNECTED] = "connected",
		[SUPERVISE_WAITING] = "waiting",       [SUPERVISE_FAILED] = "failed",
		[SUPERVISE_ENDED] = "ended",
	};

	return names[state];
}
