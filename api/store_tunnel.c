/* SPDX-License-Identifier: ISC */
/* Tunnels and where they are connected: SQL only. */
#include "api/store.h"

#include <errno.h>
#include <stdio.h>

#include "lib/cleanup.h"
#include "lib/clock.h"

#define TUNNEL_COLUMNS "tunnel_id, socket_id, local_port, tunnel_server"

static void tunnel_read(struct db_stmt *q, struct store_tunnel *ret_tunnel)
{
	struct store_tunnel t = { 0 };

	db_copy(q, 0, t.tunnel_id, sizeof(t.tunnel_id));
	db_copy(q, 1, t.socket_id, sizeof(t.socket_id));
	t.local_port = db_int(q, 2);
	db_copy(q, 3, t.tunnel_server, sizeof(t.tunnel_server));
	*ret_tunnel = t;
}

int store_tunnel_each(struct db *db, const char *user_id, const char *socket_id,
		      int (*each)(const struct store_tunnel *tunnel, void *arg), void *arg)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	struct store_tunnel tunnel;
	int r;

	r = db_query(db, &q,
		     "SELECT " TUNNEL_COLUMNS " FROM tunnel WHERE user_id = $1 AND socket_id = $2"
		     " ORDER BY created_at, tunnel_id",
		     db_t(user_id), db_t(socket_id));
	if (r < 0)
		return r;
	while ((r = db_step(q)) > 0) {
		tunnel_read(q, &tunnel);
		r = each(&tunnel, arg);
		if (r < 0)
			return r;
	}
	return r;
}

int store_tunnel_get(struct db *db, const char *user_id, const char *socket_id,
		     const char *tunnel_id, struct store_tunnel *ret_tunnel)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r;

	r = db_query(db, &q,
		     "SELECT " TUNNEL_COLUMNS " FROM tunnel"
		     " WHERE tunnel_id = $1 AND socket_id = $2 AND user_id = $3",
		     db_t(tunnel_id), db_t(socket_id), db_t(user_id));
	if (r == 0)
		r = db_step(q);
	if (r < 0)
		return r;
	if (r == 0)
		return -ENOENT;
	tunnel_read(q, ret_tunnel);
	return 0;
}

int store_tunnel_count(struct db *db, const char *socket_id, int64_t *ret_count)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(db, &q, "SELECT COUNT(*) FROM tunnel WHERE socket_id = $1",
			 db_t(socket_id));

	if (r < 0)
		return r;
	*ret_count = db_int(q, 0);
	return 0;
}

int store_tunnel_add(struct db *db, const char *user_id, struct store_tunnel *tunnel)
{
	int64_t r;

	store_new_id(tunnel->tunnel_id);
	tunnel->tunnel_server[0] = '\0';
	r = db_run(db,
		   "INSERT INTO tunnel"
		   " (tunnel_id, socket_id, user_id, local_port, tunnel_server, node, created_at)"
		   " VALUES ($1, $2, $3, $4, '', '', $5)",
		   db_t(tunnel->tunnel_id), db_t(tunnel->socket_id), db_t(user_id),
		   db_i(tunnel->local_port), db_i(clock_wall_ms()));
	return r < 0 ? (int)r : 0;
}

int store_tunnel_delete(struct db *db, const char *user_id, const char *socket_id,
			const char *tunnel_id)
{
	int64_t r = db_run(db,
			   "DELETE FROM tunnel"
			   " WHERE tunnel_id = $1 AND socket_id = $2 AND user_id = $3",
			   db_t(tunnel_id), db_t(socket_id), db_t(user_id));

	if (r < 0)
		return (int)r;
	return r == 0 ? -ENOENT : 0;
}

int store_tunnel_owner(struct db *db, const char *tunnel_id, char ret_user_id[ID_UUID_SIZE],
		       char ret_socket_id[ID_UUID_SIZE])
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(db, &q, "SELECT user_id, socket_id FROM tunnel WHERE tunnel_id = $1",
			 db_t(tunnel_id));

	if (r < 0)
		return r;
	db_copy(q, 0, ret_user_id, ID_UUID_SIZE);
	db_copy(q, 1, ret_socket_id, ID_UUID_SIZE);
	return 0;
}

static int tunnel_tell(struct db *db, enum nodeapi_event event, const char *tunnel_id,
		       const char *node)
{
	char user_id[ID_UUID_SIZE];
	char socket_id[ID_UUID_SIZE];
	int r = store_tunnel_owner(db, tunnel_id, user_id, socket_id);

	if (r < 0)
		return r;
	return store_feed_add(db, event, user_id, socket_id, tunnel_id, node);
}

int store_tunnel_up(struct db *db, const char *tunnel_id, const char *node, const char *address)
{
	int64_t r =
		db_run(db, "UPDATE tunnel SET node = $1, tunnel_server = $2 WHERE tunnel_id = $3",
		       db_t(node), db_t(address), db_t(tunnel_id));

	if (r < 0)
		return (int)r;
	if (r == 0)
		return -ENOENT;
	return tunnel_tell(db, NODEAPI_TUNNEL_UP, tunnel_id, node);
}

int store_tunnel_down(struct db *db, const char *tunnel_id, const char *node)
{
	int64_t r = db_run(db, "UPDATE tunnel SET node = '' WHERE tunnel_id = $1 AND node = $2",
			   db_t(tunnel_id), db_t(node));

	if (r <= 0)
		return (int)r;
	return tunnel_tell(db, NODEAPI_TUNNEL_DOWN, tunnel_id, node);
}
