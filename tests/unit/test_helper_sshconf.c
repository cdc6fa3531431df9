/* SPDX-License-Identifier: ISC */
/* helper/sshconf.h: what is written for ssh, and its MUST rules. The result is also given to the real ssh. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "helper/sshconf.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/spawn.h"
#include "lib/strbuf.h"

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
#define USER "b2f1b59fbcba428698189f0b6e685e93"

static const char *const keys[] = { KEY, KEY };

static struct ssh_target target(void)
{
	return (struct ssh_target){
		.server = "ssh.example.com",
		.port = 22,
		.user = USER,
		.host_keys = keys,
		.host_key_count = 1,
		.known_hosts = "/run/user/1000/my folder/known_hosts",
	};
}

static int stanza(const struct ssh_target *t, struct strbuf *sb)
{
	char why[SSHCONF_WHY_SIZE];

	return sshconf_add_stanza(t, sb, why);
}

static void has_line(const char *text, const char *line)
{
	char wanted[300];

	snprintf(wanted, sizeof(wanted), "\n\t%s\n", line);
	if (!strstr(text, wanted))
		fail_msg("'%s' is not in:\n%s", line, text);
}

static void must_1_a_name_cannot_inject_a_directive(void **state)
{
	static const char *const bad[] = {
		"",	 "-oProxyCommand=x",
		"a b",	 "a\nProxyCommand x",
		"a\tb",	 "a\"b",
		"a'b",	 "a,b",
		"a*",	 "!a",
		"a%h",	 "${HOME}",
		".a",	 "a\\",
		"a;b",	 "ssh.exampl\xc3\xa9.com",
		"a\rb",	 "[::1]",
		"a\x7f", "a/b",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
		struct ssh_target t = target();

		t.server = bad[i];
		assert_int_equal(stanza(&t, &sb), -EINVAL);
		assert_int_equal(sb.len, 0);
	}
}

static void must_1_users_ports_and_missing_values_are_refused(void **state)
{
	static const char *const bad_users[] = {
		NULL, "", "root", USER "a", USER "\nPort 1", "B2F1B59FBCBA428698189F0B6E685E93"
	};
	static const int64_t bad_ports[] = { 0, -1, 65536 };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
	struct ssh_target t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad_users); i++) {
		t = target();
		t.user = bad_users[i];
		assert_int_equal(stanza(&t, &sb), -EINVAL);
	}
	for (i = 0; i < ARRAY_SIZE(bad_ports); i++) {
		t = target();
		t.port = bad_ports[i];
		assert_int_equal(stanza(&t, &sb), -EINVAL);
	}
	t = target();
	t.server = NULL;
	assert_int_equal(stanza(&t, &sb), -EINVAL);
	t = target();
	t.host_key_count = 0;
	assert_int_equal(stanza(&t, &sb), -EINVAL);
	assert_int_equal(sb.len, 0);
}

static void must_2_host_keys_are_printed_from_what_was_parsed(void **state)
{
	static const char *const commented[] = { KEY " someone@host" };
	static const char *const bad[] = { KEY "\n* " KEY,
					   "@revoked " KEY,
					   "@cert-authority * " KEY,
					   "@cert-authority",
					   "@cert-authority @cert-authority " KEY,
					   "ssh-ed25519 AAAA",
					   "",
					   "restrict " KEY };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
	struct ssh_target t = target();
	char why[SSHCONF_WHY_SIZE];
	size_t i;

	t.host_keys = commented;
	assert_int_equal(sshconf_add_known_hosts(&t, &sb, why), 0);
	assert_string_equal(sb.buf, "ssh.example.com " KEY "\n");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		t.host_keys = &bad[i];
		assert_int_equal(sshconf_add_known_hosts(&t, &sb, why), -EINVAL);
	}
}

static void known_hosts_names_the_port_unless_it_is_22(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
	struct ssh_target t = target();
	char why[SSHCONF_WHY_SIZE];

	t.port = 2222;
	t.host_key_count = 2;
	assert_int_equal(sshconf_add_known_hosts(&t, &sb, why), 0);
	assert_string_equal(sb.buf, "ssh.example.com,[ssh.example.com]:2222 " KEY "\n"
				    "ssh.example.com,[ssh.example.com]:2222 " KEY "\n");
}

static void a_key_that_signs_host_keys_keeps_its_mark(void **state)
{
	static const char *const both[] = { KEY, "@cert-authority " KEY " the company's" };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
	struct ssh_target t = target();
	char why[SSHCONF_WHY_SIZE];

	t.host_keys = both;
	t.host_key_count = 2;
	assert_int_equal(sshconf_add_known_hosts(&t, &sb, why), 0);
	assert_string_equal(sb.buf,
			    "ssh.example.com " KEY "\n@cert-authority ssh.example.com " KEY "\n");
}

static void must_3_the_server_is_checked_strictly_against_these_keys_alone(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
	struct ssh_target t = target();

	assert_int_equal(stanza(&t, &sb), 0);
	has_line(sb.buf, "StrictHostKeyChecking yes");
	has_line(sb.buf, "GlobalKnownHostsFile /dev/null");
	has_line(sb.buf, "UserKnownHostsFile \"/run/user/1000/my folder/known_hosts\"");
	has_line(sb.buf, "HostKeyAlias ssh.example.com");
	has_line(sb.buf, "VerifyHostKeyDNS no");
	has_line(sb.buf, "UpdateHostKeys no");
}

static void must_4_paths_that_ssh_would_read_otherwise_are_refused(void **state)
{
	static const char *const bad[] = { "relative",	 "/a\"b", "/a\\b", "/a%h",
					   "/${HOME}/x", "/a\nb", "",	   "~/x" };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ssh_target t = target();

		t.identity = bad[i];
		assert_int_equal(stanza(&t, &sb), -EINVAL);
		t = target();
		t.known_hosts = bad[i];
		assert_int_equal(stanza(&t, &sb), -EINVAL);
	}
	assert_true(sshconf_is_path("/home/J\xc3\xb6rg M/$x/id#1'"));
}

static void a_dead_peer_is_noticed_within_45_seconds(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
	struct ssh_target t = target();
	int interval = 0, count = 0;

	assert_int_equal(stanza(&t, &sb), 0);
	assert_int_equal(sscanf(strstr(sb.buf, "ServerAliveInterval"), "ServerAliveInterval %d",
				&interval),
			 1);
	assert_int_equal(sscanf(strstr(sb.buf, "ServerAliveCountMax"), "ServerAliveCountMax %d",
				&count),
			 1);
	assert_in_range(interval * (count + 1), 1, 45);
}

static void names_below_localhost_are_this_host(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
	struct ssh_target t = target();

	t.server = "ssh.mysocket.localhost";
	assert_int_equal(stanza(&t, &sb), 0);
	has_line(sb.buf, "HostName 127.0.0.1");
	has_line(sb.buf, "HostKeyAlias ssh.mysocket.localhost");
}

static void an_identity_is_the_only_key_offered(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
	struct ssh_target t = target();

	t.identity = "/home/me/my keys/id";
	assert_int_equal(stanza(&t, &sb), 0);
	has_line(sb.buf, "IdentityFile \"/home/me/my keys/id\"");
	has_line(sb.buf, "IdentitiesOnly yes");
}

static void forwards_bracket_ipv6_and_refuse_what_is_no_host(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);
	char why[SSHCONF_WHY_SIZE];

	assert_int_equal(sshconf_add_forward(6054, "127.0.0.1", 8000, &sb, why), 0);
	assert_string_equal(sb.buf, "6054:127.0.0.1:8000");
	strbuf_reset(&sb);
	assert_int_equal(sshconf_add_forward(6054, "::1", 8000, &sb, why), 0);
	assert_string_equal(sb.buf, "6054:[::1]:8000");
	assert_int_equal(sshconf_add_forward(6054, "a:1 -R 7", 8000, &sb, why), -EINVAL);
	assert_int_equal(sshconf_add_forward(0, "localhost", 8000, &sb, why), -EINVAL);
}

/* What ssh itself makes of the file: `ssh -G`. */
static void ssh_reads_it_as_it_was_meant(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
	auto_free char *out = NULL;
	char folder[64], path[100];
	const char *argv[] = { "ssh", "-G", "-F", path, "ssh.example.com", NULL };
	struct ssh_target t = target();
	int status;

	t.port = 2222;
	t.identity = "/home/me/J\xc3\xb6rg's #1 $keys/id";
	t.pty = true;
	assert_int_equal(stanza(&t, &sb), 0);
	unit_folder_make(folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/ssh_config", folder);
	assert_int_equal(file_write(path, sb.buf, sb.len, 0600), 0);
	assert_int_equal(spawn_capture(argv, 100000, 10000, &out, &status), 0);
	unit_folder_remove(folder);
	assert_int_equal(status, 0);
	assert_non_null(strstr(out, "\nport 2222\n"));
	assert_non_null(strstr(out, "\nuser " USER "\n"));
	assert_non_null(strstr(out, "\nstricthostkeychecking true\n"));
	assert_non_null(strstr(out, "\nuserknownhostsfile /run/user/1000/my folder/known_hosts\n"));
	assert_non_null(strstr(out, "\nidentityfile /home/me/J\xc3\xb6rg's #1 $keys/id\n"));
	assert_non_null(strstr(out, "\nexitonforwardfailure yes\n"));
	assert_non_null(strstr(out, "\nrequesttty force\n"));
	assert_non_null(strstr(out, "\nhostkeyalias ssh.example.com\n"));
}

static void must_1_an_alias_is_checked_like_a_server(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(10000);
	struct ssh_target t = target();

	t.alias = "web.mysocket";
	t.by_hand = true;
	assert_int_equal(stanza(&t, &sb), 0);
	assert_ptr_equal(strstr(sb.buf, "Host web.mysocket\n\tHostName ssh.example.com\n"), sb.buf);
	has_line(sb.buf, "HostKeyAlias ssh.example.com");
	has_line(sb.buf, "RequestTTY auto");
	strbuf_reset(&sb);
	t.alias = "web *";
	assert_int_equal(stanza(&t, &sb), -EINVAL);
	assert_int_equal(sb.len, 0);
}

static void a_visitors_stanza_hands_the_connection_over_but_for_tls(void **state)
{
	struct ssh_visit v = { "pi.mysocket-visit", "long-hill-8399.example.com", 20001, false };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);
	char why[SSHCONF_WHY_SIZE];

	assert_int_equal(sshconf_add_visit(&v, &sb, why), 0);
	v.tls = true;
	assert_int_equal(sshconf_add_visit(&v, &sb, why), 0);
	assert_string_equal(sb.buf,
			    "Host pi.mysocket-visit\n\tHostName long-hill-8399.example.com\n"
			    "\tPort 20001\n"
			    "\tProxyCommand mysocket-proxycommand --fdpass --type tcp %h %p\n"
			    "\tProxyUseFdpass yes\n"
			    "Host pi.mysocket-visit\n\tHostName long-hill-8399.example.com\n"
			    "\tPort 20001\n"
			    "\tProxyCommand mysocket-proxycommand --type tls %h %p\n"
			    "\tProxyUseFdpass no\n");
}

static void must_1_what_reaches_the_shell_of_proxycommand_is_a_host(void **state)
{
	static const char *const bad[] = { NULL,	 "",	  "a b",  "a;touch /tmp/x",
					   "$(touch x)", "a`b`",  "a|b",  "a&b",
					   "a>b",	 "-oX=y", "a\nb", "*",
					   "%h",	 "a'b",	  "a\"b", "a\\b" };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);
	char why[SSHCONF_WHY_SIZE];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct ssh_visit host = { "a.mysocket-visit", bad[i], 1, false };
		const struct ssh_visit alias = { bad[i] ? bad[i] : "", "a.example.com", 1, false };

		assert_int_equal(sshconf_add_visit(&host, &sb, why), -EINVAL);
		assert_int_equal(sshconf_add_visit(&alias, &sb, why), -EINVAL);
	}
	assert_int_equal(sb.len, 0);
}

static void a_forward_can_be_a_line_of_a_stanza(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);
	char why[SSHCONF_WHY_SIZE];

	assert_int_equal(sshconf_add_forward_line(6054, "127.0.0.1", 8000, &sb, why), 0);
	assert_int_equal(sshconf_add_forward_line(6054, "::1", 8000, &sb, why), 0);
	assert_string_equal(sb.buf, "\tRemoteForward 6054 127.0.0.1:8000\n"
				    "\tRemoteForward 6054 [::1]:8000\n");
	assert_int_equal(sshconf_add_forward_line(65536, "::1", 8000, &sb, why), -EINVAL);
	assert_int_equal(sshconf_add_forward_line(6054, "::1", 0, &sb, why), -EINVAL);
	assert_int_equal(sshconf_add_forward_line(6054, "a\nb", 8000, &sb, why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(must_1_a_name_cannot_inject_a_directive),
		cmocka_unit_test(must_1_users_ports_and_missing_values_are_refused),
		cmocka_unit_test(must_2_host_keys_are_printed_from_what_was_parsed),
		cmocka_unit_test(known_hosts_names_the_port_unless_it_is_22),
		cmocka_unit_test(must_3_the_server_is_checked_strictly_against_these_keys_alone),
		cmocka_unit_test(must_4_paths_that_ssh_would_read_otherwise_are_refused),
		cmocka_unit_test(a_dead_peer_is_noticed_within_45_seconds),
		cmocka_unit_test(names_below_localhost_are_this_host),
		cmocka_unit_test(an_identity_is_the_only_key_offered),
		cmocka_unit_test(must_1_an_alias_is_checked_like_a_server),
		cmocka_unit_test(a_key_that_signs_host_keys_keeps_its_mark),
		cmocka_unit_test(a_visitors_stanza_hands_the_connection_over_but_for_tls),
		cmocka_unit_test(must_1_what_reaches_the_shell_of_proxycommand_is_a_host),
		cmocka_unit_test(a_forward_can_be_a_line_of_a_stanza),
		cmocka_unit_test(forwards_bracket_ipv6_and_refuse_what_is_no_host),
		cmocka_unit_test(ssh_reads_it_as_it_was_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
