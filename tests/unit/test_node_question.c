/* SPDX-License-Identifier: ISC */
/* node/question.h: what an origin is asked, byte by byte. */
#include "tests/unit/unit.h"

#include <string.h>

#include "lib/cleanup.h"
#include "lib/strbuf.h"
#include "node/node_login.h"
#include "node/question.h"

static char url[] = "https://a-b-1.example.net:8443/", no_settings[] = "",
	    other_host[] = "{\"host_header\": \"localhost:3000\"}",
	    proxy[] = "{\"proxy_protocol\": true}", bad[] = "{\"host_header\": 1";

static const char local[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

static bool ask(struct strbuf *sb, const char *type, char *settings, const char *method)
{
	struct node_tunnel tunnel = { .url = url, .settings = settings };

	snprintf(tunnel.type, sizeof(tunnel.type), "%s", type);
	strbuf_reset(sb);
	return question_write(sb, &tunnel, method, QUESTION_HEALTH_AGENT);
}

static void an_http_origin_is_asked_with_the_host_of_its_visitors(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(QUESTION_MAX);
	const char *wanted =
		"HEAD / HTTP/1.1\r\nHost: a-b-1.example.net:8443\r\n"
		"User-Agent: mysocket-health\r\nAccept: */*\r\nConnection: close\r\n\r\n";

	assert_true(ask(&sb, "http", no_settings, "HEAD"));
	assert_string_equal(sb.buf, wanted);
	assert_true(ask(&sb, "https", bad, "HEAD"));
	assert_string_equal(sb.buf, wanted);
	assert_true(ask(&sb, "https", no_settings, "GET"));
	assert_memory_equal(sb.buf, "GET / HTTP/1.1\r\n", 16);
}

static void another_host_of_the_settings_is_the_origins(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(QUESTION_MAX);

	assert_true(ask(&sb, "http", other_host, "HEAD"));
	assert_non_null(strstr(sb.buf, "\r\nHost: localhost:3000\r\n"));
	assert_null(strstr(sb.buf, "example.net"));
}

static void a_proxy_header_comes_first_where_it_is_set(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(QUESTION_MAX);

	assert_true(ask(&sb, "http", proxy, "HEAD"));
	assert_memory_equal(sb.buf, local, 16);
	assert_memory_equal(sb.buf + 16, "HEAD / HTTP/1.1\r\n", 17);
	assert_false(ask(&sb, "tcp", proxy, "HEAD"));
	assert_int_equal(sb.len, 16);
	assert_memory_equal(sb.buf, local, 16);
}

static void nothing_is_asked_of_a_tcp_or_tls_socket(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(QUESTION_MAX);

	assert_false(ask(&sb, "tcp", no_settings, "HEAD"));
	assert_int_equal(sb.len, 0);
	assert_false(ask(&sb, "tls", no_settings, "HEAD"));
	assert_int_equal(sb.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_http_origin_is_asked_with_the_host_of_its_visitors),
		cmocka_unit_test(another_host_of_the_settings_is_the_origins),
		cmocka_unit_test(a_proxy_header_comes_first_where_it_is_set),
		cmocka_unit_test(nothing_is_asked_of_a_tcp_or_tls_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
