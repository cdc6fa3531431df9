/* SPDX-License-Identifier: ISC */
/* Names of their owners' own: claimed, led to a socket, given a certificate, given up. domain_check.c proves them. */
#include "api/domain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/certificate.h"
#include "api/check.h"
#include "api/route.h"
#include "api/socket_view.h"
#include "lib/cleanup.h"
#include "lib/id.h"
#include "lib/socketconf.h"

static void put_json(struct json_object **o)
{
	json_object_put(*o);
}

/* ---- answers ------------------------------------------------------------------------------------------- */

struct domain_view {
	const char *domain, *socket_id, *url, *challenge_name, *challenge, *cname;
	bool verified;
	int64_t certificate_expires;
};

static const struct json_field domain_view_fields[] = {
	{ "domain", JSON_STRING, offsetof(struct domain_view, domain) },
	{ "socket_id", JSON_STRING, offsetof(struct domain_view, socket_id) },
	{ "url", JSON_STRING, offsetof(struct domain_view, url) },
	{ "verified", JSON_BOOL, offsetof(struct domain_view, verified) },
	{ "challenge_name", JSON_STRING, offsetof(struct domain_view, challenge_name) },
	{ "challenge", JSON_STRING, offsetof(struct domain_view, challenge) },
	{ "cname", JSON_STRING, offsetof(struct domain_view, cname) },
	{ "certificate_expires", JSON_INT, offsetof(struct domain_view, certificate_expires) },
};

struct domain_list {
	const struct conf *conf;
	struct json_object *list;
};

static int collect_view(const struct store_domain *d, void *arg)
{
	const struct domain_list *list = arg;
	char name[STORE_DOMAIN_SIZE + sizeof(DOMAIN_CHALLENGE)];
	char cname[STORE_LABEL_SIZE + STORE_DOMAIN_SIZE] = "", url[SOCKET_URL_SIZE] = "";
	struct domain_view view = {
		.domain = d->domain,
		.socket_id = d->socket_id,
		.url = url,
		.challenge_name = name,
		.challenge = d->proof,
		.cname = cname,
		.verified = d->verified_at > 0,
		.certificate_expires = d->not_after / 1000,
	};
	struct json_object *o = json_object_new_object();

	snprintf(name, sizeof(name), DOMAIN_CHALLENGE "%s", d->domain);
	if (d->label[0]) {
		snprintf(cname, sizeof(cname), "%s.%s", d->label, list->conf->domain);
		api_host_url(list->conf, d->domain, d->type, d->public_port, url);
	}
	if (o && json_write(o, domain_view_fields, ARRAY_SIZE(domain_view_fields), &view) == 0 &&
	    json_object_array_add(list->list, o) == 0)
		return 0;
	json_object_put(o);
	return -ENOMEM;
}

int api_domain_answer(struct http_request *rq, const char *domain)
{
	struct domain_list list = { &rq->api->conf, json_object_new_array() };
	int r = list.list ? store_domain_each(rq->db, rq->account.user_id, domain, collect_view,
					      &list)
			  : -ENOMEM;
	struct json_object *one;

	if (r == 0 && !domain)
		return api_http_json(rq, 200, list.list);
	one = r == 0 ? json_object_get(json_object_array_get_idx(list.list, 0)) : NULL;
	json_object_put(list.list);
	return r < 0 ? r : api_http_json(rq, 200, one);
}

int api_domain_list(struct http_request *rq)
{
	return api_domain_answer(rq, NULL);
}

/* ---- for nodes ----------------------------------------------------------------------------------------- */

/* Adds the text to the list of that name in `o`, which is made if need be. */
static int add_to_list(struct json_object *o, const char *name, const char *text)
{
	struct json_object *list = NULL, *item;

	if (!json_object_object_get_ex(o, name, &list)) {
		list = json_object_new_array();
		if (!list || json_object_object_add(o, name, list) < 0) {
			json_object_put(list);
			return -ENOMEM;
		}
	}
	item = json_object_new_string(text);
	if (item && json_object_array_add(list, item) == 0)
		return 0;
	json_object_put(item);
	return -ENOMEM;
}

static int collect_name(const struct store_domain *d, void *arg)
{
	char certificate[STORE_DOMAIN_SIZE + STORE_VERSION_SIZE];
	struct json_object *lists = NULL, *o = arg;
	int r;

	if (!d->verified_at || !d->socket_id[0])
		return 0;
	if (!json_object_object_get_ex(o, d->socket_id, &lists)) {
		lists = json_object_new_object();
		if (!lists || json_object_object_add(o, d->socket_id, lists) < 0) {
			json_object_put(lists);
			return -ENOMEM;
		}
	}
	r = add_to_list(lists, "domains", d->domain);
	if (r < 0 || !d->version[0])
		return r;
	snprintf(certificate, sizeof(certificate), "%s/%s", d->domain, d->version);
	return add_to_list(lists, "certificates", certificate);
}

int api_domain_lists(struct http_request *rq, const char *user_id, struct json_object **ret_o)
{
	auto_call(put_json) struct json_object *o = json_object_new_object();
	int r = o ? store_domain_each(rq->db, user_id, NULL, collect_name, o) : -ENOMEM;

	if (r == 0)
		*ret_o = take_ptr(o);
	return r;
}

int api_domain_tell(struct http_request *rq, const char *user_id, const char *socket_id)
{
	if (!socket_id[0])
		return 0;
	return store_feed_add(rq->db, NODEAPI_SOCKET_CHANGED, user_id, socket_id, NULL, NULL);
}

int api_node_certificate(struct http_request *rq)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(2 * HTTP_BODY_MAX);
	char *pem = NULL;
	int r = store_domain_certificate(rq->db, rq->params[0], &pem);

	if (r == -ENOENT)
		return api_http_error(rq, 404, "there is no certificate for this name");
	if (r < 0)
		return r;
	strbuf_adds(&sb, pem);
	explicit_bzero(pem, strlen(pem));
	free(pem);
	return api_http_text(rq, 200, "application/x-pem-file", &sb);
}

/* ---- claims -------------------------------------------------------------------------------------------- */

struct domain_form {
	char *domain;
	char *socket_id;
};

static const struct json_field domain_form_fields[] = {
	{ "domain", JSON_STRING, offsetof(struct domain_form, domain), .required = true },
	{ "socket_id", JSON_STRING, offsetof(struct domain_form, socket_id) },
};

static const struct json_field attach_form_fields[] = {
	{ "socket_id", JSON_STRING, offsetof(struct domain_form, socket_id) },
};

static void domain_form_clear(struct domain_form *form)
{
	json_clear(domain_form_fields, ARRAY_SIZE(domain_form_fields), form);
}

int api_domain_find(struct http_request *rq, struct store_domain *ret_domain)
{
	char name[STORE_DOMAIN_SIZE];
	const char *why;
	int r = api_check_domain(rq->params[0], name, &why);

	if (r == 0)
		r = store_domain_get(rq->db, rq->account.user_id, name, ret_domain);
	if (r == -ENOENT || r == -EINVAL)
		return api_http_error(rq, 404, "you have no such domain: POST /domain adds one");
	return r;
}

static int take_socket(const struct store_socket *socket, const struct store_tunnel *tunnel,
		       void *arg)
{
	struct store_socket *found = arg;

	*found = *socket;
	found->settings = NULL;
	return 0;
}

/* May that name of the account's lead there? */
static int check_socket(struct http_request *rq, const char *domain, const char *socket_id)
{
	struct store_socket found = { 0 };
	int64_t count = 0;
	int r;

	if (!id_is_uuid(socket_id))
		return api_http_error(rq, 400, "field 'socket_id' must be the id of a socket");
	r = store_socket_each(rq->db, rq->account.user_id, socket_id, take_socket, &found);
	if (r == 0 && !found.type[0])
		return api_http_error(rq, 404, "you have no such socket");
	if (r == 0 && strcmp(found.type, "tcp") == 0)
		return api_http_error(
			rq, 400,
			"field 'socket_id': a tcp socket shows no certificate, so that a name of "
			"your own needs nothing here: make '%s' a CNAME of '%s.%s' in the DNS, and "
			"visitors reach it at %s:%" PRId64,
			domain, found.label, rq->api->conf.domain, domain, found.public_port);
	if (r == 0)
		r = store_domain_count_of(rq->db, socket_id, &count);
	if (r == 0 && count >= SOCKETCONF_DOMAINS_MAX)
		return api_http_error(rq, 403,
				      "this socket has %" PRId64
				      " domains, which is its limit: lead others to another socket",
				      count);
	return r;
}

static int check_claim(struct http_request *rq, const struct domain_form *form,
		       char ret_domain[STORE_DOMAIN_SIZE])
{
	const char *ours = rq->api->conf.domain, *why;
	int64_t count = 0;
	size_t len, our_len = strlen(ours);
	int r = api_check_domain(form->domain, ret_domain, &why);

	if (r < 0)
		return api_http_error(rq, 400, "%s", why);
	len = strlen(ret_domain);
	if (len >= our_len && strcmp(ret_domain + len - our_len, ours) == 0 &&
	    (len == our_len || ret_domain[len - our_len - 1] == '.'))
		return api_http_error(
			rq, 400,
			"field 'domain' is below the service's own: give the socket a "
			"'subdomain' instead");
	r = store_domain_count(rq->db, rq->account.user_id, &count);
	if (r == 0 && count >= rq->api->conf.max_sockets)
		return api_http_error(rq, 403,
				      "your account has %" PRId64
				      " domains, which is its limit: delete one first",
				      count);
	return r;
}

int api_domain_create(struct http_request *rq)
{
	auto_call(domain_form_clear) struct domain_form form = { 0 };
	auto_call(db_end) struct db_tx tx = { 0 };
	struct store_domain d = { 0 };
	unsigned char random[16];
	int r = api_http_body(rq, domain_form_fields, ARRAY_SIZE(domain_form_fields), &form);

	if (r < 0)
		return r;
	memcpy(d.user_id, rq->account.user_id, sizeof(d.user_id));
	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(d.proof, sizeof(d.proof), random, sizeof(random));
	r = db_begin(rq->db, DB_DURABLE, &tx);
	if (r == 0)
		r = check_claim(rq, &form, d.domain);
	if (r == 0 && form.socket_id && form.socket_id[0]) {
		r = check_socket(rq, d.domain, form.socket_id);
		snprintf(d.socket_id, sizeof(d.socket_id), "%s", form.socket_id);
	}
	if (r == 0)
		r = store_domain_add(rq->db, &d);
	if (r == -EEXIST)
		return api_http_error(rq, 409, "your account has the domain '%s' already",
				      d.domain);
	if (r == 0)
		r = api_http_commit(rq, &tx);
	return r < 0 ? r : api_domain_answer(rq, d.domain);
}

int api_domain_show(struct http_request *rq)
{
	struct store_domain d = { 0 };
	int r = api_domain_find(rq, &d);

	return r < 0 ? r : api_domain_answer(rq, d.domain);
}

/* Both sockets are looked at again: the one that it led to, and the one that it leads to. */
int api_domain_attach(struct http_request *rq)
{
	auto_call(domain_form_clear) struct domain_form form = { 0 };
	auto_call(db_end) struct db_tx tx = { 0 };
	const char *user_id = rq->account.user_id, *socket_id;
	struct store_domain d = { 0 };
	int r = api_http_body(rq, attach_form_fields, ARRAY_SIZE(attach_form_fields), &form);

	if (r == 0)
		r = db_begin(rq->db, DB_DURABLE, &tx);
	if (r == 0)
		r = api_domain_find(rq, &d);
	if (r < 0)
		return r;
	socket_id = form.socket_id ? form.socket_id : "";
	if (strcmp(socket_id, d.socket_id) == 0)
		return api_domain_answer(rq, d.domain);
	if (socket_id[0])
		r = check_socket(rq, d.domain, socket_id);
	if (r == 0)
		r = store_domain_attach(rq->db, user_id, d.domain, socket_id);
	if (r == 0)
		r = api_domain_tell(rq, user_id, d.socket_id);
	if (r == 0)
		r = api_domain_tell(rq, user_id, socket_id);
	if (r == 0)
		r = api_http_commit(rq, &tx);
	return r < 0 ? r : api_domain_answer(rq, d.domain);
}

int api_domain_delete(struct http_request *rq)
{
	auto_call(db_end) struct db_tx tx = { 0 };
	struct store_domain d = { 0 };
	int r = db_begin(rq->db, DB_DURABLE, &tx);

	if (r == 0)
		r = api_domain_find(rq, &d);
	if (r == 0)
		r = store_domain_delete(rq->db, rq->account.user_id, d.domain);
	if (r == 0)
		r = api_domain_tell(rq, rq->account.user_id, d.socket_id);
	if (r == 0)
		r = api_http_commit(rq, &tx);
	return r < 0 ? r : api_http_empty(rq);
}

/* ---- certificates -------------------------------------------------------------------------------------- */

struct certificate_form {
	char *certificate;
	char *key;
};

static const struct json_field certificate_form_fields[] = {
	{ "certificate", JSON_STRING, offsetof(struct certificate_form, certificate),
	  .required = true, .max = HTTP_BODY_MAX },
	{ "key", JSON_STRING, offsetof(struct certificate_form, key), .required = true,
	  .secret = true, .max = HTTP_BODY_MAX },
};

static void certificate_form_clear(struct certificate_form *form)
{
	json_clear(certificate_form_fields, ARRAY_SIZE(certificate_form_fields), form);
}

static int certify(struct http_request *rq, const struct store_domain *d,
		   const struct certificate *certificate)
{
	auto_call(db_end) struct db_tx tx = { 0 };
	const char *user_id = rq->account.user_id;
	int r = db_begin(rq->db, DB_DURABLE, &tx);

	if (r == 0)
		r = store_domain_certify(rq->db, user_id, d->domain, certificate->pem,
					 certificate->not_after_ms);
	if (r == 0)
		r = api_domain_tell(rq, user_id, d->socket_id);
	return r < 0 ? r : api_http_commit(rq, &tx);
}

int api_domain_certify(struct http_request *rq)
{
	auto_call(certificate_form_clear) struct certificate_form form = { 0 };
	auto_call(certificate_clear) struct certificate certificate = { 0 };
	struct store_domain d = { 0 };
	const char *why;
	int r = api_http_body(rq, certificate_form_fields, ARRAY_SIZE(certificate_form_fields),
			      &form);

	if (r == 0)
		r = api_domain_find(rq, &d);
	if (r < 0)
		return r;
	r = certificate_read(form.certificate, form.key, d.domain, &certificate, &why);
	if (r == -EINVAL)
		return api_http_error(rq, 400, "%s", why);
	if (r == 0)
		r = certify(rq, &d, &certificate);
	return r < 0 ? r : api_domain_answer(rq, d.domain);
}
