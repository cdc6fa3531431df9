/* SPDX-License-Identifier: ISC */
/* A bounded queue that drops the oldest log lines. */
#include "node/log_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/metrics.h"

void log_queue_init(struct log_queue *q)
{
	*q = (struct log_queue){ 0 };
	STAILQ_INIT(&q->items);
}

static void item_remove(struct log_queue *q, struct log_queue_item *item)
{
	STAILQ_REMOVE(&q->items, item, log_queue_item, entry);
	if (item->is_log)
		q->lines--;
	else
		q->others--;
	free(item);
}

void log_queue_clear(struct log_queue *q)
{
	while (!STAILQ_EMPTY(&q->items))
		log_queue_pop(q);
}

static struct log_queue_item *append(struct log_queue *q, const char *text, size_t len, bool is_log)
{
	struct log_queue_item *item = malloc(sizeof(*item) + len);

	if (!item)
		return NULL;
	item->is_log = is_log;
	item->len = len;
	memcpy(item->text, text, len);
	STAILQ_INSERT_TAIL(&q->items, item, entry);
	return item;
}

/* Others are few, so that the oldest line is near the front. */
static void drop_oldest_line(struct log_queue *q)
{
	struct log_queue_item *item;

	STAILQ_FOREACH(item, &q->items, entry)
	{
		if (item->is_log) {
			item_remove(q, item);
			q->dropped++;
			node_count(COUNT_LOG_DROPPED);
			return;
		}
	}
}

void log_queue_add_log(struct log_queue *q, const char *text, size_t len)
{
	if (q->lines >= LOG_QUEUE_LINES)
		drop_oldest_line(q);
	if (append(q, text, len, true)) {
		q->lines++;
	} else {
		q->dropped++;
		node_count(COUNT_LOG_DROPPED);
	}
}

int log_queue_add(struct log_queue *q, const char *text, size_t len)
{
	if (q->others >= LOG_QUEUE_OTHERS)
		return -ENOBUFS;
	if (!append(q, text, len, false))
		return -ENOMEM;
	q->others++;
	return 0;
}

const struct log_queue_item *log_queue_first(const struct log_queue *q)
{
	return STAILQ_FIRST(&q->items);
}

void log_queue_pop(struct log_queue *q)
{
	if (!STAILQ_EMPTY(&q->items))
		item_remove(q, STAILQ_FIRST(&q->items));
}

uint64_t log_queue_take_dropped(struct log_queue *q)
{
	uint64_t n = q->dropped;

	q->dropped = 0;
	return n;
}
