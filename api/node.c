/* SPDX-License-Identifier: ISC */
/* What nodes ask: lib/nodeapi.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/check.h"
#include "api/domain.h"
#include "api/feed.h"
#include "api/route.h"
#include "api/socket_settings.h"
#include "api/socket_view.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#define FEED_EVENTS_MAX 1000
#define FEED_EVENT_BYTES 1024 /* more than the longest one */
#define FEED_WAIT_MAX_S 60

/* ---- /node/login --------------------------------------------------------------------------------------- */

struct node_login {
	const char *user_id, *user_name;
	bool suspended, confirmed;
	int64_t seq;
};

static const struct json_field node_login_fields[] = {
	{ "user_id", JSON_STRING, offsetof(struct node_login, user_id) },
	{ "user_name", JSON_STRING, offsetof(struct node_login, user_name) },
	{ "suspended", JSON_BOOL, offsetof(struct node_login, suspended) },
	{ "confirmed", JSON_BOOL, offsetof(struct node_login, confirmed) },
	{ "seq", JSON_INT, offsetof(struct node_login, seq) },
};

struct node_key {
	const char *type, *blob;
};

static const struct json_field node_key_fields[] = {
	{ "type", JSON_STRING, offsetof(struct node_key, type) },
	{ "blob", JSON_STRING, offsetof(struct node_key, blob) },
};

struct node_tunnel {
	const char *tunnel_id, *socket_id, *socket_name, *dnsname, *socket_type, *url;
	int64_t local_port, public_port;
	const char *secret;
};

static const struct json_field node_tunnel_fields[] = {
	{ "tunnel_id", JSON_STRING, offsetof(struct node_tunnel, tunnel_id) },
	{ "socket_id", JSON_STRING, offsetof(struct node_tunnel, socket_id) },
	{ "socket_name", JSON_STRING, offsetof(struct node_tunnel, socket_name) },
	{ "dnsname", JSON_STRING, offsetof(struct node_tunnel, dnsname) },
	{ "socket_type", JSON_STRING, offsetof(struct node_tunnel, socket_type) },
	{ "url", JSON_STRING, offsetof(struct node_tunnel, url) },
	{ "local_port", JSON_INT, offsetof(struct node_tunnel, local_port) },
	{ "public_port", JSON_INT, offsetof(struct node_tunnel, public_port) },
	{ "protected", JSON_STRING, offsetof(struct node_tunnel, secret) },
};

struct tunnel_collector {
	const struct conf *conf;
	const char *tunnel_id; /* that one alone; NULL: all */
	struct json_object *list;
	struct json_object *domains; /* by socket: api_domain_lists() */
};

static int list_add(struct json_object *list, const struct json_field *fields, size_t count,
		    const void *obj)
{
	struct json_object *o = json_object_new_object();

	if (o && json_write(o, fields, count, obj) == 0 && json_object_array_add(list, o) == 0)
		return 0;
	json_object_put(o);
	return -ENOMEM;
}

static int collect_key(const struct store_key *key, void *arg)
{
	struct node_key view = { key->type, key->blob };

	return list_add(arg, node_key_fields, ARRAY_SIZE(node_key_fields), &view);
}

static int collect_tunnel(const struct store_socket *socket, const struct store_tunnel *tunnel,
			  void *arg)
{
	const struct tunnel_collector *c = arg;
	char dnsname[SOCKET_URL_SIZE], url[SOCKET_URL_SIZE];
	struct json_object *domains = NULL;
	struct node_tunnel view;
	size_t last;
	int r;

	if (!tunnel || (c->tunnel_id && strcmp(c->tunnel_id, tunnel->tunnel_id) != 0))
		return 0;
	api_socket_dnsname(c->conf, socket, dnsname, sizeof(dnsname));
	api_socket_url(c->conf, socket, url);
	view = (struct node_tunnel){
		.tunnel_id = tunnel->tunnel_id,
		.socket_id = socket->socket_id,
		.socket_name = socket->name,
		.dnsname = dnsname,
		.socket_type = socket->type,
		.url = url,
		.local_port = tunnel->local_port,
		.public_port = socket->public_port,
		.secret = socket->is_protected ? socket->protected_secret : "",
	};
	/* Without a secret it would be public. */
	if (socket->is_protected && !view.secret[0])
		return -EBADMSG;
	r = list_add(c->list, node_tunnel_fields, ARRAY_SIZE(node_tunnel_fields), &view);
	last = json_object_array_length(c->list) - 1;
	json_object_object_get_ex(c->domains, socket->socket_id, &domains);
	return r < 0 ? r
		     : api_settings_tell(socket, domains, json_object_array_get_idx(c->list, last));
}

/* Who the ssh user `id` (as a UUID) is: an account, or a tunnel and then its account and socket. */
static int find_login(struct http_request *rq, const char *id, struct store_account *ret_account,
		      bool *ret_is_tunnel, char ret_socket_id[ID_UUID_SIZE])
{
	char owner[ID_UUID_SIZE];
	int r = store_account_get(rq->db, id, ret_account);

	*ret_is_tunnel = false;
	if (r != -ENOENT)
		return r;
	r = store_tunnel_owner(rq->db, id, owner, ret_socket_id);
	if (r == 0)
		r = store_account_get(rq->db, owner, ret_account);
	*ret_is_tunnel = true;
	return r;
}

static void put_json(struct json_object **o)
{
	json_object_put(*o);
}

static int add_lists(struct http_request *rq, const char *user_id, const char *socket_id,
		     const char *tunnel_id, struct json_object *o)
{
	struct json_object *keys = json_object_new_array();
	struct json_object *tunnels = json_object_new_array();
	auto_call(put_json) struct json_object *domains = NULL;
	struct tunnel_collector c = { &rq->api->conf, tunnel_id, tunnels };
	int r = keys && tunnels ? api_domain_lists(rq, user_id, &domains) : -ENOMEM;

	c.domains = domains;

	if (r == 0)
		r = store_key_each(rq->db, user_id, collect_key, keys);
	if (r == 0)
		r = store_socket_each(rq->db, user_id, socket_id, collect_tunnel, &c);
	if (r < 0) {
		json_object_put(keys);
		json_object_put(tunnels);
		return r;
	}
	json_object_object_add(o, "keys", keys);
	json_object_object_add(o, "tunnels", tunnels);
	return 0;
}

int api_node_login(struct http_request *rq)
{
	char id[ID_UUID_SIZE], user_name[ID_USER_SIZE], socket_id[ID_UUID_SIZE] = "";
	struct store_account account = { 0 };
	struct node_login view;
	struct json_object *o;
	bool is_tunnel = false;
	int64_t pruned, seq;
	int r;

	id_uuid_from_user(rq->params[0], id);
	/* The position first: what changes while we read is then told by the feed once more. */
	r = store_feed_range(rq->db, &pruned, &seq);
	if (r == 0)
		r = find_login(rq, id, &account, &is_tunnel, socket_id);
	if (r == -ENOENT)
		return api_http_error(rq, 404, "there is no such ssh user");
	if (r < 0)
		return r;

	id_user_from_uuid(account.user_id, user_name);
	view = (struct node_login){ account.user_id, user_name, account.suspended,
				    account.confirmed, seq };
	o = json_object_new_object();
	r = o ? json_write(o, node_login_fields, ARRAY_SIZE(node_login_fields), &view) : -ENOMEM;
	if (r == 0)
		r = add_lists(rq, account.user_id, is_tunnel ? socket_id : NULL,
			      is_tunnel ? id : NULL, o);
	if (r < 0) {
		json_object_put(o);
		return r;
	}
	return api_http_json(rq, 200, o);
}

/* ---- /node/feed ---------------------------------------------------------------------------------------- */

static void add_member(struct strbuf *sb, const char *name, const char *value)
{
	if (value[0])
		strbuf_addf(sb, ",\"%s\":\"%s\"", name, value);
}

/* All values are ids, or were checked by api_check_node(): nothing in them needs JSON's escapes. */
static int add_event(const struct store_event *event, void *arg)
{
	struct strbuf *sb = arg;
	char user_name[ID_USER_SIZE] = "";

	if (id_is_uuid(event->user_id))
		id_user_from_uuid(event->user_id, user_name);
	strbuf_addf(sb, "{\"seq\":%lld,\"event\":\"%s\"", (long long)event->seq, event->event);
	add_member(sb, "user_id", event->user_id);
	add_member(sb, "user_name", user_name);
	add_member(sb, "socket_id", event->socket_id);
	add_member(sb, "tunnel_id", event->tunnel_id);
	add_member(sb, "node", event->node);
	strbuf_adds(sb, "}\n");
	return strbuf_error(sb);
}

static int answer_events(struct http_request *rq, struct strbuf *sb)
{
	return api_http_text(rq, 200, "application/x-ndjson", sb);
}

/* Where a new node begins. */
static int answer_start(struct http_request *rq, int64_t newest)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(FEED_EVENT_BYTES);
	struct store_event start = { newest, nodeapi_event_name(NODEAPI_START), "", "", "", "" };
	int r;

	r = add_event(&start, &sb);
	return r < 0 ? r : answer_events(rq, &sb);
}

/* One look at the feed: answered (0 or -ECANCELED), -EAGAIN if there is nothing yet, or another error. */
static int feed_read(struct http_request *rq, int64_t since)
{
	auto_call(strbuf_clear) struct strbuf sb =
		STRBUF_INIT((size_t)FEED_EVENTS_MAX * FEED_EVENT_BYTES);
	int64_t pruned, newest;
	int r;

	r = store_feed_range(rq->db, &pruned, &newest);
	if (r < 0)
		return r;
	if (since == -1)
		return answer_start(rq, newest);
	if (since < pruned || since > newest)
		return api_http_error(
			rq, 410,
			"the feed does not go back to this position: start again with "
			"since=-1");
	r = store_feed_each(rq->db, since, FEED_EVENTS_MAX, add_event, &sb);
	if (r < 0)
		return r;
	return sb.len ? answer_events(rq, &sb) : -EAGAIN;
}

/* Nothing happened in time. */
static int answer_nothing(struct http_request *rq)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(FEED_EVENT_BYTES);

	return answer_events(rq, &sb);
}

int api_node_feed(struct http_request *rq)
{
	int64_t since = 0, wait = 0;
	int r = api_http_query(rq, "since", -1, INT64_MAX, -1, &since);

	if (r == 0)
		r = api_http_query(rq, "wait", 0, FEED_WAIT_MAX_S, 0, &wait);
	if (r < 0)
		return r;
	if (rq->state != HTTP_AGAIN)
		rq->deadline_ms = clock_mono_ms() + wait * 1000;
	do {
		r = feed_read(rq, since);
		if (r != -EAGAIN)
			return r;
		if (clock_mono_ms() >= rq->deadline_ms)
			return answer_nothing(rq);
		r = api_feed_wait(rq->api->feed, rq, since);
	} while (r == 0);
	if (r == -ECANCELED)
		return answer_nothing(rq);
	if (r == -EAGAIN)
		return api_http_retry(rq, 503, 5, "too many nodes wait for the feed");
	return r;
}

/* ---- /node/tunnel -------------------------------------------------------------------------------------- */

struct node_form {
	char *node;
	char *address;
};

static const struct json_field node_form_fields[] = {
	{ "node", JSON_STRING, offsetof(struct node_form, node), .required = true },
	{ "address", JSON_STRING, offsetof(struct node_form, address) },
};

static void node_form_clear(struct node_form *form)
{
	json_clear(node_form_fields, ARRAY_SIZE(node_form_fields), form);
}

/* Not durable: after a power failure the nodes are new and tell it all again. */
static int tunnel_is(struct http_request *rq, bool up)
{
	auto_call(node_form_clear) struct node_form form = { 0 };
	auto_call(db_end) struct db_tx tx = { 0 };
	const char *why;
	int r = api_http_body(rq, node_form_fields, ARRAY_SIZE(node_form_fields), &form);

	if (r < 0)
		return r;
	if (api_check_node(form.node, &why) < 0 ||
	    (up && api_check_node(form.address ? form.address : "", &why) < 0))
		return api_http_error(rq, 400, "%s", why);
	r = db_begin(rq->db, DB_RELAXED, &tx);
	if (r == 0)
		r = up ? store_tunnel_up(rq->db, rq->params[0], form.node, form.address)
		       : store_tunnel_down(rq->db, rq->params[0], form.node);
	if (r == -ENOENT)
		return api_http_error(rq, 404, "there is no such tunnel");
	if (r == 0)
		r = api_http_commit(rq, &tx);
	return r < 0 ? r : api_http_empty(rq);
}

int api_node_tunnel_up(struct http_request *rq)
{
	return tunnel_is(rq, true);
}

int api_node_tunnel_down(struct http_request *rq)
{
	return tunnel_is(rq, false);
}
