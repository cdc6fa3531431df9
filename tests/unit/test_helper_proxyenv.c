/* SPDX-License-Identifier: ISC */
/* helper/proxyenv.h: which tunnel servers a proxy leads to. */
#include "tests/unit/unit.h"

#include "helper/proxyenv.h"

static int no_proxies(void **state)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "http_proxy",
					     "all_proxy",   "ALL_PROXY",   "NO_PROXY",
					     "no_proxy" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	return 0;
}

static void each_of_curls_variables_but_http_proxy_leads(void **state)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
					     "ALL_PROXY" };
	size_t i;

	assert_false(proxyenv_leads_to("ssh.example.net"));
	setenv("http_proxy", "http://p:1", 1);
	assert_false(proxyenv_leads_to("ssh.example.net"));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv(names[i], "", 1);
		assert_false(proxyenv_leads_to("ssh.example.net"));
		setenv(names[i], "socks5h://p:1", 1);
		assert_true(proxyenv_leads_to("ssh.example.net"));
		unsetenv(names[i]);
	}
}

static void this_machine_needs_no_proxy(void **state)
{
	setenv("https_proxy", "http://p:1", 1);
	assert_false(proxyenv_leads_to("ssh.mysocket.localhost"));
	assert_false(proxyenv_leads_to("localhost"));
	assert_false(proxyenv_leads_to("127.0.0.2"));
	assert_false(proxyenv_leads_to("::1"));
	assert_true(proxyenv_leads_to("128.0.0.1"));
}

static void no_proxy_names_the_exceptions(void **state)
{
	setenv("https_proxy", "http://p:1", 1);
	setenv("NO_PROXY", "other.net example.net", 1);
	assert_false(proxyenv_leads_to("ssh.example.net"));
	setenv("no_proxy", "other.net", 1); /* goes first */
	assert_true(proxyenv_leads_to("ssh.example.net"));
}

static void a_domain_names_its_hosts_and_no_others(void **state)
{
	assert_true(proxyenv_excepts("example.net", "example.net"));
	assert_true(proxyenv_excepts("a.b,Example.NET", "ssh.example.net"));
	assert_true(proxyenv_excepts("a.b, .example.net.", "ssh.example.net"));
	assert_true(proxyenv_excepts("*", "ssh.example.net"));
	assert_true(proxyenv_excepts("192.0.2.1", "192.0.2.1"));
	assert_false(proxyenv_excepts("example.net", "ssh.anexample.net"));
	assert_false(proxyenv_excepts("ssh.example.net", "example.net"));
	assert_false(proxyenv_excepts("*.example.org", "ssh.example.net"));
	assert_false(proxyenv_excepts(" , .,,", "ssh.example.net"));
	assert_false(proxyenv_excepts("", "ssh.example.net"));
	assert_false(proxyenv_excepts(NULL, "ssh.example.net"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_of_curls_variables_but_http_proxy_leads, no_proxies),
		cmocka_unit_test_setup(this_machine_needs_no_proxy, no_proxies),
		cmocka_unit_test_setup(no_proxy_names_the_exceptions, no_proxies),
		cmocka_unit_test(a_domain_names_its_hosts_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
