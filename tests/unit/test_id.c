/* SPDX-License-Identifier: ISC */
/* lib/id.h: which names are ours, and that both spellings are the same id. */
#include "tests/unit/unit.h"

#include "lib/id.h"

#define USER "0123456789abcdef0123456789abcdef"
#define UUID "01234567-89ab-cdef-0123-456789abcdef"

static void only_32_lower_case_hex_digits_are_a_user(void **state)
{
	assert_true(id_is_user(USER));
	assert_false(id_is_user(NULL));
	assert_false(id_is_user(""));
	assert_false(id_is_user("root"));
	assert_false(id_is_user("0123456789abcdef0123456789abcde"));
	assert_false(id_is_user(USER "0"));
	assert_false(id_is_user(USER "\n"));
	assert_false(id_is_user("0123456789ABCDEF0123456789abcdef"));
	assert_false(id_is_user("0123456789abcdeg0123456789abcdef"));
	assert_false(id_is_user("0123456789abcde/0123456789abcdef"));
	assert_false(id_is_user("0123456789abcde:0123456789abcdef"));
	assert_false(id_is_user("0123456789abcde`0123456789abcdef"));
	assert_false(id_is_user(UUID));
}

static void only_the_canonical_form_is_a_uuid(void **state)
{
	assert_true(id_is_uuid(UUID));
	assert_false(id_is_uuid(NULL));
	assert_false(id_is_uuid(""));
	assert_false(id_is_uuid(USER));
	assert_false(id_is_uuid(UUID "0"));
	assert_false(id_is_uuid("01234567-89ab-cdef-0123-456789abcde"));
	assert_false(id_is_uuid("01234567-89AB-cdef-0123-456789abcdef"));
	assert_false(id_is_uuid("0123456-789ab-cdef-0123-456789abcdef"));
	assert_false(id_is_uuid("{1234567-89ab-cdef-0123-456789abcde}"));
	assert_false(id_is_uuid("------------------------------------"));
}

static void every_place_is_looked_at(void **state)
{
	size_t i;

	for (i = 0; i < strlen(USER); i++) {
		char user[] = USER;

		user[i] = 'g';
		assert_false(id_is_user(user));
	}
	for (i = 0; i < strlen(UUID); i++) {
		char uuid[] = UUID;

		uuid[i] = uuid[i] == '-' ? '0' : '-';
		assert_false(id_is_uuid(uuid));
		uuid[i] = 'g';
		assert_false(id_is_uuid(uuid));
	}
}

static void a_short_string_is_not_read_past_its_end(void **state)
{
	/* On the heap, so that the sanitizer sees a read behind it. */
	char *s = strdup("0123"), *t = strdup("01234567-");

	assert_false(id_is_user(s));
	assert_false(id_is_uuid(s));
	assert_false(id_is_uuid(t));
	free(s);
	free(t);
}

static void each_spelling_gives_the_other(void **state)
{
	char user[ID_USER_SIZE], uuid[ID_UUID_SIZE];

	id_user_from_uuid(UUID, user);
	assert_string_equal(user, USER);
	id_uuid_from_user(USER, uuid);
	assert_string_equal(uuid, UUID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_32_lower_case_hex_digits_are_a_user),
		cmocka_unit_test(only_the_canonical_form_is_a_uuid),
		cmocka_unit_test(every_place_is_looked_at),
		cmocka_unit_test(a_short_string_is_not_read_past_its_end),
		cmocka_unit_test(each_spelling_gives_the_other),
	};

	return cmocka_run_group_tests_name("id", tests, NULL, NULL);
}
