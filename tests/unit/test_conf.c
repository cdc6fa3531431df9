/* SPDX-License-Identifier: ISC */
/* lib/conf.h: grammar, defaults, bounds, and errors that name the line. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>

#include "lib/cleanup.h"
#include "lib/conf.h"
#include "lib/file.h"
#include "node/node_login.h"
#include "tests/unit/manual_page.h"

static char why[CONF_ERROR_SIZE];

static int parse(const char *text, struct conf *ret_conf)
{
	why[0] = '\0';
	return conf_parse("f.conf", text, ret_conf, why);
}

static void assert_refused(const char *text, const char *expected)
{
	struct conf conf = { .ssh_port = 77 };

	assert_int_equal(parse(text, &conf), -EINVAL);
	assert_string_equal(why, expected);
	assert_int_equal(conf.ssh_port, 77);
	assert_null(conf.domain);
}

static void a_domain_is_enough_and_the_rest_has_defaults(void **state)
{
	auto_call(conf_clear) struct conf conf = { 0 };
	char host[256];

	assert_int_equal(parse("domain = example.com\n", &conf), 0);
	assert_string_equal(conf.domain, "example.com");
	assert_string_equal(conf.service_name, "Mysocket");
	assert_string_equal(conf.api_listen, "127.0.0.1:7080");
	assert_string_equal(conf.confirm, "email");
	assert_string_equal(conf.ssh_host, "ssh.example.com");
	assert_string_equal(conf.node_address, "ssh.example.com");
	assert_string_equal(conf.api_ca_file, "");
	assert_int_equal(conf.ssh_port, 22);
	assert_int_equal(conf.relay_port_min, 5000);
	assert_int_equal(conf.relay_port_max, 64999);
	assert_int_equal(conf.hold_seconds, 10);
	assert_int_equal(gethostname(host, sizeof(host)), 0);
	assert_string_equal(conf.node_name, host);
}

static void every_text_is_set_after_parsing(void **state)
{
	auto_call(conf_clear) struct conf conf = { 0 };
	char *const *texts[] = { &conf.domain,
				 &conf.service_name,
				 &conf.api_listen,
				 &conf.database,
				 &conf.token_secret_file,
				 &conf.confirm,
				 &conf.ssh_host,
				 &conf.ssh_host_keys,
				 &conf.node_name,
				 &conf.node_address,
				 &conf.api_url,
				 &conf.api_ca_file,
				 &conf.edge_socket,
				 &conf.log_socket,
				 &conf.state_dir,
				 &conf.node_secret_file,
				 &conf.node_metrics_listen };
	size_t i;

	assert_int_equal(parse("domain=a.b", &conf), 0);
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		assert_non_null(*texts[i]);
}

static void derived_settings_may_be_given(void **state)
{
	auto_call(conf_clear) struct conf conf = { 0 };

	assert_int_equal(parse("node_name=n1\nssh_host=10.0.0.1\ndomain=a.b\n", &conf), 0);
	assert_string_equal(conf.ssh_host, "10.0.0.1");
	assert_string_equal(conf.node_address, "10.0.0.1");
	assert_string_equal(conf.node_name, "n1");
}

static void comments_blank_lines_and_white_space_are_ignored(void **state)
{
	auto_call(conf_clear) struct conf conf = { 0 };

	assert_int_equal(parse("# all\n\n \t\n  domain\t=  a.b   # here\r\nssh_port=2222#x\n"
			       "service_name = My  Service # two words",
			       &conf),
			 0);
	assert_string_equal(conf.domain, "a.b");
	assert_int_equal(conf.ssh_port, 2222);
	assert_string_equal(conf.service_name, "My  Service");
}

static void a_missing_domain_is_said_with_an_example(void **state)
{
	assert_refused("", "f.conf: 'domain' is missing, such as: domain = example.com");
}

static void a_line_must_be_a_setting(void **state)
{
	assert_refused("domain = a.b\nnonsense\n", "f.conf:2: 'name = value' is expected");
	assert_refused("\n\ndomian = a.b\n",
		       "f.conf:3: unknown setting 'domian', see mysocket.conf(5)");
	assert_refused("= a.b\n", "f.conf:1: unknown setting '', see mysocket.conf(5)");
	assert_refused("Domain = a.b\n",
		       "f.conf:1: unknown setting 'Domain', see mysocket.conf(5)");
}

static void a_setting_is_given_once(void **state)
{
	assert_refused("domain=a.b\nssh_port=1\nssh_port=1\n",
		       "f.conf:3: 'ssh_port' is set a second time");
}

static void numbers_have_bounds(void **state)
{
	static const char *const bad[] = { "0",	  "65536", "-1",   "",	  "x",
					   "22x", "2 2",   "0x16", "+22", "99999999999999999999" };
	auto_call(conf_clear) struct conf conf = { 0 };
	char text[100];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "domain=a.b\nssh_port = %s\n", bad[i]);
		assert_refused(text, "f.conf:2: 'ssh_port' must be an integer from 1 to 65535");
	}
	assert_int_equal(parse("domain=a.b\nservice_name=x\nhold_seconds=0\nmax_keys=9\n"
			       "ssh_port=65535",
			       &conf),
			 0);
	assert_int_equal(conf.max_keys, 9);
	assert_string_equal(conf.service_name, "x");
	assert_int_equal(conf.hold_seconds, 0);
	assert_int_equal(conf.ssh_port, 65535);
	assert_refused("hold_seconds=301",
		       "f.conf:1: 'hold_seconds' must be an integer from 0 to 300");
	assert_refused("relay_port_min=1023",
		       "f.conf:1: 'relay_port_min' must be an integer from 1024 to 65535");
}

static void a_domain_is_a_dns_name_in_lower_case(void **state)
{
	static const char *const bad[] = { "",	  "Example.com", "a..b",      ".a",
					   "a.",  "-a.b",	 "a-.b",      "a_b.c",
					   "a b", "a/b",	 "\u00e9.com" };
	auto_call(conf_clear) struct conf conf = { 0 };
	char text[200];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "domain = %s\n", bad[i]);
		assert_refused(text, "f.conf:1: 'domain' must be a DNS name in lower case, such as "
				     "example.com");
	}
	/* a label of 64 */
	snprintf(text, sizeof(text), "domain = %064d.com", 0);
	assert_refused(text, "f.conf:1: 'domain' must be a DNS name in lower case, such as "
			     "example.com");
	assert_int_equal(parse("domain=my-socket.a0z9.localhost", &conf), 0);
}

static void a_host_may_be_an_address(void **state)
{
	static const char *const hosts[] = { "ssh.EXAMPLZ.com", "127.0.0.1", "::1", "fe80::1" };
	char text[100];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hosts); i++) {
		auto_call(conf_clear) struct conf conf = { 0 };

		snprintf(text, sizeof(text), "domain=a.b\nssh_host=%s", hosts[i]);
		assert_int_equal(parse(text, &conf), 0);
		assert_string_equal(conf.ssh_host, hosts[i]);
	}
	assert_refused("ssh_host = a b", "f.conf:1: 'ssh_host' must be a host name or an address");
	assert_refused("ssh_host = ", "f.conf:1: 'ssh_host' must be a host name or an address");
	assert_refused("ssh_host = ::1%eth0",
		       "f.conf:1: 'ssh_host' must be a host name or an address");
}

static void a_listener_is_address_and_port(void **state)
{
	static const char *const good[] = { "127.0.0.1:7080", "localhost:1", "[::1]:65535" };
	static const char *const bad[] = { "",	      "127.0.0.1", ":7080",   "127.0.0.1:",
					   "a:0",     "a:65536",   "::1:80",  "[]:80",
					   "[::1:80", "[a]:80",	   "::1]:80", "[::1]" };
	char text[100];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		auto_call(conf_clear) struct conf conf = { 0 };

		snprintf(text, sizeof(text), "domain=a.b\napi_listen=%s", good[i]);
		assert_int_equal(parse(text, &conf), 0);
		assert_string_equal(conf.api_listen, good[i]);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "api_listen=%s", bad[i]);
		assert_refused(text, "f.conf:1: 'api_listen' must be address:port, such as "
				     "127.0.0.1:7080");
	}
}

static void paths_are_absolute_and_urls_are_http(void **state)
{
	assert_refused("database = my.db", "f.conf:1: 'database' must be an absolute path");
	assert_refused("database =", "f.conf:1: 'database' must be an absolute path");
	assert_refused("api_url = ftp://a",
		       "f.conf:1: 'api_url' must be a URL that starts with http:// or https://");
	assert_refused("api_url = http://",
		       "f.conf:1: 'api_url' must be a URL that starts with http:// or https://");
	assert_refused("api_url = a.b",
		       "f.conf:1: 'api_url' must be a URL that starts with http:// or https://");
}

static void only_a_setting_that_may_be_empty_is(void **state)
{
	auto_call(conf_clear) struct conf conf = { 0 };

	assert_int_equal(parse("domain=a.b\napi_ca_file=\napi_url=https://[::1]:7", &conf), 0);
	assert_string_equal(conf.api_ca_file, "");
	assert_refused("service_name = # none", "f.conf:1: 'service_name' must not be empty");
}

static void confirmation_has_two_ways(void **state)
{
	auto_call(conf_clear) struct conf conf = { 0 };

	assert_int_equal(parse("domain=a.b\nconfirm=auto", &conf), 0);
	assert_string_equal(conf.confirm, "auto");
	assert_refused("confirm = no", "f.conf:1: 'confirm' must be 'email' or 'auto'");
}

/* The kernel gives ports from 32768 on to outgoing connections: one of them prevents a start of HAProxy. */
static void public_ports_are_those_of_edge_env_and_not_of_outgoing_connections(void **state)
{
	auto_call(conf_clear) struct conf conf = { 0 };
	auto_free char *env = NULL;
	char text[100];

	assert_int_equal(file_read("haproxy.d/edge.env", 1 << 20, &env, NULL), 0);
	assert_int_equal(parse("domain=a.b\n", &conf), 0);
	assert_true(conf.tcp_port_max < 32768 && conf.tls_port_max < 32768);
	snprintf(text, sizeof(text), "\nMYSOCKET_TCP_BIND=:%d-%d\nMYSOCKET_TLS_BIND=:%d-%d\n",
		 (int)conf.tcp_port_min, (int)conf.tcp_port_max, (int)conf.tls_port_min,
		 (int)conf.tls_port_max);
	assert_non_null(strstr(env, text));
}

static void ranges_are_in_order_and_apart(void **state)
{
	assert_refused("domain=a.b\nrelay_port_min=6000\nrelay_port_max=5999\n",
		       "f.conf: 'relay_port_min' must not be above 'relay_port_max'");
	assert_refused("domain=a.b\ntcp_port_max=26000\n",
		       "f.conf: the tcp and the tls ports must not overlap");
	assert_refused("domain=a.b\ntcp_port_min=443\n",
		       "f.conf: 'tcp_port_min' to 'tcp_port_max' must not contain 'http_port' or "
		       "'https_port'");
	assert_refused("domain=a.b\nhttp_port=26000\n",
		       "f.conf: 'tls_port_min' to 'tls_port_max' must not contain 'http_port' or "
		       "'https_port'");
	assert_refused("domain=a.b\nhttp_port=443\n",
		       "f.conf: 'http_port' and 'https_port' must differ");
}

/* More would be accepted here, and their owner's logins refused by every node. */
static void limits_of_an_account_are_what_a_node_takes(void **state)
{
	auto_call(conf_clear) struct conf conf = { 0 };
	char text[100];

	snprintf(text, sizeof(text), "domain=a.b\nmax_keys=%d\nmax_sockets=%d\nmax_tunnels=1\n",
		 NODE_LOGIN_KEYS, NODE_LOGIN_TUNNELS);
	assert_int_equal(parse(text, &conf), 0);
	assert_int_equal(conf.max_sockets * conf.max_tunnels, NODE_LOGIN_TUNNELS);
	assert_refused("max_keys=257", "f.conf:1: 'max_keys' must be an integer from 1 to 256");
	assert_refused("max_sockets=4097",
		       "f.conf:1: 'max_sockets' must be an integer from 1 to 4096");
	assert_refused("domain=a.b\nmax_sockets=241\nmax_tunnels=17\n",
		       "f.conf: max_sockets times max_tunnels may be at most 4096: nodes take no "
		       "more tunnels of one account");
	assert_refused("domain=a.b\nmax_sockets=257\n",
		       "f.conf: max_sockets times max_tunnels may be at most 4096: nodes take no "
		       "more tunnels of one account");
}

static void control_bytes_are_refused(void **state)
{
	assert_refused("domain = a.b\nservice_name = a\033[2Jb\n",
		       "f.conf:2: control characters or invalid UTF-8");
	assert_refused("service_name = \xff", "f.conf:1: control characters or invalid UTF-8");
}

static void a_value_has_a_maximum(void **state)
{
	auto_call(conf_clear) struct conf conf = { 0 };
	char text[2000];

	snprintf(text, sizeof(text), "domain=a.b\nservice_name=%01024d", 0);
	assert_int_equal(parse(text, &conf), 0);
	snprintf(text, sizeof(text), "domain=a.b\nservice_name=%01025d", 0);
	assert_refused(text, "f.conf:2: 'service_name' is longer than 1024 bytes");
}

static void an_error_fits_whatever_the_name(void **state)
{
	char name[1000], text[1000];
	struct conf conf;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "%.900s=1", name);
	assert_int_equal(conf_parse(name, text, &conf, why), -EINVAL);
	assert_non_null(strstr(why, ":1: unknown setting 'nnn"));
	assert_true(strlen(why) < CONF_ERROR_SIZE - 1);
}

static void a_file_is_loaded_or_the_reason_is_said(void **state)
{
	auto_call(conf_clear) struct conf conf = { 0 };
	char folder[64], path[128], expected[300];

	unit_folder_make(folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/conf", folder);
	snprintf(expected, sizeof(expected), "cannot read '%s': No such file or directory", path);
	assert_int_equal(conf_load(path, &conf, why), -ENOENT);
	assert_string_equal(why, expected);
	assert_int_equal(file_write(path, "domain=a.b\0x", 12, 0644), 0);
	snprintf(expected, sizeof(expected), "%s: has a NUL byte in it", path);
	assert_int_equal(conf_load(path, &conf, why), -EINVAL);
	assert_string_equal(why, expected);
	assert_int_equal(file_write(path, "domain=a.b\n", 11, 0644), 0);
	assert_int_equal(conf_load(path, &conf, why), 0);
	assert_string_equal(conf.domain, "a.b");
	unit_folder_remove(folder);
}

/* ---- the table, the manual page and the sample are one ---- */
/* The text of the item of `name`, cut out of `page` (heap). Items that follow each other share a text. */
static char *item_of(const char *page, const char *name)
{
	char head[100];
	const char *start, *text, *end;

	snprintf(head, sizeof(head), "\n.It Cm %s No = ", name);
	start = strstr(page, head);
	if (!start) {
		fail_msg("mysocket.conf(5) has no item '%s'", name);
		return NULL;
	}
	text = strchr(start + 1, '\n') + 1;
	while (!strncmp(text, ".It ", 4))
		text = strchr(text, '\n') + 1;
	end = strstr(text, "\n.It ");
	if (!end || end > strstr(text, "\n.El"))
		end = strstr(text, "\n.El");
	return strndup(text, (size_t)(end + 1 - text));
}

static void assert_item_says(const char *item, const char *name, const char *what)
{
	if (!strstr(item, what))
		fail_msg("mysocket.conf(5) does not say '%s' at '%s'", what + (*what == '\n'),
			 name);
}

static void the_manual_page_has_every_setting_with_default_and_bounds(void **state)
{
	auto_free char *page = manual_page("man/mysocket.conf.5");
	struct conf_setting s;
	char says[200];
	size_t i;

	for (i = 0; conf_setting(i, &s); i++) {
		auto_free char *item = item_of(page, s.name);

		if (s.preset && *s.preset) {
			snprintf(says, sizeof(says), "\n.Ql %s ", s.preset);
			if (!strstr(item, says))
				says[strlen(says) - 1] = '\n'; /* "... to ..." follows */
			assert_item_says(item, s.name, says);
		}
		if (s.max) {
			snprintf(says, sizeof(says), "from %lld to %lld", (long long)s.min,
				 (long long)s.max);
			assert_item_says(item, s.name, says);
		}
	}
	assert_true(i > 20);
}

static void the_manual_page_has_no_other_setting(void **state)
{
	auto_free char *page = manual_page("man/mysocket.conf.5");
	const char *at = page;
	struct conf_setting s;
	size_t count = 0, listed = 0;

	while (conf_setting(count, &s))
		count++;
	while ((at = strstr(at, "\n.It Cm ")) != NULL) {
		at++;
		listed++;
	}
	assert_int_equal(listed, count);
}

/* Every line of the sample that is commented out is a setting with its default. */
static void the_sample_parses_with_every_comment_taken_away(void **state)
{
	auto_call(conf_clear) struct conf conf = { 0 };
	auto_free char *text = NULL;
	struct conf_setting s;
	char *at, line[200];
	size_t i;

	assert_int_equal(file_read("scripts/conf/mysocket.conf", 100000, &text, NULL), 0);
	for (i = 0; conf_setting(i, &s); i++) {
		snprintf(line, sizeof(line), "\n#%s = ", s.name);
		at = strstr(text, line);
		if (!at)
			continue;
		at[1] = ' ';
		if (s.preset && strncmp(at + strlen(line), s.preset, strlen(s.preset)) != 0)
			fail_msg("the sample's '%s' is not its default, '%s'", s.name, s.preset);
	}
	if (parse(text, &conf) < 0)
		fail_msg("%s", why);
	for (at = text; (at = strstr(at, "\n#")) != NULL; at++)
		if (at[2] != ' ' && at[2] != '\t')
			fail_msg("the sample has an unknown setting: %.40s", at + 2);
}

static void clearing_twice_is_harmless(void **state)
{
	struct conf conf;

	assert_int_equal(parse("domain=a.b", &conf), 0);
	conf_clear(&conf);
	assert_null(conf.domain);
	conf_clear(&conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_domain_is_enough_and_the_rest_has_defaults),
		cmocka_unit_test(every_text_is_set_after_parsing),
		cmocka_unit_test(derived_settings_may_be_given),
		cmocka_unit_test(comments_blank_lines_and_white_space_are_ignored),
		cmocka_unit_test(a_missing_domain_is_said_with_an_example),
		cmocka_unit_test(a_line_must_be_a_setting),
		cmocka_unit_test(a_setting_is_given_once),
		cmocka_unit_test(numbers_have_bounds),
		cmocka_unit_test(a_domain_is_a_dns_name_in_lower_case),
		cmocka_unit_test(a_host_may_be_an_address),
		cmocka_unit_test(a_listener_is_address_and_port),
		cmocka_unit_test(paths_are_absolute_and_urls_are_http),
		cmocka_unit_test(only_a_setting_that_may_be_empty_is),
		cmocka_unit_test(confirmation_has_two_ways),
		cmocka_unit_test(
			public_ports_are_those_of_edge_env_and_not_of_outgoing_connections),
		cmocka_unit_test(ranges_are_in_order_and_apart),
		cmocka_unit_test(limits_of_an_account_are_what_a_node_takes),
		cmocka_unit_test(control_bytes_are_refused),
		cmocka_unit_test(a_value_has_a_maximum),
		cmocka_unit_test(an_error_fits_whatever_the_name),
		cmocka_unit_test(a_file_is_loaded_or_the_reason_is_said),
		cmocka_unit_test(clearing_twice_is_harmless),
		cmocka_unit_test(the_manual_page_has_every_setting_with_default_and_bounds),
		cmocka_unit_test(the_manual_page_has_no_other_setting),
		cmocka_unit_test(the_sample_parses_with_every_comment_taken_away),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
