/* SPDX-License-Identifier: ISC */
/* POST /domain/{domain}/check: does the DNS say that a name belongs to who claims it? By a TXT record with the claim's
 * proof, or by a CNAME record that leads to the public name of the claim's socket, which is that account's alone. Who
 * proves a name last has it: it may have been sold. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/dns.h"
#include "api/domain.h"
#include "api/ratelimit.h"
#include "api/route.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

static bool says(const struct dns_answers *answers, const char *text)
{
	for (size_t i = 0; i < answers->count; i++)
		if (strcmp(answers->texts[i], text) == 0)
			return true;
	return false;
}

/* 0; -EACCES: it is not proven; -EHOSTDOWN. */
static int look_up(struct http_request *rq, const struct store_domain *d)
{
	const struct sockaddr_in *server =
		rq->api->dns_server.sin_port ? &rq->api->dns_server : NULL;
	char name[STORE_DOMAIN_SIZE + sizeof(DOMAIN_CHALLENGE)];
	char target[STORE_LABEL_SIZE + STORE_DOMAIN_SIZE];
	struct dns_answers answers;
	int r, also;

	snprintf(name, sizeof(name), DOMAIN_CHALLENGE "%s", d->domain);
	r = dns_ask(server, name, DNS_TXT, &answers);
	if (r == 0 && says(&answers, d->proof))
		return 0;
	if (!d->label[0])
		return r < 0 ? r : -EACCES;
	snprintf(target, sizeof(target), "%s.%s", d->label, rq->api->conf.domain);
	also = dns_ask(server, d->domain, DNS_CNAME, &answers);
	if (also == 0 && says(&answers, target))
		return 0;
	return r < 0 ? r : also < 0 ? also : -EACCES;
}

static int answer_unproven(struct http_request *rq, const struct store_domain *d)
{
	if (!d->label[0])
		return api_http_error(
			rq, 400,
			"the DNS does not say that '%s' is yours: make a TXT record '" DOMAIN_CHALLENGE
			"%s' with the value '%s', and check again",
			d->domain, d->domain, d->proof);
	return api_http_error(
		rq, 400,
		"the DNS does not say that '%s' is yours: make it a CNAME of '%s.%s', or "
		"make a TXT record '" DOMAIN_CHALLENGE "%s' with the value '%s', and check again",
		d->domain, d->label, rq->api->conf.domain, d->domain, d->proof);
}

static int verify(struct http_request *rq, const struct store_domain *d)
{
	auto_call(db_end) struct db_tx tx = { 0 };
	const char *user_id = rq->account.user_id;
	char loser[ID_UUID_SIZE], lost[ID_UUID_SIZE];
	int r = db_begin(rq->db, DB_DURABLE, &tx);

	if (r == 0)
		r = store_domain_verify(rq->db, user_id, d->domain, loser, lost);
	if (r == 0 && loser[0])
		r = api_domain_tell(rq, loser, lost);
	if (r == 0)
		r = api_domain_tell(rq, user_id, d->socket_id);
	if (r == -ENOENT)
		return api_http_error(rq, 404, "the domain was deleted meanwhile");
	return r < 0 ? r : api_http_commit(rq, &tx);
}

/* On a worker thread: the DNS may take its time. */
static int check_finish(struct http_request *rq)
{
	struct store_domain d = { 0 };
	int r = api_domain_find(rq, &d);

	if (r == 0)
		r = look_up(rq, &d);
	if (r == -EACCES)
		return answer_unproven(rq, &d);
	if (r == -EHOSTDOWN)
		return api_http_error(
			rq, 503,
			"the DNS gives no answer about this name: check that its name "
			"servers work, and try again");
	if (r == 0)
		r = verify(rq, &d);
	return r < 0 ? r : api_domain_answer(rq, d.domain);
}

int api_domain_check(struct http_request *rq)
{
	int64_t wait =
		ratelimit_take(rq->api->check_by_account, rq->account.user_id, clock_mono_ms());

	if (wait)
		return api_http_retry(rq, 429, (int)(wait / 1000) + 1,
				      "too many checks of domains");
	return api_http_later_on(rq, rq->api->resolver,
				 "too many domains are checked at this moment", check_finish);
}
