/* SPDX-License-Identifier: ISC */
/* api/store.h: sockets that change, chosen names and how they rest, and databases from before there were any. */
#include "tests/unit/api_store.h"

#include <errno.h>

#include "lib/clock.h"

/* What a program of version 1 leaves behind. */
static void make_old_database(struct fixture *f, const char *path, struct db **ret_db)
{
	assert_int_equal(db_open(path, DB_CREATE, ret_db, why), 0);
	assert_int_equal(schema_migrate_to(*ret_db, 1, why), 0);
	make_account(*ret_db, "john@example.com", &f->account);
	assert_true(
		db_run(*ret_db,
		       "INSERT INTO socket (socket_id, user_id, name, label, socket_type,"
		       " public_port, protected, protected_username, protected_secret, created_at)"
		       " VALUES ('00000000-0000-4000-8000-000000000001', $1, 's', 'a-b-1000',"
		       " 'tcp', 20001, 0, '', '', 1)",
		       db_t(f->account.user_id)) == 1);
}

static int is_as_before(const struct store_socket *socket, const struct store_tunnel *tunnel,
			void *arg)
{
	assert_string_equal(socket->label, "a-b-1000");
	assert_int_equal(socket->public_port, 20001);
	assert_false(socket->label_chosen);
	assert_string_equal(socket->settings, "{}");
	++*(int *)arg;
	return 0;
}

static void a_database_of_the_version_before_is_brought_up(void **state)
{
	struct fixture *f = *state;
	struct db *old = NULL;
	char path[100];
	int64_t newest;
	int found = 0;

	snprintf(path, sizeof(path), "%s/old", f->folder);
	make_old_database(f, path, &old);
	newest = number(old, "SELECT newest FROM feed_position");
	assert_int_equal(number(old, "SELECT MAX(version) FROM schema_version"), 1);
	assert_int_equal(schema_migrate(old, why), 0);
	assert_int_equal(number(old, "SELECT MAX(version) FROM schema_version"), schema_version());
	assert_int_equal(number(old, "SELECT newest FROM feed_position"), newest);
	assert_int_equal(store_socket_each(old, f->account.user_id, NULL, is_as_before, &found), 0);
	assert_int_equal(found, 1);
	db_close(old);
}

static int64_t label_count(struct fixture *f)
{
	int64_t count = -1;

	assert_int_equal(store_label_count(f->db, f->account.user_id, 0, &count), 0);
	return count;
}

static void a_chosen_label_rests_for_its_owner(void **state)
{
	struct fixture *f = *state;
	struct store_socket socket;
	char owner[ID_UUID_SIZE];

	make_socket(f, "my-app", 0, 0, &socket);
	socket.settings = "{}";
	socket.label_chosen = true;
	assert_int_equal(store_socket_change(f->db, &socket), 0);
	assert_int_equal(store_label_owner(f->db, "my-app", 0, owner), -ENOENT);
	assert_int_equal(label_count(f), 1);
	/* Another one: the first begins to rest. */
	snprintf(socket.label, sizeof(socket.label), "my-shop");
	assert_int_equal(store_socket_change(f->db, &socket), 0);
	assert_int_equal(store_label_owner(f->db, "my-app", 0, owner), 0);
	assert_string_equal(owner, f->account.user_id);
	assert_int_equal(store_label_owner(f->db, "my-shop", 0, owner), -ENOENT);
	assert_int_equal(label_count(f), 2);
	/* And back. */
	snprintf(socket.label, sizeof(socket.label), "my-app");
	assert_int_equal(store_socket_change(f->db, &socket), 0);
	assert_int_equal(store_label_owner(f->db, "my-app", 0, owner), -ENOENT);
	assert_int_equal(store_socket_delete(f->db, f->account.user_id, socket.socket_id), 0);
	assert_int_equal(store_label_owner(f->db, "my-app", 0, owner), 0);
	assert_int_equal(store_label_owner(f->db, "my-app", clock_wall_ms() + 1000, owner),
			 -ENOENT);
	assert_int_equal(label_count(f), 2);
	assert_true(store_prune(f->db, 0, 0, 0, clock_wall_ms() + 1000) == 2);
	assert_int_equal(label_count(f), 0);
}

static void a_made_label_does_not_rest(void **state)
{
	struct fixture *f = *state;
	struct store_socket socket;

	make_socket(f, "a-b-1000", 0, 0, &socket);
	assert_int_equal(store_socket_delete(f->db, f->account.user_id, socket.socket_id), 0);
	assert_int_equal(number(f->db, "SELECT COUNT(*) FROM resting_label"), 0);
}

static void a_deleted_accounts_labels_rest(void **state)
{
	struct fixture *f = *state;
	struct store_socket socket;
	char owner[ID_UUID_SIZE];

	make_socket(f, "my-app", 0, 0, &socket);
	socket.settings = "{\"sticky\":true}";
	socket.label_chosen = true;
	assert_int_equal(store_socket_change(f->db, &socket), 0);
	assert_int_equal(store_account_delete(f->db, f->account.user_id), 0);
	assert_int_equal(store_label_owner(f->db, "my-app", 0, owner), 0);
	assert_string_equal(owner, f->account.user_id);
}

static void only_the_owner_changes_a_socket(void **state)
{
	struct fixture *f = *state;
	struct store_socket socket;

	make_socket(f, "a-b-1000", 0, 0, &socket);
	socket.settings = "{}";
	socket.user_id[0] ^= 1;
	assert_int_equal(store_socket_change(f->db, &socket), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_database_of_the_version_before_is_brought_up),
		TEST(a_chosen_label_rests_for_its_owner),
		TEST(a_made_label_does_not_rest),
		TEST(a_deleted_accounts_labels_rest),
		TEST(only_the_owner_changes_a_socket),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("api/labels", tests, NULL, NULL);
}
