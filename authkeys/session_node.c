/* SPDX-License-Identifier: ISC */
/* Attach, and attach again. */
#include "authkeys/session_node.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/paths.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 5000
#define ATTACH_TIMEOUT_MS 1000

int session_node_init(struct session_node *node, const char *token, bool tty)
{
	if (strlen(token) != NODEWIRE_TOKEN_LEN ||
	    strspn(token, "0123456789abcdef") != NODEWIRE_TOKEN_LEN)
		return -EINVAL;
	*node = (struct session_node){ .fd = -1, .tty = tty, .backoff_ms = BACKOFF_MIN_MS };
	memcpy(node->token, token, NODEWIRE_TOKEN_LEN + 1);
	return 0;
}

int session_node_wait_ms(const struct session_node *node)
{
	int64_t left = node->retry_at_ms - clock_mono_ms();

	if (node->fd >= 0)
		return -1;
	return left > 0 ? (int)left : 0;
}

void session_node_lost(struct session_node *node)
{
	cleanup_close(&node->fd);
	node->fd = -1;
	node->retry_at_ms = clock_mono_ms() + node->backoff_ms;
	node->backoff_ms *= 2;
	if (node->backoff_ms > BACKOFF_MAX_MS)
		node->backoff_ms = BACKOFF_MAX_MS;
}

void session_node_settled(struct session_node *node)
{
	node->backoff_ms = BACKOFF_MIN_MS;
}

void session_node_connect(struct session_node *node)
{
	auto_call(strbuf_clear) struct strbuf request = STRBUF_INIT(WIRE_MAX);
	int r;

	wire_begin(&request, NODEWIRE_ATTACH);
	wire_add(&request, "token", node->token);
	wire_add_int(&request, "tty", node->tty);
	r = wire_connect(PATHS_NODE_SOCKET, ATTACH_TIMEOUT_MS, &node->fd);
	if (!r)
		r = wire_send(node->fd, &request, -1, ATTACH_TIMEOUT_MS);
	if (r < 0)
		session_node_lost(node);
}

int session_node_read(struct session_node *node, char *buf, size_t size, struct wire_msg *ret_msg)
{
	int r = wire_recv(node->fd, buf, size, ret_msg, NULL, 0);

	if (r == -EPROTO || r == -EMSGSIZE)
		return -EAGAIN;
	if (r < 0 && r != -EAGAIN)
		session_node_lost(node);
	return r;
}
