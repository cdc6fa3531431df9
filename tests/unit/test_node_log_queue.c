/* SPDX-License-Identifier: ISC */
/* node/log_queue.h: the oldest lines make room, and are counted. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "node/log_queue.h"

#define FACT(name) cmocka_unit_test(name)

static void add_line(struct log_queue *q, int number)
{
	char text[16] = "";

	log_queue_add_log(q, text, (size_t)snprintf(text, sizeof(text), "line %d", number));
}

static void assert_first(struct log_queue *q, const char *text)
{
	const struct log_queue_item *item = log_queue_first(q);

	assert_non_null(item);
	assert_int_equal(item->len, strlen(text));
	assert_memory_equal(item->text, text, item->len);
	log_queue_pop(q);
}

static void messages_come_out_in_the_order_they_went_in(void **state)
{
	struct log_queue q;

	log_queue_init(&q);
	add_line(&q, 1);
	assert_int_equal(log_queue_add(&q, "tunnel", 6), 0);
	add_line(&q, 2);
	assert_first(&q, "line 1");
	assert_first(&q, "tunnel");
	assert_first(&q, "line 2");
	assert_null(log_queue_first(&q));
	log_queue_clear(&q);
}

static void past_the_bound_the_oldest_lines_are_dropped_and_counted(void **state)
{
	struct log_queue q;
	char first[16];

	log_queue_init(&q);
	for (int i = 0; i < LOG_QUEUE_LINES + 10; i++)
		add_line(&q, i);
	assert_int_equal(q.lines, LOG_QUEUE_LINES);
	assert_int_equal(log_queue_take_dropped(&q), 10);
	assert_int_equal(log_queue_take_dropped(&q), 0);
	snprintf(first, sizeof(first), "line %d", 10);
	assert_first(&q, first);
	log_queue_clear(&q);
}

static void other_messages_are_never_dropped_for_lines(void **state)
{
	struct log_queue q;

	log_queue_init(&q);
	assert_int_equal(log_queue_add(&q, "first", 5), 0);
	for (int i = 0; i < 5 * LOG_QUEUE_LINES; i++)
		add_line(&q, i);
	assert_int_equal(log_queue_take_dropped(&q), 4 * LOG_QUEUE_LINES);
	assert_first(&q, "first");
	log_queue_clear(&q);
}

static void too_many_other_messages_are_an_error(void **state)
{
	struct log_queue q;

	log_queue_init(&q);
	for (int i = 0; i < LOG_QUEUE_OTHERS; i++)
		assert_int_equal(log_queue_add(&q, "x", 1), 0);
	assert_int_equal(log_queue_add(&q, "x", 1), -ENOBUFS);
	log_queue_pop(&q);
	assert_int_equal(log_queue_add(&q, "x", 1), 0);
	log_queue_clear(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(messages_come_out_in_the_order_they_went_in),
		FACT(past_the_bound_the_oldest_lines_are_dropped_and_counted),
		FACT(other_messages_are_never_dropped_for_lines),
		FACT(too_many_other_messages_are_an_error),
	};

	return cmocka_run_group_tests_name("log_queue", tests, NULL, NULL);
}
