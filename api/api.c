/* SPDX-License-Identifier: ISC */
/* Puts together what request handlers need. */
#include "api/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/dns.h"
#include "api/feed.h"
#include "api/hostkeys.h"
#include "api/ratelimit.h"
#include "api/schema.h"
#include "api/token.h"
#include "api/worker.h"
#include "lib/cleanup.h"
#include "lib/file.h"

#define SECRET_FILE_MAX 4096

/* Tries at once, then one per so many milliseconds; a login or lookup that succeeds does not count. */
#define LOGIN_ADDRESS_BURST 20
#define LOGIN_ADDRESS_REFILL_MS 6000
#define LOGIN_ACCOUNT_BURST 10
#define LOGIN_ACCOUNT_REFILL_MS 30000
#define SIGNUP_BURST 60
#define SIGNUP_REFILL_MS 10000
#define LOOKUP_BURST 30
#define LOOKUP_REFILL_MS 2000
#define CHECK_BURST 20
#define CHECK_REFILL_MS 10000
#define RATELIMIT_SLOTS 8192

static int load_secret(const char *setting, const char *path, size_t min, char **ret_secret,
		       char ret_why[API_WHY_SIZE])
{
	auto_free char *secret = NULL;
	size_t len = 0;
	int r = file_read_secret(path, SECRET_FILE_MAX, &secret, &len);

	if (r == -EACCES)
		snprintf(
			ret_why, API_WHY_SIZE,
			"cannot use '%s' (setting '%s'): it must belong to the user that mysocket-api "
			"runs as, with mode 0600",
			path, setting);
	else if (r < 0)
		snprintf(ret_why, API_WHY_SIZE,
			 "cannot read '%s' (setting '%s'): %s; make one with: "
			 "(umask 077; openssl rand -hex 32 > %s)",
			 path, setting, strerror(-r), path);
	if (r < 0)
		return r;
	if (len < min || strlen(secret) != len) {
		explicit_bzero(secret, len);
		snprintf(
			ret_why, API_WHY_SIZE,
			"'%s' (setting '%s') must hold %zu characters or more, as text: make one with: "
			"(umask 077; openssl rand -hex 32 > %s)",
			path, setting, min, path);
		return -EINVAL;
	}
	*ret_secret = take_ptr(secret);
	return 0;
}

int api_load(const char *conf_path, struct api *ret_api, char ret_why[API_WHY_SIZE])
{
	struct api api = { 0 };
	char why[CONF_ERROR_SIZE];
	int r = conf_load(conf_path, &api.conf, why);

	if (r < 0) {
		snprintf(ret_why, API_WHY_SIZE, "%s", why);
		return r;
	}
	if (api.conf.dns_server[0] && dns_server_parse(api.conf.dns_server, &api.dns_server) < 0) {
		snprintf(ret_why, API_WHY_SIZE,
			 "setting 'dns_server' must be an IPv4 address and a port, such as "
			 "127.0.0.1:53, not '%s'",
			 api.conf.dns_server);
		api_clear(&api);
		return -EINVAL;
	}
	r = load_secret("token_secret_file", api.conf.token_secret_file, TOKEN_SECRET_MIN,
			&api.token_secret, ret_why);
	if (r == 0)
		r = load_secret("node_secret_file", api.conf.node_secret_file, TOKEN_SECRET_MIN,
				&api.node_secret, ret_why);
	if (r < 0) {
		api_clear(&api);
		return r;
	}
	*ret_api = api;
	return 0;
}

static int start_database(struct api *api, char ret_why[API_WHY_SIZE])
{
	auto_call(db_drop) struct db *db = NULL;
	char why[DB_ERROR_SIZE] = "out of memory";
	int r = db_open(api->conf.database, DB_CREATE, &db, why);

	if (r == 0)
		r = schema_migrate(db, why);
	if (r == 0)
		r = db_pool_open(api->conf.database,
				 API_HTTP_THREADS + API_HASH_THREADS + API_DNS_THREADS, &api->pool,
				 why);
	if (r < 0)
		snprintf(ret_why, API_WHY_SIZE, "%s", why);
	return r;
}

int api_start(struct api *api, char ret_why[API_WHY_SIZE])
{
	int r = start_database(api, ret_why);

	if (r < 0)
		return r;
	api->hostkeys = hostkeys_new(api->conf.ssh_host_keys);
	api->login_by_address =
		ratelimit_new(RATELIMIT_SLOTS, LOGIN_ADDRESS_BURST, LOGIN_ADDRESS_REFILL_MS);
	api->login_by_account =
		ratelimit_new(RATELIMIT_SLOTS, LOGIN_ACCOUNT_BURST, LOGIN_ACCOUNT_REFILL_MS);
	api->signup_by_address = ratelimit_new(RATELIMIT_SLOTS, SIGNUP_BURST, SIGNUP_REFILL_MS);
	api->lookup_by_address = ratelimit_new(RATELIMIT_SLOTS, LOOKUP_BURST, LOOKUP_REFILL_MS);
	api->check_by_account = ratelimit_new(RATELIMIT_SLOTS, CHECK_BURST, CHECK_REFILL_MS);
	if (!api->hostkeys || !api->check_by_account || !api->login_by_address ||
	    !api->login_by_account || !api->signup_by_address || !api->lookup_by_address)
		r = -ENOMEM;
	if (r == 0)
		r = api_worker_start(API_HASH_THREADS, API_HASH_QUEUE, &api->hasher);
	if (r == 0)
		r = api_worker_start(API_DNS_THREADS, API_DNS_QUEUE, &api->resolver);
	if (r == 0)
		r = api_feed_start(api->conf.database, api->conf.name_rest_days * API_DAY_MS,
				   &api->feed);
	if (r < 0)
		snprintf(ret_why, API_WHY_SIZE, "cannot start: %s", strerror(-r));
	return r;
}

void api_stop(struct api *api)
{
	if (api->feed)
		api_feed_stop(api->feed);
	if (api->hasher)
		api_worker_stop(api->hasher);
	if (api->resolver)
		api_worker_stop(api->resolver);
}

static void free_secret(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void api_clear(struct api *api)
{
	api_feed_free(api->feed);
	api_worker_free(api->hasher);
	api_worker_free(api->resolver);
	ratelimit_free(api->check_by_account);
	ratelimit_free(api->login_by_address);
	ratelimit_free(api->login_by_account);
	ratelimit_free(api->signup_by_address);
	ratelimit_free(api->lookup_by_address);
	hostkeys_free(api->hostkeys);
	db_pool_close(api->pool);
	free_secret(api->token_secret);
	free_secret(api->node_secret);
	conf_clear(&api->conf);
	memset(api, 0, sizeof(*api));
}
