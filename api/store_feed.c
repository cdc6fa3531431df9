/* SPDX-License-Identifier: ISC */
/* The feed's rows: SQL only. The counter row is updated first, so that writers of feed rows follow one
 * another and rows appear in the order of their numbers on any database. */
#include "api/store.h"

#include <errno.h>

#include "lib/cleanup.h"
#include "lib/clock.h"

int store_feed_add(struct db *db, enum nodeapi_event event, const char *user_id,
		   const char *socket_id, const char *tunnel_id, const char *node)
{
	int64_t r = db_run(db, "UPDATE feed_position SET newest = newest + 1");

	if (r >= 0)
		r = db_run(db,
			   "INSERT INTO feed (seq, event, user_id, socket_id, tunnel_id, node, at)"
			   " SELECT newest, CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT),"
			   " CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT)"
			   " FROM feed_position",
			   db_t(nodeapi_event_name(event)), db_t(user_id ? user_id : ""),
			   db_t(socket_id ? socket_id : ""), db_t(tunnel_id ? tunnel_id : ""),
			   db_t(node ? node : ""), db_i(clock_wall_ms()));
	return r < 0 ? (int)r : 0;
}

int store_feed_range(struct db *db, int64_t *ret_pruned, int64_t *ret_newest)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(db, &q, "SELECT pruned, newest FROM feed_position");

	if (r < 0)
		return r == -ENOENT ? -EUCLEAN : r;
	*ret_pruned = db_int(q, 0);
	*ret_newest = db_int(q, 1);
	return 0;
}

int store_feed_each(struct db *db, int64_t since, int64_t limit,
		    int (*each)(const struct store_event *event, void *arg), void *arg)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	struct store_event event;
	int r;

	r = db_query(db, &q,
		     "SELECT seq, event, user_id, socket_id, tunnel_id, node FROM feed"
		     " WHERE seq > $1 ORDER BY seq LIMIT $2",
		     db_i(since), db_i(limit));
	if (r < 0)
		return r;
	while ((r = db_step(q)) > 0) {
		event = (struct store_event){
			.seq = db_int(q, 0),
			.event = db_text(q, 1),
			.user_id = db_text(q, 2),
			.socket_id = db_text(q, 3),
			.tunnel_id = db_text(q, 4),
			.node = db_text(q, 5),
		};
		r = each(&event, arg);
		if (r < 0)
			return r;
	}
	return r;
}

int store_feed_prune(struct db *db, int64_t keep, int64_t oldest_at)
{
	int64_t r;

	r = db_run(db,
		   "UPDATE feed_position SET pruned ="
		   " (SELECT COALESCE(MAX(f.seq), feed_position.pruned) FROM feed f"
		   " WHERE f.seq <= feed_position.newest - $1 OR f.at < $2)",
		   db_i(keep), db_i(oldest_at));
	if (r >= 0)
		r = db_run(db, "DELETE FROM feed WHERE seq <= (SELECT pruned FROM feed_position)");
	return r < 0 ? (int)r : 0;
}
