/* SPDX-License-Identifier: ISC */
/* api/check.h: what a border lets in. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "api/check.h"
#include "lib/cleanup.h"

static const char *why;

static void an_email_has_one_spelling(void **state)
{
	char email[STORE_EMAIL_SIZE];

	assert_int_equal(api_check_email(" John.Doe+x@Mail.Example.COM\n", email, &why), 0);
	assert_string_equal(email, "john.doe+x@mail.example.com");
}

static void what_is_no_email_is_refused_by_name(void **state)
{
	static const char *const bad[] = {
		"",	    "john",	   "@example.com",     "john@",		 "john@example",
		"a b@c.de", "a@b@c.de",	   ".a@b.de",	       "a.@b.de",	 "a..b@c.de",
		"a@b..de",  "a@.b.de",	   "a@b.de.",	       "a@-b.de",	 "a@b-.de",
		"a@b_c.de", "\"a\"@b.de",  "a@b.de\r\nBcc: x", "j\xc3\xb6@b.de", "a\x01@b.de",
		"<a@b.de>", "a@[1.2.3.4]", "a\\@b.de",
	};
	char email[STORE_EMAIL_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		why = NULL;
		assert_int_equal(api_check_email(bad[i], email, &why), -EINVAL);
		assert_non_null(strstr(why, "'email'"));
	}
}

static void an_email_has_at_most_254_bytes(void **state)
{
	char text[400], email[STORE_EMAIL_SIZE];
	char label[64];

	memset(label, 'a', 63);
	label[63] = '\0';
	snprintf(text, sizeof(text), "%s@%s.%s.%.61s", label, label, label, label);
	assert_int_equal(strlen(text), 253);
	assert_int_equal(api_check_email(text, email, &why), 0);
	snprintf(text, sizeof(text), "%s@%s.%s.%s.a", label, label, label, label);
	assert_int_equal(api_check_email(text, email, &why), -EINVAL);
}

static void passwords_have_8_to_1024_bytes(void **state)
{
	char text[1026];

	assert_int_equal(api_check_password("1234567", &why), -EINVAL);
	assert_non_null(strstr(why, "8 characters"));
	assert_int_equal(api_check_password("12345678", &why), 0);
	memset(text, 'x', 1025);
	text[1025] = '\0';
	assert_int_equal(api_check_password(text, &why), -EINVAL);
	text[1024] = '\0';
	assert_int_equal(api_check_password(text, &why), 0);
}

static void names_of_accounts_are_clean_text(void **state)
{
	assert_int_equal(api_check_account_name("J\xc3\xb6rg O'Neil", &why), 0);
	assert_int_equal(api_check_account_name("", &why), -EINVAL);
	assert_int_equal(api_check_account_name("a\nb", &why), -EINVAL);
	assert_int_equal(api_check_account_name("a\x1b[31mb", &why), -EINVAL);
	assert_int_equal(api_check_account_name("a\xe2\x80\xae"
						"b",
						&why),
			 -EINVAL);
}

static void names_of_sockets_have_1_to_100_characters(void **state)
{
	char text[500] = "";

	for (int i = 0; i < 100; i++)
		strncat(text, "\xe2\x82\xac", sizeof(text) - strlen(text) - 1);
	assert_int_equal(api_check_socket_name(text, &why), 0);
	strncat(text, "x", 2);
	assert_int_equal(api_check_socket_name(text, &why), -EINVAL);
	assert_int_equal(api_check_socket_name("", &why), -EINVAL);
	assert_int_equal(api_check_socket_name("a\tb", &why), -EINVAL);
}

static void a_hundred_wide_characters_fit_the_store(void **state)
{
	assert_true(CHECK_SOCKET_NAME_MAX * 4 < STORE_NAME_SIZE);
	assert_true(CHECK_ACCOUNT_NAME_MAX < STORE_NAME_SIZE);
}

static void there_are_four_types_of_sockets(void **state)
{
	assert_int_equal(api_check_socket_type("http", &why), 0);
	assert_int_equal(api_check_socket_type("https", &why), 0);
	assert_int_equal(api_check_socket_type("tcp", &why), 0);
	assert_int_equal(api_check_socket_type("tls", &why), 0);
	assert_int_equal(api_check_socket_type("HTTP", &why), -EINVAL);
	assert_int_equal(api_check_socket_type("udp", &why), -EINVAL);
	assert_non_null(strstr(why, "'socket_type'"));
}

static void what_basic_authentication_cannot_carry_is_refused(void **state)
{
	assert_int_equal(api_check_protected_username("john", &why), 0);
	assert_int_equal(api_check_protected_username("", &why), -EINVAL);
	assert_int_equal(api_check_protected_username("a:b", &why), -EINVAL);
	assert_int_equal(api_check_protected_username("a\r", &why), -EINVAL);
	assert_int_equal(api_check_protected_password("p:q", &why), 0);
	assert_int_equal(api_check_protected_password("", &why), -EINVAL);
	assert_int_equal(api_check_protected_password("a\nb", &why), -EINVAL);
}

static void nodes_are_hosts_and_nothing_that_json_would_escape(void **state)
{
	assert_int_equal(api_check_node("node-1.example.com", &why), 0);
	assert_int_equal(api_check_node("2001:db8::1", &why), 0);
	assert_int_equal(api_check_node("", &why), -EINVAL);
	assert_int_equal(api_check_node("a\"b", &why), -EINVAL);
	assert_int_equal(api_check_node("a\\b", &why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_email_has_one_spelling),
		cmocka_unit_test(what_is_no_email_is_refused_by_name),
		cmocka_unit_test(an_email_has_at_most_254_bytes),
		cmocka_unit_test(passwords_have_8_to_1024_bytes),
		cmocka_unit_test(names_of_accounts_are_clean_text),
		cmocka_unit_test(names_of_sockets_have_1_to_100_characters),
		cmocka_unit_test(a_hundred_wide_characters_fit_the_store),
		cmocka_unit_test(there_are_four_types_of_sockets),
		cmocka_unit_test(what_basic_authentication_cannot_carry_is_refused),
		cmocka_unit_test(nodes_are_hosts_and_nothing_that_json_would_escape),
	};

	return cmocka_run_group_tests_name("api/check", tests, NULL, NULL);
}
