/* SPDX-License-Identifier: ISC */
/* Access tokens: JWT, HS256. Clients read user_id and exp from the payload; only we know the secret.
 *
 * MUST 1: only HS256 is taken: no "none", no other algorithm, whatever the token's header says.
 * MUST 2: a token without exp, or past it, is refused.
 * MUST 3: user_id is a well-formed UUID before anybody looks it up. */
#ifndef API_TOKEN_H
#define API_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/id.h"

#define TOKEN_LIFETIME_S (300 * 60)
#define TOKEN_SECRET_MIN 32
#define TOKEN_SIZE_MAX 1024

/* 0 with *ret_token (heap, caller frees), valid from `now` (seconds since the epoch) on. -ENOMEM. */
int api_token_make(const char *secret, const char *user_id, int64_t now, char **ret_token);

/* 0; -EACCES for anything that we did not sign; -ETIME if it has expired. */
int api_token_check(const char *secret, const char *token, int64_t now,
		    char ret_user_id[ID_UUID_SIZE]);

#endif
