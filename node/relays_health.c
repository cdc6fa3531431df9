/* SPDX-License-Identifier: ISC */
/* Leaves tunnels whose origin does not answer out of the rotation while others answer: health.h decides, here it is
 * carried out. */
#include <event2/event.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/strbuf.h"
#include "node/node_edge.h"
#include "node/probe.h"
#include "node/question.h"
#include "node/registry.h"
#include "node/relays.h"

static void schedule(struct relay_listener *listener);

void relays_health_clear(struct relay_listener *listener)
{
	probe_cancel(listener->probe);
	listener->probe = NULL;
	if (listener->health_timer)
		event_free(listener->health_timer);
	listener->health_timer = NULL;
	listener->health = (struct health){ 0 };
}

/* How many tunnels could serve the socket's visitors. With a single one nothing depends on its health, but for what its
 * user reads. `ret_pace_ms` (may be NULL): how long answers of the slowest of them take. */
static size_t count_current(const struct relay_socket *socket, int64_t *ret_pace_ms)
{
	const struct relay_listener *listener;
	const struct relay_tunnel *tunnel;
	int64_t pace_ms = 0;
	size_t n = 0;

	TAILQ_FOREACH(tunnel, &socket->tunnels, entry)
	TAILQ_FOREACH(listener, &tunnel->listeners, tunnel_entry)
	{
		if (listener->role != TAKEOVER_CURRENT)
			continue;
		n++;
		if (listener->health.pace_ms > pace_ms)
			pace_ms = listener->health.pace_ms;
	}
	if (ret_pace_ms)
		*ret_pace_ms = pace_ms;
	return n;
}

static bool is_worth_it(const struct relay_socket *socket)
{
	return count_current(socket, NULL) > 1;
}

static void tell(struct relay_listener *listener)
{
	const struct relays_hooks *hooks = &listener->tunnel->socket->relays->hooks;

	if (listener->session && health_tell(&listener->health, clock_mono_ms()))
		hooks->origin(hooks->arg, listener->session, listener);
}

/* Its state changed; the caller must not use the listener any more. */
static void changed(struct relay_listener *listener)
{
	static const char *const words[] = {
		[HEALTH_GOOD] = "answers",
		[HEALTH_REFUSES] = "refuses",
		[HEALTH_CLOSES] = "closes without an answer",
		[HEALTH_SILENT] = "takes connections and does not answer",
	};

	log_info("find that the origin of '%s' %s ('%s')", listener->text,
		 words[listener->health.state], listener->tunnel->info.label);
	tell(listener);
	relays_plan(listener->tunnel->socket);
}

/* ---- probes ---- */
static void probed(struct relay_listener *listener, enum health_probe met)
{
	bool is_other = health_probed(&listener->health, met, clock_mono_ms());

	schedule(listener);
	if (is_other)
		changed(listener);
	else
		tell(listener);
}

/* It was asked something. */
static void on_probed(void *arg, enum probe_result result)
{
	struct relay_listener *listener = arg;

	listener->probe = NULL;
	probed(listener, result == PROBE_ANSWERED  ? HEALTH_PROBE_ANSWERED
			 : result == PROBE_CLOSED  ? HEALTH_PROBE_CLOSED
			 : result == PROBE_REFUSED ? HEALTH_PROBE_REFUSED
						   : HEALTH_PROBE_SILENT);
}

/* It was asked nothing, or just the end. */
static void on_ended(void *arg, enum probe_result result)
{
	struct relay_listener *listener = arg;
	struct relay_socket *socket = listener->tunnel->socket;
	int64_t now = clock_mono_ms();
	enum health_probe met = HEALTH_PROBE_TAKEN;

	listener->probe = NULL;
	if (result == PROBE_ENDED || result == PROBE_ANSWERED)
		socket->reacted_ms = now;
	if (result == PROBE_REFUSED)
		met = HEALTH_PROBE_REFUSED;
	else if (result == PROBE_STAYED && health_is_known(socket->reacted_ms, now))
		met = HEALTH_PROBE_SILENT;
	probed(listener, met);
}

/* True if a question was asked, or could have been. */
static bool probe_one(struct relay_listener *listener)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(QUESTION_MAX);
	const struct relay_socket *socket = listener->tunnel->socket;
	int64_t pace_ms, now = clock_mono_ms();
	struct probe_plan plan = {
		.user_id = listener->session ? listener->session->user_id : "",
		.socket_id = socket->socket_id,
	};
	/* HEAD costs the origin least; an origin that knows GET alone is asked by the next one. */
	bool asks =
		question_write(&sb, &listener->tunnel->info,
			       listener->health.asked % 2 ? "GET" : "HEAD", QUESTION_HEALTH_AGENT);

	count_current(socket, &pace_ms);
	plan.request = sb.buf;
	plan.len = sb.len;
	plan.wait_ms = health_patience(&listener->health, pace_ms);
	if (!asks) {
		/* What was refused is good when it is taken. */
		plan.end_wait_ms = listener->health.state == HEALTH_REFUSES ? 0 : plan.wait_ms;
		plan.wait_ms = RELAYS_PROBE_MS;
	}
	if (strbuf_error(&sb) == 0)
		listener->probe =
			probe_start(socket->relays->base, listener->address, listener->port, &plan,
				    asks ? on_probed : on_ended, listener);
	if (listener->probe) {
		health_ask(&listener->health, now);
	} else {
		health_defer(&listener->health, now + RELAYS_PROBE_AGAIN_MS);
		schedule(listener);
	}
	return asks;
}

/* Any other tunnel of the socket, by which to judge that one: it reacts within the same time, or that one is not judged. */
static void probe_another(const struct relay_listener *than)
{
	struct relay_listener *listener;
	struct relay_tunnel *tunnel;

	TAILQ_FOREACH(tunnel, &than->tunnel->socket->tunnels, entry)
	TAILQ_FOREACH(listener, &tunnel->listeners, tunnel_entry)
	if (listener != than && listener->role == TAKEOVER_CURRENT &&
	    listener->health.state == HEALTH_GOOD && !listener->probe) {
		probe_one(listener);
		return;
	}
}

static void probe(struct relay_listener *listener)
{
	if (!listener->probe && !probe_one(listener) && listener->probe &&
	    !health_is_known(listener->tunnel->socket->reacted_ms, clock_mono_ms()))
		probe_another(listener);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct relay_listener *listener = arg;

	if (health_probe_at(&listener->health) == 0)
		return;
	if (listener->health.state == HEALTH_GOOD || is_worth_it(listener->tunnel->socket))
		probe(listener);
}

static void schedule(struct relay_listener *listener)
{
	int64_t at_ms = health_probe_at(&listener->health), ms;
	struct timeval tv = { 0 };

	if (listener->probe || at_ms == 0)
		return;
	ms = at_ms - clock_mono_ms();
	if (ms > 0)
		tv = (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	if (!listener->health_timer)
		listener->health_timer =
			evtimer_new(listener->tunnel->socket->relays->base, on_timer, listener);
	if (listener->health_timer)
		evtimer_add(listener->health_timer, &tv);
}

/* ---- visitors ---- */
void relays_sign(struct relay_listener *listener, enum health_sign sign)
{
	if (listener->ended_ms != 0)
		return;
	if (health_sign(&listener->health, sign, clock_mono_ms()))
		probe(listener);
	tell(listener);
}

/* Visitors are answered, but by all of the socket's tunnels? */
static void look_over(struct relay_socket *socket, int64_t now)
{
	struct relay_listener *listener;
	struct relay_tunnel *tunnel;
	size_t n;

	if (now - socket->looked_ms < HEALTH_LOOK_MS)
		return;
	socket->looked_ms = now;
	n = count_current(socket, NULL);
	TAILQ_FOREACH(tunnel, &socket->tunnels, entry)
	TAILQ_FOREACH(listener, &tunnel->listeners, tunnel_entry)
	if (listener->role == TAKEOVER_CURRENT &&
	    health_is_overtaken(&listener->health, socket->answers, n, now))
		relays_sign(listener, HEALTH_OVERTAKEN);
}

void relays_answered(struct relay_listener *listener, int64_t origin_ms, int64_t at_wall_ms)
{
	struct relay_socket *socket = listener->tunnel->socket;
	int64_t now = clock_mono_ms(), at_ms = at_wall_ms - clock_wall_ms() + now;
	bool is_other;

	socket->answers++;
	if (listener->ended_ms != 0)
		return;
	/* Later than now: the host's clock was set back. */
	is_other = health_answered(&listener->health, origin_ms, at_ms < now ? at_ms : now);
	look_over(socket, now);
	if (is_other)
		changed(listener);
}

void relays_health_planned(struct relay_socket *socket)
{
	struct relay_listener *listener;
	struct relay_tunnel *tunnel;

	if (!is_worth_it(socket))
		return;
	TAILQ_FOREACH(tunnel, &socket->tunnels, entry)
	TAILQ_FOREACH(listener, &tunnel->listeners, tunnel_entry)
	if (listener->role == TAKEOVER_CURRENT && listener->health.state != HEALTH_GOOD &&
	    !(listener->health_timer && evtimer_pending(listener->health_timer, NULL)))
		schedule(listener);
}
