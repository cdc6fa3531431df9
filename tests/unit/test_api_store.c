/* SPDX-License-Identifier: ISC */
/* api/db.h, api/schema.h and api/store.h on a real database file. */
#include "tests/unit/api_store.h"

#include <errno.h>
#include <sys/stat.h>

#include "lib/clock.h"
#include "lib/sshkey.h"

/* ---- files and versions -------------------------------------------------------------------------------- */

static void a_new_database_is_its_owners_alone(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void migrating_again_changes_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t newest = number(f->db, "SELECT newest FROM feed_position");

	assert_int_equal(schema_migrate(f->db, why), 0);
	assert_int_equal(number(f->db, "SELECT COUNT(*) FROM schema_version"), schema_version());
	assert_int_equal(number(f->db, "SELECT newest FROM feed_position"), newest);
	assert_int_equal(number(f->db, "SELECT COUNT(*) FROM account"), 1);
}

static void a_newer_database_is_refused_and_left_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(db_script(f->db, "INSERT INTO schema_version VALUES (99)"), 0);
	assert_int_equal(schema_migrate(f->db, why), -EPROTO);
	assert_non_null(strstr(why, "version 99"));
	assert_non_null(strstr(why, "newer mysocket-api"));
	assert_int_equal(number(f->db, "SELECT COUNT(*) FROM schema_version"),
			 schema_version() + 1);
}

static void what_is_no_database_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[120];
	struct db *db = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "%s/noise", f->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	assert_int_equal(db_open(path, DB_CREATE, &db, why), -EUCLEAN);
	assert_null(db);
	assert_non_null(strstr(why, path));
}

static void a_missing_folder_is_named_with_the_remedy(void **state)
{
	struct db *db = NULL;

	assert_int_equal(db_open("/nonexistent/db", DB_CREATE, &db, why), -ENOENT);
	assert_non_null(strstr(why, "/nonexistent/db"));
	assert_non_null(strstr(why, "setting 'database'"));
	assert_int_not_equal(db_open("/nonexistent/db", DB_EXISTING, &db, why), 0);
}

/* ---- the driver ---------------------------------------------------------------------------------------- */

static void parameters_are_bound_by_number_not_by_order(void **state)
{
	struct fixture *f = *state;
	auto_call(db_done) struct db_stmt *q = NULL;

	assert_int_equal(db_query(f->db, &q, "SELECT $3, $1, $2, $1", db_t("one"), db_i(2),
				  db_null()),
			 0);
	assert_int_equal(db_step(q), 1);
	assert_true(db_is_null(q, 0));
	assert_string_equal(db_text(q, 0), "");
	assert_string_equal(db_text(q, 1), "one");
	assert_int_equal(db_int(q, 2), 2);
	assert_string_equal(db_text(q, 3), "one");
	assert_int_equal(db_step(q), 0);
}

static void a_transaction_that_is_not_committed_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct db_tx tx = { 0 };

	assert_int_equal(db_begin(f->db, DB_DURABLE, &tx), 0);
	assert_int_equal(store_account_suspend(f->db, f->account.user_id, true), 0);
	db_end(&tx);
	assert_int_equal(number(f->db, "SELECT suspended FROM account"), 0);
	/* And the next one can begin. */
	assert_int_equal(db_begin(f->db, DB_RELAXED, &tx), 0);
	assert_int_equal(db_commit(&tx), 0);
}

static void another_connections_commit_is_noticed(void **state)
{
	struct fixture *f = *state;
	auto_call(db_drop) struct db *other = NULL;
	int64_t before, after;

	assert_int_equal(db_open(f->path, DB_EXISTING, &other, why), 0);
	assert_int_equal(db_changes(other, &before), 0);
	assert_int_equal(db_changes(other, &after), 0);
	assert_int_equal(before, after);
	assert_int_equal(db_script(f->db, "UPDATE account SET suspended = 1"), 0);
	assert_int_equal(db_changes(other, &after), 0);
	assert_int_not_equal(before, after);
}

/* ---- accounts ------------------------------------------------------------------------------------------ */

static void an_account_is_found_by_id_and_email(void **state)
{
	struct fixture *f = *state;
	struct store_account account;

	assert_true(id_is_uuid(f->account.user_id));
	assert_int_equal(f->account.user_id[14], '4'); /* RFC 4122: version */
	assert_int_equal(store_account_get(f->db, f->account.user_id, &account), 0);
	assert_string_equal(account.email, "john@example.com");
	assert_int_equal(store_account_by_email(f->db, "john@example.com", &account), 0);
	assert_string_equal(account.user_id, f->account.user_id);
	assert_int_equal(store_account_by_email(f->db, "jane@example.com", &account), -ENOENT);
}

static void an_email_belongs_to_one_account(void **state)
{
	struct fixture *f = *state;
	struct store_account account = f->account;

	assert_int_equal(store_account_add(f->db, &account), -EEXIST);
}

static void deleting_an_account_deletes_what_is_its(void **state)
{
	struct fixture *f = *state;
	struct store_socket socket;

	make_socket(f, "long-hill-8399", 20001, 2, &socket);
	assert_int_equal(store_account_delete(f->db, f->account.user_id), 0);
	assert_int_equal(number(f->db, "SELECT COUNT(*) FROM socket"), 0);
	assert_int_equal(number(f->db, "SELECT COUNT(*) FROM tunnel"), 0);
	assert_int_equal(number(f->db, "SELECT COUNT(*) FROM resting_port WHERE port = 20001"), 1);
	assert_int_equal(store_account_delete(f->db, f->account.user_id), -ENOENT);
}

static void a_confirmation_ends_with_its_time_or_its_use(void **state)
{
	struct fixture *f = *state;
	char user_id[ID_UUID_SIZE];

	assert_int_equal(store_confirmation_add(f->db, "hash", f->account.user_id, 1000), 0);
	assert_int_equal(store_confirmation_get(f->db, "hash", 999, user_id), 0);
	assert_string_equal(user_id, f->account.user_id);
	assert_int_equal(store_confirmation_get(f->db, "hash", 1000, user_id), -ENOENT);
	assert_int_equal(store_confirmation_pending(f->db, user_id, 999), 1);
	assert_int_equal(store_account_confirm(f->db, user_id), 0);
	assert_int_equal(store_confirmation_pending(f->db, user_id, 999), 0);
	assert_int_equal(store_confirmation_get(f->db, "hash", 999, user_id), -ENOENT);
}

static void pruning_keeps_what_still_matters(void **state)
{
	struct fixture *f = *state;
	struct store_account late;

	make_account(f->db, "late@example.com", &late);
	assert_int_equal(db_script(f->db, "UPDATE account SET confirmed = 0, created_at = 10"
					  " WHERE email = 'late@example.com'"),
			 0);
	assert_int_equal(store_confirmation_add(f->db, "hash", late.user_id, 1000), 0);
	assert_int_equal(store_prune(f->db, 999, 500, 0, 0), 0);
	assert_int_equal(store_prune(f->db, 1000, 500, 0, 0), 2); /* the link, then the account */
	assert_int_equal(number(f->db, "SELECT COUNT(*) FROM account"), 1);
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

#define KEY                                                                                 \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFtVV2hLGhHVXtBOmYUSG4Zd3hNpsbU1S2TB0b0R8Rvf " \
	"john@laptop"

static int count_key(const struct store_key *key, void *arg)
{
	assert_string_equal(key->type, "ssh-ed25519");
	assert_string_equal(key->comment, "john@laptop");
	++*(int *)arg;
	return 0;
}

static void a_key_is_an_accounts_once(void **state)
{
	struct fixture *f = *state;
	auto_call(sshkey_clear) struct sshkey key = { 0 };
	struct store_account other;
	char key_id[ID_UUID_SIZE];
	const char *reason = NULL;
	int count = 0;

	assert_int_equal(sshkey_parse(KEY, strlen(KEY), &key, &reason), 0);
	assert_int_equal(store_key_add(f->db, f->account.user_id, &key, key_id), 0);
	assert_int_equal(store_key_each(f->db, f->account.user_id, count_key, &count), 0);
	assert_int_equal(count, 1);
	make_account(f->db, "other@example.com", &other);
	assert_int_equal(store_key_delete(f->db, other.user_id, key_id), -ENOENT);
	assert_int_equal(store_key_delete(f->db, f->account.user_id, key_id), 0);
	assert_int_equal(store_key_add(f->db, f->account.user_id, &key, key_id), 0);
	assert_int_equal(store_key_add(f->db, f->account.user_id, &key, key_id), -EEXIST);
}

/* ---- sockets and tunnels ------------------------------------------------------------------------------- */

static int count_rows(const struct store_socket *socket, const struct store_tunnel *tunnel,
		      void *arg)
{
	int *counts = arg;

	assert_string_equal(socket->name, "s");
	counts[tunnel ? 1 : 0]++;
	return 0;
}

static void sockets_come_with_their_tunnels_and_without(void **state)
{
	struct fixture *f = *state;
	struct store_socket socket;
	struct store_account other;
	int counts[2] = { 0 };

	make_socket(f, "a-b-1000", 0, 0, &socket);
	make_socket(f, "a-b-1001", 0, 3, &socket);
	assert_int_equal(store_socket_each(f->db, f->account.user_id, NULL, count_rows, counts), 0);
	assert_int_equal(counts[0], 1);
	assert_int_equal(counts[1], 3);
	make_account(f->db, "other@example.com", &other);
	memset(counts, 0, sizeof(counts));
	assert_int_equal(store_socket_each(f->db, other.user_id, socket.socket_id, count_rows,
					   counts),
			 0);
	assert_int_equal(counts[0] + counts[1], 0);
	assert_int_equal(store_socket_check(f->db, other.user_id, socket.socket_id), -ENOENT);
	assert_int_equal(store_socket_delete(f->db, other.user_id, socket.socket_id), -ENOENT);
}

static void a_label_is_given_once_and_free_after_deletion(void **state)
{
	struct fixture *f = *state;
	struct store_socket socket, again;

	make_socket(f, "long-hill-8399", 0, 1, &socket);
	assert_int_equal(store_label_check(f->db, "long-hill-8399"), 0);
	again = socket;
	assert_int_equal(store_socket_add(f->db, &again), -EEXIST);
	assert_int_equal(store_socket_delete(f->db, f->account.user_id, socket.socket_id), 0);
	assert_int_equal(store_label_check(f->db, "long-hill-8399"), -ENOENT);
	assert_int_equal(number(f->db, "SELECT COUNT(*) FROM tunnel"), 0);
}

static void a_name_with_a_port_of_its_own_tells_type_and_port(void **state)
{
	struct fixture *f = *state;
	struct store_socket web, tcp = { .name = "s", .type = "tcp", .public_port = 20123 };
	char type[STORE_TYPE_SIZE] = "-";
	int64_t port = -1;

	make_socket(f, "long-hill-8399", 0, 1, &web);
	snprintf(tcp.label, sizeof(tcp.label), "%s", "wide-lake-1000");
	memcpy(tcp.user_id, f->account.user_id, sizeof(tcp.user_id));
	assert_int_equal(store_socket_add(f->db, &tcp), 0);
	assert_int_equal(store_label_port(f->db, "long-hill-8399", type, &port), -ENOENT);
	assert_int_equal(store_label_port(f->db, "no-body-1000", type, &port), -ENOENT);
	assert_string_equal(type, "-");
	assert_int_equal(port, -1);
	assert_int_equal(store_label_port(f->db, "wide-lake-1000", type, &port), 0);
	assert_string_equal(type, "tcp");
	assert_int_equal(port, 20123);
}

static void a_public_port_rests_after_its_socket(void **state)
{
	static unsigned char map[65536];
	struct fixture *f = *state;
	struct store_socket socket;
	int64_t now = clock_wall_ms();

	make_socket(f, "a-b-1000", 20007, 0, &socket);
	assert_int_equal(store_ports_public(f->db, now - 1000, map), 0);
	assert_int_equal(map[20007], STORE_PORT_USED);
	assert_int_equal(store_socket_delete(f->db, f->account.user_id, socket.socket_id), 0);
	memset(map, 0, sizeof(map));
	assert_int_equal(store_ports_public(f->db, now - 1000, map), 0);
	assert_int_equal(map[20007], STORE_PORT_RESTING);
	memset(map, 0, sizeof(map));
	assert_int_equal(store_ports_public(f->db, now + 60000, map), 0);
	assert_int_equal(map[20007], STORE_PORT_FREE);
	/* Given out again, it does not rest any more. */
	make_socket(f, "a-b-1001", 20007, 0, &socket);
	assert_int_equal(number(f->db, "SELECT COUNT(*) FROM resting_port"), 0);
}

static void a_relay_port_is_unique_within_its_account(void **state)
{
	static unsigned char map[65536];
	struct fixture *f = *state;
	struct store_tunnel tunnel = { .local_port = 5000 };
	struct store_socket socket;

	make_socket(f, "a-b-1000", 0, 1, &socket);
	memcpy(tunnel.socket_id, socket.socket_id, sizeof(tunnel.socket_id));
	assert_int_equal(store_tunnel_add(f->db, f->account.user_id, &tunnel), -EEXIST);
	assert_int_equal(store_ports_relay(f->db, f->account.user_id, map), 0);
	assert_int_equal(map[5000], STORE_PORT_USED);
	assert_int_equal(map[5001], STORE_PORT_FREE);
}

/* ---- the feed ------------------------------------------------------------------------------------------ */

struct events {
	int count;
	int64_t last;
	char names[400];
};

static int note_event(const struct store_event *event, void *arg)
{
	struct events *e = arg;

	assert_true(event->seq > e->last);
	e->last = event->seq;
	e->count++;
	strncat(e->names, event->event, sizeof(e->names) - strlen(e->names) - 2);
	strncat(e->names, " ", 2);
	return 0;
}

static void feed_rows_have_growing_numbers_without_gaps(void **state)
{
	struct fixture *f = *state;
	int64_t pruned, start, newest;
	struct events e = { 0 };

	assert_int_equal(store_feed_range(f->db, &pruned, &start), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(store_feed_add(f->db, NODEAPI_KEY_ADDED, f->account.user_id, NULL,
						NULL, NULL),
				 0);
	assert_int_equal(store_feed_range(f->db, &pruned, &newest), 0);
	assert_int_equal(newest, start + 10);
	assert_int_equal(store_feed_each(f->db, start, 4, note_event, &e), 0);
	assert_int_equal(e.count, 4);
	assert_int_equal(e.last, start + 4);
	assert_int_equal(store_feed_each(f->db, e.last, 100, note_event, &e), 0);
	assert_int_equal(e.count, 10);
}

static void a_feed_starts_past_what_an_older_database_could_have(void **state)
{
	struct fixture *f = *state;
	int64_t pruned, newest;

	assert_int_equal(store_feed_range(f->db, &pruned, &newest), 0);
	assert_true(newest > INT64_C(1600000000000));
	assert_true(newest < INT64_C(1) << 53); /* exact in JSON everywhere */
	assert_int_equal(pruned, newest);
}

static void pruning_the_feed_moves_its_beginning(void **state)
{
	struct fixture *f = *state;
	int64_t pruned, newest, start;
	struct events e = { 0 };

	assert_int_equal(store_feed_range(f->db, &pruned, &start), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(store_feed_add(f->db, NODEAPI_KEY_ADDED, NULL, NULL, NULL, NULL),
				 0);
	assert_int_equal(store_feed_prune(f->db, 100, 0), 0);
	assert_int_equal(store_feed_range(f->db, &pruned, &newest), 0);
	assert_int_equal(pruned, start);
	assert_int_equal(store_feed_prune(f->db, 4, 0), 0);
	assert_int_equal(store_feed_range(f->db, &pruned, &newest), 0);
	assert_int_equal(pruned, start + 6);
	assert_int_equal(newest, start + 10);
	assert_int_equal(store_feed_each(f->db, 0, 100, note_event, &e), 0);
	assert_int_equal(e.count, 4);
	/* All are old by then. */
	assert_int_equal(store_feed_prune(f->db, 100, clock_wall_ms() + 1000), 0);
	assert_int_equal(store_feed_range(f->db, &pruned, &newest), 0);
	assert_int_equal(pruned, newest);
}

static void a_tunnel_is_where_it_was_last_connected(void **state)
{
	struct fixture *f = *state;
	struct store_socket socket;
	struct events e = { 0 };
	struct store_tunnel tunnel = { .local_port = 6000 };
	int64_t pruned, start;

	make_socket(f, "a-b-1000", 0, 0, &socket);
	memcpy(tunnel.socket_id, socket.socket_id, sizeof(tunnel.socket_id));
	assert_int_equal(store_tunnel_add(f->db, f->account.user_id, &tunnel), 0);
	assert_int_equal(store_feed_range(f->db, &pruned, &start), 0);
	assert_int_equal(store_tunnel_up(f->db, tunnel.tunnel_id, "one", "1.example.com"), 0);
	assert_int_equal(store_tunnel_up(f->db, tunnel.tunnel_id, "two", "2.example.com"), 0);
	/* It moved; the old node's word is nothing new. */
	assert_int_equal(store_tunnel_down(f->db, tunnel.tunnel_id, "one"), 0);
	assert_int_equal(store_tunnel_down(f->db, tunnel.tunnel_id, "two"), 0);
	assert_int_equal(store_feed_each(f->db, start, 10, note_event, &e), 0);
	assert_string_equal(e.names, "tunnel_up tunnel_up tunnel_down ");
	assert_int_equal(store_tunnel_get(f->db, f->account.user_id, socket.socket_id,
					  tunnel.tunnel_id, &tunnel),
			 0);
	assert_string_equal(tunnel.tunnel_server, "2.example.com");
	assert_int_equal(store_tunnel_up(f->db, f->account.user_id, "one", "x"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_database_is_its_owners_alone),
		TEST(migrating_again_changes_nothing),
		TEST(a_newer_database_is_refused_and_left_alone),
		TEST(what_is_no_database_is_refused),
		TEST(a_missing_folder_is_named_with_the_remedy),
		TEST(parameters_are_bound_by_number_not_by_order),
		TEST(a_transaction_that_is_not_committed_leaves_nothing),
		TEST(another_connections_commit_is_noticed),
		TEST(an_account_is_found_by_id_and_email),
		TEST(an_email_belongs_to_one_account),
		TEST(deleting_an_account_deletes_what_is_its),
		TEST(a_confirmation_ends_with_its_time_or_its_use),
		TEST(pruning_keeps_what_still_matters),
		TEST(a_key_is_an_accounts_once),
		TEST(sockets_come_with_their_tunnels_and_without),
		TEST(a_name_with_a_port_of_its_own_tells_type_and_port),
		TEST(a_label_is_given_once_and_free_after_deletion),
		TEST(a_public_port_rests_after_its_socket),
		TEST(a_relay_port_is_unique_within_its_account),
		TEST(feed_rows_have_growing_numbers_without_gaps),
		TEST(a_feed_starts_past_what_an_older_database_could_have),
		TEST(pruning_the_feed_moves_its_beginning),
		TEST(a_tunnel_is_where_it_was_last_connected),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("api/store", tests, NULL, NULL);
}
