/* SPDX-License-Identifier: ISC */
/* poll(2) first, then a write no larger than what poll promises to take at once: the descriptor is shared with other
 * processes, so O_NONBLOCK is not ours to set. */
#include "helper/outlet.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <unistd.h>

#include "lib/clock.h"

#define PENDING_MAX (1 << 20)
#define ROOM (32 << 10)
#ifdef PIPE_BUF
#define CHUNK PIPE_BUF
#else
#define CHUNK 512
#endif

void outlet_init(struct outlet *o, int fd)
{
	*o = (struct outlet){ .fd = fd };
	strbuf_init(&o->pending, PENDING_MAX);
}

void outlet_clear(struct outlet *o)
{
	strbuf_clear(&o->pending);
	o->sent = 0;
}

bool outlet_has_pending(const struct outlet *o)
{
	return o->pending.len > o->sent;
}

bool outlet_has_room(const struct outlet *o)
{
	return o->pending.len - o->sent < ROOM;
}

static bool is_ready(const struct outlet *o, int timeout_ms)
{
	struct pollfd p = { .fd = o->fd, .events = POLLOUT };

	return poll(&p, 1, timeout_ms) > 0;
}

void outlet_write(struct outlet *o)
{
	while (!o->broken && outlet_has_pending(o) && is_ready(o, 0)) {
		size_t left = o->pending.len - o->sent;
		ssize_t n = write(o->fd, o->pending.buf + o->sent, left < CHUNK ? left : CHUNK);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0)
			o->broken = true;
		else
			o->sent += (size_t)n;
	}
	if (o->broken || !outlet_has_pending(o)) {
		strbuf_reset(&o->pending);
		o->sent = 0;
	} else if (o->sent >= ROOM) {
		/* A reader that is always a little behind never empties it. */
		strbuf_drop(&o->pending, o->sent);
		o->sent = 0;
	}
}

void outlet_flush(struct outlet *o, int timeout_ms)
{
	int64_t end = clock_mono_ms() + timeout_ms, left;

	for (;;) {
		outlet_write(o);
		left = end - clock_mono_ms();
		if (!outlet_has_pending(o) || left <= 0)
			return;
		(void)is_ready(o, (int)left);
	}
}
