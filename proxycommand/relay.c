/* SPDX-License-Identifier: ISC */
/* Two flows, one poll(2). A flow moves what it can, and then waits: for its source, or for its sink. */
#include "proxycommand/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"

#define BUFFER_SIZE (64 << 10)
#define SPLICE_SIZE (1 << 20)
/* Moves of one flow before the other gets its turn. */
#define TURN 16

enum flow_state { FLOW_READY, FLOW_WAITS_SOURCE, FLOW_WAITS_SINK, FLOW_DONE };

/* Of the two ends of a flow one is local, the other is the dialled connection. */
struct flow {
	bool outgoing; /* local -> dial */
	const struct relay *relay;
	struct dial *dial;
	int local;	   /* -1 once closed */
	mode_t local_type; /* S_IFIFO, S_IFSOCK ... */
	int local_flags;   /* to be put back; -1: nothing to put back */
	enum flow_state state;
	bool splices;
	char *buf; /* copied bytes: [off, off + len) */
	size_t off, len;
	uint64_t read; /* bytes that came from the source */
	int error;
};

static int source_fd(const struct flow *f)
{
	return f->outgoing ? f->local : f->dial->fd;
}

static int sink_fd(const struct flow *f)
{
	return f->outgoing ? f->dial->fd : f->local;
}

static bool is_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) > 0;
}

static void let_go(struct flow *f)
{
	if (f->local >= 0 && f->local_flags >= 0)
		fcntl(f->local, F_SETFL, f->local_flags);
	if (f->local >= 0)
		close(take_fd(&f->local));
}

/* The source has ended, or the sink is gone for good (`error`): nothing will flow any more. */
static void finish(struct flow *f, int error)
{
	f->state = FLOW_DONE;
	f->error = error;
	if (f->outgoing && !error)
		dial_end(f->dial);
	if (!f->outgoing && error != -EPIPE)
		f->relay->on_end(f->relay->context, error, f->read);
	if (f->local_type == S_IFSOCK)
		shutdown(f->local, f->outgoing ? SHUT_RD : SHUT_WR);
	else
		let_go(f);
}

static ssize_t local_read(struct flow *f, void *buf, size_t len)
{
	ssize_t n = read(f->local, buf, len);

	return n < 0 ? -errno : n;
}

/* What is neither pipe nor socket may block on more than poll(2) promised. */
static ssize_t local_write(struct flow *f, const void *buf, size_t len)
{
	bool nonblocking = f->local_flags >= 0;
	ssize_t n;

	if (!nonblocking && !is_ready(f->local, POLLOUT))
		return -EAGAIN;
	n = write(f->local, buf, nonblocking || len < PIPE_BUF ? len : PIPE_BUF);
	if (n < 0 && errno == ECONNRESET)
		return -EPIPE;
	return n < 0 ? -errno : n;
}

/* Fills the empty buffer: bytes, 0 at the end, or a negative errno. */
static ssize_t fill(struct flow *f)
{
	ssize_t n = f->outgoing ? local_read(f, f->buf, BUFFER_SIZE)
				: dial_read(f->dial, f->buf, BUFFER_SIZE);

	f->off = 0;
	f->len = n > 0 ? (size_t)n : 0;
	f->read += f->len;
	return n;
}

static ssize_t drain(struct flow *f)
{
	ssize_t n = f->outgoing ? dial_write(f->dial, f->buf + f->off, f->len)
				: local_write(f, f->buf + f->off, f->len);

	if (n > 0) {
		f->off += (size_t)n;
		f->len -= (size_t)n;
	}
	return n;
}

static bool is_later(ssize_t n)
{
	return n == -EAGAIN || n == -EINTR;
}

/* One read and one write at most. */
static void copy(struct flow *f)
{
	ssize_t n;

	if (!f->len) {
		n = fill(f);
		if (n == 0 || (n < 0 && !is_later(n))) {
			finish(f, (int)n);
			return;
		}
		if (n < 0) {
			f->state = FLOW_WAITS_SOURCE;
			return;
		}
	}
	n = drain(f);
	if (n < 0 && !is_later(n))
		finish(f, (int)n);
	else if (f->len)
		f->state = FLOW_WAITS_SINK;
	else
		/* TLS may hold more than poll(2) can see. */
		f->state = f->outgoing ? FLOW_WAITS_SOURCE : FLOW_READY;
}

#ifdef SPLICE_F_NONBLOCK
/* EAGAIN does not say who is not ready: a source that is means that the sink is not. */
static void splice_once(struct flow *f)
{
	ssize_t n = splice(source_fd(f), NULL, sink_fd(f), NULL, SPLICE_SIZE,
			   SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

	if (n > 0) {
		f->state = FLOW_WAITS_SOURCE;
		f->read += (uint64_t)n;
	} else if (n == 0) {
		finish(f, 0);
	} else if (is_later(-errno)) {
		f->state = is_ready(source_fd(f), POLLIN) ? FLOW_WAITS_SINK : FLOW_WAITS_SOURCE;
	} else if (errno == EINVAL || errno == ENOSYS) {
		f->splices = false;
	} else {
		finish(f, -errno);
	}
}
#else
static void splice_once(struct flow *f)
{
	f->splices = false;
}
#endif

static void move(struct flow *f)
{
	int i;

	f->state = FLOW_READY;
	for (i = 0; i < TURN && f->state == FLOW_READY; i++)
		if (f->splices)
			splice_once(f);
		else
			copy(f);
}

/* Both ends are watched: a sink that is gone ends a flow whose source is silent. */
static void watch(const struct flow *f, struct pollfd ret_fds[2])
{
	ret_fds[0] = (struct pollfd){
		.fd = f->state == FLOW_WAITS_SOURCE ? source_fd(f) : -1,
		.events = POLLIN,
	};
	ret_fds[1] = (struct pollfd){
		.fd = f->state == FLOW_DONE ? -1 : sink_fd(f),
		.events = f->state == FLOW_WAITS_SINK ? POLLOUT : 0,
	};
}

static void react(struct flow *f, const struct pollfd fds[2])
{
	if (f->state == FLOW_DONE)
		return;
	if (f->state == FLOW_WAITS_SOURCE && !fds[0].revents &&
	    (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)))
		finish(f, -EPIPE);
	else if (f->state == FLOW_READY || fds[0].revents || fds[1].revents)
		move(f);
}

/* With what the connection broke. Whoever reads `out` may leave early, and the connection need not take all that `in`
 * has: neither is an error. */
static int broken(const struct flow *in)
{
	return in->error == -EPIPE ? 0 : in->error;
}

static int loop(struct flow *out, struct flow *in)
{
	struct pollfd fds[4];

	while (!broken(in) && (out->state != FLOW_DONE || in->state != FLOW_DONE)) {
		watch(out, fds);
		watch(in, fds + 2);
		if (poll(fds, ARRAY_SIZE(fds),
			 out->state == FLOW_READY || in->state == FLOW_READY ? 0 : -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		react(out, fds);
		react(in, fds + 2);
	}
	return broken(in);
}

static int flow_init(struct flow *f, bool outgoing, const struct relay *relay)
{
	int local = outgoing ? relay->in : relay->out;
	struct stat st;
	int flags;

	*f = (struct flow){ .outgoing = outgoing,
			    .relay = relay,
			    .dial = relay->dial,
			    .local = local,
			    .local_flags = -1,
			    .state = outgoing ? FLOW_WAITS_SOURCE : FLOW_READY };
	if (fstat(local, &st) < 0)
		return -errno;
	f->local_type = st.st_mode & S_IFMT;
	f->splices = f->local_type == S_IFIFO && !relay->dial->wrapped;
	/* What we read from is read when poll(2) says so. And others may share a terminal or a file. */
	if (!outgoing && (f->local_type == S_IFIFO || f->local_type == S_IFSOCK)) {
		flags = fcntl(local, F_GETFL);
		if (flags < 0 || fcntl(local, F_SETFL, flags | O_NONBLOCK) < 0)
			return -errno;
		f->local_flags = flags;
	}
	f->buf = malloc(BUFFER_SIZE);
	return f->buf ? 0 : -ENOMEM;
}

static void flow_clear(struct flow *f)
{
	let_go(f);
	free(f->buf);
}

int relay_run(const struct relay *relay)
{
	struct flow outgoing, incoming;
	int r = flow_init(&outgoing, true, relay);
	int s = flow_init(&incoming, false, relay);

	if (r == 0)
		r = s;
	if (r == 0)
		r = loop(&outgoing, &incoming);
	flow_clear(&outgoing);
	flow_clear(&incoming);
	return r;
}
