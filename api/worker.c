/* SPDX-License-Identifier: ISC */
/* A few threads behind a bounded queue. */
#include "api/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#define WORKER_THREADS_MAX 8

struct api_worker {
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_t threads[WORKER_THREADS_MAX];
	size_t thread_count;
	struct api_job *first, **last; /* what waits */
	size_t taken;		       /* places: reserved, waiting or running */
	size_t places;
	bool stopping;
};

static void *worker_run(void *arg)
{
	struct api_worker *worker = arg;

	pthread_mutex_lock(&worker->lock);
	for (;;) {
		struct api_job *job = worker->first;

		if (!job) {
			if (worker->stopping)
				break;
			pthread_cond_wait(&worker->work, &worker->lock);
			continue;
		}
		worker->first = job->next;
		if (!worker->first)
			worker->last = &worker->first;
		pthread_mutex_unlock(&worker->lock);

		job->run(job);

		pthread_mutex_lock(&worker->lock);
		worker->taken--;
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

int api_worker_start(size_t threads, size_t queue_max, struct api_worker **ret_worker)
{
	struct api_worker *worker;
	int r;

	if (threads == 0 || threads > WORKER_THREADS_MAX)
		return -EINVAL;
	worker = calloc(1, sizeof(*worker));
	if (!worker)
		return -ENOMEM;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->work, NULL);
	worker->last = &worker->first;
	worker->places = threads + queue_max;

	while (worker->thread_count < threads) {
		r = pthread_create(&worker->threads[worker->thread_count], NULL, worker_run,
				   worker);
		if (r != 0) {
			api_worker_free(worker);
			return -r;
		}
		worker->thread_count++;
	}
	*ret_worker = worker;
	return 0;
}

int api_worker_reserve(struct api_worker *worker)
{
	int r = 0;

	pthread_mutex_lock(&worker->lock);
	if (worker->taken < worker->places)
		worker->taken++;
	else
		r = -EAGAIN;
	pthread_mutex_unlock(&worker->lock);
	return r;
}

void api_worker_push(struct api_worker *worker, struct api_job *job)
{
	bool canceled = false;

	pthread_mutex_lock(&worker->lock);
	if (worker->stopping) {
		worker->taken--;
		canceled = true;
	} else {
		job->next = NULL;
		*worker->last = job;
		worker->last = &job->next;
		pthread_cond_signal(&worker->work);
	}
	pthread_mutex_unlock(&worker->lock);

	if (canceled)
		job->cancel(job);
}

void api_worker_stop(struct api_worker *worker)
{
	struct api_job *job, *next;

	pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	job = worker->first;
	worker->first = NULL;
	worker->last = &worker->first;
	for (next = job; next; next = next->next)
		worker->taken--;
	pthread_cond_broadcast(&worker->work);
	pthread_mutex_unlock(&worker->lock);

	for (; job; job = next) {
		next = job->next;
		job->cancel(job);
	}
	while (worker->thread_count)
		pthread_join(worker->threads[--worker->thread_count], NULL);
}

void api_worker_free(struct api_worker *worker)
{
	if (!worker)
		return;
	api_worker_stop(worker);
	pthread_cond_destroy(&worker->work);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}
