/* SPDX-License-Identifier: ISC */
/* authkeys/authkeys_line.h: its MUST rules, and the list of ports that the node sends. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "authkeys/authkeys_line.h"
#include "lib/cleanup.h"
#include "lib/sshkey.h"
#include "lib/strbuf.h"

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

static void parse_key(const char *text, struct sshkey *ret_key)
{
	const char *why = "";

	if (sshkey_parse(text, strlen(text), ret_key, &why) < 0)
		fail_msg("refused: %s", why);
}

static void must_1_and_3_everything_is_taken_away_but_the_given_ports(void **state)
{
	auto_call(strbuf_clear) struct strbuf line = STRBUF_INIT(AUTHKEYS_LINE_MAX);
	auto_call(sshkey_clear) struct sshkey key = { 0 };
	const uint16_t ports[] = { 6054, 1, 65535 };

	parse_key(KEY, &key);
	assert_int_equal(authkeys_line(&key, ports, 3, &line), 0);
	assert_string_equal(line.buf, "restrict,pty,port-forwarding,permitlisten=\"6054\","
				      "permitlisten=\"1\",permitlisten=\"65535\" " KEY "\n");
}

static void must_2_a_comment_never_reaches_the_line(void **state)
{
	auto_call(strbuf_clear) struct strbuf line = STRBUF_INIT(AUTHKEYS_LINE_MAX);
	auto_call(sshkey_clear) struct sshkey key = { 0 };
	const uint16_t port = 6054;

	parse_key("  " KEY " me@laptop,command=\"sh\"\n", &key);
	assert_int_equal(authkeys_line(&key, &port, 1, &line), 0);
	assert_string_equal(line.buf,
			    "restrict,pty,port-forwarding,permitlisten=\"6054\" " KEY "\n");
}

static void must_3_without_ports_there_is_no_forwarding(void **state)
{
	auto_call(strbuf_clear) struct strbuf line = STRBUF_INIT(AUTHKEYS_LINE_MAX);
	auto_call(sshkey_clear) struct sshkey key = { 0 };
	const uint16_t zero = 0;

	parse_key(KEY, &key);
	assert_int_equal(authkeys_line(&key, &zero, 1, &line), -EINVAL);
	strbuf_reset(&line);
	assert_int_equal(authkeys_line(&key, NULL, 0, &line), 0);
	assert_string_equal(line.buf, "restrict,pty " KEY "\n");
}

static void must_4_as_many_ports_as_sshd_takes_fit_and_one_more_does_not(void **state)
{
	static uint16_t ports[AUTHKEYS_PORTS_MAX + 1];
	auto_call(strbuf_clear) struct strbuf line = STRBUF_INIT(AUTHKEYS_LINE_MAX);
	auto_call(sshkey_clear) struct sshkey key = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ports); i++)
		ports[i] = (uint16_t)(60000 + i);
	parse_key(KEY, &key);
	assert_int_equal(authkeys_line(&key, ports, AUTHKEYS_PORTS_MAX, &line), 0);
	strbuf_reset(&line);
	assert_int_equal(authkeys_line(&key, ports, AUTHKEYS_PORTS_MAX + 1, &line), -E2BIG);
	assert_int_equal(line.len, 0);
}

static void a_full_buffer_is_an_error_and_not_a_shorter_line(void **state)
{
	auto_call(strbuf_clear) struct strbuf line = STRBUF_INIT(60);
	auto_call(sshkey_clear) struct sshkey key = { 0 };
	const uint16_t port = 6054;

	parse_key(KEY, &key);
	assert_int_equal(authkeys_line(&key, &port, 1, &line), -EMSGSIZE);
}

static void a_list_of_ports_is_read(void **state)
{
	static uint16_t ports[AUTHKEYS_PORTS_MAX];
	size_t count = 0;

	assert_int_equal(authkeys_ports_parse("6054", ports, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(ports[0], 6054);
	assert_int_equal(authkeys_ports_parse("1,65535,80", ports, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(ports[1], 65535);
	assert_int_equal(ports[2], 80);
}

static void anything_but_ports_is_refused(void **state)
{
	static const char *const bad[] = { "",	   ",",	      "0",   "65536",  "6054,",	    ",6054",
					   "1,,2", "6054 ",   "-1",  "+1",     "0x10",	    "01",
					   "a",	   "1\",pty", "1;2", "100000", "4294967297" };
	static uint16_t ports[AUTHKEYS_PORTS_MAX];
	size_t i, count = 77;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (authkeys_ports_parse(bad[i], ports, &count) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(count, 77);
}

static void a_list_that_is_too_long_is_refused(void **state)
{
	static uint16_t ports[AUTHKEYS_PORTS_MAX];
	auto_call(strbuf_clear) struct strbuf text = STRBUF_INIT(100000);
	size_t i, count;

	strbuf_adds(&text, "1");
	for (i = 1; i < AUTHKEYS_PORTS_MAX; i++)
		strbuf_adds(&text, ",65535");
	assert_int_equal(authkeys_ports_parse(text.buf, ports, &count), 0);
	assert_int_equal(count, AUTHKEYS_PORTS_MAX);
	strbuf_adds(&text, ",2");
	assert_int_equal(authkeys_ports_parse(text.buf, ports, &count), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(must_1_and_3_everything_is_taken_away_but_the_given_ports),
		cmocka_unit_test(must_2_a_comment_never_reaches_the_line),
		cmocka_unit_test(must_3_without_ports_there_is_no_forwarding),
		cmocka_unit_test(must_4_as_many_ports_as_sshd_takes_fit_and_one_more_does_not),
		cmocka_unit_test(a_full_buffer_is_an_error_and_not_a_shorter_line),
		cmocka_unit_test(a_list_of_ports_is_read),
		cmocka_unit_test(anything_but_ports_is_refused),
		cmocka_unit_test(a_list_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests_name("authkeys_line", tests, NULL, NULL);
}
