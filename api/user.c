/* SPDX-License-Identifier: ISC */
/* Accounts: POST /user and GET /user/{user_id}. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/check.h"
#include "api/confirm.h"
#include "api/key.h"
#include "api/ratelimit.h"
#include "api/route.h"
#include "api/secret.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"

struct user_form {
	char *name;
	char *email;
	char *password;
	char *sshkey;
	struct store_account account;
	struct sshkey key;
};

/* Wider than the checks allow, so that they say what is wrong. */
static const struct json_field user_form_fields[] = {
	{ "name", JSON_STRING, offsetof(struct user_form, name), .required = true, .max = 1024 },
	{ "email", JSON_STRING, offsetof(struct user_form, email), .required = true, .max = 1024 },
	{ "password", JSON_STRING, offsetof(struct user_form, password), .required = true,
	  .secret = true, .max = 8192 },
	{ "sshkey", JSON_STRING, offsetof(struct user_form, sshkey), .required = true,
	  .max = HTTP_BODY_MAX },
};

static void user_form_free(void *data)
{
	struct user_form *form = data;

	json_clear(user_form_fields, ARRAY_SIZE(user_form_fields), form);
	sshkey_clear(&form->key);
	sodium_memzero(form, sizeof(*form));
	free(form);
}

struct user_view {
	const char *user_id, *user_name, *name, *email;
	bool confirmed;
};

static const struct json_field user_view_fields[] = {
	{ "user_id", JSON_STRING, offsetof(struct user_view, user_id) },
	{ "user_name", JSON_STRING, offsetof(struct user_view, user_name) },
	{ "name", JSON_STRING, offsetof(struct user_view, name) },
	{ "email", JSON_STRING, offsetof(struct user_view, email) },
	{ "confirmed", JSON_BOOL, offsetof(struct user_view, confirmed) },
};

static int answer_account(struct http_request *rq, const struct store_account *account)
{
	char user_name[ID_USER_SIZE];
	struct user_view view = { account->user_id, user_name, account->name, account->email,
				  account->confirmed };
	struct json_object *o, *key;
	int r = api_key_first(rq->db, account->user_id, &key);

	if (r < 0)
		return r;
	id_user_from_uuid(account->user_id, user_name);
	o = json_object_new_object();
	if (!o || json_write(o, user_view_fields, ARRAY_SIZE(user_view_fields), &view) < 0 ||
	    json_object_object_add(o, "sshkey", key) < 0) {
		json_object_put(key);
		json_object_put(o);
		return -ENOMEM;
	}
	return api_http_json(rq, 200, o);
}

static int answer_taken(struct http_request *rq, const char *email)
{
	return api_http_error(
		rq, 409,
		"there is an account with the e-mail address %s already: log in, or use "
		"another address",
		email);
}

/* On a worker thread: the password takes some 70 ms. */
static int user_finish(struct http_request *rq)
{
	auto_call(db_end) struct db_tx tx = { 0 };
	struct user_form *form = rq->data;
	struct store_account *account = &form->account;
	char link[SECRET_LINK_SIZE] = "";
	char key_id[ID_UUID_SIZE];
	int r = secret_hash_password(form->password, account->password);

	if (r == 0)
		r = db_begin(rq->db, DB_DURABLE, &tx);
	if (r == 0)
		r = store_account_add(rq->db, account);
	if (r == -EEXIST)
		return answer_taken(rq, account->email);
	if (r == 0)
		r = store_key_add(rq->db, account->user_id, &form->key, key_id);
	if (r == 0 && !account->confirmed)
		r = api_confirm_add(rq->db, account->user_id, link, sizeof(link));
	if (r == 0)
		r = api_http_commit(rq, &tx);
	if (r < 0)
		return r;
	log_info("create account '%s', user %s, from %s", account->email, account->user_id,
		 rq->client);
	if (link[0])
		api_confirm_send(rq, account, link);
	return answer_account(rq, account);
}

static int user_check(struct http_request *rq, struct user_form *form)
{
	struct store_account *account = &form->account;
	const char *why = NULL;
	int r = api_check_account_name(form->name, &why);

	if (r == 0)
		r = api_check_email(form->email, account->email, &why);
	if (r == 0)
		r = api_check_password(form->password, &why);
	if (r < 0)
		return api_http_error(rq, 400, "%s", why);
	snprintf(account->name, sizeof(account->name), "%s", form->name);
	account->confirmed = strcmp(rq->api->conf.confirm, "auto") == 0;
	return api_key_parse(rq, form->sshkey, &form->key);
}

/* Before any work is done for it; store_account_add() has the last word. */
static int user_is_new(struct http_request *rq, const char *email)
{
	struct store_account other;
	int r = store_account_by_email(rq->db, email, &other);

	if (r == 0)
		return answer_taken(rq, email);
	return r == -ENOENT ? 0 : r;
}

static int user_limit(struct http_request *rq)
{
	char key[INET6_ADDRSTRLEN];
	int64_t wait;

	api_http_client_key(rq, key);
	wait = ratelimit_take(rq->api->signup_by_address, key, clock_mono_ms());
	if (!wait)
		return 0;
	return api_http_retry(rq, 429, (int)(wait / 1000) + 1,
			      "too many accounts were created from your address");
}

int api_user_create(struct http_request *rq)
{
	struct user_form *form = calloc(1, sizeof(*form));
	int r;

	if (!form)
		return -ENOMEM;
	r = api_http_body(rq, user_form_fields, ARRAY_SIZE(user_form_fields), form);
	if (r < 0) {
		free(form);
		return r;
	}
	rq->data = form;
	rq->free_data = user_form_free;
	r = user_check(rq, form);
	if (r == 0)
		r = user_limit(rq);
	if (r == 0)
		r = user_is_new(rq, form->account.email);
	return r < 0 ? r : api_http_later(rq, user_finish);
}

int api_user_show(struct http_request *rq)
{
	if (strcmp(rq->params[0], rq->account.user_id) != 0)
		return api_http_error(rq, 404, "there is no such account");
	return answer_account(rq, &rq->account);
}
