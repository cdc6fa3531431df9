/* SPDX-License-Identifier: ISC */
/* lib/socketconf.h and lib/httpheader.h: what a socket's settings may be, and their one spelling. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <json-c/json.h>

#include "lib/cleanup.h"
#include "lib/httpheader.h"
#include "lib/socketconf.h"
#include "lib/strbuf.h"

static struct json_object *parse(const char *text)
{
	struct json_object *o = NULL;

	assert_int_equal(json_parse(text, strlen(text), 65536, &o), 0);
	return o;
}

static int read_text(const char *type, const char *text, struct socketconf *ret_conf, char *why)
{
	struct json_object *o = parse(text);
	int r;

	why[0] = '\0';
	r = socketconf_read(o, type, ret_conf, why);
	json_object_put(o);
	return r;
}

static void assert_object(struct json_object *o, const char *expected)
{
	assert_string_equal(json_object_to_json_string_ext(o,
							   JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE),
			    expected);
	json_object_put(o);
}

/* What is stored of `text`. */
static void assert_kept(const char *type, const char *text, const char *expected)
{
	struct json_object *o = json_object_new_object();
	char why[SOCKETCONF_ERROR_SIZE];
	struct socketconf conf;

	assert_int_equal(read_text(type, text, &conf, why), 0);
	assert_int_equal(socketconf_is_default(&conf), strcmp(expected, "{}") == 0);
	assert_int_equal(socketconf_write(&conf, o), 0);
	assert_object(o, expected);
	socketconf_clear(&conf);
}

static void assert_refused(const char *type, const char *text, const char *expected)
{
	char why[SOCKETCONF_ERROR_SIZE];
	struct socketconf conf;

	assert_int_equal(read_text(type, text, &conf, why), -EINVAL);
	assert_string_equal(why, expected);
}

static void defaults_are_not_kept(void **state)
{
	assert_kept("http", "{}", "{}");
	assert_kept("tcp",
		    "{\"sticky\":false,\"proxy_protocol\":null,\"allowed_networks\":[],"
		    "\"denied_networks\":null,\"host_header\":\"\",\"add_request_headers\":[],"
		    "\"remove_request_headers\":[],\"rate_limit\":0,\"unknown\":7}",
		    "{}");
}

static void what_is_set_is_kept_in_one_spelling(void **state)
{
	assert_kept("https",
		    "{\"rate_limit\":\"50\",\"sticky\":true,\"proxy_protocol\":true,"
		    "\"allowed_networks\":\"192.0.2.1\","
		    "\"denied_networks\":[\"2001:DB8::/32\",\"10.0.0.0/8\",\"2001:db8::/32\"],"
		    "\"host_header\":\"App.local:8080\","
		    "\"add_request_headers\":[{\"name\":\"X-Key\",\"value\":\"a \\\"b\\\"/c\"}],"
		    "\"remove_request_headers\":[\"Cookie\",\"DNT\",\"cookie\",\"Dnt\",\"Via\"],"
		    "\"domains\":[\"app.example.com\"]}",
		    "{\"sticky\":true,\"proxy_protocol\":true,"
		    "\"allowed_networks\":[\"192.0.2.1/32\"],"
		    "\"denied_networks\":[\"2001:db8::/32\",\"10.0.0.0/8\"],"
		    "\"host_header\":\"App.local:8080\","
		    "\"add_request_headers\":[{\"name\":\"X-Key\",\"value\":\"a \\\"b\\\"/c\"}],"
		    "\"remove_request_headers\":[\"Cookie\",\"DNT\",\"Via\"],\"rate_limit\":50,"
		    "\"domains\":[\"app.example.com\"]}");
}

static void certificates_are_names_with_versions(void **state)
{
	static const char *const bad[] = { "a.example", "/1",	       "a.example/",
					   "a/b/c",	"A.example/1", "a.example/1 2" };

	assert_kept("http", "{\"domains\":[\"a.example\"],\"certificates\":[\"a.example/0f\"]}",
		    "{\"domains\":[\"a.example\"],\"certificates\":[\"a.example/0f\"]}");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char text[100];

		snprintf(text, sizeof(text), "{\"certificates\":[\"%s\"]}", bad[i]);
		assert_refused("http", text, "field 'certificates': must be names and versions");
	}
}

static void an_answer_shows_all_but_domains(void **state)
{
	struct json_object *o = json_object_new_object();
	char why[SOCKETCONF_ERROR_SIZE];
	struct socketconf conf;

	assert_int_equal(read_text("http", "{\"sticky\":true,\"domains\":[\"a.example\"]}", &conf,
				   why),
			 0);
	assert_int_equal(socketconf_write_all(&conf, o), 0);
	assert_object(o, "{\"sticky\":true,\"proxy_protocol\":false,\"allowed_networks\":[],"
			 "\"denied_networks\":[],\"host_header\":\"\",\"add_request_headers\":[],"
			 "\"remove_request_headers\":[],\"rate_limit\":0}");
	socketconf_clear(&conf);
}

static void networks_are_checked(void **state)
{
	assert_refused("http", "{\"allowed_networks\":[\"10.0.0.5/8\"]}",
		       "field 'allowed_networks': '10.0.0.5/8' has bits beyond its prefix: did you "
		       "mean 10.0.0.0/8?");
	assert_refused("tcp", "{\"denied_networks\":[\"::1\",\"home\"]}",
		       "field 'denied_networks': 'home' is not a network: write one as "
		       "192.0.2.0/24, 2001:db8::/32 or a single address");
	assert_refused("tcp", "{\"denied_networks\":7}",
		       "field 'denied_networks' must be a list of strings");
}

static void lists_have_bounds(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);
	char why[SOCKETCONF_ERROR_SIZE];
	struct socketconf conf;

	strbuf_adds(&sb, "{\"denied_networks\":[");
	for (int i = 0; i < SOCKETCONF_NETWORKS_MAX; i++)
		strbuf_addf(&sb, "%s\"10.0.%d.0/24\"", i ? "," : "", i);
	strbuf_adds(&sb, "]}");
	assert_int_equal(read_text("tls", sb.buf, &conf, why), 0);
	assert_int_equal(conf.denied_count, SOCKETCONF_NETWORKS_MAX);
	socketconf_clear(&conf);

	strbuf_reset(&sb);
	strbuf_adds(&sb, "{\"allowed_networks\":[\"1.1.1.1\"");
	for (int i = 0; i < SOCKETCONF_NETWORKS_MAX; i++)
		strbuf_addf(&sb, ",\"10.0.%d.0/24\"", i);
	strbuf_adds(&sb, "]}");
	assert_refused("tls", sb.buf, "field 'allowed_networks' has more than 32 items");

	strbuf_reset(&sb);
	strbuf_adds(&sb, "{\"add_request_headers\":[");
	for (int i = 0; i <= SOCKETCONF_HEADERS_MAX; i++)
		strbuf_addf(&sb, "%s{\"name\":\"N%d\",\"value\":\"v\"}", i ? "," : "", i);
	strbuf_adds(&sb, "]}");
	assert_refused("http", sb.buf, "field 'add_request_headers': has more than 16 items");
}

static void all_settings_together_have_a_bound(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);
	char why[SOCKETCONF_ERROR_SIZE];
	struct socketconf conf;

	strbuf_adds(&sb, "{\"add_request_headers\":[");
	for (int i = 0; i < 4; i++)
		strbuf_addf(&sb, "%s{\"name\":\"N%d\",\"value\":\"%01024d\"}", i ? "," : "", i, 0);
	strbuf_adds(&sb, "]}");
	assert_int_equal(read_text("http", sb.buf, &conf, why), -EINVAL);
	assert_non_null(strstr(why, "bytes together, 4096 is the limit: use fewer or shorter"));
}

static void what_the_type_cannot_have_is_refused(void **state)
{
	static const char *const texts[] = {
		"{\"sticky\":true}",
		"{\"host_header\":\"a\"}",
		"{\"remove_request_headers\":[\"Cookie\"]}",
		"{\"add_request_headers\":[{\"name\":\"A\",\"value\":\"b\"}]}",
	};
	char why[SOCKETCONF_ERROR_SIZE];
	struct socketconf conf;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(read_text("tcp", texts[i], &conf, why), -EINVAL);
		assert_non_null(strstr(why, "only http and https sockets can have it, leave it out "
					    "for a tcp socket"));
		assert_int_equal(read_text("tls", texts[i], &conf, why), -EINVAL);
		assert_int_equal(read_text("https", texts[i], &conf, why), 0);
		socketconf_clear(&conf);
	}
	assert_kept("tcp",
		    "{\"proxy_protocol\":true,\"denied_networks\":[\"::/0\"],\"rate_limit\":5}",
		    "{\"proxy_protocol\":true,\"denied_networks\":[\"::/0\"],\"rate_limit\":5}");
}

static void rates_have_bounds(void **state)
{
	assert_kept("http", "{\"rate_limit\":100000}", "{\"rate_limit\":100000}");
	assert_refused("http", "{\"rate_limit\":100001}",
		       "field 'rate_limit' must be an integer from 0 to 100000");
	assert_refused("http", "{\"rate_limit\":-1}",
		       "field 'rate_limit' must be an integer from 0 to 100000");
}

static void added_headers_are_checked(void **state)
{
	assert_refused("http", "{\"add_request_headers\":{\"name\":\"A\",\"value\":\"b\"}}",
		       "field 'add_request_headers': must be a list of {\"name\", \"value\"}");
	assert_refused("http", "{\"add_request_headers\":[\"A: b\"]}",
		       "field 'add_request_headers': a JSON object is expected");
	assert_refused("http", "{\"add_request_headers\":[{\"value\":\"b\"}]}",
		       "field 'add_request_headers': field 'name' is missing");
	assert_refused("http", "{\"add_request_headers\":[{\"name\":\"A\"}]}",
		       "field 'add_request_headers': 'A' has no value: to take a header away, use "
		       "remove_request_headers");
	assert_refused("http",
		       "{\"add_request_headers\":[{\"name\":\"Ab\",\"value\":\"1\"},"
		       "{\"name\":\"aB\",\"value\":\"2\"}]}",
		       "field 'add_request_headers': 'aB' is there twice: join the values with a "
		       "comma");
	assert_refused("http",
		       "{\"add_request_headers\":[{\"name\":\"A\\u001b\",\"value\":\"1\"}]}",
		       "field 'add_request_headers': one is not a header's name: use 1 to 64 "
		       "letters, digits and dashes");
	assert_refused("http",
		       "{\"add_request_headers\":[{\"name\":\"A\",\"value\":\"1\\r\\nB: 2\"}]}",
		       "field 'add_request_headers': 'A' has a control or other character in its "
		       "value that is not printable ASCII: leave it out or encode it");
	assert_refused("http", "{\"remove_request_headers\":[\"Host\"]}",
		       "field 'remove_request_headers': 'Host' cannot be changed here: set "
		       "host_header instead");
	assert_refused("http", "{\"host_header\":\"a b\"}",
		       "field 'host_header': must be a host name or an address, and perhaps a "
		       "port, such as app.local or 127.0.0.1:8080");
}

static void names_of_headers_are_tokens_without_those_of_the_edge(void **state)
{
	static const char *const fine[] = { "A",	   "X-Api-Key", "authorization",
					    "Cookie",	   "x_own",	"Hostess",
					    "X-Forwarder", "Tea",	"!#$%&'*+-.^_`|~9" };
	static const char *const bad[] = {
		"",
		"a b",
		"a:",
		"a\r",
		"\xc3\xa9",
		"Host",
		"CONTENT-LENGTH",
		"Content_Length",
		"te",
		"Trailer",
		"Upgrade",
		"transfer-encoding",
		"X-Forwarded-For",
		"x_forwarded_x",
		"X-Real-IP",
		"X_Real-ip",
		"Forwarded",
		"X-Mysocket",
		"x-mysocket-edge",
		"Expect",
		"Proxy-Connection",
		"Connection",
		"Keep-Alive",
		"HTTP2-Settings",
		"12345678901234567890123456789012345678901234567890123456789012345",
	};
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
		assert_int_equal(httpheader_check_name(fine[i], &why), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		why = NULL;
		assert_int_equal(httpheader_check_name(bad[i], &why), -EINVAL);
		assert_non_null(why);
	}
}

static void values_of_headers_are_printable(void **state)
{
	static const char *const bad[] = { "", " a", "a ", "a\tb", "a\nb", "\x7f", "\xc3\xa9" };
	char longest[HTTPHEADER_VALUE_MAX + 2];
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(httpheader_check_value(bad[i], &why), -EINVAL);
	memset(longest, '%', sizeof(longest));
	longest[HTTPHEADER_VALUE_MAX + 1] = '\0';
	assert_int_equal(httpheader_check_value(longest, &why), -EINVAL);
	longest[HTTPHEADER_VALUE_MAX] = '\0';
	assert_int_equal(httpheader_check_value(longest, &why), 0);
}

static void hosts_are_names_or_addresses(void **state)
{
	static const char *const fine[] = { "app.local",   "a",	     "127.0.0.1:8080",	"[::1]",
					    "[::1]:65535", "my_app", "app.example.com." };
	static const char *const bad[] = { "",	      ".a",    "a..b",	   "a:",  "a:0",
					   "a:65536", "a:080", "[::1",	   "[]",  "::1",
					   "a/b",     "a@b",   "http://a", "a b", "a\r\nb" };
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
		assert_int_equal(httpheader_check_host(fine[i], &why), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(httpheader_check_host(bad[i], &why), -EINVAL);
}

static void a_change_touches_only_what_it_names(void **state)
{
	struct json_object *into = parse("{\"sticky\":true,\"rate_limit\":5,"
					 "\"denied_networks\":[\"10.0.0.0/8\"]}");
	struct json_object *from = parse("{\"rate_limit\":7,\"sticky\":null,\"name\":\"x\","
					 "\"domains\":[\"a\"],\"host_header\":\"h\"}");

	assert_int_equal(socketconf_merge(into, from), 0);
	json_object_put(from);
	assert_object(into, "{\"rate_limit\":7,\"denied_networks\":[\"10.0.0.0/8\"],"
			    "\"host_header\":\"h\"}");
	assert_true(socketconf_has("sticky"));
	assert_false(socketconf_has("domains"));
	assert_false(socketconf_has("name"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_not_kept),
		cmocka_unit_test(what_is_set_is_kept_in_one_spelling),
		cmocka_unit_test(certificates_are_names_with_versions),
		cmocka_unit_test(an_answer_shows_all_but_domains),
		cmocka_unit_test(networks_are_checked),
		cmocka_unit_test(lists_have_bounds),
		cmocka_unit_test(all_settings_together_have_a_bound),
		cmocka_unit_test(what_the_type_cannot_have_is_refused),
		cmocka_unit_test(rates_have_bounds),
		cmocka_unit_test(added_headers_are_checked),
		cmocka_unit_test(names_of_headers_are_tokens_without_those_of_the_edge),
		cmocka_unit_test(values_of_headers_are_printable),
		cmocka_unit_test(hosts_are_names_or_addresses),
		cmocka_unit_test(a_change_touches_only_what_it_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
