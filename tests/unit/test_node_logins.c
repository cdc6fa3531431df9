/* SPDX-License-Identifier: ISC */
/* node/logins.h, node/node_http.h and node/updown.h against an HTTP server of our own: what is cached, what is asked
 * again, and what is believed while the API is away. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "node/logins.h"
#include "node/node_http.h"
#include "node/updown.h"

#define FACT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define USER "b2f1b59fbcba428698189f0b6e685e93"
#define UUID "b2f1b59f-bcba-4286-9818-9f0b6e685e93"
#define LONG_MS 10000
#define PATHS_MAX 16

/* The API, and what was asked of it. */
struct fake {
	struct event_base *base;
	struct evhttp *server;
	uint16_t port;
	int status;  /* of the answers */
	int64_t seq; /* in the answers */
	bool confirmed;
	bool malformed;
	unsigned asked; /* in all */
	char paths[PATHS_MAX][160];
	char bodies[PATHS_MAX][160];
	bool authorized; /* the last one was */
};

static struct fake fake;
static struct node_http *http;
static struct logins logins;
static unsigned changes; /* calls of logins.changed */

static void note(struct evhttp_request *rq)
{
	const char *auth =
		evhttp_find_header(evhttp_request_get_input_headers(rq), "Authorization");
	struct evbuffer *in = evhttp_request_get_input_buffer(rq);
	unsigned i = fake.asked % PATHS_MAX;
	ssize_t n = evbuffer_copyout(in, fake.bodies[i], sizeof(fake.bodies[i]) - 1);

	fake.bodies[i][n > 0 ? n : 0] = '\0';
	snprintf(fake.paths[i], sizeof(fake.paths[i]), "%s", evhttp_request_get_uri(rq));
	fake.authorized = auth && strcmp(auth, "Bearer secret") == 0;
	fake.asked++;
}

static void on_request(struct evhttp_request *rq, void *arg)
{
	struct evbuffer *out = evbuffer_new();

	note(rq);
	if (fake.malformed)
		evbuffer_add_printf(out, "{");
	else if (fake.status == 200)
		evbuffer_add_printf(out,
				    "{\"user_id\":\"" UUID
				    "\",\"seq\":%lld,\"confirmed\":%s,\"keys\":[],"
				    "\"tunnels\":[]}",
				    (long long)fake.seq, fake.confirmed ? "true" : "false");
	evhttp_send_reply(rq, fake.status, "x", out);
	evbuffer_free(out);
}

static void fake_listen(void)
{
	struct evhttp_bound_socket *bound;
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	fake.server = evhttp_new(fake.base);
	evhttp_set_gencb(fake.server, on_request, NULL);
	bound = evhttp_bind_socket_with_handle(fake.server, "127.0.0.1", fake.port);
	assert_non_null(bound);
	getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&in, &len);
	fake.port = ntohs(in.sin_port);
}

static void fake_go_away(void)
{
	evhttp_free(fake.server);
	fake.server = NULL;
}

static void on_changed(void *arg, const char *user, const struct node_login *login)
{
	changes++;
}

static int setup(void **state)
{
	char url[64];
	struct node_http_setup setup = { .url = url, .secret = "secret", .node_name = "here" };

	fake = (struct fake){
		.base = event_base_new(), .status = 200, .seq = 1, .confirmed = true
	};
	fake_listen();
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", fake.port);
	setup.base = fake.base;
	changes = 0;
	if (node_http_new(&setup, &http) < 0 || logins_init(&logins, fake.base, http) < 0)
		return -1;
	logins.changed = on_changed;
	return 0;
}

static int teardown(void **state)
{
	logins_clear(&logins);
	node_http_free(http);
	if (fake.server)
		evhttp_free(fake.server);
	event_base_free(fake.base);
	return 0;
}

/* ---- asking ---- */
struct answer {
	struct logins_wait wait;
	bool came;
	int result;
	bool known, confirmed;
};

static void on_done(void *arg, int result, const struct node_login *login)
{
	struct answer *a = arg;

	a->came = true;
	a->result = result;
	a->known = login != NULL;
	a->confirmed = login && login->confirmed;
}

static void ask(const char *user, struct answer *a)
{
	*a = (struct answer){ 0 };
	logins_fetch(&logins, user, &a->wait, on_done, a);
}

#define RUN_UNTIL(condition)                                                       \
	do {                                                                       \
		int64_t deadline = clock_mono_ms() + LONG_MS;                      \
		while (!(condition) && clock_mono_ms() < deadline)                 \
			event_base_loop(fake.base, EVLOOP_ONCE | EVLOOP_NONBLOCK); \
		assert_true(condition);                                            \
	} while (0)

static void ask_and_wait(const char *user, struct answer *a)
{
	ask(user, a);
	RUN_UNTIL(a->came);
}

static void an_answer_is_cached_and_asked_for_with_the_secret(void **state)
{
	struct answer a;

	assert_null(logins_get(&logins, USER));
	ask_and_wait(USER, &a);
	assert_int_equal(a.result, 0);
	assert_true(a.confirmed);
	assert_true(fake.authorized);
	assert_string_equal(fake.paths[0], "/node/login/" USER);
	assert_non_null(logins_get(&logins, USER));
}

static void a_user_who_does_not_exist_is_not_cached(void **state)
{
	struct answer a;

	fake.status = 404;
	ask_and_wait(USER, &a);
	assert_int_equal(a.result, -ENOENT);
	assert_false(a.known);
	assert_null(logins_get(&logins, USER));
	assert_int_equal(logins.entries.count, 0);
}

static void while_the_api_is_away_the_cache_answers(void **state)
{
	struct answer a;

	ask_and_wait(USER, &a);
	fake_go_away();
	ask_and_wait(USER, &a);
	assert_int_equal(a.result, -EHOSTDOWN);
	assert_true(a.known);
	ask_and_wait("00000000000000000000000000000000", &a);
	assert_int_equal(a.result, -EHOSTDOWN);
	assert_false(a.known);
}

static void an_api_with_an_error_counts_as_away(void **state)
{
	struct answer a;

	ask_and_wait(USER, &a);
	fake.status = 500;
	ask_and_wait(USER, &a);
	assert_int_equal(a.result, -EHOSTDOWN);
	assert_true(a.known);
}

static void who_asks_while_a_question_is_under_way_gets_a_newer_answer(void **state)
{
	struct answer first, second, third;

	ask(USER, &first);
	ask(USER, &second);
	ask(USER, &third);
	RUN_UNTIL(first.came && second.came && third.came);
	assert_int_equal(fake.asked, 2);
}

static void a_question_can_be_dropped(void **state)
{
	struct answer a, b;

	ask(USER, &a);
	ask(USER, &b);
	logins_cancel(&a.wait);
	RUN_UNTIL(b.came);
	assert_false(a.came);
}

static void what_changed_is_asked_for_again_and_not_believed_until_then(void **state)
{
	struct answer a;

	ask_and_wait(USER, &a);
	fake.seq = 8;
	fake.confirmed = false;
	logins_invalidate(&logins, UUID, 8);
	assert_null(logins_get(&logins, USER));
	RUN_UNTIL(logins_get(&logins, USER));
	assert_false(logins_get(&logins, USER)->confirmed);
	assert_int_equal(fake.asked, 2);
	assert_int_equal(changes, 0); /* nobody has it pinned */
}

static void what_changed_is_no_answer_while_the_api_is_away(void **state)
{
	struct answer a;

	ask_and_wait(USER, &a);
	fake_go_away();
	logins_invalidate(&logins, UUID, 8);
	ask_and_wait(USER, &a);
	assert_int_equal(a.result, -EHOSTDOWN);
	assert_false(a.known);
	/* And the right one once it is back. */
	fake.seq = 8;
	fake_listen();
	RUN_UNTIL(logins_get(&logins, USER));
}

static void changes_that_are_older_or_of_others_are_not_asked_about(void **state)
{
	struct answer a;

	fake.seq = 8;
	ask_and_wait(USER, &a);
	logins_invalidate(&logins, UUID, 8);
	logins_invalidate(&logins, "00000000-bcba-4286-9818-9f0b6e685e93", 9);
	assert_non_null(logins_get(&logins, USER));
	assert_int_equal(fake.asked, 1);
}

static void an_answer_older_than_a_change_is_asked_for_again(void **state)
{
	struct answer a;

	ask(USER, &a);
	logins_invalidate(&logins, UUID, 8); /* nobody knows yet whose user this is */
	RUN_UNTIL(a.came && fake.asked >= 1);
	fake.seq = 8;
	RUN_UNTIL(logins_get(&logins, USER) && logins_get(&logins, USER)->seq == 8);
}

static void those_who_pin_a_login_are_told_of_changes(void **state)
{
	struct logins_entry *entry;
	struct answer a;

	assert_int_equal(logins_pin(&logins, USER, &entry), 0);
	ask_and_wait(USER, &a);
	assert_int_equal(changes, 1);
	logins_invalidate_all(&logins);
	RUN_UNTIL(changes == 2);
	fake.status = 404;
	logins_invalidate(&logins, UUID, 99);
	RUN_UNTIL(changes == 3);
	assert_true(entry->gone);
	assert_null(logins_get(&logins, USER));
	logins_unpin(entry);
	assert_int_equal(logins.entries.count, 0);
}

static void after_a_gap_in_the_feed_only_pinned_logins_stay(void **state)
{
	struct logins_entry *entry;
	struct answer a;

	ask_and_wait(USER, &a);
	ask_and_wait("00000000000000000000000000000000", &a);
	assert_int_equal(logins_pin(&logins, USER, &entry), 0);
	logins_invalidate_all(&logins);
	assert_int_equal(logins.entries.count, 1);
	RUN_UNTIL(logins_get(&logins, USER));
	logins_unpin(entry);
}

/* ---- failing ---- */
static unsigned fresh(struct logins_entry **entries, unsigned n)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		count += logins_get(&logins, entries[i]->user) != NULL;
	return count;
}

static void while_the_api_fails_a_few_are_asked_for_at_each_turn_of_the_timer(void **state)
{
	struct logins_entry *entries[3 * LOGINS_CHECKS];
	const unsigned n = sizeof(entries) / sizeof(entries[0]);
	int64_t start = clock_mono_ms();
	char user[ID_USER_SIZE];

	fake.status = 503;
	for (unsigned i = 0; i < n; i++) {
		snprintf(user, sizeof(user), "%032x", i);
		assert_int_equal(logins_pin(&logins, user, &entries[i]), 0);
	}
	logins_invalidate_all(&logins);
	RUN_UNTIL(fake.asked > LOGINS_CHECKS);
	assert_true(clock_mono_ms() - start >= LOGINS_RETRY_MS);
	RUN_UNTIL(fake.asked >= 2 * LOGINS_CHECKS && logins.checks == 0);
	assert_int_equal(fake.asked, 2 * LOGINS_CHECKS);
	assert_true(logins.retry_ms > LOGINS_RETRY_MS);
	/* And all of them once it is back. */
	fake.status = 200;
	RUN_UNTIL(fresh(entries, n) == n);
	assert_int_equal(logins.retry_ms, LOGINS_RETRY_MS);
	assert_int_equal(fake.asked, 2 * LOGINS_CHECKS + n);
	for (unsigned i = 0; i < n; i++)
		logins_unpin(entries[i]);
}

static void a_malformed_login_is_asked_for_again_by_the_timer_and_holds_nobody_up(void **state)
{
	struct answer a;
	int64_t start;

	ask_and_wait(USER, &a);
	fake.malformed = true;
	start = clock_mono_ms();
	logins_invalidate(&logins, UUID, 8);
	RUN_UNTIL(fake.asked == 2 && logins.checks == 0);
	assert_false(logins.away);
	assert_null(logins_get(&logins, USER));
	fake.malformed = false;
	fake.seq = 8;
	ask_and_wait("00000000000000000000000000000000", &a);
	assert_int_equal(a.result, 0);
	RUN_UNTIL(logins_get(&logins, USER));
	assert_true(clock_mono_ms() - start >= LOGINS_RETRY_MS);
	assert_int_equal(fake.asked, 4);
}

static void a_check_that_is_dropped_with_its_login_leaves_its_place(void **state)
{
	struct answer a;

	ask_and_wait(USER, &a);
	logins_invalidate(&logins, UUID, 8);
	assert_int_equal(logins.checks, 1);
	logins_invalidate_all(&logins);
	assert_int_equal(logins.entries.count, 0);
	assert_int_equal(logins.checks, 0);
}

static void of_logins_that_nobody_pins_the_most_recent_are_kept(void **state)
{
	struct node_login *login;
	char why[NODE_LOGIN_ERROR_SIZE], user[ID_USER_SIZE];
	static const char text[] = "{\"user_id\":\"" UUID "\",\"seq\":1}";

	for (unsigned i = 0; i < LOGINS_CACHED + 10; i++) {
		struct logins_entry *entry;

		snprintf(user, sizeof(user), "%032x", i);
		assert_int_equal(logins_pin(&logins, user, &entry), 0);
		assert_int_equal(node_login_parse(user, text, strlen(text), &login, why), 0);
		entry->login = login;
		logins_unpin(entry);
		logins_get(&logins, "00000000000000000000000000000000");
	}
	assert_int_equal(logins.entries.count, LOGINS_CACHED);
	assert_non_null(logins_get(&logins, "00000000000000000000000000000000"));
	assert_null(logins_get(&logins, "00000000000000000000000000000001"));
	assert_non_null(logins_get(&logins, user));
}

/* ---- updown ---- */
static void reports_come_in_order_and_only_the_last_of_a_tunnel_that_waits(void **state)
{
	struct updown *updown;

	fake.status = 204;
	assert_int_equal(updown_new(fake.base, http, "here", "ssh.example.net", &updown), 0);
	updown_report(updown, "a", true); /* goes at once */
	updown_report(updown, "b", true);
	updown_report(updown, "a", false);
	updown_report(updown, "b", false);
	updown_report(updown, "b", true);
	RUN_UNTIL(fake.asked == 3);
	assert_string_equal(fake.paths[0], "/node/tunnel/a/up");
	assert_string_equal(fake.paths[1], "/node/tunnel/b/up");
	assert_string_equal(fake.paths[2], "/node/tunnel/a/down");
	assert_string_equal(fake.bodies[0], "{\"node\":\"here\",\"address\":\"ssh.example.net\"}");
	assert_string_equal(fake.bodies[2], "{\"node\":\"here\"}");
	updown_free(updown);
}

static void a_report_is_sent_again_until_the_api_has_it(void **state)
{
	struct updown *updown;

	fake.status = 503;
	assert_int_equal(updown_new(fake.base, http, "here", "x", &updown), 0);
	updown_report(updown, "a", true);
	updown_report(updown, "b", true);
	RUN_UNTIL(fake.asked == 1);
	fake.status = 404; /* deleted meanwhile: as good */
	RUN_UNTIL(fake.asked == 3);
	assert_string_equal(fake.paths[1], "/node/tunnel/a/up");
	assert_string_equal(fake.paths[2], "/node/tunnel/b/up");
	updown_free(updown);
}

/* ---- http ---- */
static void on_status(void *arg, int status, char *body, size_t len)
{
	*(int *)arg = status;
}

static int status_of(const char *path, size_t max)
{
	int status = 0;
	const struct node_http_call call = {
		.path = path,
		.timeout_ms = LONG_MS,
		.max = max,
		.done = on_status,
		.arg = &status,
	};

	assert_int_equal(node_http_start(http, &call, NULL), 0);
	assert_int_equal(status, 0); /* never from inside */
	RUN_UNTIL(status != 0);
	return status;
}

static void an_answer_that_is_too_large_is_an_error(void **state)
{
	assert_int_equal(status_of("/x", 10), -EMSGSIZE);
	assert_int_equal(status_of("/x", 1000), 200);
}

static void more_requests_than_the_bound_are_refused(void **state)
{
	struct node_http_request *requests[NODE_HTTP_PARALLEL];
	int status;
	const struct node_http_call call = {
		.path = "/x",
		.timeout_ms = LONG_MS,
		.max = 1000,
		.done = on_status,
		.arg = &status,
	};

	for (int i = 0; i < NODE_HTTP_PARALLEL; i++)
		assert_int_equal(node_http_start(http, &call, &requests[i]), 0);
	assert_int_equal(node_http_start(http, &call, NULL), -EBUSY);
	for (int i = 0; i < NODE_HTTP_PARALLEL; i++)
		node_http_cancel(requests[i]);
	assert_int_equal(status_of("/x", 1000), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(an_answer_is_cached_and_asked_for_with_the_secret),
		FACT(a_user_who_does_not_exist_is_not_cached),
		FACT(while_the_api_is_away_the_cache_answers),
		FACT(an_api_with_an_error_counts_as_away),
		FACT(who_asks_while_a_question_is_under_way_gets_a_newer_answer),
		FACT(a_question_can_be_dropped),
		FACT(what_changed_is_asked_for_again_and_not_believed_until_then),
		FACT(what_changed_is_no_answer_while_the_api_is_away),
		FACT(changes_that_are_older_or_of_others_are_not_asked_about),
		FACT(an_answer_older_than_a_change_is_asked_for_again),
		FACT(those_who_pin_a_login_are_told_of_changes),
		FACT(after_a_gap_in_the_feed_only_pinned_logins_stay),
		FACT(while_the_api_fails_a_few_are_asked_for_at_each_turn_of_the_timer),
		FACT(a_malformed_login_is_asked_for_again_by_the_timer_and_holds_nobody_up),
		FACT(a_check_that_is_dropped_with_its_login_leaves_its_place),
		FACT(of_logins_that_nobody_pins_the_most_recent_are_kept),
		FACT(reports_come_in_order_and_only_the_last_of_a_tunnel_that_waits),
		FACT(a_report_is_sent_again_until_the_api_has_it),
		FACT(an_answer_that_is_too_large_is_an_error),
		FACT(more_requests_than_the_bound_are_refused),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	return cmocka_run_group_tests_name("logins", tests, NULL, NULL);
}
