/* SPDX-License-Identifier: ISC */
/* A real database file with one account, for the tests of api/store.h and api/schema.h. */
#ifndef TESTS_UNIT_API_STORE_H
#define TESTS_UNIT_API_STORE_H

#include "tests/unit/unit.h"

#include "api/schema.h"
#include "api/store.h"
#include "lib/cleanup.h"

struct fixture {
	char folder[64];
	char path[100];
	struct db *db;
	struct store_account account;
};

static char why[DB_ERROR_SIZE];

static inline void make_account(struct db *db, const char *email, struct store_account *ret_account)
{
	struct store_account account = { .name = "John", .password = "x", .confirmed = true };
	auto_call(db_end) struct db_tx tx = { 0 };

	snprintf(account.email, sizeof(account.email), "%s", email);
	assert_int_equal(db_begin(db, DB_DURABLE, &tx), 0);
	assert_int_equal(store_account_add(db, &account), 0);
	assert_int_equal(db_commit(&tx), 0);
	*ret_account = account;
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	unit_folder_make(f->folder, sizeof(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/db", f->folder);
	assert_int_equal(db_open(f->path, DB_CREATE, &f->db, why), 0);
	assert_int_equal(schema_migrate(f->db, why), 0);
	make_account(f->db, "john@example.com", &f->account);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	db_close(f->db);
	unit_folder_remove(f->folder);
	free(f);
	return 0;
}

static inline int64_t number(struct db *db, const char *sql)
{
	auto_call(db_done) struct db_stmt *q = NULL;

	assert_int_equal(db_query(db, &q, sql), 0);
	assert_int_equal(db_step(q), 1);
	return db_int(q, 0);
}

static inline void make_socket(struct fixture *f, const char *label, int64_t port, int tunnels,
			       struct store_socket *ret_socket)
{
	struct store_socket socket = { .name = "s", .type = "http", .public_port = port };
	auto_call(db_end) struct db_tx tx = { 0 };

	snprintf(socket.label, sizeof(socket.label), "%s", label);
	memcpy(socket.user_id, f->account.user_id, sizeof(socket.user_id));
	assert_int_equal(db_begin(f->db, DB_DURABLE, &tx), 0);
	assert_int_equal(store_socket_add(f->db, &socket), 0);
	for (int i = 0; i < tunnels; i++) {
		struct store_tunnel tunnel = {
			.local_port = 5000 + i + number(f->db, "SELECT COUNT(*) FROM tunnel")
		};

		memcpy(tunnel.socket_id, socket.socket_id, sizeof(tunnel.socket_id));
		assert_int_equal(store_tunnel_add(f->db, f->account.user_id, &tunnel), 0);
	}
	assert_int_equal(db_commit(&tx), 0);
	*ret_socket = socket;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
