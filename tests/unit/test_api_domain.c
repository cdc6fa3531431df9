/* SPDX-License-Identifier: ISC */
/* Names of their owners' own: what is one, and which name server is asked. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>

#include "api/check.h"
#include "api/dns.h"
#include "lib/cleanup.h"

static void a_domain_has_one_spelling(void **state)
{
	static const char *const texts[] = { "app.example.com", "APP.Example.com",
					     "app.example.com." };
	char domain[CHECK_DOMAIN_MAX + 1];
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(api_check_domain(texts[i], domain, &why), 0);
		assert_string_equal(domain, "app.example.com");
	}
	assert_int_equal(api_check_domain("xn--caf-dma.example", domain, &why), 0);
	assert_int_equal(api_check_domain("1.2.3.4a", domain, &why), 0);
}

static void what_is_no_domain_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		".",
		"com",
		"com.",
		"a..b",
		".a.b",
		"-a.b",
		"a-.b",
		"a_b.c",
		"a b.c",
		"192.0.2.1",
		"a.1",
		"a.b/c",
		"a.b:80",
		"caf\xc3\xa9.fr",
		"a.b\n",
		"*.example.com",
		"a.b..",
	};
	char domain[CHECK_DOMAIN_MAX + 1] = "untouched", longest[CHECK_DOMAIN_MAX + 2];
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		why = NULL;
		assert_int_equal(api_check_domain(texts[i], domain, &why), -EINVAL);
		assert_non_null(why);
	}
	assert_string_equal(domain, "untouched");
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = i % 2 ? '.' : 'a';
	longest[CHECK_DOMAIN_MAX + 1] = '\0';
	assert_int_equal(api_check_domain(longest, domain, &why), -EINVAL);
	longest[CHECK_DOMAIN_MAX - 1] = '\0';
	assert_int_equal(api_check_domain(longest, domain, &why), 0);
}

static void a_name_server_is_an_address_and_a_port(void **state)
{
	static const char *const bad[] = { "",
					   "127.0.0.1",
					   ":53",
					   "127.0.0.1:",
					   "localhost:53",
					   "127.0.0.1:0",
					   "127.0.0.1:65536",
					   "127.0.0.1:53x",
					   "[::1]:53",
					   "1.2.3.4.5:53" };
	struct sockaddr_in server = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(dns_server_parse(bad[i], &server), -EINVAL);
	assert_int_equal(server.sin_port, 0);
	assert_int_equal(dns_server_parse("192.0.2.1:5353", &server), 0);
	assert_int_equal(server.sin_family, AF_INET);
	assert_int_equal(ntohs(server.sin_port), 5353);
	assert_int_equal(ntohl(server.sin_addr.s_addr), 0xc0000201);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_domain_has_one_spelling),
		cmocka_unit_test(what_is_no_domain_is_refused),
		cmocka_unit_test(a_name_server_is_an_address_and_a_port),
	};

	return cmocka_run_group_tests_name("api/domain", tests, NULL, NULL);
}
