/* SPDX-License-Identifier: ISC */
/* HAProxy's command line (its `stats socket`), over one connection that is kept, in prompt mode: commands are pipelined,
 * answers come in order, each ends with "> " at the start of a line. A second is the longest that a restart or a
 * reload goes unnoticed: the connection drops, or `show info` says that this process is stopping (a process that was
 * replaced by a reload lives on as long as somebody is connected to it). Mostly it is noticed at once: edge_cli_look(). */
#ifndef NODE_EDGE_CLI_H
#define NODE_EDGE_CLI_H

#include <stdbool.h>

struct edge_cli;
struct event_base;

/* Commands under way at most, as many as its table of routes has entries; past it the connection is given up, and the
 * next one starts with `up`. A command is about 8 microseconds of HAProxy's time, and 200 bytes here while it waits. */
#define EDGE_CLI_PENDING 1048576
#define EDGE_CLI_ANSWER_MS 5000 /* so long no answer to anything: the connection is given up */
#define EDGE_CLI_CHECK_MS 1000

struct edge_cli_handler {
	void (*up)(void *arg); /* connected to a process that is not being replaced */
	void (*down)(
		void *arg); /* and not any more: it ended, is being replaced, or does not answer */
	void *arg;
};

/* 0 with *ret_cli, which connects, and connects again for ever; -ENOMEM. */
int edge_cli_new(struct event_base *base, const char *path, const struct edge_cli_handler *handler,
		 struct edge_cli **ret_cli);
void edge_cli_free(struct edge_cli *cli);
bool edge_cli_is_up(const struct edge_cli *cli);
/* Looks whether this process is being replaced, as soon as what was sent is answered. */
void edge_cli_look(struct edge_cli *cli);

/* Each line of an answer, then NULL at its end. */
typedef void edge_cli_line(void *arg, const char *line);

/* Sends a command. line = NULL: an answer that is not empty is an error, and logged. Silently dropped when there
 * is no connection; what `line` was promised may then never come. */
void edge_cli_send(struct edge_cli *cli, const char *command, edge_cli_line *line, void *arg);

#endif
