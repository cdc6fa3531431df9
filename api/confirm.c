/* SPDX-License-Identifier: ISC */
/* The confirmation link: GET shows a page with a button and changes nothing, since mail scanners follow links;
 * POST, what the button does, confirms. A link works once, for a day; only its hash is stored. */
#include "api/confirm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/page.h"
#include "api/route.h"
#include "api/secret.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"

int api_confirm_add(struct db *db, const char *user_id, char *ret_link, size_t link_size)
{
	char link[SECRET_LINK_SIZE], hash[SECRET_LINK_SIZE];
	int r;

	secret_new_link(link);
	secret_hash_link(link, hash);
	r = store_confirmation_add(db, hash, user_id, clock_wall_ms() + CONFIRM_VALID_MS);
	if (r < 0)
		return r;
	snprintf(ret_link, link_size, "%s", link);
	return 0;
}

void api_confirm_send(struct http_request *rq, const struct store_account *account,
		      const char *link)
{
	const struct conf *conf = &rq->api->conf;
	char port[24] = "";

	if (conf->https_port != 443)
		snprintf(port, sizeof(port), ":%" PRId64, conf->https_port);
	log_info("confirm account '%s' with https://api.%s%s/confirm/%s", account->email,
		 conf->domain, port, link);
}

int api_confirm_renew(struct http_request *rq, const struct store_account *account)
{
	auto_call(db_end) struct db_tx tx = { 0 };
	char link[SECRET_LINK_SIZE];
	int r = db_begin(rq->db, DB_DURABLE, &tx);

	if (r == 0)
		r = store_confirmation_pending(rq->db, account->user_id, clock_wall_ms());
	if (r != 0)
		return r < 0 ? r : 0;
	r = api_confirm_add(rq->db, account->user_id, link, sizeof(link));
	if (r == 0)
		r = api_http_commit(rq, &tx);
	if (r == 0)
		api_confirm_send(rq, account, link);
	return r;
}

static int answer_page(struct http_request *rq, int status, const struct page *page)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(16384);

	page_html(&sb, page);
	return api_http_text(rq, status, "text/html; charset=utf-8", &sb);
}

static int answer_invalid(struct http_request *rq)
{
	struct page page = {
		.service = rq->api->conf.service_name,
		.heading = "This link is not valid any more",
		.text = { "It was used already, or it is older than a day.",
			  "If your account is not confirmed yet, log in: a new link is then sent to "
			  "you." },
	};

	return answer_page(rq, 404, &page);
}

int api_confirm_show(struct http_request *rq)
{
	struct store_account account;
	char hash[SECRET_LINK_SIZE], user_id[ID_UUID_SIZE];
	struct page page = {
		.service = rq->api->conf.service_name,
		.heading = "Confirm your account",
		.subject = account.email,
		.text = { "Somebody, most likely you, made an account with this e-mail address.",
			  "If it was not you, close this page; nothing will happen." },
		.button = "Confirm",
	};
	int r;

	secret_hash_link(rq->params[0], hash);
	r = store_confirmation_get(rq->db, hash, clock_wall_ms(), user_id);
	if (r == 0)
		r = store_account_get(rq->db, user_id, &account);
	if (r == -ENOENT)
		return answer_invalid(rq);
	return r < 0 ? r : answer_page(rq, 200, &page);
}

int api_confirm_do(struct http_request *rq)
{
	auto_call(db_end) struct db_tx tx = { 0 };
	char hash[SECRET_LINK_SIZE], user_id[ID_UUID_SIZE];
	struct page page = {
		.service = rq->api->conf.service_name,
		.heading = "Your account is confirmed",
		.text = { "You can log in now, and close this page." },
	};
	int r;

	secret_hash_link(rq->params[0], hash);
	r = db_begin(rq->db, DB_DURABLE, &tx);
	if (r == 0)
		r = store_confirmation_get(rq->db, hash, clock_wall_ms(), user_id);
	if (r == 0)
		r = store_account_confirm(rq->db, user_id);
	if (r == -ENOENT)
		return answer_invalid(rq);
	if (r == 0)
		r = store_feed_add(rq->db, NODEAPI_ACCOUNT_CHANGED, user_id, NULL, NULL, NULL);
	if (r == 0)
		r = api_http_commit(rq, &tx);
	return r < 0 ? r : answer_page(rq, 200, &page);
}
