/* SPDX-License-Identifier: ISC */
/* Blocks where session_run.c does: while the client does not read, nothing is read from the node. */
#include "authkeys/session_ask.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "authkeys/session_answer.h"
#include "authkeys/session_command.h"
#include "authkeys/session_node.h"
#include "authkeys/session_tty.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/paths.h"

#define ASK_TIMEOUT_MS 1000

static int send_question(struct session_node *node, const struct session_command *command)
{
	auto_call(strbuf_clear) struct strbuf request = STRBUF_INIT(WIRE_MAX);
	int r;

	wire_begin(&request, NODEWIRE_COMMAND);
	wire_add(&request, "token", node->token);
	wire_add(&request, "name", command->name);
	if (*command->argument)
		wire_add(&request, "argument", command->argument);
	r = wire_connect(PATHS_NODE_SOCKET, ASK_TIMEOUT_MS, &node->fd);
	return r < 0 ? r : wire_send(node->fd, &request, -1, ASK_TIMEOUT_MS);
}

/* 0 when there is something to read, -EPIPE when the client is gone. */
static int wait_next(const struct session_node *node)
{
	struct pollfd polls[] = {
		{ .fd = node->fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};

	if (poll(polls, ARRAY_SIZE(polls), -1) < 0 && errno != EINTR)
		return -errno;
	return polls[1].revents & (POLLERR | POLLHUP | POLLNVAL) ? -EPIPE : 0;
}

/* Shows what there is, up to the end of one batch. 0 to go on; 1: done. */
static int take_messages(struct session_node *node, struct session_answer *answer,
			 struct strbuf *out)
{
	static char buf[WIRE_MAX + 1];
	enum session_answer_next next = SESSION_ANSWER_GO_ON;
	struct wire_msg msg;
	int r = 0, w;

	session_tty_style(&answer->style);
	while (r == 0 && next == SESSION_ANSWER_GO_ON && out->len < WIRE_MAX / 4) {
		r = session_node_read(node, buf, sizeof(buf), &msg);
		if (r == 0)
			next = session_answer_message(answer, &msg, out);
	}
	w = file_write_all(STDOUT_FILENO, out->buf, out->len);
	strbuf_reset(out);
	if (w < 0)
		return w;
	if (next != SESSION_ANSWER_GO_ON)
		return next == SESSION_ANSWER_DONE ? 1 : -EPERM;
	return r == -EAGAIN ? 0 : r;
}

int session_ask(struct session_node *node, const struct session_command *command)
{
	auto_call(strbuf_clear) struct strbuf out = STRBUF_INIT((size_t)2 * WIRE_MAX);
	struct session_answer answer = { .json = command->json };
	int r = send_question(node, command);

	while (r == 0) {
		r = wait_next(node);
		if (r == 0)
			r = take_messages(node, &answer, &out);
	}
	return r == 1 || r == -EPIPE ? 0 : r;
}
