/* SPDX-License-Identifier: ISC */
/* Connections that threads share: opened at once, handed out one thread at a time. */
#include "api/db.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define DB_POOL_MAX 32

struct db_pool {
	pthread_mutex_t lock;
	pthread_cond_t back;
	struct db *spare[DB_POOL_MAX];
	size_t count;
};

int db_pool_open(const char *path, size_t size, struct db_pool **ret_pool,
		 char ret_why[DB_ERROR_SIZE])
{
	struct db_pool *pool;
	int r;

	if (size > DB_POOL_MAX)
		return -E2BIG;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->back, NULL);

	while (pool->count < size) {
		r = db_open(path, DB_EXISTING, &pool->spare[pool->count], ret_why);
		if (r < 0) {
			db_pool_close(pool);
			return r;
		}
		pool->count++;
	}

	*ret_pool = pool;
	return 0;
}

struct db *db_pool_get(struct db_pool *pool)
{
	struct db *db;

	pthread_mutex_lock(&pool->lock);
	while (!pool->count)
		pthread_cond_wait(&pool->back, &pool->lock);
	db = pool->spare[--pool->count];
	pthread_mutex_unlock(&pool->lock);
	return db;
}

void db_pool_put(struct db_pool *pool, struct db *db)
{
	pthread_mutex_lock(&pool->lock);
	pool->spare[pool->count++] = db;
	pthread_cond_signal(&pool->back);
	pthread_mutex_unlock(&pool->lock);
}

void db_pool_close(struct db_pool *pool)
{
	if (!pool)
		return;
	while (pool->count)
		db_close(pool->spare[--pool->count]);
	pthread_cond_destroy(&pool->back);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}
