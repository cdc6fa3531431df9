/* SPDX-License-Identifier: ISC */
/* api/worker.h: bounded, and every job ends one way or the other. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>

#include "api/worker.h"

struct work {
	struct api_job job;
	pthread_mutex_t *gate; /* held by the test to keep the worker busy */
	int ran, canceled;
};

static void run(struct api_job *job)
{
	struct work *work = (struct work *)job;

	pthread_mutex_lock(work->gate);
	pthread_mutex_unlock(work->gate);
	__atomic_store_n(&work->ran, 1, __ATOMIC_SEQ_CST);
}

static void cancel(struct api_job *job)
{
	((struct work *)job)->canceled = 1;
}

static void jobs_past_the_queue_are_refused_and_all_others_run(void **state)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct api_worker *worker = NULL;
	struct work work[4];

	assert_int_equal(api_worker_start(1, 2, &worker), 0);
	pthread_mutex_lock(&gate);
	for (int i = 0; i < 4; i++)
		work[i] = (struct work){ .job = { run, cancel }, .gate = &gate };
	for (int i = 0; i < 3; i++) { /* one runs, two wait */
		assert_int_equal(api_worker_reserve(worker), 0);
		api_worker_push(worker, &work[i].job);
	}
	assert_int_equal(api_worker_reserve(worker), -EAGAIN);
	pthread_mutex_unlock(&gate);
	while (!__atomic_load_n(&work[2].ran, __ATOMIC_SEQ_CST))
		sched_yield();
	while (api_worker_reserve(worker) != 0)
		sched_yield();
	api_worker_push(worker, &work[3].job);
	while (!__atomic_load_n(&work[3].ran, __ATOMIC_SEQ_CST))
		sched_yield();
	api_worker_free(worker);
	for (int i = 0; i < 4; i++)
		assert_true(work[i].ran && !work[i].canceled);
}

static void *stop(void *arg)
{
	api_worker_stop(arg);
	return NULL;
}

static void stopping_cancels_what_waits_and_finishes_what_runs(void **state)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct api_worker *worker = NULL;
	struct work work[3];
	pthread_t thread;
	int ended = 0;

	assert_int_equal(api_worker_start(1, 10, &worker), 0);
	pthread_mutex_lock(&gate);
	for (int i = 0; i < 3; i++) {
		work[i] = (struct work){ .job = { run, cancel }, .gate = &gate };
		assert_int_equal(api_worker_reserve(worker), 0);
		api_worker_push(worker, &work[i].job);
	}
	assert_int_equal(pthread_create(&thread, NULL, stop, worker), 0);
	pthread_mutex_unlock(&gate);
	pthread_join(thread, NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(work[i].ran + work[i].canceled, 1);
		ended += work[i].ran + work[i].canceled;
	}
	assert_int_equal(ended, 3);

	/* Later ones are canceled at once. */
	work[0].ran = work[0].canceled = 0;
	assert_int_equal(api_worker_reserve(worker), 0);
	api_worker_push(worker, &work[0].job);
	assert_int_equal(work[0].canceled, 1);
	api_worker_free(worker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_past_the_queue_are_refused_and_all_others_run),
		cmocka_unit_test(stopping_cancels_what_waits_and_finishes_what_runs),
	};

	return cmocka_run_group_tests_name("api/worker", tests, NULL, NULL);
}
