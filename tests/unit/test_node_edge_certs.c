/* SPDX-License-Identifier: ISC */
/* node/edge_certs.h: after the routes, one at a time. HAProxy's and the API's side are here: what is sent is kept, and
 * answered when the test says so. */
#include "tests/unit/unit.h"

#include <event2/event.h>

#include "lib/cleanup.h"
#include "node/edge_certs.h"
#include "node/edge_cli.h"
#include "node/edge_settings.h"
#include "node/node_http.h"

#define ADD "add map " EDGE_CERTIFICATES_MAP " "
#define DEL "del map " EDGE_CERTIFICATES_MAP " "
#define PEM "-----BEGIN CERTIFICATE-----\n"

static struct {
	char command[256];
	edge_cli_line *line;
	void *arg;
} sent[64];
static size_t sent_count;

static struct node_http_call asked[8];
static size_t asked_count;

void edge_cli_send(struct edge_cli *cli, const char *command, edge_cli_line *line, void *arg)
{
	assert_true(sent_count < ARRAY_SIZE(sent));
	snprintf(sent[sent_count].command, sizeof(sent[0].command), "%s", command);
	sent[sent_count].line = line;
	sent[sent_count++].arg = arg;
}

int node_http_start(struct node_http *http, const struct node_http_call *call,
		    struct node_http_request **ret_request)
{
	assert_true(asked_count < ARRAY_SIZE(asked));
	asked[asked_count++] = *call;
	return 0;
}

void node_http_cancel(struct node_http_request *request)
{
}

static void answer(size_t i, const char *line)
{
	if (sent[i].line && line)
		sent[i].line(sent[i].arg, line);
	if (sent[i].line)
		sent[i].line(sent[i].arg, NULL);
}

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* HAProxy answers all that it was sent so far; what begins with `refused` it refuses. */
static void haproxy_refuses(const char *refused)
{
	size_t n = sent_count;

	for (size_t i = 0; i < n; i++)
		if (refused && begins(sent[i].command, refused))
			answer(i, "Failed!");
		else if (begins(sent[i].command, "commit ") || begins(sent[i].command, "add ssl "))
			answer(i, "Success!");
		else
			answer(i, NULL);
	sent_count -= n;
	memmove(sent, sent + n, sent_count * sizeof(sent[0]));
}

static void haproxy_answers(void)
{
	haproxy_refuses(NULL);
}

static bool was_sent(const char *command)
{
	for (size_t i = 0; i < sent_count; i++)
		if (begins(sent[i].command, command))
			return true;
	return false;
}

/* The domains of the maps' lines among what was sent. */
static const char *loaded(void)
{
	static char text[512];

	text[0] = '\0';
	for (size_t i = 0; i < sent_count; i++)
		if (strncmp(sent[i].command, ADD, strlen(ADD)) == 0)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.*s ",
				 (int)strcspn(sent[i].command + strlen(ADD), " "),
				 sent[i].command + strlen(ADD));
	return text;
}

static void take(struct edge_certs *certs, const char *domain)
{
	char command[128];

	snprintf(command, sizeof(command), ADD "%s label/1", domain);
	assert_true(edge_certs_take(certs, command));
}

static char folder[64];
static struct event_base *base;

static int make_folder(void **state)
{
	unit_folder_make(folder, sizeof(folder));
	base = event_base_new();
	return 0;
}

static int remove_folder(void **state)
{
	event_base_free(base);
	unit_folder_remove(folder);
	return 0;
}

/* Is it in the files, for the next reload? */
static bool is_kept(struct edge_certs *certs, const char *domain)
{
	return edge_cert_files_saw(&certs->files, domain, "label/1");
}

static void arrive(const struct node_http_call *call)
{
	char pem[] = PEM;

	call->done(call->arg, 200, pem, strlen(pem));
}

/* Certificates of a, b and c that are there, as after an earlier process of HAProxy. */
static void begin(struct edge_certs *certs)
{
	sent_count = asked_count = 0;
	assert_int_equal(edge_certs_init(certs, base, NULL, folder), 0);
	take(certs, "a");
	take(certs, "b");
	take(certs, "c");
	assert_int_equal(asked_count, 3);
	for (size_t i = 0; i < 3; i++)
		arrive(&asked[i]);
}

static void they_come_after_the_routes_and_one_at_a_time(void **state)
{
	struct edge_certs certs;

	begin(&certs);
	assert_int_equal(sent_count, 0);
	edge_certs_go(&certs);
	assert_string_equal(loaded(), "a ");
	haproxy_answers();
	assert_string_equal(loaded(), "b ");
	/* What HAProxy has is asked for. */
	edge_certs_hold(&certs);
	haproxy_answers();
	assert_int_equal(sent_count, 0);
	/* It has not got this one: it waits only once. */
	take(&certs, "c");
	assert_int_equal(sent_count, 0);
	edge_certs_go(&certs);
	assert_string_equal(loaded(), "c ");
	haproxy_answers();
	assert_int_equal(sent_count, 0);
	assert_int_equal(asked_count, 3);
	edge_certs_clear(&certs);
}

static void a_new_process_gets_them_though_the_old_one_never_answered(void **state)
{
	struct edge_certs certs;

	begin(&certs);
	edge_certs_go(&certs);
	assert_string_equal(loaded(), "a ");
	sent_count = 0;
	edge_certs_forget(&certs);
	edge_certs_hold(&certs);
	take(&certs, "a");
	take(&certs, "b");
	assert_int_equal(sent_count, 0);
	edge_certs_go(&certs);
	assert_string_equal(loaded(), "a ");
	haproxy_answers();
	assert_string_equal(loaded(), "b ");
	haproxy_answers();
	assert_int_equal(sent_count, 0); /* c is not wanted there, or it has it */
	assert_int_equal(asked_count, 3);
	edge_certs_clear(&certs);
}

static void what_was_new_to_the_old_process_may_be_there_in_the_new_one(void **state)
{
	struct edge_certs certs;

	begin(&certs);
	edge_certs_forget(&certs);
	assert_true(edge_certs_take(&certs, "set map " EDGE_CERTIFICATES_MAP " a label/1"));
	edge_certs_go(&certs);
	assert_true(was_sent("set ssl cert "));
	assert_false(was_sent("del ssl "));
	assert_false(was_sent(ADD));
	haproxy_answers();
	assert_true(is_kept(&certs, "a"));
	edge_certs_clear(&certs);
}

static void one_that_goes_does_not_come_any_more(void **state)
{
	struct edge_certs certs;

	begin(&certs);
	assert_true(edge_certs_take(&certs, DEL "a"));
	haproxy_answers();
	edge_certs_go(&certs);
	assert_string_equal(loaded(), "b ");
	assert_true(edge_certs_take(&certs, DEL "b"));
	haproxy_answers();
	assert_string_equal(loaded(), "c ");
	haproxy_answers();
	assert_int_equal(sent_count, 0);
	edge_certs_clear(&certs);
}

static void what_haproxy_took_is_kept_for_a_reload(void **state)
{
	struct edge_certs certs;

	begin(&certs);
	edge_certs_go(&certs);
	assert_false(is_kept(&certs, "a"));
	haproxy_answers();
	assert_true(is_kept(&certs, "a"));
	assert_false(is_kept(&certs, "b"));
	/* Removed before it answers. */
	assert_true(edge_certs_take(&certs, DEL "b"));
	assert_true(edge_certs_take(&certs, DEL "a"));
	haproxy_answers();
	assert_false(is_kept(&certs, "a"));
	assert_false(is_kept(&certs, "b"));
	edge_certs_clear(&certs);
}

static void what_it_refuses_is_none_and_the_next_one_is_new(void **state)
{
	static const char *const refused[] = { "commit ", "add ssl " };

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct edge_certs certs;

		begin(&certs);
		edge_certs_go(&certs);
		haproxy_refuses(refused[i]);
		assert_false(is_kept(&certs, "a"));
		assert_true(was_sent(DEL "a"));
		/* The others come all the same. */
		assert_string_equal(loaded(), "b ");
		haproxy_answers();
		haproxy_answers();
		/* As the map knows it: it is another version. */
		assert_true(edge_certs_take(&certs, "set map " EDGE_CERTIFICATES_MAP " a label/2"));
		assert_int_equal(asked_count, 4);
		arrive(&asked[3]);
		assert_true(was_sent("new ssl cert "));
		assert_true(was_sent("add ssl crt-list "));
		assert_string_equal(loaded(), "a ");
		haproxy_answers();
		assert_true(edge_cert_files_saw(&certs.files, "a", "label/2"));
		edge_certs_clear(&certs);
	}
}

static void a_replacement_that_it_refuses_changes_nothing(void **state)
{
	struct edge_certs certs;

	begin(&certs);
	edge_certs_go(&certs);
	for (size_t i = 0; i < 3; i++)
		haproxy_answers();
	assert_true(edge_certs_take(&certs, "set map " EDGE_CERTIFICATES_MAP " a label/2"));
	arrive(&asked[3]);
	assert_false(was_sent("new ssl cert "));
	haproxy_refuses("commit ");
	assert_false(was_sent(DEL "a"));
	assert_true(is_kept(&certs, "a"));
	edge_certs_clear(&certs);
}

static char told[256];

static void tell(void *arg, const char *command)
{
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s\n", command);
}

static void list_line(struct edge_certs *certs, const struct edge_map *map, const char *domain)
{
	char line[EDGE_CERT_PATH_SIZE * 2], path[EDGE_CERT_PATH_SIZE];

	edge_cert_files_path(&certs->files, domain, path);
	snprintf(line, sizeof(line), "%s %s", path, domain);
	edge_certs_sync_listed(certs, map, line);
}

/* A new process has all of a; of b its map's line alone; c, which no file has; and d, which nobody wants. */
static void a_reloaded_process_needs_only_what_it_has_not(void **state)
{
	struct edge_certs certs;
	struct edge_map map;

	edge_map_init(&map, EDGE_CERTIFICATES_MAP, tell, NULL);
	edge_map_set(&map, "a", "label/1");
	edge_map_set(&map, "b", "label/1");
	edge_map_set(&map, "c", "label/1");
	begin(&certs);
	edge_certs_go(&certs);
	for (size_t i = 0; i < 3; i++)
		haproxy_answers();
	edge_cert_files_remove(&certs.files, "c");
	edge_certs_forget(&certs);
	told[0] = '\0';
	edge_map_sync_begin(&map);
	edge_certs_sync_listed(&certs, &map, "# /run/mysocket/certificates/list");
	list_line(&certs, &map, "a");
	list_line(&certs, &map, "c");
	assert_int_equal(sent_count, 0);
	list_line(&certs, &map, "d");
	assert_true(was_sent("del ssl crt-list "));
	assert_true(was_sent("del ssl cert "));
	edge_certs_sync_line(&certs, &map, "");
	edge_certs_sync_line(&certs, &map, "0x55d4 a label/1");
	assert_false(was_sent(DEL));
	edge_certs_sync_line(&certs, &map, "0x55d5 b label/1");
	assert_true(was_sent(DEL "b"));
	edge_certs_sync_line(&certs, &map, "0x55d6 c label/1");
	edge_map_sync_end(&map);
	assert_null(strstr(told, " a "));
	assert_non_null(strstr(told, ADD "b label/1\n"));
	assert_non_null(strstr(told, "set map " EDGE_CERTIFICATES_MAP " c label/1\n"));
	edge_map_clear(&map);
	edge_certs_clear(&certs);
}

#define FACT(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(they_come_after_the_routes_and_one_at_a_time),
		FACT(a_new_process_gets_them_though_the_old_one_never_answered),
		FACT(what_was_new_to_the_old_process_may_be_there_in_the_new_one),
		FACT(one_that_goes_does_not_come_any_more),
		FACT(what_haproxy_took_is_kept_for_a_reload),
		FACT(what_it_refuses_is_none_and_the_next_one_is_new),
		FACT(a_replacement_that_it_refuses_changes_nothing),
		FACT(a_reloaded_process_needs_only_what_it_has_not),
	};

	return cmocka_run_group_tests_name("node/edge_certs", tests, NULL, NULL);
}
