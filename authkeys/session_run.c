/* SPDX-License-Identifier: ISC */
/* The loop. Writing blocks as long as the client does not read; the node then drops lines for us, and the
 * visitors notice nothing. */
#include "authkeys/session_run.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "authkeys/session_node.h"
#include "authkeys/session_screen.h"
#include "authkeys/session_tty.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"

/* How long the heading waits for the first tunnel, and for more of them once there is one. */
#define FIRST_TUNNEL_MS 1500
#define MORE_TUNNELS_MS 100
/* Text that is written at once, and the pause after so much on a terminal: nobody reads faster, and every
 * line costs sshd time that belongs to the visitors. */
#define BATCH_BYTES 16384
#define BATCH_PAUSE_MS 50
/* For sshd to pass on the last words: the node closes the connection as soon as we have gone. */
#define FAREWELL_MS 200

struct session {
	struct session_node *node;
	struct session_screen screen;
	struct strbuf out;
	int64_t head_at_ms; /* when the heading is due, if it is not shown yet */
	int64_t pause_until_ms;
	struct pollfd stdin_poll;
};

static int flush(struct session *s)
{
	int r = file_write_all(STDOUT_FILENO, s->out.buf, s->out.len);

	if (s->screen.style.columns && s->out.len >= BATCH_BYTES / 2)
		s->pause_until_ms = clock_mono_ms() + BATCH_PAUSE_MS;
	strbuf_reset(&s->out);
	return r;
}

/* Puts the heading off after the first tunnel was shown, or shows it when it is due. */
static void head_when_due(struct session *s, size_t tunnels_before)
{
	int64_t now = clock_mono_ms();

	if (s->screen.headed || !s->screen.welcomed)
		return;
	if (!s->head_at_ms)
		s->head_at_ms = now + FIRST_TUNNEL_MS;
	if (!tunnels_before && s->screen.tunnels)
		s->head_at_ms = now + MORE_TUNNELS_MS;
	if (now >= s->head_at_ms)
		session_screen_head(&s->screen, &s->out);
}

/* Takes what the node has for us, up to a batch. 0, or -EPERM as session_run(). */
static int take_messages(struct session *s)
{
	static char buf[WIRE_MAX + 1];
	struct wire_msg msg;

	session_tty_style(&s->screen.style);
	while (s->node->fd >= 0 && s->out.len < BATCH_BYTES / 2) {
		size_t tunnels = s->screen.tunnels;

		if (session_node_read(s->node, buf, sizeof(buf), &msg) < 0)
			break;
		switch (session_screen_message(&s->screen, &msg, &s->out)) {
		case SESSION_SCREEN_REFUSED:
			return -EPERM;
		case SESSION_SCREEN_RETRY:
			session_node_lost(s->node);
			break;
		case SESSION_SCREEN_GO_ON:
			session_node_settled(s->node);
			head_when_due(s, tunnels);
		}
	}
	return 0;
}

/* Input means nothing here, but a terminal's queue must not fill up, or Ctrl-C would not get through. */
static void discard_input(struct session *s)
{
	char buf[512];

	/* End of file (ssh </dev/null) is no reason to end: the forward is what this login is for. On a
	 * terminal it is a Ctrl-D, and more may follow. */
	if (read(STDIN_FILENO, buf, sizeof(buf)) <= 0 && !isatty(STDIN_FILENO))
		s->stdin_poll.fd = -1;
}

static int sooner(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static int until(int64_t at_ms)
{
	int64_t left = at_ms - clock_mono_ms();

	return left > 0 ? (int)left : 0;
}

/* Waits for whatever comes next. 0, or -EPIPE when the client is gone. */
static int wait_next(struct session *s)
{
	int pause_ms = until(s->pause_until_ms), timeout = session_node_wait_ms(s->node);
	struct pollfd polls[] = {
		s->stdin_poll,
		{ .fd = STDOUT_FILENO },
		{ .fd = pause_ms ? -1 : s->node->fd, .events = POLLIN },
	};

	if (!s->screen.headed && s->head_at_ms)
		timeout = sooner(timeout, until(s->head_at_ms));
	if (pause_ms)
		timeout = sooner(timeout, pause_ms);
	if (poll(polls, ARRAY_SIZE(polls), timeout) < 0 && errno != EINTR)
		return -errno;
	if (polls[1].revents & (POLLERR | POLLHUP | POLLNVAL))
		return -EPIPE;
	if (polls[0].revents)
		discard_input(s);
	return 0;
}

/* One turn; 0 to go on. */
static int turn(struct session *s)
{
	int r = 0, ended = 0;

	if (!session_node_wait_ms(s->node))
		session_node_connect(s->node);
	if (!until(s->pause_until_ms))
		ended = take_messages(s);
	head_when_due(s, s->screen.tunnels);
	if (s->out.len)
		r = flush(s);
	if (ended < 0 || r < 0)
		return ended < 0 ? ended : r;
	return wait_next(s);
}

int session_run(struct session_node *node)
{
	struct session s = {
		.node = node,
		.out = STRBUF_INIT((size_t)2 * WIRE_MAX),
		.stdin_poll = { .fd = STDIN_FILENO, .events = POLLIN },
		.screen.origin = getenv("MYSOCKET_ORIGIN"),
	};
	int r;

	do
		r = turn(&s);
	while (!r);
	if (r == -EPERM)
		(void)poll(NULL, 0, FAREWELL_MS);
	strbuf_clear(&s.out);
	return r == -EPIPE ? 0 : r;
}
