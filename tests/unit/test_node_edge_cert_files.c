/* SPDX-License-Identifier: ISC */
/* node/edge_cert_files.h: what HAProxy reads when it is reloaded, in a scratch folder. */
#include "tests/unit/unit.h"

#include <event2/event.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "node/edge_cert_files.h"

#define PEM "-----BEGIN CERTIFICATE-----\n"
#define SIZE_MAX_TEXT 10000

static char folder[64];
static struct event_base *base;
static struct edge_cert_files files;

static void start(void)
{
	assert_int_equal(edge_cert_files_init(&files, base, folder), 0);
}

/* HAProxy is there, and has what these lines say. */
static void go(const char *domain, const char *value)
{
	edge_cert_files_hold(&files);
	if (domain) {
		edge_cert_files_listed(&files, domain);
		edge_cert_files_saw(&files, domain, value);
	}
	edge_cert_files_go(&files);
}

static void restart(void)
{
	edge_cert_files_clear(&files);
	start();
}

static int begin(void **state)
{
	unit_folder_make(folder, sizeof(folder));
	base = event_base_new();
	start();
	return 0;
}

static int end(void **state)
{
	edge_cert_files_clear(&files);
	event_base_free(base);
	unit_folder_remove(folder);
	return 0;
}

static void put(const char *domain, const char *value)
{
	assert_int_equal(edge_cert_files_put(&files, domain, value, PEM), 0);
}

static const char *path_of(const char *name)
{
	static char path[EDGE_CERT_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static bool is_there(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

static void assert_file(const char *name, const char *expected)
{
	auto_free char *text = NULL;

	assert_int_equal(file_read(path_of(name), SIZE_MAX_TEXT, &text, NULL), 0);
	assert_string_equal(text, expected);
}

static void write_file(const char *name, const char *text)
{
	assert_int_equal(file_write(path_of(name), text, strlen(text), 0600), 0);
}

static void assert_listed(const char *domain, const char *value)
{
	char list[EDGE_CERT_PATH_SIZE * 2], map[EDGE_CERT_PATH_SIZE];

	snprintf(list, sizeof(list), "%s/%s.pem %s\n", folder, domain, domain);
	snprintf(map, sizeof(map), "%s %s\n", domain, value);
	assert_file("list", list);
	assert_file("map", map);
}

static void list_and_map_are_written_some_time_after_the_file(void **state)
{
	struct timeval now = { 0 };

	go(NULL, NULL);
	put("a.example", "n/1");
	assert_file("a.example.pem", PEM);
	event_base_loopexit(base, &now);
	event_base_dispatch(base);
	assert_false(is_there("list"));
	event_base_loop(base, EVLOOP_ONCE);
	assert_listed("a.example", "n/1");
	/* And no sooner again. */
	put("a.example", "n/2");
	assert_listed("a.example", "n/1");
	event_base_loop(base, EVLOOP_ONCE);
	assert_listed("a.example", "n/2");
}

/* MUST 3 */
static void files_are_for_their_owner_alone(void **state)
{
	static const char *const names[] = { "a.example.pem", "list", "map" };
	mode_t mask = umask(0);
	struct stat st;

	go(NULL, NULL);
	put("a.example", "n/1");
	restart();
	umask(mask);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(stat(path_of(names[i]), &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
}

/* MUST 2 */
static void what_is_no_host_name_gets_no_file(void **state)
{
	static const char *const bad[] = { "",	     ".",	"..",	      "../x",	   "a/b",
					   "/etc/x", ".hidden", "-a",	      "A.example", "a b",
					   "a\nb",   "a_b",	"a.example\\" };
	char name[300];

	go(NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(edge_cert_files_put(&files, bad[i], "n/1", PEM), -EINVAL);
	assert_int_equal(edge_cert_files_put(&files, "a.example", "n/1\nb.example n/1", PEM),
			 -EINVAL);
	/* The longest that has room for what is written before it is renamed. */
	memset(name, 'a', sizeof(name));
	name[245] = '\0';
	assert_int_equal(edge_cert_files_put(&files, name, "n/1", PEM), -EINVAL);
	name[244] = '\0';
	assert_int_equal(edge_cert_files_put(&files, name, "n/1", PEM), 0);
	assert_int_equal(unit_folder_count(folder), 1);
}

static void a_restart_finds_what_is_there_and_nothing_else(void **state)
{
	go(NULL, NULL);
	put("a.example", ":30001/1");
	put("b.example", "n/1");
	put("c.example", "n/1");
	edge_cert_files_clear(&files);
	unlink(path_of("c.example.pem"));
	write_file("d.pem", PEM);
	write_file("map", "a.example :30001/1\nb.example n/1\nc.example n/1\n"
			  "../x n/1\nd\nd \nd n 1\n\n garbage");
	start();
	assert_true(edge_cert_files_saw(&files, "a.example", ":30001/1"));
	assert_false(edge_cert_files_saw(&files, "b.example", "n/2"));
	assert_false(edge_cert_files_saw(&files, "c.example", "n/1"));
	assert_false(edge_cert_files_saw(&files, "d", "n 1"));
}

static void a_restart_puts_the_list_right(void **state)
{
	go(NULL, NULL);
	put("a.example", "n/1");
	edge_cert_files_clear(&files);
	write_file("list", "garbage");
	start();
	go("a.example", "n/1");
	restart();
	assert_listed("a.example", "n/1");
}

static void without_a_map_or_a_folder_there_is_nothing(void **state)
{
	edge_cert_files_clear(&files);
	assert_int_equal(edge_cert_files_init(&files, base, "/nonexistent"), 0);
	go(NULL, NULL);
	assert_int_equal(edge_cert_files_put(&files, "a.example", "n/1", PEM), -ENOENT);
	assert_false(edge_cert_files_saw(&files, "a.example", "n/1"));
}

/* A start empties list and map: what was there before must not come back by itself. */
static void nothing_is_listed_while_haproxy_may_be_starting(void **state)
{
	go(NULL, NULL);
	put("a.example", "n/1");
	edge_cert_files_hold(&files);
	event_base_loop(base, EVLOOP_ONCE);
	assert_false(is_there("list"));
	/* This one has none. */
	edge_cert_files_go(&files);
	event_base_loop(base, EVLOOP_ONCE);
	assert_file("list", "");
	assert_file("map", "");
}

static void what_a_process_has_stays(void **state)
{
	go(NULL, NULL);
	put("a.example", "n/1");
	put("b.example", "n/1");
	edge_cert_files_hold(&files);
	assert_true(edge_cert_files_lacks(&files, "a.example"));
	edge_cert_files_listed(&files, "a.example");
	assert_false(edge_cert_files_lacks(&files, "a.example"));
	assert_false(edge_cert_files_lacks(&files, "unknown.example"));
	assert_true(edge_cert_files_saw(&files, "a.example", "n/1"));
	assert_false(edge_cert_files_saw(&files, "unknown.example", "n/1"));
	edge_cert_files_go(&files);
	restart();
	assert_listed("a.example", "n/1");
	/* Loaded while it is compared: by then it has it. */
	edge_cert_files_hold(&files);
	put("a.example", "n/2");
	assert_false(edge_cert_files_lacks(&files, "a.example"));
	edge_cert_files_go(&files);
	restart();
	assert_listed("a.example", "n/2");
}

/* MUST 4 */
static void a_file_goes_long_after_its_lines(void **state)
{
	int64_t removed;

	go(NULL, NULL);
	put("a.example", "n/1");
	put("b.example", "n/1");
	write_file("orphan.example.pem", PEM);
	write_file("list.abcdef", "");
	edge_cert_files_remove(&files, "a.example");
	edge_cert_files_remove(&files, "a.example");
	edge_cert_files_remove(&files, "unknown.example");
	removed = clock_mono_ms();
	event_base_loop(base, EVLOOP_ONCE);
	assert_listed("b.example", "n/1");
	edge_cert_files_sweep(&files, removed + EDGE_CERT_FILES_KEEP_MS / 2);
	assert_true(is_there("a.example.pem"));
	assert_false(is_there("orphan.example.pem"));
	assert_false(is_there("list.abcdef"));
	edge_cert_files_sweep(&files, removed + EDGE_CERT_FILES_KEEP_MS);
	assert_false(is_there("a.example.pem"));
	assert_true(is_there("b.example.pem"));
	assert_listed("b.example", "n/1");
}

static void one_that_is_back_stays(void **state)
{
	go(NULL, NULL);
	put("a.example", "n/1");
	edge_cert_files_remove(&files, "a.example");
	assert_false(edge_cert_files_saw(&files, "a.example", "n/1"));
	assert_false(edge_cert_files_lacks(&files, "a.example"));
	put("a.example", "n/1");
	edge_cert_files_sweep(&files, clock_mono_ms() + EDGE_CERT_FILES_KEEP_MS);
	assert_true(is_there("a.example.pem"));
	restart();
	assert_listed("a.example", "n/1");
}

#define FACT(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(list_and_map_are_written_some_time_after_the_file),
		FACT(files_are_for_their_owner_alone),
		FACT(what_is_no_host_name_gets_no_file),
		FACT(a_restart_finds_what_is_there_and_nothing_else),
		FACT(a_restart_puts_the_list_right),
		FACT(without_a_map_or_a_folder_there_is_nothing),
		FACT(nothing_is_listed_while_haproxy_may_be_starting),
		FACT(what_a_process_has_stays),
		FACT(a_file_goes_long_after_its_lines),
		FACT(one_that_is_back_stays),
	};

	return cmocka_run_group_tests_name("node/edge_cert_files", tests, NULL, NULL);
}
