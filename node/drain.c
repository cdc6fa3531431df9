/* SPDX-License-Identifier: ISC */
/* Relays stragglers, with half-close and bounded buffers. */
#include "node/drain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "lib/cleanup.h"
#include "lib/log.h"

struct drain {
	LIST_ENTRY(drain) entry;
	struct event_base *base;
	struct event *accept;
	struct event *again; /* after accept() failed */
	int listen_fd;
	uint32_t address;
	uint16_t port;
};

struct relay_side {
	struct bufferevent *conn;
	struct relay_side *other;
	struct straggler *of;
	bool ended; /* nothing more comes from it */
};

struct straggler {
	LIST_ENTRY(straggler) entry;
	struct relay_side visitor, session;
};

static LIST_HEAD(, drain) drains = LIST_HEAD_INITIALIZER(drains);
static LIST_HEAD(, straggler) stragglers = LIST_HEAD_INITIALIZER(stragglers);
static unsigned straggler_count;

static void on_accept(evutil_socket_t fd, short what, void *arg);

/* All drains accept, or none while the relays are used up. */
static void set_accepting(bool on)
{
	struct drain *drain;

	LIST_FOREACH(drain, &drains, entry)
	{
		if (on)
			event_add(drain->accept, NULL);
		else
			event_del(drain->accept);
	}
}

static void straggler_free(struct straggler *s)
{
	if (s->visitor.conn)
		bufferevent_free(s->visitor.conn);
	if (s->session.conn)
		bufferevent_free(s->session.conn);
	LIST_REMOVE(s, entry);
	free(s);
	if (straggler_count-- == DRAIN_RELAYS)
		set_accepting(true);
}

/* All that came from one side is written: pass its end on, and go when both have ended. */
static void pass_end(struct relay_side *from)
{
	if (!from->ended || evbuffer_get_length(bufferevent_get_output(from->other->conn)) > 0)
		return;
	shutdown(bufferevent_getfd(from->other->conn), SHUT_WR);
	if (from->other->ended && evbuffer_get_length(bufferevent_get_output(from->conn)) == 0)
		straggler_free(from->of);
}

static void on_read(struct bufferevent *conn, void *arg)
{
	struct relay_side *side = arg;
	struct evbuffer *out = bufferevent_get_output(side->other->conn);

	bufferevent_read_buffer(conn, out);
	if (evbuffer_get_length(out) >= DRAIN_BUFFER) {
		/* The other side is slower: go on when it has written half of it. */
		bufferevent_disable(conn, EV_READ);
		bufferevent_setwatermark(side->other->conn, EV_WRITE, DRAIN_BUFFER / 2, 0);
	}
}

static void on_write(struct bufferevent *conn, void *arg)
{
	struct relay_side *side = arg;

	bufferevent_setwatermark(conn, EV_WRITE, 0, 0);
	if (!side->other->ended)
		bufferevent_enable(side->other->conn, EV_READ);
	pass_end(side->other);
}

static void on_event(struct bufferevent *conn, short what, void *arg)
{
	struct relay_side *side = arg;

	if (what & BEV_EVENT_CONNECTED)
		return;
	if (!(what & BEV_EVENT_EOF)) {
		/* An abort: HAProxy is to see one too, not an orderly end. */
		struct linger abort = { .l_onoff = 1 };

		setsockopt(bufferevent_getfd(side->other->conn), SOL_SOCKET, SO_LINGER, &abort,
			   sizeof(abort));
		straggler_free(side->of);
		return;
	}
	side->ended = true;
	bufferevent_disable(conn, EV_READ);
	pass_end(side);
}

static int side_init(struct straggler *s, struct relay_side *side, struct relay_side *other,
		     struct event_base *base, int fd)
{
	const struct timeval idle = { .tv_sec = DRAIN_IDLE_S };

	*side = (struct relay_side){ .other = other, .of = s };
	side->conn = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!side->conn)
		return -ENOMEM;
	bufferevent_setcb(side->conn, on_read, on_write, on_event, side);
	bufferevent_set_timeouts(side->conn, &idle, NULL);
	return 0;
}

static void start(struct drain *drain, int fd)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(drain->port) };
	struct straggler *s = calloc(1, sizeof(*s));
	int on = 1;

	if (!s) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	in.sin_addr.s_addr = htonl(drain->address);
	LIST_INSERT_HEAD(&stragglers, s, entry);
	straggler_count++;
	if (side_init(s, &s->visitor, &s->session, drain->base, fd) < 0) {
		close(fd);
		straggler_free(s);
	} else if (side_init(s, &s->session, &s->visitor, drain->base, -1) < 0 ||
		   bufferevent_socket_connect(s->session.conn, (struct sockaddr *)&in, sizeof(in)) <
			   0) {
		straggler_free(s);
	} else {
		bufferevent_enable(s->visitor.conn, EV_READ | EV_WRITE);
		bufferevent_enable(s->session.conn, EV_READ | EV_WRITE);
	}
}

static void on_accept(evutil_socket_t listen_fd, short what, void *arg)
{
	const struct timeval pause = { .tv_usec = DRAIN_AGAIN_MS * 1000 };
	struct drain *drain = arg;

	while (straggler_count < DRAIN_RELAYS) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			/* Out of descriptors or memory: trying on and on would take all of the node's time. */
			if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
				event_del(drain->accept);
				event_add(drain->again, &pause);
			}
			return;
		}
		start(drain, fd);
	}
	set_accepting(false);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct drain *drain = arg;

	if (straggler_count < DRAIN_RELAYS)
		event_add(drain->accept, NULL);
}

struct drain *drain_new(struct event_base *base, int listen_fd)
{
	struct drain *drain = calloc(1, sizeof(*drain));

	if (!drain)
		return NULL;
	drain->base = base;
	drain->listen_fd = listen_fd;
	drain->accept = event_new(base, listen_fd, EV_READ | EV_PERSIST, on_accept, drain);
	drain->again = evtimer_new(base, on_again, drain);
	if (!drain->accept || !drain->again) {
		if (drain->accept)
			event_free(drain->accept);
		if (drain->again)
			event_free(drain->again);
		free(drain);
		return NULL;
	}
	LIST_INSERT_HEAD(&drains, drain, entry);
	return drain;
}

void drain_set_target(struct drain *drain, uint32_t address, uint16_t port)
{
	drain->address = address;
	drain->port = port;
	if (straggler_count < DRAIN_RELAYS)
		event_add(drain->accept, NULL);
}

void drain_free(struct drain *drain)
{
	if (!drain)
		return;
	event_free(drain->accept);
	event_free(drain->again);
	LIST_REMOVE(drain, entry);
	free(drain);
}

void drain_end_all(void)
{
	while (!LIST_EMPTY(&stragglers))
		straggler_free(LIST_FIRST(&stragglers));
}
