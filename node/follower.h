/* SPDX-License-Identifier: ISC */
/* Follows the API's feed of changes (GET /node/feed, lib/nodeapi.h) by long polling, and carries them out: what was
 * deleted ends at once, what changed is asked for again. */
#ifndef NODE_FOLLOWER_H
#define NODE_FOLLOWER_H

#include <stdint.h>

struct follower;
struct node;

#define FOLLOWER_WAIT_S 50
#define FOLLOWER_RETRY_MS 200
#define FOLLOWER_RETRY_MAX_MS 10000
#define FOLLOWER_MAX (4 * 1024 * 1024) /* bytes of an answer: 1,000 events are far less */

/* 0 with *ret_follower; -ENOMEM. */
int follower_new(struct node *node, struct follower **ret_follower);
/* Since when the feed could not be followed; 0 while it can. */
int64_t follower_lag_ms(const struct follower *follower);
void follower_free(struct follower *follower);

#endif
