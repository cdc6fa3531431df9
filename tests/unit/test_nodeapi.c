/* SPDX-License-Identifier: ISC */
/* lib/nodeapi.h: the feed's spelling, and what a secret looks like. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/nodeapi.h"

static void every_event_is_read_back(void **state)
{
	enum nodeapi_event read;
	int e;

	for (e = 0; e < NODEAPI_EVENT_COUNT; e++) {
		read = NODEAPI_EVENT_COUNT;
		assert_int_equal(nodeapi_event_parse(nodeapi_event_name((enum nodeapi_event)e),
						     &read),
				 0);
		assert_int_equal(read, e);
	}
}

static void names_are_the_protocols(void **state)
{
	assert_string_equal(nodeapi_event_name(NODEAPI_START), "start");
	assert_string_equal(nodeapi_event_name(NODEAPI_SOCKET_DELETED), "socket_deleted");
	assert_string_equal(nodeapi_event_name(NODEAPI_ACCOUNT_CHANGED), "account_changed");
	assert_string_equal(nodeapi_event_name(NODEAPI_TUNNEL_UP), "tunnel_up");
}

static void other_names_are_refused_and_leave_the_result(void **state)
{
	enum nodeapi_event read = NODEAPI_KEY_ADDED;

	assert_int_equal(nodeapi_event_parse("", &read), -EINVAL);
	assert_int_equal(nodeapi_event_parse("tunnel_u", &read), -EINVAL);
	assert_int_equal(nodeapi_event_parse("tunnel_upp", &read), -EINVAL);
	assert_int_equal(read, NODEAPI_KEY_ADDED);
}

#define SALT "0123456789abcdef"
#define HASH "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"

static void a_secret_is_nothing_or_salt_and_hash(void **state)
{
	assert_true(nodeapi_secret_is_valid(""));
	assert_true(nodeapi_secret_is_valid(SALT ":" HASH));
	assert_int_equal(strlen(SALT ":" HASH) + 1, NODEAPI_SECRET_SIZE);
}

/* It becomes a word of a command line of HAProxy. */
static void all_else_is_no_secret(void **state)
{
	static const char *const wrong[] = {
		" ",
		":",
		SALT,
		SALT ":",
		":" HASH,
		SALT ":" HASH "0",
		"0" SALT ":" HASH,
		SALT " " HASH,
		SALT ":" HASH "\n",
		SALT ":" HASH ";show info",
		"0123456789ABCDEF:" HASH,
		SALT ":0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(nodeapi_secret_is_valid(wrong[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_is_read_back),
		cmocka_unit_test(names_are_the_protocols),
		cmocka_unit_test(other_names_are_refused_and_leave_the_result),
		cmocka_unit_test(a_secret_is_nothing_or_salt_and_hash),
		cmocka_unit_test(all_else_is_no_secret),
	};

	return cmocka_run_group_tests_name("nodeapi", tests, NULL, NULL);
}
