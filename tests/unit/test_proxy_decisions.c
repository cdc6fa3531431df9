/* SPDX-License-Identifier: ISC */
/* proxycommand/: what a command line, a name and an answer mean, before and after the network is asked. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "lib/cleanup.h"
#include "proxycommand/lookup.h"
#include "proxycommand/net.h"
#include "proxycommand/proxy_options.h"
#include "proxycommand/target.h"

static char why[PROXY_WHY_SIZE];

/* ---- options ------------------------------------------------------------------------------------------- */

static int parse(const char *const *args, struct proxy_options *ret)
{
	char *argv[12] = { 0 };
	int argc = 0;

	for (; args[argc]; argc++)
		argv[argc] = (char *)args[argc];
	return proxy_options_parse(argc, argv, ret, why);
}

static void host_and_port_are_enough(void **state)
{
	static const char *const args[] = { "long-hill-8399.example.net", "22", NULL };
	struct proxy_options o;

	assert_int_equal(parse(args, &o), 0);
	assert_string_equal(o.host, "long-hill-8399.example.net");
	assert_int_equal(o.port, 22);
	assert_int_equal(o.type, PROXY_AUTO);
	assert_int_equal(o.timeout_s, 30);
	assert_false(o.fdpass);
	assert_null(o.api);
	assert_null(o.ca_file);
	assert_null(o.proxy);
}

static void options_are_read_in_both_spellings_and_anywhere(void **state)
{
	static const char *const args[] = { "--type=tls", "host",     "--timeout", "5",
					    "--proxy=",	  "--fdpass", "--type",	   "tcp",
					    "--",	  "65535",    NULL };
	struct proxy_options o;

	assert_int_equal(parse(args, &o), 0);
	assert_string_equal(o.host, "host");
	assert_int_equal(o.port, 65535);
	assert_int_equal(o.type, PROXY_TCP);
	assert_int_equal(o.timeout_s, 5);
	assert_string_equal(o.proxy, "");
	assert_true(o.fdpass);
}

static void help_and_version_need_nothing_else(void **state)
{
	static const char *const help[] = { "--help", NULL }, *const h[] = { "x", "-h", NULL },
				 *const version[] = { "--version", NULL };
	struct proxy_options o;

	assert_int_equal(parse(help, &o), 0);
	assert_true(o.help);
	assert_int_equal(parse(h, &o), 0);
	assert_true(o.help);
	assert_int_equal(parse(version, &o), 0);
	assert_true(o.version);
}

static void bad_usage_is_named(void **state)
{
	static const struct {
		const char *args[6];
		const char *says;
	} bad[] = {
		{ { NULL }, "HOST and PORT are missing" },
		{ { "host", NULL }, "HOST and PORT are missing" },
		{ { "host", "22", "x", NULL }, "too many arguments" },
		{ { "host", "0", NULL }, "'0'" },
		{ { "host", "65536", NULL }, "'65536'" },
		{ { "host", "22x", NULL }, "'22x'" },
		{ { "host", " 22", NULL }, "' 22'" },
		{ { "host", "+22", NULL }, "'+22'" },
		{ { "host", "", NULL }, "''" },
		{ { "host", "99999999999999999999", NULL }, "PORT must be" },
		{ { "--type", NULL }, "'--type' needs a value" },
		{ { "--type", "http", "host", "22", NULL }, "auto, tcp or tls" },
		{ { "--fdpass=yes", "host", "22", NULL }, "'--fdpass' takes no value" },
		{ { "--timeout=0", "host", "22", NULL }, "1 to 3600 seconds" },
		{ { "--timeout=x", "host", "22", NULL }, "1 to 3600 seconds" },
		{ { "--typ", "host", "22", NULL }, "unknown option '--typ'" },
		{ { "-v", "host", "22", NULL }, "unknown option '-v'" },
	};
	struct proxy_options o = { .port = 7 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse(bad[i].args, &o), -EINVAL);
		if (!strstr(why, bad[i].says))
			fail_msg("'%s' does not say '%s'", why, bad[i].says);
	}
	assert_int_equal(o.port, 7);
}

/* ---- names --------------------------------------------------------------------------------------------- */

static void hosts_have_one_spelling(void **state)
{
	static const char *const good[][2] = {
		{ "host", "host" },
		{ "SSH.Example.NET.", "ssh.example.net" },
		{ "my_host-1", "my_host-1" },
		{ "192.0.2.1", "192.0.2.1" },
		{ "2001:DB8::1", "2001:db8::1" },
		{ "[2001:db8::1]", "2001:db8::1" },
	};
	static const char *const bad[] = {
		"",    ".",   "-host",	   ".host",    "host..", "a..b", "a b",		"a/b",
		"a@b", "a:b", "a:22",	   "[host]",   "[::1",	 "::1]", "h\xc3\xb6st", "h\nost",
		"a%b", "a;b", "[1.2.3.4]", "http://a", "a?b",	 "a#b",
	};
	char host[TARGET_HOST_SIZE] = "untouched", large[300];
	size_t i;

	memset(large, 'a', sizeof(large));
	large[254] = '\0';
	assert_int_equal(target_host(large, host), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (target_host(bad[i], host) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
	assert_string_equal(host, "untouched");
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(target_host(good[i][0], host), 0);
		assert_string_equal(host, good[i][1]);
	}
	large[253] = '\0';
	assert_int_equal(target_host(large, host), 0);
}

static void an_ipv6_address_stands_in_brackets_in_a_url(void **state)
{
	char text[TARGET_HOST_SIZE + 2];

	target_url_host("2001:db8::1", text);
	assert_string_equal(text, "[2001:db8::1]");
	target_url_host("192.0.2.1", text);
	assert_string_equal(text, "192.0.2.1");
	target_url_host("host", text);
	assert_string_equal(text, "host");
}

static void a_sockets_name_is_word_word_number_below_a_domain(void **state)
{
	static const char *const others[] = {
		"long-hill-8399",	  "long-hill-8399.",	      "ssh.example.net",
		"long-hill-839.example",  "long-hill-83991.example",  "long-8399.example",
		"long-hill-x-8399.exam",  "www.long-hill-8399.a.net", "8399-hill-long.example",
		"long--8399.example.net", "-hill-8399.example.net",   "192.0.2.1",
	};
	size_t i;

	assert_string_equal(target_domain("long-hill-8399.example.net"), "example.net");
	assert_string_equal(target_domain("a-b-1000.mysocket.localhost"), "mysocket.localhost");
	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (target_domain(others[i]))
			fail_msg("'%s' was taken for a socket's name", others[i]);
}

static void loopback_is_known_by_name_and_address(void **state)
{
	static const char *const ours[] = { "localhost", "a.localhost", "x.y.localhost",
					    "127.0.0.1", "127.64.3.2",	"::1" };
	static const char *const others[] = {
		"localhost.example.net", "mylocalhost", "128.0.0.1",
		"127.example.net",	 "::2",		".localhost"
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ours); i++)
		assert_true(target_is_loopback(ours[i]));
	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (target_is_loopback(others[i]))
			fail_msg("'%s' was taken for this host", others[i]);
}

/* ---- which API ----------------------------------------------------------------------------------------- */

static void expect_api(const char *given, const char *configured, const char *url, const char *host,
		       bool is_configured)
{
	char found_host[TARGET_HOST_SIZE];
	auto_free char *found = NULL;
	bool found_configured;

	assert_int_equal(lookup_api(given, configured, "example.net", &found, found_host,
				    &found_configured, why, sizeof(why)),
			 0);
	assert_string_equal(found, url);
	assert_string_equal(found_host, host);
	assert_int_equal(found_configured, is_configured);
}

static void a_names_own_service_is_asked(void **state)
{
	expect_api(NULL, NULL, "https://api.example.net", "api.example.net", false);
	expect_api(NULL, "https://api.example.org:8443", "https://api.example.net",
		   "api.example.net", false);
	expect_api(NULL, "https://API.example.net:8443//", "https://API.example.net:8443",
		   "api.example.net", true);
	expect_api("https://elsewhere.example/api/", "https://api.example.net",
		   "https://elsewhere.example/api", "elsewhere.example", false);
	expect_api("http://127.0.0.1:7080", NULL, "http://127.0.0.1:7080", "127.0.0.1", false);
	expect_api("http://[::1]:7080", NULL, "http://[::1]:7080", "::1", false);
}

static void only_plain_https_addresses_are_asked(void **state)
{
	static const char *const bad[] = {
		"http://api.example.net",
		"api.example.net",
		"ftp://api.example.net",
		"https://me@api.example.net",
		"https://api.example.net?x",
		"https://api.example.net#x",
		"https://",
		"https://a b",
	};
	char host[TARGET_HOST_SIZE];
	bool is_configured;
	char *url = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (lookup_api(bad[i], NULL, "example.net", &url, host, &is_configured, why,
			       sizeof(why)) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
		assert_non_null(strstr(why, "--api"));
		assert_int_equal(lookup_api(NULL, bad[i], "example.net", &url, host, &is_configured,
					    why, sizeof(why)),
				 -EINVAL);
		assert_non_null(strstr(why, "MYSOCKET_API"));
	}
}

/* ---- its answer ---------------------------------------------------------------------------------------- */

static int answered(long status, const char *body, struct target *t)
{
	*t = (struct target){ .host = "long-hill-8399.example.net", .port = 22 };
	return lookup_read("https://api.example.net", status, body, strlen(body), t, why,
			   sizeof(why));
}

static void a_good_answer_gives_type_and_port(void **state)
{
	struct target t;

	assert_int_equal(answered(200, "{\"socket_type\":\"tcp\",\"port\":20123,\"dnsname\":\"x\"}",
				  &t),
			 0);
	assert_false(t.tls);
	assert_int_equal(t.port, 20123);
	assert_int_equal(answered(200, "{\"socket_type\":\"tls\",\"port\":30123}", &t), 0);
	assert_true(t.tls);
	assert_int_equal(t.port, 30123);
	assert_string_equal(t.host, "long-hill-8399.example.net");
}

static void an_answer_that_is_not_ours_is_not_believed(void **state)
{
	static const char *const bad[] = {
		"",
		"<html>",
		"[]",
		"{}",
		"null",
		"{\"socket_type\":\"tcp\"}",
		"{\"socket_type\":\"http\",\"port\":80}",
		"{\"socket_type\":\"tcp\",\"port\":0}",
		"{\"socket_type\":\"tcp\",\"port\":65536}",
		"{\"socket_type\":\"tcp\",\"port\":\"x\"}",
		"{\"socket_type\":1,\"port\":20123}",
	};
	struct target t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (answered(200, bad[i], &t) != -EBADMSG)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(t.port, 22);
		assert_non_null(strstr(why, "no mysocket API"));
		assert_non_null(strstr(why, "--type tcp"));
	}
	assert_int_equal(answered(404, "<html>not found", &t), -EBADMSG);
	assert_int_equal(answered(302, "{\"socket_type\":\"tcp\",\"port\":20123}", &t), -EBADMSG);
}

static void no_such_socket_and_not_now_are_told_apart(void **state)
{
	struct target t;

	assert_int_equal(answered(404, "{\"error_message\":\"there is no ...\"}", &t), -ENOENT);
	assert_non_null(strstr(why, "long-hill-8399.example.net"));
	assert_int_equal(answered(429, "{\"error_message\":\"x\"}", &t), -EHOSTDOWN);
	assert_int_equal(answered(503, "", &t), -EHOSTDOWN);
	assert_non_null(strstr(why, "try again"));
}

/* ---- proxies ------------------------------------------------------------------------------------------- */

static int clear_proxies(void **state)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
					     "ALL_PROXY",   "http_proxy",  "no_proxy" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
	return 0;
}

static void the_environments_proxy_is_taken_as_for_https(void **state)
{
	assert_string_equal(net_proxy(NULL, "host"), "");
	setenv("http_proxy", "http://for-http-only:3128", 1);
	assert_string_equal(net_proxy(NULL, "host"), "");
	setenv("ALL_PROXY", "socks5h://d:1080", 1);
	assert_string_equal(net_proxy(NULL, "host"), "socks5h://d:1080");
	setenv("all_proxy", "socks5h://c:1080", 1);
	assert_string_equal(net_proxy(NULL, "host"), "socks5h://c:1080");
	setenv("HTTPS_PROXY", "http://b:3128", 1);
	assert_string_equal(net_proxy(NULL, "host"), "http://b:3128");
	setenv("https_proxy", "http://a:3128", 1);
	assert_string_equal(net_proxy(NULL, "host"), "http://a:3128");
	setenv("https_proxy", "", 1);
	assert_string_equal(net_proxy(NULL, "host"), "http://b:3128");
}

static void this_host_is_reached_without_a_proxy_unless_one_is_given(void **state)
{
	setenv("https_proxy", "http://a:3128", 1);
	assert_string_equal(net_proxy(NULL, "ssh.mysocket.localhost"), "");
	assert_string_equal(net_proxy(NULL, "127.0.0.1"), "");
	assert_string_equal(net_proxy("http://given:1", "127.0.0.1"), "http://given:1");
	assert_string_equal(net_proxy("", "host"), "");
}

static void a_proxys_password_is_never_shown(void **state)
{
	static const char *const names[][2] = {
		{ "http://me:pa@ss@proxy:3128/", "http://proxy:3128" },
		{ "socks5h://me:secret@[::1]:1080", "socks5h://[::1]:1080" },
		{ "me:secret@proxy:3128", "proxy:3128" },
		{ "http://me:se/cret@proxy:3128", "http://proxy:3128" },
		{ "proxy:3128", "proxy:3128" },
		{ "", "" },
	};
	char name[100];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		net_proxy_name(names[i][0], name, sizeof(name));
		assert_string_equal(name, names[i][1]);
	}
}

static void a_proxys_password_is_not_shown_in_curls_words_either(void **state)
{
	struct net net = { .proxy = "gopher://me:secret@proxy:70" };
	CURL *easy = curl_easy_init();

	net_why(easy, &net, "host", CURLE_COULDNT_CONNECT,
		"Unsupported proxy scheme for 'gopher://me:secret@proxy:70'", why, sizeof(why));
	assert_null(strstr(why, "secret"));
	assert_non_null(strstr(why, "check https_proxy"));
	curl_easy_cleanup(easy);
}

/* ---- what is said -------------------------------------------------------------------------------------- */

static void every_failure_has_a_remedy(void **state)
{
	static const struct {
		CURLcode code;
		int error;
		const char *says;
	} failures[] = {
		{ CURLE_COULDNT_RESOLVE_HOST, -EHOSTDOWN, "check the name's spelling" },
		{ CURLE_COULDNT_RESOLVE_PROXY, -EHOSTDOWN, "https_proxy" },
		{ CURLE_COULDNT_CONNECT, -EHOSTDOWN, "check host and port" },
		{ CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT, "check host and port" },
		{ CURLE_SSL_CONNECT_ERROR, -EPROTO, "is the port right?" },
		{ CURLE_SSL_CACERT_BADFILE, -EPROTO, "--ca-file" },
		{ CURLE_PEER_FAILED_VERIFICATION, -EPROTO, "do not go on" },
		{ CURLE_RECV_ERROR, -EHOSTDOWN, "check host and port" },
	};
	struct net net = { .proxy = "" };
	CURL *easy = curl_easy_init();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(failures); i++) {
		assert_int_equal(net_why(easy, &net, "host", failures[i].code, "in curl's words",
					 why, sizeof(why)),
				 failures[i].error);
		assert_non_null(strstr(why, "in curl's words; "));
		if (!strstr(why, failures[i].says))
			fail_msg("'%s' does not say '%s'", why, failures[i].says);
	}
	net.proxy = "http://proxy:3128";
	net_why(easy, &net, "host", CURLE_COULDNT_CONNECT, "", why, sizeof(why));
	assert_non_null(strstr(why, "check the proxy"));
	curl_easy_cleanup(easy);
}

#define PROXIES(test) cmocka_unit_test_setup_teardown(test, clear_proxies, clear_proxies)

static bool may_be_chosen(const char *given, const char *configured, const char *host)
{
	const char *domain = lookup_chosen(given, configured, host), *dot = strchr(host, '.');

	assert_true(!domain || (dot && domain == dot + 1));
	return domain;
}

static void a_chosen_name_is_one_label_below_the_domain_of_the_api_that_is_named(void **state)
{
	static const char api[] = "https://api.example.net", other[] = "https://api.example.org/";

	assert_true(may_be_chosen(NULL, api, "my-pi.example.net"));
	assert_true(may_be_chosen(api, NULL, "my-pi.example.net"));
	assert_true(may_be_chosen(api, other, "my-pi.example.net"));
	assert_false(may_be_chosen(other, api, "my-pi.example.net"));
	assert_false(may_be_chosen(NULL, NULL, "my-pi.example.net"));
	assert_false(may_be_chosen(NULL, api, "a.my-pi.example.net"));
	assert_false(may_be_chosen(NULL, api, "my-pi.example.org"));
	assert_false(may_be_chosen(NULL, api, "example.net"));
	assert_false(may_be_chosen(NULL, api, "localhost"));
	assert_false(may_be_chosen(NULL, api, "ssh.example.net"));
	assert_false(may_be_chosen(NULL, api, "api.example.net"));
	assert_true(may_be_chosen(NULL, api, "sshx.example.net"));
	assert_false(may_be_chosen(NULL, "nonsense", "my-pi.example.net"));
	assert_false(may_be_chosen(NULL, "https://www.example.net", "my-pi.example.net"));
}

static void any_other_host_name_may_be_its_owners_own_where_an_api_is_given(void **state)
{
	static const char api[] = "https://api.example.net";

	assert_true(lookup_may_be_own(api, "app.example.com"));
	assert_true(lookup_may_be_own(api, "ssh.example.com"));
	assert_true(lookup_may_be_own("http://127.0.0.1:7080", "app.example.com"));
	assert_false(lookup_may_be_own(NULL, "app.example.com"));
	assert_false(lookup_may_be_own(api, "ssh.example.net"));
	assert_false(lookup_may_be_own(api, "localhost"));
	assert_false(lookup_may_be_own(api, "192.0.2.1"));
	assert_false(lookup_may_be_own(api, "2001:db8::192.0.2.1"));
	assert_false(lookup_may_be_own("nonsense", "app.example.com"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_chosen_name_is_one_label_below_the_domain_of_the_api_that_is_named),
		cmocka_unit_test(any_other_host_name_may_be_its_owners_own_where_an_api_is_given),
		cmocka_unit_test(host_and_port_are_enough),
		cmocka_unit_test(options_are_read_in_both_spellings_and_anywhere),
		cmocka_unit_test(help_and_version_need_nothing_else),
		cmocka_unit_test(bad_usage_is_named),
		cmocka_unit_test(hosts_have_one_spelling),
		cmocka_unit_test(an_ipv6_address_stands_in_brackets_in_a_url),
		cmocka_unit_test(a_sockets_name_is_word_word_number_below_a_domain),
		cmocka_unit_test(loopback_is_known_by_name_and_address),
		cmocka_unit_test(a_names_own_service_is_asked),
		cmocka_unit_test(only_plain_https_addresses_are_asked),
		cmocka_unit_test(a_good_answer_gives_type_and_port),
		cmocka_unit_test(an_answer_that_is_not_ours_is_not_believed),
		cmocka_unit_test(no_such_socket_and_not_now_are_told_apart),
		PROXIES(the_environments_proxy_is_taken_as_for_https),
		PROXIES(this_host_is_reached_without_a_proxy_unless_one_is_given),
		cmocka_unit_test(a_proxys_password_is_never_shown),
		cmocka_unit_test(a_proxys_password_is_not_shown_in_curls_words_either),
		PROXIES(every_failure_has_a_remedy),
	};

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return 1;
	return cmocka_run_group_tests_name("proxycommand/decisions", tests, NULL, NULL);
}
