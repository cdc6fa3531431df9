/* SPDX-License-Identifier: ISC */
/* Carries out what takeover.h plans for one socket: routes first, then the rest, closing last. */
#include <event2/event.h>
#include <stdlib.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "node/drain.h"
#include "node/metrics.h"
#include "node/node_edge.h"
#include "node/registry.h"
#include "node/relays.h"

struct planned {
	struct takeover_listener *plan; /* one per listener, in the socket's order */
	struct relay_listener **who;
	struct edge_relay *routes;
	const struct health **health; /* of each, ... */
	bool *is_routed;	      /* ... and whether visitors are sent there */
	size_t count, tunnel_count;
};

static void planned_clear(struct planned *p)
{
	free(p->plan);
	free(p->who);
	free(p->routes);
	free(p->health);
	free(p->is_routed);
}

static int collect(struct relay_socket *socket, struct planned *p)
{
	struct relay_listener *listener;
	struct relay_tunnel *tunnel;
	size_t n = 0;

	TAILQ_FOREACH(tunnel, &socket->tunnels, entry)
	{
		p->tunnel_count++;
		TAILQ_FOREACH(listener, &tunnel->listeners, tunnel_entry)
		n++;
	}
	p->plan = calloc(n + 1, sizeof(*p->plan));
	p->who = calloc(n + 1, sizeof(struct relay_listener *));
	p->routes = calloc(p->tunnel_count + 1, sizeof(*p->routes));
	p->health = calloc(p->tunnel_count + 1, sizeof(const struct health *));
	p->is_routed = calloc(p->tunnel_count + 1, sizeof(*p->is_routed));
	if (!p->plan || !p->who || !p->routes || !p->health || !p->is_routed)
		return -ENOMEM;
	p->tunnel_count = 0;
	TAILQ_FOREACH(tunnel, &socket->tunnels, entry)
	{
		TAILQ_FOREACH(listener, &tunnel->listeners, tunnel_entry)
		{
			p->who[p->count] = listener;
			p->plan[p->count++] = (struct takeover_listener){
				.tunnel = (unsigned)p->tunnel_count,
				.serial = listener->serial,
				.live = listener->ended_ms == 0,
				.settle_ms = listener->settle_ms,
				.ended_ms = listener->ended_ms,
				.drain_ms = listener->drain_ms,
			};
		}
		p->tunnel_count++;
	}
	return 0;
}

/* By what visitors of a sticky socket keep to a tunnel: the same after each of its logins, and nothing that leads back
 * to its id. */
static uint16_t mark_of(const char *tunnel_id)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (; *tunnel_id; tunnel_id++)
		hash = (hash ^ (unsigned char)*tunnel_id) * 16777619U;
	return (uint16_t)(hash >> 16 ^ hash);
}

/* Not 0, and no other one's. */
static uint16_t free_mark(const struct edge_relay *relays, size_t n, uint16_t mark)
{
	for (size_t i = 0; i < n;) {
		if (mark && relays[i].mark != mark) {
			i++;
			continue;
		}
		mark++;
		i = 0;
	}
	return mark ? mark : 1;
}

static void set_routes(struct relay_socket *socket, struct planned *p)
{
	const struct edge_terms terms = { .type = socket->type,
					  .secret = socket->secret,
					  .settings = socket->settings,
					  .name = socket->name,
					  .owner = socket->socket_id };
	size_t n = 0, routed = 0;

	for (size_t i = 0; i < p->count; i++) {
		const struct relay_listener *who = p->who[i];

		if (p->plan[i].role != TAKEOVER_CURRENT && p->plan[i].role != TAKEOVER_HOLD)
			continue;
		p->routes[n] = (struct edge_relay){ .address = who->address, .port = who->port };
		p->routes[n].mark = free_mark(p->routes, n, mark_of(who->tunnel->info.tunnel_id));
		p->health[n++] = &who->health;
	}
	health_route(p->health, n, p->is_routed);
	for (size_t i = 0; i < n; i++)
		if (p->is_routed[i])
			p->routes[routed++] = p->routes[i];
	if (edge_routes_set(&socket->relays->edge->routes, socket->route, &terms, p->routes,
			    routed) < 0)
		log_error("route '%s': no memory, its route stays as it was", socket->route);
}

static void set_drain(struct relays *relays, struct relay_listener *listener,
		      const struct relay_listener *target, int64_t now)
{
	if (listener->drain_ms == 0)
		listener->drain_ms = now;
	if (!listener->drain)
		listener->drain = drain_new(relays->base, listener->fd);
	if (listener->drain)
		drain_set_target(listener->drain, target->address, target->port);
}

static void set_role(struct relay_listener *listener, enum takeover_role role)
{
	struct relay_tunnel *tunnel = listener->tunnel;
	struct relays *relays = tunnel->socket->relays;

	if (listener->role == role)
		return;
	log_info("%s '%s' of '%s' (tunnel '%s')", takeover_role_name(role), listener->text,
		 tunnel->info.label, tunnel->info.tunnel_id);
	if (listener->role == TAKEOVER_CURRENT && role == TAKEOVER_STANDBY)
		node_count(COUNT_TAKEOVERS);
	if (role == TAKEOVER_HOLD)
		node_count(COUNT_HOLDS);
	listener->role = role;
	if (role == TAKEOVER_STANDBY)
		listener->waited = 0; /* when it serves again, nobody will have */
	if (role != TAKEOVER_CURRENT && role != TAKEOVER_STANDBY)
		return;
	if (!tunnel->up) {
		tunnel->up = true;
		relays->hooks.up(relays->hooks.arg, tunnel->info.tunnel_id, true);
	}
	if (listener->session)
		relays->hooks.tell(relays->hooks.arg, listener->session, listener);
}

/* Closes what is to be closed, and frees tunnels without listeners; true if the socket has any left. */
static bool sweep(struct relay_socket *socket, struct planned *p)
{
	struct relays *relays = socket->relays;
	struct relay_tunnel *tunnel, *next;

	for (size_t i = 0; i < p->count; i++)
		if (p->plan[i].role == TAKEOVER_CLOSE)
			relays_drop_listener(p->who[i]);
	for (tunnel = TAILQ_FIRST(&socket->tunnels); tunnel; tunnel = next) {
		next = TAILQ_NEXT(tunnel, entry);
		if (!TAILQ_EMPTY(&tunnel->listeners))
			continue;
		if (tunnel->up)
			relays->hooks.up(relays->hooks.arg, tunnel->info.tunnel_id, false);
		relays_drop_tunnel(tunnel);
	}
	return !TAILQ_EMPTY(&socket->tunnels);
}

static void set_timer(struct relay_socket *socket, int64_t until_ms, int64_t now)
{
	int64_t ms = until_ms - now;
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (until_ms == 0)
		event_del(socket->timer);
	else
		event_add(socket->timer, &tv);
}

void relays_plan(struct relay_socket *socket)
{
	auto_call(planned_clear) struct planned p = { 0 };
	int64_t now = clock_mono_ms(), until = 0;

	if (collect(socket, &p) < 0) {
		log_error("plan '%s': no memory, trying again in 1 s", socket->route);
		set_timer(socket, now + 1000, now);
		return;
	}
	takeover_plan(p.plan, p.count, now, socket->relays->hold_ms);
	set_routes(socket, &p);
	for (size_t i = 0; i < p.count; i++) {
		set_role(p.who[i], p.plan[i].role);
		if (p.plan[i].role == TAKEOVER_DRAIN)
			set_drain(socket->relays, p.who[i], p.who[p.plan[i].target], now);
		if (p.plan[i].until_ms && (!until || p.plan[i].until_ms < until))
			until = p.plan[i].until_ms;
	}
	if (!sweep(socket, &p)) {
		relays_drop_socket(socket);
		return;
	}
	set_timer(socket, until, now);
	relays_health_planned(socket);
}
