/* SPDX-License-Identifier: ISC */
/* A key's slot is one of RATELIMIT_WAYS behind its keyed hash (SipHash, so that nobody can aim at a slot).
 * A bucket is kept as the time at which it will be full again ("full_at"): full now or earlier is an unknown
 * key, and each try moves it one refill further. */
#include "api/ratelimit.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define RATELIMIT_WAYS 8

struct slot {
	uint64_t key;
	int64_t full_at; /* 0: empty slot */
};

struct ratelimit {
	pthread_mutex_t lock;
	unsigned char hash_key[crypto_shorthash_KEYBYTES];
	unsigned burst;
	int64_t refill_ms;
	size_t sets;
	struct slot slots[];
};

struct ratelimit *ratelimit_new(size_t slots, unsigned burst, int64_t refill_ms)
{
	size_t sets = slots < RATELIMIT_WAYS ? 1 : slots / RATELIMIT_WAYS;
	struct ratelimit *rl;

	rl = calloc(1, sizeof(*rl) + sets * RATELIMIT_WAYS * sizeof(struct slot));
	if (!rl)
		return NULL;
	pthread_mutex_init(&rl->lock, NULL);
	crypto_shorthash_keygen(rl->hash_key);
	rl->burst = burst;
	rl->refill_ms = refill_ms;
	rl->sets = sets;
	return rl;
}

void ratelimit_free(struct ratelimit *rl)
{
	if (!rl)
		return;
	pthread_mutex_destroy(&rl->lock);
	free(rl);
}

/* The key's slot, or the one to reuse for it: the bucket that is full first. */
static struct slot *ratelimit_slot(struct ratelimit *rl, const char *key)
{
	uint64_t hash;
	struct slot *set, *best;

	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)key, strlen(key),
			 rl->hash_key);
	set = &rl->slots[(hash % rl->sets) * RATELIMIT_WAYS];
	best = set;
	for (size_t i = 0; i < RATELIMIT_WAYS; i++) {
		if (set[i].full_at && set[i].key == hash)
			return &set[i];
		if (set[i].full_at < best->full_at)
			best = &set[i];
	}
	*best = (struct slot){ .key = hash };
	return best;
}

int64_t ratelimit_take(struct ratelimit *rl, const char *key, int64_t now_ms)
{
	int64_t empty_at = now_ms + (int64_t)rl->burst * rl->refill_ms;
	int64_t full_at, wait = 0;
	struct slot *slot;

	pthread_mutex_lock(&rl->lock);
	slot = ratelimit_slot(rl, key);
	full_at = (slot->full_at > now_ms ? slot->full_at : now_ms) + rl->refill_ms;
	if (full_at > empty_at)
		wait = full_at - empty_at;
	else
		slot->full_at = full_at;
	pthread_mutex_unlock(&rl->lock);
	return wait;
}

void ratelimit_give(struct ratelimit *rl, const char *key, int64_t now_ms)
{
	struct slot *slot;

	pthread_mutex_lock(&rl->lock);
	slot = ratelimit_slot(rl, key);
	slot->full_at = slot->full_at > now_ms + rl->refill_ms ? slot->full_at - rl->refill_ms : 0;
	pthread_mutex_unlock(&rl->lock);
}
