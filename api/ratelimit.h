/* SPDX-License-Identifier: ISC */
/* How often somebody may try something: a token bucket per key in a table of fixed size. When the table is full
 * the key nearest to a full bucket is forgotten, so that an attacker who invents keys forgets the harmless
 * ones first. Thread-safe. */
#ifndef API_RATELIMIT_H
#define API_RATELIMIT_H

#include <stddef.h>
#include <stdint.h>

struct ratelimit;

/* `burst` tries at once, then one per `refill_ms`. `slots`: keys remembered. NULL: out of memory. */
struct ratelimit *ratelimit_new(size_t slots, unsigned burst, int64_t refill_ms);
void ratelimit_free(struct ratelimit *rl);

/* Takes one try of `key` at `now_ms` (monotonic). 0; or the milliseconds until the next one is allowed. */
int64_t ratelimit_take(struct ratelimit *rl, const char *key, int64_t now_ms);
/* Gives one back: it turned out to be no attack. */
void ratelimit_give(struct ratelimit *rl, const char *key, int64_t now_ms);

#endif
