/* SPDX-License-Identifier: ISC */
/* What every request handler can reach: configuration, secrets, database, limits. Read-only once it is open,
 * but for what locks itself. */
#ifndef API_API_H
#define API_API_H

#include <netinet/in.h>

#include "api/db.h"
#include "lib/conf.h"

#define API_WHY_SIZE 500
#define API_DAY_MS INT64_C(86400000)
#define API_HTTP_THREADS 4
#define API_HASH_THREADS 2
#define API_HASH_QUEUE 32
#define API_DNS_THREADS 2
#define API_DNS_QUEUE 32

struct api {
	struct conf conf;
	char *token_secret;
	char *node_secret;
	struct db_pool *pool;
	struct hostkeys *hostkeys;
	struct ratelimit *login_by_address;
	struct ratelimit *login_by_account;
	struct ratelimit *signup_by_address;
	struct ratelimit *lookup_by_address;
	struct ratelimit *check_by_account;
	struct api_worker *hasher;
	struct api_worker *resolver;   /* of its own: a slow DNS must not delay logins */
	struct sockaddr_in dns_server; /* port 0: those of the system */
	struct api_feed *feed;
};

/* Reads configuration and secrets. 0, or a negative errno and a sentence. */
int api_load(const char *conf_path, struct api *ret_api, char ret_why[API_WHY_SIZE]);
/* Opens and migrates the database, and starts the threads behind the handlers. As above. */
int api_start(struct api *api, char ret_why[API_WHY_SIZE]);
/* Ends waiting: long polls are answered, queued work is canceled. */
void api_stop(struct api *api);
void api_clear(struct api *api);

#endif
