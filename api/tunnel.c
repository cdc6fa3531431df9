/* SPDX-License-Identifier: ISC */
/* Tunnels: /socket/{socket_id}/tunnel. */
#include "api/tunnel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/ports.h"
#include "api/route.h"
#include "api/socket_view.h"
#include "lib/cleanup.h"

static int answer_no_socket(struct http_request *rq)
{
	return api_http_error(rq, 404, "you have no such socket");
}

static int answer_no_tunnel(struct http_request *rq)
{
	return api_http_error(rq, 404, "this socket has no such tunnel");
}

/* Where the edge or sshd may listen on all addresses, a tunnel server cannot have relays. */
static void reserve_public(const struct conf *conf, unsigned char map[PORTS_COUNT])
{
	ports_reserve(map, conf->tcp_port_min, conf->tcp_port_max);
	ports_reserve(map, conf->tls_port_min, conf->tls_port_max);
	ports_reserve(map, conf->http_port, conf->http_port);
	ports_reserve(map, conf->https_port, conf->https_port);
	ports_reserve(map, conf->ssh_port, conf->ssh_port);
}

int api_tunnel_add(struct http_request *rq, struct store_tunnel *tunnel)
{
	const struct conf *conf = &rq->api->conf;
	auto_free unsigned char *map = calloc(1, PORTS_COUNT);
	int64_t count = 0;
	int r = map ? store_tunnel_count(rq->db, tunnel->socket_id, &count) : -ENOMEM;

	if (r == 0 && count >= conf->max_tunnels)
		return api_http_error(rq, 403,
				      "this socket has %" PRId64
				      " tunnels, which is its limit: delete one first",
				      count);
	if (r == 0)
		r = store_ports_relay(rq->db, rq->account.user_id, map);
	if (r == 0)
		reserve_public(conf, map);
	if (r == 0)
		r = ports_pick(map, conf->relay_port_min, conf->relay_port_max,
			       &tunnel->local_port);
	if (r == -ENOSPC)
		return api_http_error(rq, 403,
				      "all relay ports of your account are in use: delete a tunnel "
				      "first");
	if (r == 0)
		r = store_tunnel_add(rq->db, rq->account.user_id, tunnel);
	if (r == 0)
		r = store_feed_add(rq->db, NODEAPI_TUNNEL_CREATED, rq->account.user_id,
				   tunnel->socket_id, tunnel->tunnel_id, NULL);
	return r;
}

static int tunnel_collect(const struct store_tunnel *tunnel, void *arg)
{
	struct json_object *o = api_tunnel_view(tunnel);

	if (o && json_object_array_add(arg, o) == 0)
		return 0;
	json_object_put(o);
	return -ENOMEM;
}

int api_tunnel_list(struct http_request *rq)
{
	struct json_object *list;
	int r = store_socket_check(rq->db, rq->account.user_id, rq->params[0]);

	if (r == -ENOENT)
		return answer_no_socket(rq);
	if (r < 0)
		return r;
	list = json_object_new_array();
	r = list ? store_tunnel_each(rq->db, rq->account.user_id, rq->params[0], tunnel_collect,
				     list)
		 : -ENOMEM;
	if (r < 0) {
		json_object_put(list);
		return r;
	}
	return api_http_json(rq, 200, list);
}

int api_tunnel_create(struct http_request *rq)
{
	auto_call(db_end) struct db_tx tx = { 0 };
	struct store_tunnel tunnel = { 0 };
	int r = db_begin(rq->db, DB_DURABLE, &tx);

	if (r == 0)
		r = store_socket_check(rq->db, rq->account.user_id, rq->params[0]);
	if (r == -ENOENT)
		return answer_no_socket(rq);
	memcpy(tunnel.socket_id, rq->params[0], ID_UUID_SIZE); /* :uuid */
	if (r == 0)
		r = api_tunnel_add(rq, &tunnel);
	if (r == 0)
		r = api_http_commit(rq, &tx);
	return r < 0 ? r : api_http_json(rq, 200, api_tunnel_view(&tunnel));
}

int api_tunnel_show(struct http_request *rq)
{
	struct store_tunnel tunnel;
	int r = store_tunnel_get(rq->db, rq->account.user_id, rq->params[0], rq->params[1],
				 &tunnel);

	if (r == -ENOENT)
		return answer_no_tunnel(rq);
	return r < 0 ? r : api_http_json(rq, 200, api_tunnel_view(&tunnel));
}

int api_tunnel_delete(struct http_request *rq)
{
	auto_call(db_end) struct db_tx tx = { 0 };
	const char *user_id = rq->account.user_id;
	int r = db_begin(rq->db, DB_DURABLE, &tx);

	if (r == 0)
		r = store_tunnel_delete(rq->db, user_id, rq->params[0], rq->params[1]);
	if (r == -ENOENT)
		return answer_no_tunnel(rq);
	if (r == 0)
		r = store_feed_add(rq->db, NODEAPI_TUNNEL_DELETED, user_id, rq->params[0],
				   rq->params[1], NULL);
	if (r == 0)
		r = api_http_commit(rq, &tx);
	return r < 0 ? r : api_http_empty(rq);
}
