/* SPDX-License-Identifier: ISC */
/* Sockets and the ports that are in use: SQL only. */
#include "api/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/clock.h"

/* `socket` holds what the last row said of it, `tunnel` is NULL where the row has none. */
static void socket_read(struct db_stmt *q, struct store_socket *ret_socket,
			struct store_tunnel *ret_tunnel)
{
	struct store_socket s = { 0 };
	struct store_tunnel t = { 0 };

	db_copy(q, 0, s.socket_id, sizeof(s.socket_id));
	db_copy(q, 1, s.user_id, sizeof(s.user_id));
	db_copy(q, 2, s.name, sizeof(s.name));
	db_copy(q, 3, s.label, sizeof(s.label));
	db_copy(q, 4, s.type, sizeof(s.type));
	s.public_port = db_int(q, 5);
	s.is_protected = db_int(q, 6) != 0;
	db_copy(q, 7, s.protected_username, sizeof(s.protected_username));
	db_copy(q, 8, s.protected_secret, sizeof(s.protected_secret));
	s.created_at = db_int(q, 9);
	s.label_chosen = db_int(q, 13) != 0;
	s.settings = db_text(q, 14);
	db_copy(q, 10, t.tunnel_id, sizeof(t.tunnel_id));
	db_copy(q, 0, t.socket_id, sizeof(t.socket_id));
	t.local_port = db_int(q, 11);
	db_copy(q, 12, t.tunnel_server, sizeof(t.tunnel_server));
	*ret_socket = s;
	*ret_tunnel = t;
}

int store_socket_each(struct db *db, const char *user_id, const char *socket_id,
		      int (*each)(const struct store_socket *socket,
				  const struct store_tunnel *tunnel, void *arg),
		      void *arg)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	struct store_socket socket;
	struct store_tunnel tunnel;
	int r;

	r = db_query(db, &q,
		     "SELECT s.socket_id, s.user_id, s.name, s.label, s.socket_type, s.public_port,"
		     " s.protected, s.protected_username, s.protected_secret, s.created_at,"
		     " t.tunnel_id, t.local_port, t.tunnel_server, s.label_chosen, s.settings"
		     " FROM socket s LEFT JOIN tunnel t ON t.socket_id = s.socket_id"
		     " WHERE s.user_id = $1 AND ($2 = '' OR s.socket_id = $2)"
		     " ORDER BY s.created_at, s.socket_id, t.created_at, t.tunnel_id",
		     db_t(user_id), db_t(socket_id ? socket_id : ""));
	if (r < 0)
		return r;
	while ((r = db_step(q)) > 0) {
		socket_read(q, &socket, &tunnel);
		r = each(&socket, tunnel.tunnel_id[0] ? &tunnel : NULL, arg);
		if (r < 0)
			return r;
	}
	return r;
}

int store_socket_check(struct db *db, const char *user_id, const char *socket_id)
{
	auto_call(db_done) struct db_stmt *q = NULL;

	return db_first(db, &q, "SELECT 1 FROM socket WHERE user_id = $1 AND socket_id = $2",
			db_t(user_id), db_t(socket_id));
}

int store_socket_count(struct db *db, const char *user_id, int64_t *ret_count)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(db, &q, "SELECT COUNT(*) FROM socket WHERE user_id = $1", db_t(user_id));

	if (r < 0)
		return r;
	*ret_count = db_int(q, 0);
	return 0;
}

int store_socket_add(struct db *db, struct store_socket *socket)
{
	int64_t r;

	store_new_id(socket->socket_id);
	socket->created_at = clock_wall_ms();
	r = db_run(db,
		   "INSERT INTO socket (socket_id, user_id, name, label, socket_type, public_port,"
		   " protected, protected_username, protected_secret, created_at, label_chosen,"
		   " settings) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		   db_t(socket->socket_id), db_t(socket->user_id), db_t(socket->name),
		   db_t(socket->label), db_t(socket->type),
		   socket->public_port ? db_i(socket->public_port) : db_null(),
		   db_i(socket->is_protected), db_t(socket->protected_username),
		   db_t(socket->protected_secret), db_i(socket->created_at),
		   db_i(socket->label_chosen), db_t(socket->settings ? socket->settings : "{}"));
	if (r >= 0 && socket->label_chosen)
		r = db_run(db, "DELETE FROM resting_label WHERE label = $1", db_t(socket->label));
	if (r >= 0 && socket->public_port)
		r = db_run(db, "DELETE FROM resting_port WHERE port = $1",
			   db_i(socket->public_port));
	return r < 0 ? (int)r : 0;
}

/* Its chosen label, unless that is `keep`, begins to rest. */
static int64_t rest_label(struct db *db, const char *user_id, const char *socket_id,
			  const char *keep)
{
	return db_run(db,
		      "INSERT INTO resting_label (label, user_id, freed_at)"
		      " SELECT label, user_id, CAST($1 AS BIGINT) FROM socket"
		      " WHERE user_id = $2 AND socket_id = $3 AND label_chosen = 1 AND label <> $4",
		      db_i(clock_wall_ms()), db_t(user_id), db_t(socket_id), db_t(keep));
}

int store_socket_change(struct db *db, const struct store_socket *socket)
{
	int64_t r = rest_label(db, socket->user_id, socket->socket_id, socket->label);

	if (r >= 0)
		r = db_run(db, "DELETE FROM resting_label WHERE label = $1", db_t(socket->label));
	if (r >= 0)
		r = db_run(db,
			   "UPDATE socket SET name = $1, label = $2, label_chosen = $3,"
			   " settings = $4 WHERE user_id = $5 AND socket_id = $6",
			   db_t(socket->name), db_t(socket->label), db_i(socket->label_chosen),
			   db_t(socket->settings), db_t(socket->user_id), db_t(socket->socket_id));
	if (r < 0)
		return (int)r;
	return r == 0 ? -ENOENT : 0;
}

int store_socket_delete(struct db *db, const char *user_id, const char *socket_id)
{
	int64_t r = db_run(db,
			   "INSERT INTO resting_port (port, freed_at)"
			   " SELECT public_port, CAST($1 AS BIGINT) FROM socket"
			   " WHERE user_id = $2 AND socket_id = $3 AND public_port IS NOT NULL",
			   db_i(clock_wall_ms()), db_t(user_id), db_t(socket_id));

	if (r >= 0)
		r = rest_label(db, user_id, socket_id, "");
	if (r >= 0)
		r = db_run(db, "DELETE FROM socket WHERE user_id = $1 AND socket_id = $2",
			   db_t(user_id), db_t(socket_id));
	if (r < 0)
		return (int)r;
	return r == 0 ? -ENOENT : 0;
}

int store_label_check(struct db *db, const char *label)
{
	auto_call(db_done) struct db_stmt *q = NULL;

	return db_first(db, &q, "SELECT 1 FROM socket WHERE label = $1", db_t(label));
}

int store_settings_size(struct db *db, const char *user_id, const char *except, int64_t *ret_size)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(db, &q,
			 "SELECT COALESCE(SUM(LENGTH(settings)), 0) FROM socket"
			 " WHERE user_id = $1 AND socket_id <> $2",
			 db_t(user_id), db_t(except ? except : ""));

	if (r < 0)
		return r;
	*ret_size = db_int(q, 0);
	return 0;
}

int store_label_owner(struct db *db, const char *label, int64_t rest_since,
		      char ret_user_id[ID_UUID_SIZE])
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(db, &q,
			 "SELECT user_id FROM resting_label WHERE label = $1 AND freed_at > $2",
			 db_t(label), db_i(rest_since));

	if (r < 0)
		return r;
	db_copy(q, 0, ret_user_id, ID_UUID_SIZE);
	return 0;
}

int store_label_count(struct db *db, const char *user_id, int64_t rest_since, int64_t *ret_count)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(
		db, &q,
		"SELECT (SELECT COUNT(*) FROM socket WHERE user_id = $1 AND label_chosen = 1)"
		" + (SELECT COUNT(*) FROM resting_label WHERE user_id = $1 AND freed_at > $2)",
		db_t(user_id), db_i(rest_since));

	if (r < 0)
		return r;
	*ret_count = db_int(q, 0);
	return 0;
}

int store_label_port(struct db *db, const char *label, char ret_type[STORE_TYPE_SIZE],
		     int64_t *ret_port)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(db, &q,
			 "SELECT socket_type, public_port FROM socket"
			 " WHERE label = $1 AND public_port IS NOT NULL",
			 db_t(label));

	if (r < 0)
		return r;
	db_copy(q, 0, ret_type, STORE_TYPE_SIZE);
	*ret_port = db_int(q, 1);
	return 0;
}

/* Rows of (port, state). */
static int ports_mark(struct db_stmt *q, unsigned char map[65536])
{
	int r;

	while ((r = db_step(q)) > 0) {
		int64_t port = db_int(q, 0);

		if (port > 0 && port < 65536)
			map[port] = (unsigned char)db_int(q, 1);
	}
	return r;
}

int store_ports_public(struct db *db, int64_t rest_since, unsigned char map[65536])
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r;

	r = db_query(db, &q,
		     "SELECT port, 1 FROM resting_port WHERE freed_at > $1"
		     " UNION ALL"
		     " SELECT public_port, 2 FROM socket WHERE public_port IS NOT NULL",
		     db_i(rest_since));
	return r < 0 ? r : ports_mark(q, map);
}

int store_ports_relay(struct db *db, const char *user_id, unsigned char map[65536])
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_query(db, &q, "SELECT local_port, 2 FROM tunnel WHERE user_id = $1",
			 db_t(user_id));

	return r < 0 ? r : ports_mark(q, map);
}
