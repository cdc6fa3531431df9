/* SPDX-License-Identifier: ISC */
/* helper/sshhosts.h: names of hosts, their ports, and what is written for ssh; helper/sshinclude.h: the one line. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "helper/resource.h"
#include "helper/sshhosts.h"
#include "helper/sshinclude.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/strbuf.h"

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
#define USER "b2f1b59fbcba428698189f0b6e685e93"
#define SOCKET_A "334c2e48-8324-47c0-9b03-c0a69c2c7833"
#define SOCKET_B "24cd3fa2-b56a-486f-a554-30924bae54d0"
#define TUNNEL_A "dc620ec5-76d6-455e-865c-eac238472bee"
#define TUNNEL_B "11111111-76d6-455e-865c-eac238472bee"
#define LINE SSHINCLUDE_LINE

static char *keys[] = { (char *)KEY };
static struct tunnel_info tunnels[] = {
	{ .tunnel_id = (char *)TUNNEL_A, .local_port = 6054 },
	{ .tunnel_id = (char *)TUNNEL_B, .local_port = 7000 },
};

static struct socket_info socket_named(const char *name, const char *id, size_t tunnel_count)
{
	return (struct socket_info){
		.socket_id = (char *)id,
		.name = (char *)name,
		.user_name = (char *)USER,
		.ssh_server = (char *)"ssh.example.com",
		.ssh_port = 22,
		.ssh_host_keys = { keys, 1 },
		.tunnels = tunnels,
		.tunnel_count = tunnel_count,
	};
}

static void slug_is(const char *name, const char *wanted)
{
	char slug[SSHHOSTS_SLUG_SIZE];

	sshhosts_slug(name, slug);
	assert_string_equal(slug, wanted);
}

static void must_1_a_slug_has_letters_digits_and_single_dashes_alone(void **state)
{
	slug_is("my test service", "my-test-service");
	slug_is("Web_Server  No. 1!", "web-server-no-1");
	slug_is("--a--", "a");
	slug_is("x\nProxyCommand touch /tmp/x", "x-proxycommand-touch-tmp-x");
	slug_is("*", "socket");
	slug_is("", "socket");
	slug_is("\xc3\xa9t\xc3\xa9", "t");
	slug_is("a\"b\\c%h${d}#e", "a-b-c-h-d-e");
	slug_is("0123456789012345678901234567890123456789x",
		"0123456789012345678901234567890123456789");
	slug_is("012345678901234567890123456789012345678 x",
		"012345678901234567890123456789012345678");
}

static void each_tunnel_is_a_host_and_no_two_have_a_name(void **state)
{
	const struct socket_info sockets[] = {
		socket_named("web", SOCKET_A, 2),
		socket_named("WEB", SOCKET_B, 1),
		socket_named("web-24cd3fa2", SOCKET_A, 1),
		socket_named("none", SOCKET_A, 0),
	};
	static const char *const wanted[] = { "web.mysocket", "2.web.mysocket",
					      "web-24cd3fa2.mysocket",
					      "web-24cd3fa2-334c2e48.mysocket", "none.mysocket" };
	struct ssh_hosts hosts;
	size_t i;

	assert_int_equal(sshhosts_make(sockets, ARRAY_SIZE(sockets), &hosts), 0);
	assert_int_equal(hosts.count, ARRAY_SIZE(wanted));
	for (i = 0; i < hosts.count; i++)
		assert_string_equal(hosts.items[i].alias, wanted[i]);
	assert_null(hosts.items[4].tunnel);
	sshhosts_clear(&hosts);
}

static void a_port_is_given_by_any_of_a_sockets_names(void **state)
{
	const struct socket_info s = socket_named("a=b c", SOCKET_A, 2);
	static const char *const good[] = { "a-b-c=8000", "a-b-c.mysocket=8000", "a=b c=8000",
					    SOCKET_A "=8000" };
	static const char *const bad[] = { "a-b-c",	  "a-b-c=",    "=8000",	   "a-b-c=0",
					   "a-b-c=65536", "a-b-c=80x", "a-b-c=-1", "a-b-c=000080" };
	char why[SSHCONF_WHY_SIZE];
	struct ssh_hosts hosts;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(sshhosts_make(&s, 1, &hosts), 0);
		assert_int_equal(sshhosts_set_port(&hosts, good[i], why), 0);
		assert_int_equal(hosts.items[0].port, 8000);
		assert_int_equal(hosts.items[1].port, 0);
		sshhosts_clear(&hosts);
	}
	assert_int_equal(sshhosts_make(&s, 1, &hosts), 0);
	assert_int_equal(sshhosts_set_port(&hosts, "2.a-b-c=9000", why), 0);
	assert_int_equal(hosts.items[1].port, 9000);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(sshhosts_set_port(&hosts, bad[i], why), -EINVAL);
	assert_int_equal(sshhosts_set_port(&hosts, "other=1", why), -ENOENT);
	sshhosts_clear(&hosts);
}

static void a_port_of_a_socket_without_a_tunnel_is_answered_with_how_to_make_one(void **state)
{
	const struct socket_info s = socket_named("my pi", SOCKET_A, 0);
	static const char *const names[] = { "my pi=22", "my-pi=22", "my-pi.mysocket=22",
					     SOCKET_A "=22" };
	char why[SSHCONF_WHY_SIZE];
	struct ssh_hosts hosts;
	size_t i;

	assert_int_equal(sshhosts_make(&s, 1, &hosts), 0);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(sshhosts_set_port(&hosts, names[i], why), -ENOENT);
		assert_non_null(strstr(why, "mysocketctl tunnel create --socket_id " SOCKET_A));
	}
	assert_int_equal(sshhosts_set_port(&hosts, "your pi=22", why), -ENOENT);
	assert_non_null(strstr(why, "mysocketctl socket ls"));
	sshhosts_clear(&hosts);
}

static void what_is_written_is_recalled(void **state)
{
	const struct socket_info s = socket_named("x\nProxyCommand y", SOCKET_A, 2);
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(100000), known = STRBUF_INIT(10000);
	char why[SSHCONF_WHY_SIZE];
	struct ssh_hosts hosts;

	assert_int_equal(sshhosts_make(&s, 1, &hosts), 0);
	assert_int_equal(sshhosts_set_port(&hosts, "x-proxycommand-y=8000", why), 0);
	hosts.made_config = true;
	assert_int_equal(sshhosts_add_config(&hosts, "/h/known_hosts", &sb, why), 0);
	assert_int_equal(sshhosts_add_known_hosts(&hosts, "/h/known_hosts", &known, why), 0);
	sshhosts_clear(&hosts);
	assert_non_null(
		strstr(sb.buf, "\nHost x-proxycommand-y.mysocket\n\tHostName ssh.example.com\n"));
	assert_non_null(strstr(sb.buf, "\n\tRemoteForward 6054 127.0.0.1:8000\n"));
	assert_null(strstr(sb.buf, "ProxyCommand"));
	assert_null(strstr(sb.buf, "\nHost 2."));
	assert_non_null(strstr(sb.buf, "--port 2.x-proxycommand-y=PORT\n"));
	/* Both have the same server. */
	assert_string_equal(known.buf, "ssh.example.com " KEY "\n");

	assert_int_equal(sshhosts_make(&s, 1, &hosts), 0);
	sshhosts_recall(&hosts, sb.buf);
	assert_int_equal(hosts.items[0].port, 8000);
	assert_int_equal(hosts.items[1].port, 0);
	assert_true(hosts.made_config);
	sshhosts_clear(&hosts);
}

static void tcp_and_tls_sockets_have_one_host_for_visitors(void **state)
{
	static const char *const types[] = { "tcp", "tls", "http", "https", NULL, "tcp" };
	static const char *const ports[] = { "20001", "30001", "80 443", "443", NULL, "0" };
	struct socket_info s = socket_named("My pi", SOCKET_A, 2);
	char alias[SSHHOSTS_ALIAS_SIZE];
	struct ssh_hosts hosts;
	struct ssh_visit v;
	size_t i;

	s.dnsname = (char *)"long-hill-8399.example.com";
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		s.socket_type = (char *)types[i];
		s.ports = (char *)ports[i];
		s.tunnel_count = i < 1 ? 2 : 0;
		assert_int_equal(sshhosts_make(&s, 1, &hosts), 0);
		assert_int_equal(sshhosts_visit(&hosts.items[0], alias, &v), i < 2);
		if (i < 2) {
			assert_string_equal(v.alias, "my-pi.mysocket-visit");
			assert_string_equal(v.host, "long-hill-8399.example.com");
			assert_int_equal(v.port, i ? 30001 : 20001);
			assert_int_equal(v.tls, i);
		}
		assert_true(i || !sshhosts_visit(&hosts.items[1], alias, &v));
		sshhosts_clear(&hosts);
	}
}

static void write_config(struct socket_info *s, const char *name, struct strbuf *sb)
{
	char why[SSHCONF_WHY_SIZE];
	struct ssh_hosts hosts;

	s->name = (char *)name;
	assert_int_equal(sshhosts_make(s, 1, &hosts), 0);
	hosts.items[0].port = 8000;
	assert_int_equal(sshhosts_add_config(&hosts, "/h/k", sb, why), 0);
	sshhosts_clear(&hosts);
}

/* Bytes that ssh or a shell would mind, and any others. */
static void fill_name(char *name, size_t size, bool any, uint32_t *seed)
{
	static const char odd[] = "\n\r\t \"'\\%${}*?!,#=~;`|&<>\x7f-.ProxyCommand";
	size_t i;

	for (i = 0; i < size - 1; i++) {
		unsigned char byte;

		*seed = *seed * 1664525 + 1013904223;
		byte = (unsigned char)(1 + (*seed >> 16) % 255);
		if (any)
			memcpy(&name[i], &byte, 1);
		else
			name[i] = odd[byte % (sizeof(odd) - 1)];
	}
	name[i] = '\0';
}

static void must_1_of_a_sockets_name_no_more_than_the_slug_is_written(void **state)
{
	struct socket_info s = socket_named("", SOCKET_A, 1);
	char name[100], slug[SSHHOSTS_SLUG_SIZE];
	uint32_t seed = 1;
	size_t round;

	s.socket_type = (char *)"tcp";
	s.ports = (char *)"20001";
	s.dnsname = (char *)"long-hill-8399.example.com";
	for (round = 0; round < 1000; round++) {
		auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(100000),
						      plain = STRBUF_INIT(100000);

		fill_name(name, 2 + round % 98, round % 2, &seed);
		write_config(&s, name, &sb);
		sshhosts_slug(name, slug);
		assert_int_equal(strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-"),
				 strlen(slug));
		write_config(&s, slug, &plain);
		assert_string_equal(sb.buf, plain.buf);
	}
}

static void broken_comments_are_not_recalled(void **state)
{
	static const char *const broken[] = { "",
					      "# port",
					      "# port " TUNNEL_A,
					      "# port " TUNNEL_A " ",
					      "# port " TUNNEL_A " 0\n",
					      "# port " TUNNEL_A " 99999\n",
					      "# port " TUNNEL_A "x80\n",
					      "# port " SOCKET_A " 80\n",
					      " # port " TUNNEL_A " 80\n",
					      "# made ~/.ssh/config" };
	const struct socket_info s = socket_named("a", SOCKET_A, 1);
	struct ssh_hosts hosts;
	size_t i;

	assert_int_equal(sshhosts_make(&s, 1, &hosts), 0);
	for (i = 0; i < ARRAY_SIZE(broken); i++)
		sshhosts_recall(&hosts, broken[i]);
	assert_int_equal(hosts.items[0].port, 0);
	assert_false(hosts.made_config);
	sshhosts_clear(&hosts);
}

/* ---- the line in ~/.ssh/config ---- */
static void line_comes_and_goes(const char *before, const char *end)
{
	auto_call(strbuf_clear) struct strbuf added = STRBUF_INIT(1000), again = STRBUF_INIT(1000),
					      removed = STRBUF_INIT(1000);
	char wanted[500];

	snprintf(wanted, sizeof(wanted), LINE "%s%s", end, before);
	assert_int_equal(sshinclude_add(before, strlen(before), &added), 1);
	assert_string_equal(added.buf, wanted);
	assert_int_equal(sshinclude_add(added.buf, added.len, &again), 0);
	assert_int_equal(again.len, 0);
	assert_int_equal(sshinclude_remove(added.buf, added.len, &removed), 1);
	assert_string_equal(removed.buf, before);
	assert_int_equal(sshinclude_remove(before, strlen(before), &again), 0);
}

static void the_line_comes_and_goes_and_the_rest_stays_to_the_byte(void **state)
{
	line_comes_and_goes("", "\n");
	line_comes_and_goes("\n", "\n");
	line_comes_and_goes("Host a\n\tPort 1\n", "\n");
	line_comes_and_goes("Host a", "\n");
	line_comes_and_goes("# x\r\nHost a\r\n\tPort 1\r\n", "\r\n");
	line_comes_and_goes("\r\nHost a", "\r\n");
	line_comes_and_goes("Host a\n" LINE "\n", "\n"); /* there it would be for that host alone */
	line_comes_and_goes(" hOsT=a\n" LINE "\n", "\n");
	line_comes_and_goes("Match all\n\t" LINE "\n", "\n");
	line_comes_and_goes("#" LINE "\n" LINE "/*\n", "\n");
}

static void the_line_is_found_where_it_counts_for_every_host(void **state)
{
	static const char *const there[] = { LINE, "# mine\n\n" LINE "\nHost a\n",
					     "User x\r\n" LINE "\r\n", "HostName x\n" LINE "\n" };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(there); i++)
		assert_int_equal(sshinclude_add(there[i], strlen(there[i]), &sb), 0);
	assert_int_equal(sb.len, 0);
}

static void bytes_that_are_no_text_stay(void **state)
{
	static const char odd[] = "a\0b\nHost \xff\0";
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000), back = STRBUF_INIT(1000);

	assert_int_equal(sshinclude_add(odd, sizeof(odd), &sb), 1);
	assert_int_equal(sshinclude_remove(sb.buf, sb.len, &back), 1);
	assert_int_equal(back.len, sizeof(odd));
	assert_memory_equal(back.buf, odd, sizeof(odd));
}

static void is_file(const char *path, const char *text, mode_t mode)
{
	auto_free char *data = NULL;
	struct stat st;

	assert_int_equal(file_read(path, 1000, &data, NULL), 0);
	assert_string_equal(data, text);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void a_symlink_is_followed_and_a_mode_kept(void **state)
{
	char folder[100], real[120], link[120];
	bool made = false;
	struct stat st;

	unit_folder_make(folder, sizeof(folder));
	snprintf(real, sizeof(real), "%s/dotfile", folder);
	snprintf(link, sizeof(link), "%s/config", folder);
	assert_int_equal(file_write(real, "Host a", 6, 0640), 0);
	assert_int_equal(symlink("dotfile", link), 0);
	assert_int_equal(sshinclude_install(link, &made), 0);
	assert_int_equal(sshinclude_install(link, &made), 0);
	assert_false(made);
	is_file(real, LINE "\nHost a", 0640);
	assert_int_equal(sshinclude_uninstall(link, false), 1);
	assert_int_equal(sshinclude_uninstall(link, false), 0);
	is_file(real, "Host a", 0640);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(unit_folder_count(folder), 2);
	unit_folder_remove(folder);
}

static void a_file_that_was_made_goes_again_unless_something_is_in_it(void **state)
{
	char folder[100], path[120];
	bool made = false;

	unit_folder_make(folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/config", folder);
	assert_int_equal(sshinclude_uninstall(path, true), 0);
	assert_int_equal(sshinclude_install(path, &made), 0);
	assert_true(made);
	is_file(path, LINE "\n", 0600);
	assert_int_equal(sshinclude_uninstall(path, true), 1);
	assert_int_equal(unit_folder_count(folder), 0);
	assert_int_equal(file_write(path, LINE "\nUser x\n", sizeof(LINE "\nUser x\n") - 1, 0600),
			 0);
	assert_int_equal(sshinclude_uninstall(path, true), 1);
	is_file(path, "User x\n", 0600);
	unit_folder_remove(folder);
}

static void a_symlink_to_nothing_leads_to_nothing_again(void **state)
{
	char folder[100], real[120], link[120];
	bool made = false;
	struct stat st;

	unit_folder_make(folder, sizeof(folder));
	snprintf(real, sizeof(real), "%s/dotfile", folder);
	snprintf(link, sizeof(link), "%s/config", folder);
	assert_int_equal(symlink("dotfile", link), 0);
	assert_int_equal(sshinclude_install(link, &made), 0);
	assert_true(made);
	is_file(real, LINE "\n", 0600);
	assert_int_equal(sshinclude_uninstall(link, true), 1);
	assert_int_equal(lstat(link, &st), 0);
	assert_int_equal(unit_folder_count(folder), 1);
	unit_folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(must_1_a_slug_has_letters_digits_and_single_dashes_alone),
		cmocka_unit_test(each_tunnel_is_a_host_and_no_two_have_a_name),
		cmocka_unit_test(a_port_is_given_by_any_of_a_sockets_names),
		cmocka_unit_test(
			a_port_of_a_socket_without_a_tunnel_is_answered_with_how_to_make_one),
		cmocka_unit_test(what_is_written_is_recalled),
		cmocka_unit_test(tcp_and_tls_sockets_have_one_host_for_visitors),
		cmocka_unit_test(must_1_of_a_sockets_name_no_more_than_the_slug_is_written),
		cmocka_unit_test(broken_comments_are_not_recalled),
		cmocka_unit_test(the_line_comes_and_goes_and_the_rest_stays_to_the_byte),
		cmocka_unit_test(the_line_is_found_where_it_counts_for_every_host),
		cmocka_unit_test(bytes_that_are_no_text_stay),
		cmocka_unit_test(a_symlink_is_followed_and_a_mode_kept),
		cmocka_unit_test(a_symlink_to_nothing_leads_to_nothing_again),
		cmocka_unit_test(a_file_that_was_made_goes_again_unless_something_is_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
