/* SPDX-License-Identifier: ISC */
/* Steps are only ever added: a released one is never changed, since databases that ran it exist. Times are
 * milliseconds since the epoch, flags 0 or 1, ids UUIDs as text. */
#include "api/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/clock.h"

static const char *const steps[] = {
	"CREATE TABLE account ("
	"  user_id TEXT PRIMARY KEY,"
	"  name TEXT NOT NULL,"
	"  email TEXT NOT NULL UNIQUE,"
	"  password TEXT NOT NULL," /* Argon2id, libsodium's text form */
	"  confirmed INTEGER NOT NULL,"
	"  suspended INTEGER NOT NULL,"
	"  created_at BIGINT NOT NULL);"

	"CREATE TABLE ssh_key ("
	"  key_id TEXT PRIMARY KEY,"
	"  user_id TEXT NOT NULL REFERENCES account (user_id) ON DELETE CASCADE,"
	"  key_type TEXT NOT NULL,"
	"  key_blob TEXT NOT NULL," /* base64 */
	"  comment TEXT NOT NULL,"
	"  created_at BIGINT NOT NULL,"
	"  UNIQUE (user_id, key_blob));"

	"CREATE TABLE socket ("
	"  socket_id TEXT PRIMARY KEY,"
	"  user_id TEXT NOT NULL REFERENCES account (user_id) ON DELETE CASCADE,"
	"  name TEXT NOT NULL,"
	"  label TEXT NOT NULL UNIQUE," /* first label of the public name */
	"  socket_type TEXT NOT NULL,"
	"  public_port INTEGER UNIQUE," /* of tcp and tls sockets */
	"  protected INTEGER NOT NULL,"
	"  protected_username TEXT NOT NULL,"
	"  protected_secret TEXT NOT NULL," /* salt:SHA256 */
	"  created_at BIGINT NOT NULL);"
	"CREATE INDEX socket_user ON socket (user_id, created_at);"

	"CREATE TABLE tunnel ("
	"  tunnel_id TEXT PRIMARY KEY,"
	"  socket_id TEXT NOT NULL REFERENCES socket (socket_id) ON DELETE CASCADE,"
	"  user_id TEXT NOT NULL REFERENCES account (user_id) ON DELETE CASCADE,"
	"  local_port INTEGER NOT NULL," /* the relay port, unique within the account */
	"  tunnel_server TEXT NOT NULL," /* where it was last connected */
	"  node TEXT NOT NULL,"		 /* where it is connected now */
	"  created_at BIGINT NOT NULL,"
	"  UNIQUE (user_id, local_port));"
	"CREATE INDEX tunnel_socket ON tunnel (socket_id, created_at);"

	/* Public ports of deleted sockets: given out again only after a rest. */
	"CREATE TABLE resting_port ("
	"  port INTEGER PRIMARY KEY,"
	"  freed_at BIGINT NOT NULL);"

	"CREATE TABLE confirmation ("
	"  token_hash TEXT PRIMARY KEY,"
	"  user_id TEXT NOT NULL REFERENCES account (user_id) ON DELETE CASCADE,"
	"  expires_at BIGINT NOT NULL);"
	"CREATE INDEX confirmation_user ON confirmation (user_id);"

	"CREATE TABLE feed ("
	"  seq BIGINT PRIMARY KEY,"
	"  event TEXT NOT NULL,"
	"  user_id TEXT NOT NULL,"
	"  socket_id TEXT NOT NULL,"
	"  tunnel_id TEXT NOT NULL,"
	"  node TEXT NOT NULL,"
	"  at BIGINT NOT NULL);"

	/* One row. A counter of our own, since a sequence may become visible out of order where transactions
	 * run side by side: a follower would then miss rows. `pruned`: rows up to it are gone. */
	"CREATE TABLE feed_position ("
	"  newest BIGINT NOT NULL,"
	"  pruned BIGINT NOT NULL);",

	/* What lib/socketconf.h writes of what is not at its default. */
	"ALTER TABLE socket ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';"
	"ALTER TABLE socket ADD COLUMN label_chosen INTEGER NOT NULL DEFAULT 0;"

	/* Chosen names of sockets that are gone: only who had one gets it again, until it has rested. No reference to
	 * the account, which may be gone as well. */
	"CREATE TABLE resting_label ("
	"  label TEXT PRIMARY KEY,"
	"  user_id TEXT NOT NULL,"
	"  freed_at BIGINT NOT NULL);"
	"CREATE INDEX resting_label_user ON resting_label (user_id);",

	/* Names of their owners' own: claims, of which one at most is proven. */
	"CREATE TABLE domain ("
	"  domain TEXT NOT NULL,"
	"  user_id TEXT NOT NULL REFERENCES account (user_id) ON DELETE CASCADE,"
	"  socket_id TEXT REFERENCES socket (socket_id) ON DELETE SET NULL,"
	"  proof TEXT NOT NULL,"	 /* what a TXT record must say */
	"  verified_at BIGINT NOT NULL," /* 0: not proven */
	"  certificate TEXT NOT NULL,"	 /* PEM, with the key */
	"  not_after BIGINT NOT NULL,"	 /* of that; 0: there is none */
	"  created_at BIGINT NOT NULL,"
	"  PRIMARY KEY (user_id, domain));"
	"CREATE UNIQUE INDEX domain_verified ON domain (domain) WHERE verified_at > 0;"
	"CREATE INDEX domain_socket ON domain (socket_id);",
};

int schema_version(void)
{
	return ARRAY_SIZE(steps);
}

static int schema_read_version(struct db *db, int64_t *ret_version)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r;

	r = db_script(db, "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
	if (r < 0)
		return r;
	r = db_first(db, &q, "SELECT COALESCE(MAX(version), 0) FROM schema_version");
	if (r < 0)
		return r;
	*ret_version = db_int(q, 0);
	return 0;
}

/* A feed starts at the time of its creation, in ms, so that positions of an older database that was replaced
 * lie outside what is kept and nodes notice. */
static int schema_start_feed(struct db *db)
{
	int64_t r = db_run(db,
			   "INSERT INTO feed_position (newest, pruned)"
			   " SELECT CAST($1 AS BIGINT), CAST($1 AS BIGINT)"
			   " WHERE NOT EXISTS (SELECT 1 FROM feed_position)",
			   db_i(clock_wall_ms()));

	return r < 0 ? (int)r : 0;
}

static int schema_run_steps(struct db *db, int64_t version, int64_t to)
{
	int64_t r;

	for (size_t i = (size_t)version; i < (size_t)to; i++) {
		r = db_script(db, steps[i]);
		if (r == 0)
			r = db_run(db, "INSERT INTO schema_version (version) VALUES ($1)",
				   db_i((int64_t)i + 1));
		if (r < 0)
			return (int)r;
	}
	return schema_start_feed(db);
}

int schema_migrate_to(struct db *db, int to, char ret_why[DB_ERROR_SIZE])
{
	auto_call(db_end) struct db_tx tx = { 0 };
	int64_t version = 0;
	int r;

	r = db_begin(db, DB_DURABLE, &tx);
	if (r == 0)
		r = schema_read_version(db, &version);
	if (r == 0 && (version < 0 || version > schema_version())) {
		snprintf(ret_why, DB_ERROR_SIZE,
			 "the database has version %" PRId64
			 ", this program knows versions up to %d: "
			 "start the newer mysocket-api that made it",
			 version, schema_version());
		return -EPROTO;
	}
	if (r == 0)
		r = schema_run_steps(db, version, to);
	if (r == 0)
		r = db_commit(&tx);
	if (r < 0)
		snprintf(ret_why, DB_ERROR_SIZE, "cannot set up the database: %s", strerror(-r));
	return r;
}

int schema_migrate(struct db *db, char ret_why[DB_ERROR_SIZE])
{
	return schema_migrate_to(db, schema_version(), ret_why);
}
