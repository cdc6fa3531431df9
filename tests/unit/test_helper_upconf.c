/* SPDX-License-Identifier: ISC */
/* helper/upconf.h: the file of `up`: grammar, defaults, bounds, and errors that name the line and the remedy. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "helper/upconf.h"
#include "helper/upconf_setting.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/strbuf.h"

static char why[UPCONF_WHY_SIZE];

static int parse(const char *text, struct upconf *ret_conf)
{
	why[0] = '\0';
	return upconf_parse("up.conf", text, ret_conf, why);
}

static void assert_refused(const char *text, const char *expected)
{
	struct upconf conf = { .count = 77 };

	assert_int_equal(parse(text, &conf), -EINVAL);
	assert_string_equal(why, expected);
	assert_int_equal(conf.count, 77);
}

static void a_name_and_a_port_are_enough(void **state)
{
	auto_call(upconf_clear) struct upconf conf = { 0 };

	assert_int_equal(parse("[web]\nport = 8000\n", &conf), 0);
	assert_int_equal(conf.count, 1);
	assert_string_equal(conf.sockets[0].name, "web");
	assert_string_equal(conf.sockets[0].type, "http");
	assert_string_equal(conf.sockets[0].host, "127.0.0.1");
	assert_int_equal(conf.sockets[0].port, 8000);
	assert_int_equal(conf.sockets[0].tunnels, 1);
	assert_false(conf.sockets[0].is_protected);
	assert_null(conf.sockets[0].username);
	assert_null(conf.sockets[0].identity);
	assert_int_equal(conf.sockets[0].ssh_options.count, 0);
}

static void every_setting_can_be_given(void **state)
{
	auto_call(upconf_clear) struct upconf conf = { 0 };
	const struct upconf_socket *s;

	setenv("HOME", "/home/ann", 1);
	assert_int_equal(parse("[a]\ntype = https\nport=8443\nhost = fd00::1\ntunnels = 4\n"
			       "protected = yes\nusername = john\npassword_file = ~/pw\n"
			       "identity = /keys/k\nssh_option = ProxyJump=a\n"
			       "ssh_option = IPQoS none\n",
			       &conf),
			 0);
	s = conf.sockets;
	assert_string_equal(s->type, "https");
	assert_int_equal(s->port, 8443);
	assert_string_equal(s->host, "fd00::1");
	assert_int_equal(s->tunnels, 4);
	assert_true(s->is_protected);
	assert_string_equal(s->username, "john");
	assert_string_equal(s->password_file, "/home/ann/pw");
	assert_string_equal(s->identity, "/keys/k");
	assert_int_equal(s->ssh_options.count, 2);
	assert_string_equal(s->ssh_options.items[0], "ProxyJump=a");
	assert_string_equal(s->ssh_options.items[1], "IPQoS none");
}

static void what_the_edge_is_told_can_be_given(void **state)
{
	auto_call(upconf_clear) struct upconf conf = { 0 };
	const struct settings_request *q;

	assert_int_equal(
		parse("[a]\nport=1\nsubdomain = my-site\nsticky = yes\nproxy_protocol = no\n"
		      "allow = 10.0.0.0/8\nallow = fd00::/8\ndeny = none\n"
		      "host_header = x.example\nadd_header = X-A: b: c\nremove_header = Cookie\n"
		      "rate_limit = 50\n[b]\nport=2\n",
		      &conf),
		0);
	q = &conf.sockets[0].settings;
	assert_string_equal(q->subdomain, "my-site");
	assert_true(q->sticky);
	assert_false(q->no_sticky);
	assert_false(q->proxy_protocol);
	assert_true(q->no_proxy_protocol);
	assert_int_equal(q->allow.count, 2);
	assert_string_equal(q->allow.items[1], "fd00::/8");
	assert_string_equal(q->deny.items[0], "none");
	assert_string_equal(q->host_header, "x.example");
	assert_string_equal(q->add_header.items[0], "X-A: b: c");
	assert_string_equal(q->remove_header.items[0], "Cookie");
	assert_string_equal(q->rate_limit, "50");
	/* What is not given is not told. */
	q = &conf.sockets[1].settings;
	assert_false(q->sticky || q->no_sticky || q->proxy_protocol || q->no_proxy_protocol);
	assert_null(q->subdomain);
	assert_null(q->rate_limit);
	assert_int_equal(q->allow.count, 0);
}

static void none_empties_every_list(void **state)
{
	auto_call(upconf_clear) struct upconf conf = { 0 };

	assert_int_equal(parse("[a]\nport=1\nallow=none\ndeny=none\nadd_header=none\n"
			       "remove_header=none\n",
			       &conf),
			 0);
	assert_string_equal(conf.sockets[0].settings.add_header.items[0], "none");
}

static void settings_before_the_first_section_are_for_all(void **state)
{
	auto_call(upconf_clear) struct upconf conf = { 0 };

	assert_int_equal(
		parse("host = 10.0.0.1\nidentity=/k\ntunnels=2\nssh_option=Compression=yes\n"
		      "[a]\nport=1\n[b]\nport=2\nhost=b\nidentity=/l\ntunnels=1\n"
		      "ssh_option=Compression=no\n",
		      &conf),
		0);
	assert_int_equal(conf.count, 2);
	assert_string_equal(conf.sockets[0].host, "10.0.0.1");
	assert_string_equal(conf.sockets[0].identity, "/k");
	assert_int_equal(conf.sockets[0].tunnels, 2);
	assert_string_equal(conf.sockets[0].ssh_options.items[0], "Compression=yes");
	assert_string_equal(conf.sockets[1].host, "b");
	assert_string_equal(conf.sockets[1].identity, "/l");
	assert_int_equal(conf.sockets[1].tunnels, 1);
	/* Of ssh's options the first counts. */
	assert_string_equal(conf.sockets[1].ssh_options.items[0], "Compression=no");
	assert_string_equal(conf.sockets[1].ssh_options.items[1], "Compression=yes");
}

static void comments_blank_lines_and_white_space_are_ignored(void **state)
{
	auto_call(upconf_clear) struct upconf conf = { 0 };

	assert_int_equal(parse("\xef\xbb\xbf# all\r\n\n \t\n [ my  site#1 ]\t# here\r\n"
			       "\tport\t=  80 # there",
			       &conf),
			 0);
	assert_int_equal(conf.count, 1);
	assert_string_equal(conf.sockets[0].name, "my  site#1");
}

static void names_are_those_of_sockets(void **state)
{
	auto_call(upconf_clear) struct upconf conf = { 0 };

	assert_int_equal(parse("[日本語 = [x]]\nport=1\n[C#]\nport=2\n", &conf), 0);
	assert_string_equal(conf.sockets[0].name, "日本語 = [x]");
	assert_string_equal(conf.sockets[1].name, "C#");
}

static void what_is_wrong_is_said_with_its_line_and_the_remedy(void **state)
{
	static const char *const cases[][2] = {
		{ "", "up.conf:1: no socket is in it; add one: [my web site], and below it: "
		      "port = 8000" },
		{ "[a\n",
		  "up.conf:1: '[' without ']'; a socket begins with its name: [my web site]" },
		{ "[]\n", "up.conf:1: a socket's name has 1 to 100 characters: [my web site]" },
		{ "[a]\nport\n", "up.conf:2: [name] or 'key = value' is expected, not 'port'" },
		{ "[a]\nprot = 1\n", "up.conf:2: unknown setting 'prot'; did you mean 'port'?" },
		{ "[a]\nfrobnicate = 1\n",
		  "up.conf:2: unknown setting 'frobnicate'; see mysocketctl.conf(5)" },
		{ "[a]\nport = 1\n\n[b]\nport=1\n[a]\n",
		  "up.conf:6: [a] is there already, in line 1; give one of them another name" },
		{ "[a]\nport = 1\nport = 1\n", "up.conf:3: 'port' is set a second time" },
		{ "port = 1\n[a]\n", "up.conf:1: 'port' belongs to one socket; write the socket's "
				     "name above it: [my web site]" },
		{ "[a]\nport = 0\n",
		  "up.conf:2: 'port' must be a number from 1 to 65535, not '0'" },
		{ "[a]\nport = 80x\n",
		  "up.conf:2: 'port' must be a number from 1 to 65535, not '80x'" },
		{ "[a]\nport = 99999999999999999999\n",
		  "up.conf:2: 'port' must be a number from 1 to 65535, not '99999999999999999999'" },
		{ "[a]\nport = \n", "up.conf:2: 'port' has no value" },
		{ "[a]\ntunnels = 17\n",
		  "up.conf:2: 'tunnels' must be a number from 1 to 16, not '17'" },
		{ "[a]\ntype = ftp\n",
		  "up.conf:2: 'type' must be http, https, tcp or tls, not 'ftp'" },
		{ "[a]\nprotected = true\n",
		  "up.conf:2: 'protected' must be yes or no, not 'true'" },
		{ "[a]\nhost = -oProxy\n", "up.conf:2: '-oProxy' is no host name or address" },
		{ "[a]\nidentity = key\n",
		  "up.conf:2: 'identity' must be a path that begins with / or ~/, not 'key'" },
		{ "[a]\nusername = a:b\n", "up.conf:2: 'username' must not have a colon in it" },
		{ "[a]\nadd_header = X\n",
		  "up.conf:2: 'add_header' needs a name and a value: add_header = Name: value, not "
		  "'X'" },
		{ "[a]\nrate_limit = -1\n",
		  "up.conf:2: 'rate_limit' must be a number from 0 to 100000, not '-1'" },
		{ "[a]\nhost = a\033[31m\n", "up.conf:2: control characters or invalid UTF-8" },
		{ "[a]\n[b]\nport=1\n",
		  "up.conf:1: 'port' is missing in [a]; add for example: port = 8000" },
		{ "[a]\nport=1\nprotected=yes\n",
		  "up.conf:1: 'username' is missing in [a], which is protected; add it, or remove "
		  "'protected'" },
		{ "[a]\nport=1\nprotected=yes\nusername=x\n",
		  "up.conf:1: 'password_file' is missing in [a], which is protected; add it, or "
		  "remove 'protected'" },
		{ "[a]\nport=1\nusername=x\n",
		  "up.conf:1: 'username' in [a] needs 'protected = yes'; add it, or anybody may "
		  "visit" },
		{ "[a]\nport=1\ntype=tcp\nprotected=yes\nusername=x\npassword_file=/p\n",
		  "up.conf:1: 'protected' works with the types http and https, not 'tcp'" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refused(cases[i][0], cases[i][1]);
}

static void what_the_service_would_refuse_is_said_before(void **state)
{
	static const char *const cases[][2] = {
		{ "[a]\nport=1\nallow=10.0.0.0/33\n",
		  "up.conf:1: 'allow': '10.0.0.0/33' has no valid prefix: after the slash belongs "
		  "0 to 32" },
		{ "[a]\nport=1\nallow = 10.0.0.0/8\nallow = 192.0.2.1, x\n[b]\nport=2\n",
		  "up.conf:1: 'allow': 'x' is not a network: write one as 192.0.2.0/24, "
		  "2001:db8::/32 or a single address" },
		{ "[a]\nport=1\ntype=tcp\nsticky=yes\n",
		  "up.conf:1: 'sticky': only http and https sockets can have it, leave it out for "
		  "a tcp socket" },
		{ "[a]\nport=1\ntype=tls\nremove_header=Cookie\n",
		  "up.conf:1: 'remove_header': only http and https sockets can have it, leave it "
		  "out for a tls socket" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refused(cases[i][0], cases[i][1]);
}

static void sizes_are_bounded(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1 << 20);
	auto_call(upconf_clear) struct upconf conf = { 0 };
	char name[200];
	int i;

	for (i = 0; i < UPCONF_SOCKETS_MAX; i++)
		strbuf_addf(&sb, "[s%d]\nport = 1\n", i);
	assert_int_equal(parse(sb.buf, &conf), 0);
	assert_int_equal(conf.count, UPCONF_SOCKETS_MAX);
	strbuf_adds(&sb, "[more]\nport = 1\n");
	assert_refused(sb.buf, "up.conf:201: more than 100 sockets; put the others in a file of "
			       "their own");
	strbuf_reset(&sb);
	memset(name, 'n', 101);
	name[101] = '\0';
	strbuf_addf(&sb, "[%s]\n", name);
	assert_refused(sb.buf, "up.conf:1: a socket's name has 1 to 100 characters: [my web site]");
	strbuf_reset(&sb);
	strbuf_adds(&sb, "[a]\nport=1\n");
	for (i = 0; i <= CTL_LIST_MAX; i++)
		strbuf_adds(&sb, "ssh_option = A=b\n");
	assert_refused(sb.buf, "up.conf:19: 'ssh_option' is given more than 16 times");
}

static void a_file_that_cannot_be_read_is_said(void **state)
{
	struct upconf conf;

	assert_int_equal(upconf_load("/nonexistent/up.conf", &conf, why), -ENOENT);
	assert_non_null(strstr(why, "there is no file '/nonexistent/up.conf'"));
	assert_int_equal(upconf_load("/", &conf, why), -EISDIR);
	assert_non_null(strstr(why, "cannot read '/'"));
	assert_int_equal(upconf_load("/dev/zero", &conf, why), -EFBIG);
}

static void a_change_is_seen_whatever_it_is(void **state)
{
	static const char *const changes[] = {
		"type = https",	    "port = 2",
		"host = b",	    "tunnels = 2",
		"sticky = no",	    "allow = 10.0.0.0/8",
		"rate_limit = 1",   "identity = /k",
		"ssh_option = A=b", "protected = yes\nusername = u\npassword_file = /p"
	};
	/* The service does not know these. */
	static const char local[] = "port = 2, host = b, identity = /k, ssh_option = A=b";
	auto_call(upconf_clear) struct upconf before = { 0 };
	size_t i;

	assert_int_equal(parse("# moved\n[a]\nport = 1\n", &before), 0);
	assert_true(upconf_socket_equal(before.sockets, before.sockets));
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);
		auto_call(upconf_clear) struct upconf after = { 0 };

		strbuf_addf(&sb, "[a]\n%s\n%s", changes[i],
			    strncmp(changes[i], "port", 4) != 0 ? "port = 1" : "");
		assert_int_equal(parse(sb.buf, &after), 0);
		assert_false(upconf_socket_equal(before.sockets, after.sockets));
		assert_int_equal(upconf_socket_same_service(before.sockets, after.sockets),
				 strstr(local, changes[i]) != NULL);
	}
}

static void a_name_is_a_file_of_the_folder(void **state)
{
	static const char *const bad[] = { "", ".", "..", "../x", "a/b", "-a", ".a", "a b", "a\n" };
	auto_free char *path = NULL;
	size_t i;

	setenv("XDG_CONFIG_HOME", "/cfg", 1);
	assert_int_equal(upconf_path("home.2_b-c", &path), 0);
	assert_string_equal(path, "/cfg/mysocket/home.2_b-c.conf");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(upconf_path(bad[i], &path), -EINVAL);
}

/* One truth in two places. */
static void the_man_page_has_every_setting_with_its_default(void **state)
{
	auto_free char *page = NULL;
	const char *found;
	size_t i, count = 0;

	assert_int_equal(file_read("man/mysocketctl.conf.5", 100000, &page, NULL), 0);
	for (i = 0; i < UPCONF_SETTING_COUNT; i++) {
		const char *key = upconf_setting_at(i).key, *preset = upconf_setting_at(i).preset;
		char wanted[100];
		const char *at, *end;

		snprintf(wanted, sizeof(wanted), "\n.It Cm %s\n", key);
		at = strstr(page, wanted);
		if (!at) {
			fail_msg("mysocketctl.conf(5) lacks '%s'", key);
			return;
		}
		end = strstr(at + 1, "\n.It ");
		found = preset ? strstr(at, preset) : at;
		if (!found || (end && found > end))
			fail_msg("mysocketctl.conf(5) lacks the default of '%s'", key);
	}
	for (found = page; (found = strstr(found, "\n.It Cm ")); found++)
		count++;
	assert_int_equal(count, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_and_a_port_are_enough),
		cmocka_unit_test(every_setting_can_be_given),
		cmocka_unit_test(what_the_edge_is_told_can_be_given),
		cmocka_unit_test(none_empties_every_list),
		cmocka_unit_test(settings_before_the_first_section_are_for_all),
		cmocka_unit_test(comments_blank_lines_and_white_space_are_ignored),
		cmocka_unit_test(names_are_those_of_sockets),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line_and_the_remedy),
		cmocka_unit_test(what_the_service_would_refuse_is_said_before),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(a_file_that_cannot_be_read_is_said),
		cmocka_unit_test(a_change_is_seen_whatever_it_is),
		cmocka_unit_test(a_name_is_a_file_of_the_folder),
		cmocka_unit_test(the_man_page_has_every_setting_with_its_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
