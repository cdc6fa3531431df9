/* SPDX-License-Identifier: ISC */
/* Live sockets, tunnels and listeners. */
#include "node/relays.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "node/drain.h"
#include "node/node_edge.h"
#include "node/registry.h"

/* ---- freeing ---- */
void relays_drop_listener(struct relay_listener *listener)
{
	struct relays *relays = listener->tunnel->socket->relays;

	if (listener->session)
		LIST_REMOVE(listener, session_entry);
	if (listener->backlog)
		event_free(listener->backlog);
	relays_health_clear(listener);
	TAILQ_REMOVE(&listener->tunnel->listeners, listener, tunnel_entry);
	strmap_remove(&relays->listeners, &listener->node);
	drain_free(listener->drain);
	close(listener->fd);
	free(listener);
}

void relays_drop_tunnel(struct relay_tunnel *tunnel)
{
	TAILQ_REMOVE(&tunnel->socket->tunnels, tunnel, entry);
	strmap_remove(&tunnel->socket->relays->tunnels, &tunnel->node);
	node_tunnel_clear(&tunnel->info);
	free(tunnel);
}

void relays_drop_socket(struct relay_socket *socket)
{
	strmap_remove(&socket->relays->sockets, &socket->node);
	event_free(socket->timer);
	free(socket->settings);
	free(socket);
}

void relays_init(struct relays *relays, struct event_base *base, struct node_edge *edge,
		 int64_t hold_ms, const struct relays_hooks *hooks)
{
	*relays =
		(struct relays){ .base = base, .edge = edge, .hold_ms = hold_ms, .hooks = *hooks };
}

void relays_clear(struct relays *relays)
{
	struct strmap_cursor cursor = { 0 };
	struct relay_listener *listener;
	struct relay_tunnel *tunnel;
	struct strmap_node *node;

	while ((node = strmap_next(&relays->sockets, &cursor)) != NULL) {
		struct relay_socket *socket = strmap_entry(node, struct relay_socket, node);

		while ((tunnel = TAILQ_FIRST(&socket->tunnels)) != NULL) {
			while ((listener = TAILQ_FIRST(&tunnel->listeners)) != NULL)
				relays_drop_listener(listener);
			relays_drop_tunnel(tunnel);
		}
		relays_drop_socket(socket);
	}
	strmap_clear(&relays->sockets);
	strmap_clear(&relays->tunnels);
	strmap_clear(&relays->listeners);
}

/* ---- making ---- */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	relays_plan(arg);
}

/* What is the same for all tunnels of a socket. 0 or -ENOMEM (nothing changed). */
static int set_terms(struct relay_socket *socket, const struct node_tunnel *info)
{
	char *settings = strdup(info->settings);

	if (!settings)
		return -ENOMEM;
	free(socket->settings);
	socket->settings = settings;
	memcpy(socket->route, info->route, sizeof(socket->route));
	memcpy(socket->name, info->label, sizeof(socket->name));
	memcpy(socket->type, info->type, sizeof(socket->type));
	memcpy(socket->secret, info->secret, sizeof(socket->secret));
	return 0;
}

static struct relay_socket *socket_get(struct relays *relays, const struct node_tunnel *info)
{
	struct relay_socket *socket = strmap_entry(strmap_get(&relays->sockets, info->socket_id),
						   struct relay_socket, node);

	if (socket)
		return socket;
	socket = calloc(1, sizeof(*socket));
	if (!socket)
		return NULL;
	socket->relays = relays;
	TAILQ_INIT(&socket->tunnels);
	memcpy(socket->socket_id, info->socket_id, sizeof(socket->socket_id));
	socket->timer = evtimer_new(relays->base, on_timer, socket);
	if (!socket->timer || set_terms(socket, info) < 0 ||
	    strmap_add(&relays->sockets, &socket->node, socket->socket_id) < 0) {
		if (socket->timer)
			event_free(socket->timer);
		free(socket->settings);
		free(socket);
		return NULL;
	}
	return socket;
}

static struct relay_tunnel *tunnel_find(struct relays *relays, const char *tunnel_id)
{
	return strmap_entry(strmap_get(&relays->tunnels, tunnel_id), struct relay_tunnel, node);
}

static struct relay_tunnel *tunnel_get(struct relays *relays, const struct node_tunnel *info)
{
	struct relay_tunnel *tunnel = tunnel_find(relays, info->tunnel_id);
	struct relay_socket *socket;

	if (tunnel)
		return tunnel;
	socket = socket_get(relays, info);
	tunnel = socket ? calloc(1, sizeof(*tunnel)) : NULL;
	if (!tunnel)
		return NULL; /* a socket without tunnels is harmless, and used next time */
	TAILQ_INIT(&tunnel->listeners);
	if (node_tunnel_copy(&tunnel->info, info) < 0 ||
	    strmap_add(&relays->tunnels, &tunnel->node, tunnel->info.tunnel_id) < 0) {
		node_tunnel_clear(&tunnel->info);
		free(tunnel);
		return NULL;
	}
	tunnel->socket = socket;
	TAILQ_INSERT_TAIL(&socket->tunnels, tunnel, entry);
	return tunnel;
}

/* Takes over fd, also on failure. */
static int listener_add(struct relays *relays, struct relay_tunnel *tunnel, int fd,
			uint32_t address, struct relay_listener **ret_listener)
{
	struct relay_listener *listener = calloc(1, sizeof(*listener));

	if (!listener) {
		close(fd);
		return -ENOMEM;
	}
	listener->fd = fd;
	listener->address = address;
	listener->port = tunnel->info.port;
	listener->tunnel = tunnel;
	listener->holder_fd = -1;
	node_listener_text(address, listener->port, listener->text);
	if (strmap_add(&relays->listeners, &listener->node, listener->text) < 0) {
		close(fd);
		free(listener);
		return -EEXIST;
	}
	TAILQ_INSERT_TAIL(&tunnel->listeners, listener, tunnel_entry);
	*ret_listener = listener;
	return 0;
}

static void set_session(struct relay_listener *listener, struct session *session)
{
	listener->session = session;
	LIST_INSERT_HEAD(&session->listeners, listener, session_entry);
}

/* ---- the backlog, after sshd's own listen(2) ---- */
static void on_backlog(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval again = { .tv_sec = RELAYS_BACKLOG_AGAIN_MS / 1000 };
	struct relay_listener *listener = arg;

	node_listener_restore_backlog(listener->fd);
	if (!listener->backlog_again) {
		listener->backlog_again = true;
		event_add(listener->backlog, &again);
		return;
	}
	event_free(listener->backlog);
	listener->backlog = NULL;
}

static void watch_backlog(struct relays *relays, struct relay_listener *listener)
{
	const struct timeval first = { .tv_usec = RELAYS_BACKLOG_FIRST_MS * 1000 };

	listener->backlog_again = false;
	if (!listener->backlog)
		listener->backlog = evtimer_new(relays->base, on_backlog, listener);
	if (listener->backlog)
		event_add(listener->backlog, &first);
}

/* ---- a listener's way ---- */
static struct relay_listener *find_held(struct relay_tunnel *tunnel)
{
	struct relay_listener *listener;

	TAILQ_FOREACH(listener, &tunnel->listeners, tunnel_entry)
	if (listener->role == TAKEOVER_HOLD)
		return listener;
	return NULL;
}

int relays_offer(struct relays *relays, struct session *session, const struct node_tunnel *info,
		 struct relay_listener **ret_listener)
{
	struct relay_tunnel *tunnel = tunnel_get(relays, info);
	struct relay_listener *listener;
	uint32_t address;
	int r, fd;

	if (!tunnel)
		return -ENOMEM;
	listener = find_held(tunnel);
	if (!listener) {
		r = node_listener_new(info->port, &fd, &address);
		if (r == 0)
			r = listener_add(relays, tunnel, fd, address, &listener);
		if (r != 0) {
			relays_plan(tunnel->socket); /* it may be left without any */
			return r;
		}
	}
	listener->waited = node_listener_waiting(listener->fd);
	listener->requests = 0;
	set_session(listener, session);
	*ret_listener = listener;
	return 0;
}

void relays_confirm(struct relays *relays, struct relay_listener *listener)
{
	listener->serial = ++relays->serial;
	listener->ended_ms = 0;
	listener->settle_ms = listener->session->settled ? 0 : clock_mono_ms() + RELAYS_SETTLE_MS;
	watch_backlog(relays, listener);
	relays_plan(listener->tunnel->socket);
}

void relays_settle(struct relays *relays, struct session *session)
{
	struct relay_listener *listener;

	session->settled = true;
	LIST_FOREACH(listener, &session->listeners, session_entry)
	{
		if (listener->settle_ms == 0)
			continue;
		listener->settle_ms = 0;
		relays_plan(listener->tunnel->socket);
	}
}

void relays_withdraw(struct relays *relays, struct relay_listener *listener)
{
	struct relay_socket *socket = listener->tunnel->socket;

	if (listener->role == TAKEOVER_HOLD) {
		LIST_REMOVE(listener, session_entry);
		listener->session = NULL;
	} else {
		relays_drop_listener(listener);
	}
	relays_plan(socket);
}

int relays_adopt(struct relays *relays, struct session *session, const struct node_tunnel *info,
		 int fd, uint32_t address, uint64_t serial, struct relay_listener **ret_listener)
{
	struct relay_tunnel *tunnel = tunnel_get(relays, info);
	struct relay_listener *listener;
	int r;

	if (!tunnel) {
		close(fd);
		return -ENOMEM;
	}
	r = listener_add(relays, tunnel, fd, address, &listener);
	if (r == 0) {
		listener->serial = serial;
		if (serial > relays->serial)
			relays->serial = serial;
		set_session(listener, session);
		node_listener_restore_backlog(fd);
		*ret_listener = listener;
	}
	relays_plan(tunnel->socket);
	return r;
}

static void end_listener(struct relays *relays, struct relay_listener *listener, bool hold)
{
	listener->ended_ms = hold ? clock_mono_ms() : -relays->hold_ms - 1;
	relays_health_clear(listener);
	node_listener_restore_backlog(listener->fd);
}

void relays_release(struct relays *relays, struct session *session, bool hold)
{
	struct relay_listener *listener;

	/* All first, so that none is drained into another one that ended too. */
	LIST_FOREACH(listener, &session->listeners, session_entry)
	end_listener(relays, listener, hold);
	while ((listener = LIST_FIRST(&session->listeners)) != NULL) {
		LIST_REMOVE(listener, session_entry);
		listener->session = NULL;
		relays_plan(listener->tunnel->socket);
	}
}

void relays_release_one(struct relays *relays, struct relay_listener *listener)
{
	end_listener(relays, listener, true);
	LIST_REMOVE(listener, session_entry);
	listener->session = NULL;
	relays_plan(listener->tunnel->socket);
}

static void delete_tunnel(struct relay_tunnel *tunnel)
{
	struct relays_hooks *hooks = &tunnel->socket->relays->hooks;
	struct relay_listener *listener;

	while ((listener = TAILQ_FIRST(&tunnel->listeners)) != NULL) {
		struct session *session = listener->session;

		relays_drop_listener(listener);
		if (session)
			hooks->deleted(hooks->arg, session, &tunnel->info);
	}
}

void relays_delete_tunnel(struct relays *relays, const char *tunnel_id)
{
	struct relay_tunnel *tunnel = tunnel_find(relays, tunnel_id);

	if (!tunnel)
		return;
	delete_tunnel(tunnel);
	relays_plan(tunnel->socket);
}

void relays_delete_socket(struct relays *relays, const char *socket_id)
{
	struct relay_socket *socket =
		strmap_entry(strmap_get(&relays->sockets, socket_id), struct relay_socket, node);
	struct relay_tunnel *tunnel;

	if (!socket)
		return;
	TAILQ_FOREACH(tunnel, &socket->tunnels, entry)
	delete_tunnel(tunnel);
	relays_plan(socket);
}

static void tell_all(struct relays *relays, struct relay_tunnel *tunnel)
{
	struct relay_listener *listener;

	TAILQ_FOREACH(listener, &tunnel->listeners, tunnel_entry)
	if (listener->session) {
		relays->hooks.tell(relays->hooks.arg, listener->session, listener);
		relays->hooks.changed(relays->hooks.arg, listener->session);
	}
}

static bool is_same(const struct node_tunnel *a, const struct node_tunnel *b)
{
	return strcmp(a->route, b->route) == 0 && strcmp(a->secret, b->secret) == 0 &&
	       strcmp(a->settings, b->settings) == 0 &&
	       strcmp(a->socket_name, b->socket_name) == 0 && strcmp(a->url, b->url) == 0;
}

/* Under its new name, or on its new terms. */
static void update_socket(struct relay_socket *socket, const struct node_tunnel *info)
{
	const struct edge_terms terms = { .owner = socket->socket_id };

	if (strcmp(socket->route, info->route) == 0 && strcmp(socket->name, info->label) == 0 &&
	    strcmp(socket->secret, info->secret) == 0 &&
	    strcmp(socket->settings, info->settings) == 0)
		return;
	if (strcmp(socket->route, info->route) != 0)
		edge_routes_set(&socket->relays->edge->routes, socket->route, &terms, NULL, 0);
	if (set_terms(socket, info) < 0)
		log_error("change the settings of '%s': no memory, they stay as they were",
			  socket->route);
	relays_plan(socket);
}

void relays_update(struct relays *relays, const struct node_tunnel *info)
{
	struct relay_tunnel *tunnel = tunnel_find(relays, info->tunnel_id);
	struct node_tunnel copy;

	if (!tunnel || is_same(&tunnel->info, info) || node_tunnel_copy(&copy, info) < 0)
		return;
	/* The map's key stays what it is, in place. */
	free(tunnel->info.socket_name);
	free(tunnel->info.url);
	free(tunnel->info.settings);
	tunnel->info = copy;
	tell_all(relays, tunnel);
	update_socket(tunnel->socket, info);
}

/* ---- finding ---- */
struct relay_listener *relays_find(const struct relays *relays, const char *text)
{
	return strmap_entry(strmap_get(&relays->listeners, text), struct relay_listener, node);
}

struct session *relays_serving(const struct relay_listener *listener)
{
	const struct relay_listener *l;

	if (listener->ended_ms == 0)
		return listener->session;
	TAILQ_FOREACH(l, &listener->tunnel->listeners, tunnel_entry)
	if (l->role == TAKEOVER_CURRENT)
		return l->session;
	return NULL;
}
