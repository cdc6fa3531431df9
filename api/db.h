/* SPDX-License-Identifier: ISC */
/* The database driver: the few calls that SQL needs, so that a second driver (PostgreSQL) is one more file.
 * SQL is what both understand: parameters $1..$n, no vendor functions; it lives in store_*.c and schema.c.
 * A `struct db` is one connection and belongs to one thread at a time (db_pool_get). */
#ifndef API_DB_H
#define API_DB_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_stmt;
struct db_pool;

#define DB_ERROR_SIZE 400

/* ---- values for parameters ---- */
enum db_kind { DB_NULL, DB_TEXT, DB_INT };

struct db_arg {
	enum db_kind kind;
	const char *text;
	int64_t num;
};

/* NULL is SQL's NULL. Texts are read during the call that gets them, not later. */
static inline struct db_arg db_t(const char *text)
{
	return (struct db_arg){ .kind = text ? DB_TEXT : DB_NULL, .text = text };
}

static inline struct db_arg db_i(int64_t num)
{
	return (struct db_arg){ .kind = DB_INT, .num = num };
}

static inline struct db_arg db_null(void)
{
	return (struct db_arg){ .kind = DB_NULL };
}

/* ---- statements ---- */
/* Prepares (once per connection: `sql` must live as long as the program) and binds. 0; negative errno. */
#define db_query(db, ret_stmt, sql, ...)                                                      \
	db_query_args(db, ret_stmt, sql, (const struct db_arg[]){ db_null(), ##__VA_ARGS__ }, \
		      sizeof((const struct db_arg[]){ db_null(), ##__VA_ARGS__ }) /           \
			      sizeof(struct db_arg))
int db_query_args(struct db *db, struct db_stmt **ret_stmt, const char *sql,
		  const struct db_arg *args, size_t count);

/* 1: a row is there; 0: no more rows; -EEXIST: a UNIQUE constraint; -EBUSY: another process writes for too
 * long; another negative errno: the database failed (logged). */
int db_step(struct db_stmt *stmt);
/* Columns of the row, from 0. Text is never NULL ("" for SQL's NULL) and lives until the next step. */
const char *db_text(struct db_stmt *stmt, int column);
int64_t db_int(struct db_stmt *stmt, int column);
int db_is_null(struct db_stmt *stmt, int column);
/* Copies a text column, cut at size - 1 bytes. */
void db_copy(struct db_stmt *stmt, int column, char *ret_text, size_t size);
/* Gives the statement back; for auto_call(db_done). */
void db_done(struct db_stmt **stmt);

/* The same as db_query(), and takes the first row: 0; -ENOENT: there is none; as db_step(). */
#define db_first(db, ret_stmt, sql, ...)                                                      \
	db_first_args(db, ret_stmt, sql, (const struct db_arg[]){ db_null(), ##__VA_ARGS__ }, \
		      sizeof((const struct db_arg[]){ db_null(), ##__VA_ARGS__ }) /           \
			      sizeof(struct db_arg))
static inline int db_first_args(struct db *db, struct db_stmt **ret_stmt, const char *sql,
				const struct db_arg *args, size_t count)
{
	int r = db_query_args(db, ret_stmt, sql, args, count);

	if (r == 0)
		r = db_step(*ret_stmt);
	return r > 0 ? 0 : r < 0 ? r : -ENOENT;
}

/* Runs a statement that returns no rows: the number of rows that it changed, or as db_step(). */
#define db_run(db, sql, ...)                                                      \
	db_run_args(db, sql, (const struct db_arg[]){ db_null(), ##__VA_ARGS__ }, \
		    sizeof((const struct db_arg[]){ db_null(), ##__VA_ARGS__ }) / \
			    sizeof(struct db_arg))
int64_t db_run_args(struct db *db, const char *sql, const struct db_arg *args, size_t count);

/* Runs a script without parameters (migrations). 0 or a negative errno. */
int db_script(struct db *db, const char *sql);

/* ---- transactions: one writer at a time ---- */
enum db_sync {
	DB_DURABLE, /* on the disk when db_commit() returns */
	DB_RELAXED, /* may be lost with the machine's power, not with the program: what nodes tell again anyway */
};

struct db_tx {
	struct db *db; /* NULL: not open */
};

int db_begin(struct db *db, enum db_sync sync, struct db_tx *ret_tx);
/* 0, or a negative errno: then nothing was changed. Either way the transaction is over. */
int db_commit(struct db_tx *tx);
/* Rolls back unless it was committed; for auto_call(db_end). */
void db_end(struct db_tx *tx);

/* ---- connections ---- */
enum db_mode { DB_CREATE, DB_EXISTING };

/* Opens `path`; DB_CREATE makes a missing file with mode 0600. Else a negative errno and a sentence. */
int db_open(const char *path, enum db_mode mode, struct db **ret_db, char ret_why[DB_ERROR_SIZE]);
void db_close(struct db *db);
/* For auto_call(). */
static inline void db_drop(struct db **db)
{
	db_close(*db);
}
/* A number that differs from the last call's when anybody else changed the database. */
int db_changes(struct db *db, int64_t *ret_token);

/* `size` connections that threads share. */
int db_pool_open(const char *path, size_t size, struct db_pool **ret_pool,
		 char ret_why[DB_ERROR_SIZE]);
/* Waits for a free one; never fails. */
struct db *db_pool_get(struct db_pool *pool);
void db_pool_put(struct db_pool *pool, struct db *db);
/* All connections must be back. */
void db_pool_close(struct db_pool *pool);

#endif
