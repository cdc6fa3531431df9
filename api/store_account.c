/* SPDX-License-Identifier: ISC */
/* Accounts and the confirmation of their e-mail addresses: SQL only. */
#include "api/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/clock.h"

#define ACCOUNT_COLUMNS "user_id, name, email, password, confirmed, suspended, created_at"

void store_new_id(char ret_id[ID_UUID_SIZE])
{
	char user[ID_USER_SIZE];
	unsigned char raw[16];

	randombytes_buf(raw, sizeof(raw));
	raw[6] = (unsigned char)((raw[6] & 0x0f) | 0x40); /* RFC 4122 4.4: version 4 */
	raw[8] = (unsigned char)((raw[8] & 0x3f) | 0x80);
	sodium_bin2hex(user, sizeof(user), raw, sizeof(raw));
	id_uuid_from_user(user, ret_id);
}

static void account_read(struct db_stmt *q, struct store_account *ret_account)
{
	struct store_account a = { 0 };

	db_copy(q, 0, a.user_id, sizeof(a.user_id));
	db_copy(q, 1, a.name, sizeof(a.name));
	db_copy(q, 2, a.email, sizeof(a.email));
	db_copy(q, 3, a.password, sizeof(a.password));
	a.confirmed = db_int(q, 4) != 0;
	a.suspended = db_int(q, 5) != 0;
	a.created_at = db_int(q, 6);
	*ret_account = a;
}

int store_account_get(struct db *db, const char *user_id, struct store_account *ret_account)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(db, &q, "SELECT " ACCOUNT_COLUMNS " FROM account WHERE user_id = $1",
			 db_t(user_id));

	if (r == 0)
		account_read(q, ret_account);
	return r;
}

int store_account_by_email(struct db *db, const char *email, struct store_account *ret_account)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(db, &q, "SELECT " ACCOUNT_COLUMNS " FROM account WHERE email = $1",
			 db_t(email));

	if (r == 0)
		account_read(q, ret_account);
	return r;
}

int store_account_each(struct db *db, const char *email,
		       void (*each)(const struct store_account *account, void *arg), void *arg)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	struct store_account account;
	int r;

	r = db_query(db, &q,
		     "SELECT " ACCOUNT_COLUMNS " FROM account WHERE $1 = '' OR email = $1"
		     " ORDER BY created_at, user_id",
		     db_t(email ? email : ""));
	if (r < 0)
		return r;
	while ((r = db_step(q)) > 0) {
		account_read(q, &account);
		each(&account, arg);
	}
	return r;
}

int store_account_add(struct db *db, struct store_account *account)
{
	int64_t r;

	store_new_id(account->user_id);
	account->created_at = clock_wall_ms();
	r = db_run(db,
		   "INSERT INTO account (" ACCOUNT_COLUMNS ")"
		   " VALUES ($1, $2, $3, $4, $5, $6, $7)",
		   db_t(account->user_id), db_t(account->name), db_t(account->email),
		   db_t(account->password), db_i(account->confirmed), db_i(account->suspended),
		   db_i(account->created_at));
	return r < 0 ? (int)r : 0;
}

/* Turns "how many rows" into "was it there". */
static int changed(int64_t r)
{
	if (r < 0)
		return (int)r;
	return r == 0 ? -ENOENT : 0;
}

int store_account_confirm(struct db *db, const char *user_id)
{
	int64_t r = db_run(db, "DELETE FROM confirmation WHERE user_id = $1", db_t(user_id));

	if (r < 0)
		return (int)r;
	return changed(
		db_run(db, "UPDATE account SET confirmed = 1 WHERE user_id = $1", db_t(user_id)));
}

int store_account_suspend(struct db *db, const char *user_id, bool suspended)
{
	return changed(db_run(db, "UPDATE account SET suspended = $1 WHERE user_id = $2",
			      db_i(suspended), db_t(user_id)));
}

int store_account_delete(struct db *db, const char *user_id)
{
	int64_t r = db_run(db,
			   "INSERT INTO resting_port (port, freed_at)"
			   " SELECT public_port, CAST($1 AS BIGINT) FROM socket"
			   " WHERE user_id = $2 AND public_port IS NOT NULL",
			   db_i(clock_wall_ms()), db_t(user_id));

	if (r >= 0)
		r = db_run(db,
			   "INSERT INTO resting_label (label, user_id, freed_at)"
			   " SELECT label, user_id, CAST($1 AS BIGINT) FROM socket"
			   " WHERE user_id = $2 AND label_chosen = 1",
			   db_i(clock_wall_ms()), db_t(user_id));
	if (r < 0)
		return (int)r;
	return changed(db_run(db, "DELETE FROM account WHERE user_id = $1", db_t(user_id)));
}

int store_confirmation_add(struct db *db, const char *token_hash, const char *user_id,
			   int64_t expires_at)
{
	int64_t r = db_run(db,
			   "INSERT INTO confirmation (token_hash, user_id, expires_at)"
			   " VALUES ($1, $2, $3)",
			   db_t(token_hash), db_t(user_id), db_i(expires_at));

	return r < 0 ? (int)r : 0;
}

int store_confirmation_get(struct db *db, const char *token_hash, int64_t now,
			   char ret_user_id[ID_UUID_SIZE])
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(
		db, &q,
		"SELECT user_id FROM confirmation WHERE token_hash = $1 AND expires_at > $2",
		db_t(token_hash), db_i(now));

	if (r < 0)
		return r;
	db_copy(q, 0, ret_user_id, ID_UUID_SIZE);
	return 0;
}

int store_confirmation_pending(struct db *db, const char *user_id, int64_t now)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r;

	r = db_query(db, &q,
		     "SELECT 1 FROM confirmation WHERE user_id = $1 AND expires_at > $2 LIMIT 1",
		     db_t(user_id), db_i(now));
	return r < 0 ? r : db_step(q);
}
