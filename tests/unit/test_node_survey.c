/* SPDX-License-Identifier: ISC */
/* node/survey.h: which names a certificate stands for, and until when; where it connects, and how many at a time. */
#include "tests/unit/unit.h"

#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/survey.h"

static bool covers(const char *name, const char *host)
{
	return survey_name_covers(name, strlen(name), host);
}

static void a_name_covers_itself_in_any_case(void **state)
{
	assert_true(covers("a.example.net", "a.example.net"));
	assert_true(covers("A.Example.Net", "a.example.net"));
	assert_false(covers("a.example.net", "b.example.net"));
	assert_false(covers("example.net", "a.example.net"));
	assert_false(covers("", "a"));
}

static void a_wildcard_covers_one_label(void **state)
{
	assert_true(covers("*.example.net", "a.example.net"));
	assert_false(covers("*.example.net", "example.net"));
	assert_false(covers("*.example.net", "a.b.example.net"));
	assert_false(covers("*.net", "localhost"));
	assert_false(covers("*", "a"));
	assert_false(covers("*.", "a."));
}

static void dates_are_read_as_openssl_writes_them(void **state)
{
	assert_int_equal(survey_parse_date("Nov 14 22:13:20 2023 GMT"), 1700000000);
	assert_int_equal(survey_parse_date("Jan  2 00:00:00 2030 GMT"), 1893542400);
	assert_int_equal(survey_parse_date("2023-11-14"), 0);
	assert_int_equal(survey_parse_date("Nov 14 22:13:20 2023"), 0);
	assert_int_equal(survey_parse_date(""), 0);
}

/* A listener on 127.0.0.1 that says nothing to who connects. */
static int listen_mutely(uint16_t *ret_port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	*ret_port = ntohs(in.sin_port);
	return fd;
}

static bool is_visited(int fd, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, wait_ms) == 1;
}

static void on_result(void *arg, const struct survey_result *result)
{
	*(struct survey_result *)arg = *result;
}

static bool is_alone(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int n = 0;

	assert_non_null(tasks);
	while (readdir(tasks))
		n++;
	closedir(tasks);
	return n == 3; /* with . and .. */
}

/* What OpenSSL has for a thread goes when the thread does: after its survey is done. */
static int wait_for_threads(void **state)
{
	for (int i = 0; i < 1000 && !is_alone(); i++)
		usleep(10000);
	return is_alone() ? 0 : -1;
}

static int start_curl(void **state)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -1;
}

static int end_curl(void **state)
{
	curl_global_cleanup();
	return 0;
}

static struct survey_result look(struct event_base *base, const struct survey_question *question)
{
	struct survey *survey = NULL;
	struct survey_result result = { 0 };

	assert_int_equal(survey_start(base, question, on_result, &result, &survey), 0);
	assert_int_equal(event_base_dispatch(base), 1);
	return result;
}

static void a_name_that_leads_elsewhere_is_not_connected_to(void **state)
{
	struct event_base *base = event_base_new();
	struct survey_question question = { "a", "127.0.0.1", "127.0.0.2", 0 };
	struct survey_result result;
	int fd = listen_mutely(&question.tls_port);

	result = look(base, &question);
	assert_false(is_visited(fd, 0));
	assert_false(result.is_here);
	assert_string_equal(result.addresses, "127.0.0.1");
	assert_string_equal(result.wanted, "127.0.0.2");
	assert_string_equal(result.connect, "");
	close(fd);
	event_base_free(base);
}

static void an_account_has_two_at_a_time_and_others_theirs(void **state)
{
	struct event_base *base = event_base_new();
	struct survey_question question = { "a", "127.0.0.1", "127.0.0.1", 0 };
	struct survey_result results[3] = { 0 };
	struct survey *surveys[3] = { 0 };
	int fd = listen_mutely(&question.tls_port);

	for (size_t i = 0; i < SURVEY_OWNER_MAX; i++)
		assert_int_equal(survey_start(base, &question, on_result, &results[i], &surveys[i]),
				 0);
	assert_int_equal(survey_start(base, &question, on_result, &results[2], &surveys[2]),
			 -EAGAIN);
	/* Who drops his does not get another one before its thread is done. */
	survey_cancel(surveys[0]);
	assert_int_equal(survey_start(base, &question, on_result, &results[2], &surveys[2]),
			 -EAGAIN);
	question.owner = "b";
	assert_int_equal(survey_start(base, &question, on_result, &results[2], &surveys[2]), 0);
	for (int i = 0; i < 3; i++) {
		assert_true(is_visited(fd, 10000));
		close(accept(fd, NULL, NULL));
	}
	assert_int_equal(event_base_dispatch(base), 1);
	assert_true(results[1].is_here && results[2].is_here);
	assert_string_not_equal(results[1].connect, "");
	close(fd);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_covers_itself_in_any_case),
		cmocka_unit_test(a_wildcard_covers_one_label),
		cmocka_unit_test(dates_are_read_as_openssl_writes_them),
		cmocka_unit_test_teardown(a_name_that_leads_elsewhere_is_not_connected_to,
					  wait_for_threads),
		cmocka_unit_test_teardown(an_account_has_two_at_a_time_and_others_theirs,
					  wait_for_threads),
	};

	return cmocka_run_group_tests_name("survey", tests, start_curl, end_curl);
}
