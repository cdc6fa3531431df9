/* SPDX-License-Identifier: ISC */
/* Tells a session's user what happens. */
#include "node/attach.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/nodewire.h"
#include "lib/wire.h"
#include "node/edge_record.h"
#include "node/log_queue.h"
#include "node/node.h"

struct attach {
	struct session *session;
	int fd;
	struct event *readable, *writable;
	struct event *pace; /* pending: lines wait until it fires */
	struct log_queue queue;
	bool broken; /* to be freed when it is safe to */
};

void attach_free(struct attach *attach)
{
	if (!attach)
		return;
	attach->session->attach = NULL;
	if (attach->readable)
		event_free(attach->readable);
	if (attach->writable)
		event_free(attach->writable);
	if (attach->pace)
		event_free(attach->pace);
	close(attach->fd);
	log_queue_clear(&attach->queue);
	free(attach);
}

/* ---- writing ---- */
/* 1: sent; 0: the reader is busy; -errno: it is gone. */
static int send_text(struct attach *attach, const char *text, size_t len)
{
	if (send(attach->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 1;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

static int send_dropped(struct attach *attach)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);
	int r;

	wire_begin(&sb, NODEWIRE_DROPPED);
	wire_add_int(&sb, "count", (int64_t)attach->queue.dropped);
	r = strbuf_error(&sb) < 0 ? 0 : send_text(attach, sb.buf, sb.len);
	if (r > 0)
		log_queue_take_dropped(&attach->queue);
	return r;
}

/* Writes what the reader takes; the rest when it can take more. A reader that is gone is freed by on_readable(),
 * which sees the end of its connection. */
static void flush(struct attach *attach)
{
	const struct log_queue_item *item;
	int r = 1;

	while (r > 0 && (item = log_queue_first(&attach->queue)) != NULL) {
		if (item->is_log && attach->queue.dropped)
			r = send_dropped(attach);
		if (r > 0)
			r = send_text(attach, item->text, item->len);
		if (r > 0)
			log_queue_pop(&attach->queue);
	}
	if (r == 0)
		event_add(attach->writable, NULL);
	else if (r < 0)
		attach->broken = true;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	flush(arg);
}

static void on_pace(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval pace = { .tv_usec = ATTACH_PACE_MS * 1000 };
	struct attach *attach = arg;

	if (!log_queue_first(&attach->queue))
		return;
	flush(attach);
	event_add(attach->pace, &pace);
}

void attach_send(struct attach *attach, struct strbuf *sb)
{
	/* Past its bound the reader is given up: the session attaches again and learns what is now. */
	if (strbuf_error(sb) < 0 || log_queue_add(&attach->queue, sb->buf, sb->len) < 0) {
		shutdown(attach->fd, SHUT_RDWR);
		return;
	}
	flush(attach);
}

/* ---- reading: nothing is expected but the end ---- */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct attach *attach = arg;
	struct session *session = attach->session;
	char ignored[512];
	ssize_t n = recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT);

	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	attach_free(attach);
	registry_detached(session);
}

/* ---- messages ---- */
void attach_add_escaped(struct strbuf *sb, const char *name, const char *value)
{
	auto_call(strbuf_clear) struct strbuf text = STRBUF_INIT(WIRE_MAX);

	escape_add(&text, value, strlen(value));
	wire_add(sb, name, text.buf);
}

void attach_tunnel(struct attach *attach, const struct relay_listener *listener)
{
	const struct node_tunnel *info = &listener->tunnel->info;
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);

	wire_begin(&sb, NODEWIRE_TUNNEL);
	wire_add(&sb, "state", listener->role == TAKEOVER_CURRENT ? "current" : "standby");
	attach_add_escaped(&sb, "name", info->socket_name);
	attach_add_escaped(&sb, "url", info->url);
	wire_add_int(&sb, "port", info->port);
	wire_add(&sb, "type", info->type);
	if (listener->waited > 0)
		wire_add_int(&sb, "waited", listener->waited);
	attach_send(attach, &sb);
}

void attach_origin(struct attach *attach, const struct relay_listener *listener)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);

	wire_begin(&sb, NODEWIRE_ORIGIN);
	wire_add(&sb, "state", health_state_name(listener->health.state));
	attach_add_escaped(&sb, "name", listener->tunnel->info.socket_name);
	wire_add_int(&sb, "port", listener->port);
	attach_send(attach, &sb);
}

void attach_log(struct attach *attach, const struct edge_record *record,
		const struct relay_listener *of)
{
	const struct timeval pace = { .tv_usec = ATTACH_PACE_MS * 1000 };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);

	if (attach->broken)
		return;
	wire_begin(&sb, NODEWIRE_LOG);
	wire_add_int(&sb, "at", record->at);
	attach_add_escaped(&sb, "client", record->client);
	attach_add_escaped(&sb, "method", record->method);
	attach_add_escaped(&sb, "path", record->path);
	wire_add_int(&sb, "status", record->status);
	wire_add_int(&sb, "bytes", edge_record_bytes(record));
	wire_add_int(&sb, "total_ms", record->total_ms);
	wire_add_int(&sb, "origin_ms", record->origin_ms);
	wire_add_int(&sb, "port", record->port);
	if (record->end[0])
		wire_add(&sb, "end", edge_record_end(record->end));
	if (of) {
		attach_add_escaped(&sb, "name", of->tunnel->info.socket_name);
		attach_add_escaped(&sb, "url", of->tunnel->info.url);
	}
	if (strbuf_error(&sb) < 0)
		return;
	log_queue_add_log(&attach->queue, sb.buf, sb.len);
	/* The first line goes at once, those that follow soon after go together. */
	if (!evtimer_pending(attach->pace, NULL)) {
		flush(attach);
		event_add(attach->pace, &pace);
	}
}

void attach_notice(struct attach *attach, const char *text)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);

	wire_begin(&sb, NODEWIRE_NOTICE);
	attach_add_escaped(&sb, "text", text);
	attach_send(attach, &sb);
}

void attach_end(struct attach *attach, enum denial why)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);

	wire_begin(&sb, NODEWIRE_END);
	wire_add(&sb, "code", denial_code(why));
	wire_add(&sb, "message", denial_message(why));
	attach_send(attach, &sb);
}

void attach_done(struct attach *attach, bool ok, const char *text)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);

	wire_begin(&sb, NODEWIRE_DONE);
	wire_add_int(&sb, "ok", ok);
	if (*text)
		wire_add(&sb, "text", text);
	attach_send(attach, &sb);
}

int attach_new(struct session *session, int fd)
{
	struct event_base *base = session->owner->base;
	struct attach *attach = calloc(1, sizeof(*attach));
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);
	struct relay_listener *listener;
	int size = ATTACH_SNDBUF;

	if (!attach) {
		close(fd);
		return -ENOMEM;
	}
	attach_free(session->attach);
	attach->session = session;
	attach->fd = fd;
	log_queue_init(&attach->queue);
	session->attach = attach;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	attach->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, attach);
	attach->writable = event_new(base, fd, EV_WRITE, on_writable, attach);
	attach->pace = evtimer_new(base, on_pace, attach);
	if (!attach->readable || !attach->writable || !attach->pace ||
	    event_add(attach->readable, NULL) < 0) {
		attach_free(attach);
		return -ENOMEM;
	}
	wire_begin(&sb, NODEWIRE_OK);
	attach_add_escaped(&sb, "service", session->owner->conf->service_name);
	attach_send(attach, &sb);
	/* The list has the newest first; the welcome shows the first one that it is told. */
	LIST_FOREACH(listener, &session->listeners, session_entry)
	attach_tunnel(attach, listener);
	LIST_FOREACH(listener, &session->listeners, session_entry)
	if (listener->health.told != HEALTH_GOOD)
		attach_origin(attach, listener);
	return 0;
}
