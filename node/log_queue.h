/* SPDX-License-Identifier: ISC */
/* Messages that wait for one reader who may be slow. Log lines make room for newer ones and are counted; other
 * messages are never dropped, and when LOG_QUEUE_OTHERS of them wait, the reader is given up. Pure: no I/O. */
#ifndef NODE_LOG_QUEUE_H
#define NODE_LOG_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define LOG_QUEUE_LINES 64
#define LOG_QUEUE_OTHERS 256

struct log_queue_item {
	STAILQ_ENTRY(log_queue_item) entry;
	bool is_log;
	size_t len;
	char text[]; /* a message of lib/wire.h */
};

struct log_queue {
	STAILQ_HEAD(, log_queue_item) items;
	size_t lines, others;
	uint64_t dropped; /* lines since log_queue_take_dropped() */
};

void log_queue_init(struct log_queue *q);
void log_queue_clear(struct log_queue *q);
/* Never fails: without memory the line counts as dropped. */
void log_queue_add_log(struct log_queue *q, const char *text, size_t len);
/* 0; -ENOBUFS past the bound; -ENOMEM. */
int log_queue_add(struct log_queue *q, const char *text, size_t len);
/* The oldest, or NULL; it stays until log_queue_pop(). */
const struct log_queue_item *log_queue_first(const struct log_queue *q);
void log_queue_pop(struct log_queue *q);
/* How many lines were dropped that the reader was not told of; from now on it was. */
uint64_t log_queue_take_dropped(struct log_queue *q);

#endif
