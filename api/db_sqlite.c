/* SPDX-License-Identifier: ISC */
/* The SQLite driver: WAL, so that readers never wait for the writer; prepared statements are kept per
 * connection. Writers of this process wait for each other on a mutex, which is fair and at once, and for
 * other processes (mysocket-api account) by SQLite's busy timeout. */
#include "api/db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#define DB_STATEMENTS_MAX 128
#define DB_BUSY_TIMEOUT_MS 5000

struct db_stmt {
	struct db *db;
	const char *sql;
	sqlite3_stmt *handle;
	bool busy;
};

struct db {
	sqlite3 *handle;
	enum db_sync sync;
	struct db_stmt statements[DB_STATEMENTS_MAX];
	size_t statement_count;
};

static pthread_mutex_t writer = PTHREAD_MUTEX_INITIALIZER;

static int db_errno(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
		return 0;
	case SQLITE_CONSTRAINT:
		return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY
			       ? -EEXIST
			       : -EINVAL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return -EACCES;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	default:
		return -EIO;
	}
}

/* A taken name is the caller's business; everything else is the operator's. */
static int db_failed(struct db *db, const char *what)
{
	int r = db_errno(sqlite3_extended_errcode(db->handle));

	if (r == 0)
		r = -EIO;
	if (r != -EEXIST)
		log_error("%s failed: %s", what, sqlite3_errmsg(db->handle));
	return r;
}

/* ---- statements ---------------------------------------------------------------------------------------- */

static int db_prepare(struct db *db, const char *sql, struct db_stmt **ret_stmt)
{
	struct db_stmt *stmt;

	for (size_t i = 0; i < db->statement_count; i++) {
		stmt = &db->statements[i];
		if (stmt->sql == sql) {
			if (stmt->busy)
				return -EBUSY;
			*ret_stmt = stmt;
			return 0;
		}
	}
	if (db->statement_count == DB_STATEMENTS_MAX)
		return -E2BIG;

	stmt = &db->statements[db->statement_count];
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->handle,
			       NULL) != SQLITE_OK)
		return db_failed(db, "prepare SQL");
	stmt->db = db;
	stmt->sql = sql;
	db->statement_count++;
	*ret_stmt = stmt;
	return 0;
}

/* SQLite numbers $NNN by first appearance, so each is looked up by its name. */
static int db_bind(struct db_stmt *stmt, size_t number, const struct db_arg *arg)
{
	char name[24];
	int index;
	int code;

	snprintf(name, sizeof(name), "$%zu", number);
	index = sqlite3_bind_parameter_index(stmt->handle, name);
	if (!index)
		return -EINVAL;
	if (arg->kind == DB_TEXT)
		code = sqlite3_bind_text(stmt->handle, index, arg->text, -1, SQLITE_TRANSIENT);
	else if (arg->kind == DB_INT)
		code = sqlite3_bind_int64(stmt->handle, index, arg->num);
	else
		code = sqlite3_bind_null(stmt->handle, index);
	return code == SQLITE_OK ? 0 : db_failed(stmt->db, "bind SQL");
}

int db_query_args(struct db *db, struct db_stmt **ret_stmt, const char *sql,
		  const struct db_arg *args, size_t count)
{
	struct db_stmt *stmt = NULL;
	int r = db_prepare(db, sql, &stmt);

	/* args[0] only keeps the list from being empty. */
	for (size_t i = 1; r == 0 && i < count; i++)
		r = db_bind(stmt, i, &args[i]);
	if (r < 0) {
		log_error_r(r, "cannot prepare '%s'", sql);
		return r;
	}
	stmt->busy = true;
	*ret_stmt = stmt;
	return 0;
}

int db_step(struct db_stmt *stmt)
{
	switch (sqlite3_step(stmt->handle)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return db_failed(stmt->db, stmt->sql);
	}
}

const char *db_text(struct db_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt->handle, column);

	return text ? (const char *)text : "";
}

int64_t db_int(struct db_stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt->handle, column);
}

int db_is_null(struct db_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt->handle, column) == SQLITE_NULL;
}

void db_copy(struct db_stmt *stmt, int column, char *ret_text, size_t size)
{
	snprintf(ret_text, size, "%s", db_text(stmt, column));
}

void db_done(struct db_stmt **stmt)
{
	if (!*stmt)
		return;
	sqlite3_reset((*stmt)->handle);
	sqlite3_clear_bindings((*stmt)->handle);
	(*stmt)->busy = false;
	*stmt = NULL;
}

int64_t db_run_args(struct db *db, const char *sql, const struct db_arg *args, size_t count)
{
	auto_call(db_done) struct db_stmt *stmt = NULL;
	int r;

	r = db_query_args(db, &stmt, sql, args, count);
	if (r < 0)
		return r;
	r = db_step(stmt);
	return r < 0 ? r : sqlite3_changes64(db->handle);
}

int db_script(struct db *db, const char *sql)
{
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_failed(db, sql);
	return 0;
}

/* ---- transactions -------------------------------------------------------------------------------------- */

int db_begin(struct db *db, enum db_sync sync, struct db_tx *ret_tx)
{
	int r = 0;

	pthread_mutex_lock(&writer);
	if (sync != db->sync) {
		r = db_script(db, sync == DB_DURABLE ? "PRAGMA synchronous = FULL"
						     : "PRAGMA synchronous = NORMAL");
		if (r == 0)
			db->sync = sync;
	}
	if (r == 0)
		r = db_script(db, "BEGIN IMMEDIATE");
	if (r < 0) {
		pthread_mutex_unlock(&writer);
		return r;
	}
	ret_tx->db = db;
	return 0;
}

int db_commit(struct db_tx *tx)
{
	int r = db_script(tx->db, "COMMIT");

	if (r < 0) {
		db_end(tx);
		return r;
	}
	tx->db = NULL;
	pthread_mutex_unlock(&writer);
	return 0;
}

void db_end(struct db_tx *tx)
{
	if (!tx->db)
		return;
	/* Some errors have rolled back already. */
	if (!sqlite3_get_autocommit(tx->db->handle))
		db_script(tx->db, "ROLLBACK");
	tx->db = NULL;
	pthread_mutex_unlock(&writer);
}

/* ---- connections --------------------------------------------------------------------------------------- */

/* SQLite would create it by the umask; the account data in it is nobody else's business. */
static int db_create_file(const char *path, char ret_why[DB_ERROR_SIZE])
{
	auto_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;
	int r;

	if (fd < 0) {
		r = -errno;
		snprintf(ret_why, DB_ERROR_SIZE,
			 "cannot open the database '%s': %s; its folder must exist and belong to "
			 "the user that mysocket-api runs as (setting 'database')",
			 path, strerror(-r));
		return r;
	}
	if (fstat(fd, &st) == 0 && (st.st_mode & 077))
		log_warn("database '%s' can be read by other users, run: chmod 0600 %s", path,
			 path);
	return 0;
}

int db_open(const char *path, enum db_mode mode, struct db **ret_db, char ret_why[DB_ERROR_SIZE])
{
	struct db *db;
	int r = 0;

	if (mode == DB_CREATE)
		r = db_create_file(path, ret_why);
	if (r < 0)
		return r;
	db = calloc(1, sizeof(*db));
	if (!db)
		return -ENOMEM;
	r = db_errno(sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
				     NULL));
	if (r == 0) {
		sqlite3_extended_result_codes(db->handle, 1);
		sqlite3_busy_timeout(db->handle, DB_BUSY_TIMEOUT_MS);
		r = db_errno(sqlite3_exec(db->handle,
					  "PRAGMA journal_mode = WAL;"
					  "PRAGMA synchronous = FULL;"
					  "PRAGMA foreign_keys = ON;"
					  "PRAGMA trusted_schema = OFF;",
					  NULL, NULL, NULL));
	}
	if (r < 0) {
		snprintf(ret_why, DB_ERROR_SIZE, "cannot open the database '%s': %s", path,
			 db->handle ? sqlite3_errmsg(db->handle) : strerror(-r));
		db_close(db);
		return r;
	}
	db->sync = DB_DURABLE;
	*ret_db = db;
	return 0;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < db->statement_count; i++)
		sqlite3_finalize(db->statements[i].handle);
	sqlite3_close(db->handle);
	free(db);
}

int db_changes(struct db *db, int64_t *ret_token)
{
	auto_call(db_done) struct db_stmt *stmt = NULL;
	int r;

	r = db_query(db, &stmt, "PRAGMA data_version");
	if (r < 0)
		return r;
	r = db_step(stmt);
	if (r < 0)
		return r;
	*ret_token = db_int(stmt, 0);
	return 0;
}
