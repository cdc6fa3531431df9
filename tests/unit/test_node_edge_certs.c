/* SPDX-License-Identifier: ISC */
/* node/edge_certs.h: after the routes, one at a time. HAProxy's and the API's side are here: what is sent is kept, and
 * answered when the test says so. */
#include "tests/unit/unit.h"

#include "lib/cleanup.h"
#include "node/edge_certs.h"
#include "node/edge_cli.h"
#include "node/node_http.h"

#define ADD "add map certificates.map "
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

/* HAProxy answers all that it was sent so far. */
static void haproxy_answers(void)
{
	size_t n = sent_count;

	for (size_t i = 0; i < n; i++)
		if (sent[i].line)
			sent[i].line(sent[i].arg, NULL);
	sent_count -= n;
	memmove(sent, sent + n, sent_count * sizeof(sent[0]));
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
	assert_true(edge_certs_take(certs, NULL, command));
}

/* Certificates of a, b and c that are there, as after an earlier process of HAProxy. */
static void begin(struct edge_certs *certs)
{
	sent_count = asked_count = 0;
	edge_certs_init(certs, NULL, NULL);
	take(certs, "a");
	take(certs, "b");
	take(certs, "c");
	assert_int_equal(asked_count, 3);
	for (size_t i = 0; i < 3; i++) {
		char pem[] = PEM;

		asked[i].done(asked[i].arg, 200, pem, strlen(pem));
	}
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

static void one_that_goes_does_not_come_any_more(void **state)
{
	struct edge_certs certs;

	begin(&certs);
	assert_true(edge_certs_take(&certs, NULL, "del map certificates.map a"));
	haproxy_answers();
	edge_certs_go(&certs);
	assert_string_equal(loaded(), "b ");
	assert_true(edge_certs_take(&certs, NULL, "del map certificates.map b"));
	haproxy_answers();
	assert_string_equal(loaded(), "c ");
	haproxy_answers();
	assert_int_equal(sent_count, 0);
	edge_certs_clear(&certs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_come_after_the_routes_and_one_at_a_time),
		cmocka_unit_test(a_new_process_gets_them_though_the_old_one_never_answered),
		cmocka_unit_test(one_that_goes_does_not_come_any_more),
	};

	return cmocka_run_group_tests_name("node/edge_certs", tests, NULL, NULL);
}
