/* SPDX-License-Identifier: ISC */
/* A few threads for work that takes long (Argon2id), behind a bounded queue: whoever does not fit is told to
 * come back, so that nobody waits without end and memory has a limit. */
#ifndef API_WORKER_H
#define API_WORKER_H

#include <stddef.h>

struct api_worker;

/* Embedded by whoever has work. */
struct api_job {
	void (*run)(struct api_job *job);    /* on a worker thread */
	void (*cancel)(struct api_job *job); /* instead of run, when the program ends */
	struct api_job *next;
};

/* 0 with *ret_worker; a negative errno. `queue_max`: jobs waiting, beyond those that run. */
int api_worker_start(size_t threads, size_t queue_max, struct api_worker **ret_worker);
/* A place in the queue, so that api_worker_push() cannot fail. 0, or -EAGAIN if there is none. */
int api_worker_reserve(struct api_worker *worker);
/* Uses the place. The job may run before this returns. */
void api_worker_push(struct api_worker *worker, struct api_job *job);
/* Cancels what waits, and lets what runs end. Later jobs are canceled at once. */
void api_worker_stop(struct api_worker *worker);
void api_worker_free(struct api_worker *worker);

#endif
