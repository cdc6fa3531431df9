/* SPDX-License-Identifier: ISC */
/* GET /lookup/<public name>: where visitors of a tcp or tls socket connect to; also by a proven host name of its owner's
 * own. For anybody, since a visitor has no account: the name is what they were given, and knowing it is what the owner
 * asks of them. All else is one and the same 404. Only lookups that find nothing are limited: they are what guessing names would take. */
#include <errno.h>
#include <stdio.h>

#include "api/api.h"
#include "api/check.h"
#include "api/names.h"
#include "api/ratelimit.h"
#include "api/route.h"
#include "api/store_domain.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

struct lookup {
	const char *dnsname, *socket_type;
	int64_t port;
};

static const struct json_field lookup_fields[] = {
	{ "dnsname", JSON_STRING, offsetof(struct lookup, dnsname) },
	{ "socket_type", JSON_STRING, offsetof(struct lookup, socket_type) },
	{ "port", JSON_INT, offsetof(struct lookup, port) },
};

static int answer(struct http_request *rq, const struct lookup *lookup)
{
	struct json_object *o = json_object_new_object();

	if (o && json_write(o, lookup_fields, ARRAY_SIZE(lookup_fields), lookup) < 0) {
		json_object_put(o);
		o = NULL;
	}
	return api_http_json(rq, 200, o);
}

/* The name in its one spelling, and where it leads. */
static int find(struct http_request *rq, char ret_name[HTTP_PARAM_SIZE],
		char ret_type[STORE_TYPE_SIZE], int64_t *ret_port)
{
	char label[NAMES_LABEL_SIZE], own[STORE_DOMAIN_SIZE];
	const char *why;
	int r = names_label(rq->params[0], rq->api->conf.domain, label);

	if (r == 0) {
		snprintf(ret_name, HTTP_PARAM_SIZE, "%s.%s", label, rq->api->conf.domain);
		return store_label_port(rq->db, label, ret_type, ret_port);
	}
	if (api_check_domain(rq->params[0], own, &why) < 0)
		return -ENOENT;
	snprintf(ret_name, HTTP_PARAM_SIZE, "%s", own);
	r = store_domain_port(rq->db, own, ret_type, ret_port);
	return r == 0 && *ret_port == 0 ? -ENOENT : r;
}

int api_lookup(struct http_request *rq)
{
	char key[INET6_ADDRSTRLEN], type[STORE_TYPE_SIZE], name[HTTP_PARAM_SIZE];
	struct lookup lookup = { .dnsname = name, .socket_type = type };
	int64_t wait;
	int r;

	api_http_client_key(rq, key);
	wait = ratelimit_take(rq->api->lookup_by_address, key, clock_mono_ms());
	if (wait)
		return api_http_retry(rq, 429, (int)(wait / 1000) + 1, "too many lookups");
	r = find(rq, name, type, &lookup.port);
	if (r == -ENOENT)
		return api_http_error(rq, 404, "there is no tcp or tls socket of this name");
	if (r < 0)
		return r;
	ratelimit_give(rq->api->lookup_by_address, key, clock_mono_ms());
	return answer(rq, &lookup);
}
