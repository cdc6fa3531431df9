/* SPDX-License-Identifier: ISC */
/* Accounts' ssh keys: SQL only. What is a key was decided by lib/sshkey. */
#include "api/store.h"

#include <errno.h>

#include "lib/base64.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/sshkey.h"
#include "lib/strbuf.h"

int store_key_each(struct db *db, const char *user_id,
		   int (*each)(const struct store_key *key, void *arg), void *arg)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	struct store_key key;
	int r;

	r = db_query(db, &q,
		     "SELECT key_id, key_type, key_blob, comment, created_at FROM ssh_key"
		     " WHERE user_id = $1 ORDER BY created_at, key_id",
		     db_t(user_id));
	if (r < 0)
		return r;
	while ((r = db_step(q)) > 0) {
		db_copy(q, 0, key.key_id, sizeof(key.key_id));
		key.type = db_text(q, 1);
		key.blob = db_text(q, 2);
		key.comment = db_text(q, 3);
		key.created_at = db_int(q, 4);
		r = each(&key, arg);
		if (r < 0)
			return r;
	}
	return r;
}

int store_key_count(struct db *db, const char *user_id, int64_t *ret_count)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(db, &q, "SELECT COUNT(*) FROM ssh_key WHERE user_id = $1", db_t(user_id));

	if (r < 0)
		return r;
	*ret_count = db_int(q, 0);
	return 0;
}

int store_key_add(struct db *db, const char *user_id, const struct sshkey *key,
		  char ret_key_id[ID_UUID_SIZE])
{
	auto_call(strbuf_clear) struct strbuf blob = STRBUF_INIT((size_t)2 * SSHKEY_TEXT_MAX);
	int64_t r;

	base64_encode(&blob, key->blob, key->blob_len);
	r = strbuf_error(&blob);
	if (r < 0)
		return (int)r;
	store_new_id(ret_key_id);
	r = db_run(db,
		   "INSERT INTO ssh_key (key_id, user_id, key_type, key_blob, comment, created_at)"
		   " VALUES ($1, $2, $3, $4, $5, $6)",
		   db_t(ret_key_id), db_t(user_id), db_t(key->type), db_t(blob.buf),
		   db_t(key->comment), db_i(clock_wall_ms()));
	return r < 0 ? (int)r : 0;
}

int store_key_delete(struct db *db, const char *user_id, const char *key_id)
{
	int64_t r = db_run(db, "DELETE FROM ssh_key WHERE user_id = $1 AND key_id = $2",
			   db_t(user_id), db_t(key_id));

	if (r < 0)
		return (int)r;
	return r == 0 ? -ENOENT : 0;
}
