/* SPDX-License-Identifier: ISC */
/* The login token as a file, and what it says about itself. Its signature is the API's business: what is read here
 * is for our own plans (whose account, when to refresh), never for trust. */
#ifndef HELPER_TOKEN_H
#define HELPER_TOKEN_H

#include <stdint.h>

#include "lib/id.h"

#define TOKEN_MAX 8192

struct token {
	char *text; /* heap */
	char user_id[ID_UUID_SIZE];
	int64_t expires; /* seconds since the epoch; 0: it does not say */
};

/* 0, or -EINVAL if it is not a JWT (RFC 7519) with a user_id, or -ENOMEM. */
int token_parse(const char *text, struct token *ret_token);

/* Reads the file: 0; -ENOENT; -EACCES if others may read it; -EINVAL as token_parse; another negative errno. */
int token_load(const char *path, struct token *ret_token);

/* Writes it, 0600, in one step. 0 or a negative errno. */
int token_save(const char *path, const char *text);

/* Wipes and frees. */
void token_clear(struct token *token);

#endif
