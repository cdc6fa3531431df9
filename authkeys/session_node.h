/* SPDX-License-Identifier: ISC */
/* A session's connection to the node, made again whenever it is lost: the node remembers the token across
 * its own restart, and the tunnel does not depend on it. */
#ifndef AUTHKEYS_SESSION_NODE_H
#define AUTHKEYS_SESSION_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/nodewire.h"
#include "lib/wire.h"

struct session_node {
	int fd; /* -1: not connected */
	char token[NODEWIRE_TOKEN_LEN + 1];
	bool tty;
	int backoff_ms;	     /* of the next try */
	int64_t retry_at_ms; /* CLOCK_MONOTONIC */
};

/* 0, or -EINVAL if the token is not of the right form. Does not connect yet. */
int session_node_init(struct session_node *node, const char *token, bool tty);
/* Milliseconds until session_node_connect() is due: 0 now, -1 not at all (it is connected). */
int session_node_wait_ms(const struct session_node *node);
/* Connects and sends `attach`; its answer comes as the first message. A failure is tried again later. */
void session_node_connect(struct session_node *node);
/* One message if there is one: 0, -EAGAIN, or another negative errno after the connection was given up. A
 * message that is not understood is skipped (-EAGAIN). */
int session_node_read(struct session_node *node, char *buf, size_t size, struct wire_msg *ret_msg);
/* Gives the connection up; the next try comes after the backoff. */
void session_node_lost(struct session_node *node);
/* The node has accepted us: the backoff starts over. */
void session_node_settled(struct session_node *node);

#endif
