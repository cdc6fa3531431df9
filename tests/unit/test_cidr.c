/* SPDX-License-Identifier: ISC */
/* lib/cidr.h: one spelling per network, and what is none is refused with the remedy. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "lib/cidr.h"
#include "lib/cleanup.h"

static void assert_network(const char *text, const char *expected)
{
	char why[CIDR_ERROR_SIZE], printed[CIDR_SIZE];
	struct cidr cidr;

	assert_int_equal(cidr_parse(text, &cidr, why), 0);
	cidr_print(&cidr, printed);
	assert_string_equal(printed, expected);
}

static void assert_refused(const char *text, const char *expected)
{
	char why[CIDR_ERROR_SIZE] = "";
	struct cidr cidr;

	assert_int_equal(cidr_parse(text, &cidr, why), -EINVAL);
	assert_string_equal(why, expected);
}

static void networks_have_one_spelling(void **state)
{
	assert_network("10.0.0.0/8", "10.0.0.0/8");
	assert_network("0.0.0.0/0", "0.0.0.0/0");
	assert_network("255.255.255.255/32", "255.255.255.255/32");
	assert_network("2001:DB8::/32", "2001:db8::/32");
	assert_network("2001:0db8:0:0::/48", "2001:db8::/48");
	assert_network("::/0", "::/0");
	assert_network("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
	assert_network("10.1.2.0/23", "10.1.2.0/23");
}

static void an_address_is_a_network_of_one(void **state)
{
	assert_network("192.0.2.7", "192.0.2.7/32");
	assert_network("::1", "::1/128");
}

static void ipv4_written_as_ipv6_is_ipv4(void **state)
{
	assert_network("::ffff:10.0.0.0/104", "10.0.0.0/8");
	assert_network("::ffff:192.0.2.7", "192.0.2.7/32");
	assert_network("::ffff:0:0/96", "0.0.0.0/0");
	/* More than IPv4. */
	assert_network("::/80", "::/80");
}

static void bits_beyond_the_prefix_are_named(void **state)
{
	assert_refused("10.0.0.5/8", "'10.0.0.5/8' has bits beyond its prefix: did you mean "
				     "10.0.0.0/8?");
	assert_refused("10.1.3.0/23", "'10.1.3.0/23' has bits beyond its prefix: did you mean "
				      "10.1.2.0/23?");
	assert_refused("2001:db8::1/32", "'2001:db8::1/32' has bits beyond its prefix: did you "
					 "mean 2001:db8::/32?");
	assert_refused("1.0.0.0/0", "'1.0.0.0/0' has bits beyond its prefix: did you mean "
				    "0.0.0.0/0?");
}

static void prefixes_are_plain_numbers_in_bounds(void **state)
{
	static const char *const v4[] = { "10.0.0.0/",	   "10.0.0.0/33", "10.0.0.0/08",
					  "10.0.0.0/+8",   "10.0.0.0/ 8", "10.0.0.0/8/8",
					  "10.0.0.0/-1",   "10.0.0.0/8x", "10.0.0.0/9999",
					  "10.0.0.0/255.0" };
	char why[CIDR_ERROR_SIZE];
	struct cidr cidr;

	for (size_t i = 0; i < ARRAY_SIZE(v4); i++) {
		assert_int_equal(cidr_parse(v4[i], &cidr, why), -EINVAL);
		assert_non_null(strstr(why, "after the slash belongs 0 to 32"));
	}
	assert_refused("::/129", "'::/129' has no valid prefix: after the slash belongs 0 to 128");
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = { "",	  "/8",		"10.0.0/8",  "10.0.0.0.0",
					     "010.0.0.1", "10.0.0.256", "localhost", "fe80::1%eth0",
					     ":",	  ":::",	"1:2:3",     "10.0.0.1 " };
	char why[CIDR_ERROR_SIZE];
	struct cidr cidr;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(cidr_parse(texts[i], &cidr, why), -EINVAL);
		assert_non_null(strstr(why, "is not a network: write one as 192.0.2.0/24"));
	}
}

static void what_is_long_or_dirty_is_not_quoted(void **state)
{
	char text[200];

	memset(text, '1', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_refused(text, "a network is at most 49 characters, such as 192.0.2.0/24 or "
			     "2001:db8::/32");
	assert_refused("\033[2J", "a network is at most 49 characters, such as 192.0.2.0/24 or "
				  "2001:db8::/32");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_have_one_spelling),
		cmocka_unit_test(an_address_is_a_network_of_one),
		cmocka_unit_test(ipv4_written_as_ipv6_is_ipv4),
		cmocka_unit_test(bits_beyond_the_prefix_are_named),
		cmocka_unit_test(prefixes_are_plain_numbers_in_bounds),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(what_is_long_or_dirty_is_not_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
