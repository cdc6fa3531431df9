/* SPDX-License-Identifier: ISC */
/* POST /login and /login/refresh. An unknown address and a wrong password take the same work and get the same
 * answer; what else is wrong with an account is said only to who knows its password. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/api.h"
#include "api/check.h"
#include "api/confirm.h"
#include "api/ratelimit.h"
#include "api/route.h"
#include "api/secret.h"
#include "api/token.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"

struct login {
	char *email;
	char *password;
	char address[STORE_EMAIL_SIZE]; /* normalised */
	char client_key[INET6_ADDRSTRLEN];
};

static const struct json_field login_fields[] = {
	{ "email", JSON_STRING, offsetof(struct login, email), .required = true, .max = 1024 },
	{ "password", JSON_STRING, offsetof(struct login, password), .required = true,
	  .secret = true, .max = CHECK_PASSWORD_MAX },
};

static void login_free(void *data)
{
	json_clear(login_fields, ARRAY_SIZE(login_fields), data);
	free(data);
}

static int answer_token(struct http_request *rq, const char *user_id)
{
	auto_free char *token = NULL;
	struct json_object *o;
	int r = api_token_make(rq->api->token_secret, user_id, time(NULL), &token);

	if (r < 0)
		return r;
	o = json_object_new_object();
	if (o)
		json_object_object_add(o, "token", json_object_new_string(token));
	return api_http_json(rq, 200, o);
}

static int answer_wrong(struct http_request *rq)
{
	return api_http_error(rq, 401, "wrong e-mail address or password");
}

/* On a worker thread: the password takes some 70 ms. */
static int login_finish(struct http_request *rq)
{
	const struct login *login = rq->data;
	struct store_account account = { 0 };
	int r = store_account_by_email(rq->db, login->address, &account);
	bool known = r == 0;

	if (r < 0 && r != -ENOENT)
		return r;
	if (!secret_check_password(known ? account.password : NULL, login->password)) {
		log_info("refuse a login from %s: wrong e-mail address or password", rq->client);
		return answer_wrong(rq);
	}
	ratelimit_give(rq->api->login_by_account, login->address, clock_mono_ms());
	ratelimit_give(rq->api->login_by_address, login->client_key, clock_mono_ms());
	if (account.suspended)
		return api_http_denied(rq, DENIAL_SUSPENDED,
				       "this account is suspended: ask the service's operator");
	if (!account.confirmed) {
		r = api_confirm_renew(rq, &account);
		if (r < 0)
			return r;
		return api_http_denied(
			rq, DENIAL_UNCONFIRMED,
			"this account is not confirmed yet: click the link in the mail that was "
			"sent to %s",
			account.email);
	}
	return answer_token(rq, account.user_id);
}

static int login_limits(struct http_request *rq, const struct login *login)
{
	int64_t now = clock_mono_ms();
	int64_t wait = ratelimit_take(rq->api->login_by_address, login->client_key, now);

	if (!wait && login->address[0])
		wait = ratelimit_take(rq->api->login_by_account, login->address, now);
	if (!wait)
		return 0;
	log_warn("refuse logins from %s: too many attempts", rq->client);
	return api_http_retry(rq, 429, (int)(wait / 1000) + 1, "too many attempts to log in");
}

int api_login(struct http_request *rq)
{
	struct login *login = calloc(1, sizeof(*login));
	const char *why;
	int r;

	if (!login)
		return -ENOMEM;
	r = api_http_body(rq, login_fields, ARRAY_SIZE(login_fields), login);
	if (r < 0) {
		free(login);
		return r;
	}
	rq->data = login;
	rq->free_data = login_free;

	api_http_client_key(rq, login->client_key);
	/* What cannot be an address has no account, and takes the same work to refuse. */
	if (api_check_email(login->email, login->address, &why) < 0)
		login->address[0] = '\0';
	r = login_limits(rq, login);
	return r < 0 ? r : api_http_later(rq, login_finish);
}

int api_login_refresh(struct http_request *rq)
{
	return answer_token(rq, rq->account.user_id);
}
