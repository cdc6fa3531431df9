/* SPDX-License-Identifier: ISC */
/* api/secret.h and api/ports.h: what is kept of secrets, and what is chosen at random. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "api/ports.h"
#include "api/secret.h"
#include "api/store.h"
#include "lib/clock.h"

static void a_password_is_verified_against_its_hash_alone(void **state)
{
	char hash[crypto_pwhash_STRBYTES], other[crypto_pwhash_STRBYTES];

	assert_int_equal(secret_hash_password("secret123", hash), 0);
	assert_int_equal(secret_hash_password("secret123", other), 0);
	assert_string_not_equal(hash, other);
	assert_memory_equal(hash, "$argon2id$", 10);
	assert_true(secret_check_password(hash, "secret123"));
	assert_false(secret_check_password(hash, "secret124"));
	assert_false(secret_check_password(hash, ""));
}

static int64_t time_check(const char *hash)
{
	int64_t start = clock_mono_ms();

	assert_false(secret_check_password(hash, "not the password"));
	return clock_mono_ms() - start;
}

static void no_account_takes_as_long_as_a_wrong_password(void **state)
{
	char hash[crypto_pwhash_STRBYTES];
	int64_t with = 0, without = 0;

	assert_int_equal(secret_hash_password("secret123", hash), 0);
	for (int i = 0; i < 5; i++) {
		with += time_check(hash);
		without += time_check(NULL);
	}
	/* The same work; the bounds only leave room for a busy machine. */
	assert_true(without * 3 > with);
	assert_true(with * 3 > without);
}

static void generated_passwords_differ(void **state)
{
	char a[SECRET_PASSWORD_SIZE], b[SECRET_PASSWORD_SIZE];

	secret_new_password(a);
	secret_new_password(b);
	assert_int_equal(strlen(a), 20);
	assert_string_not_equal(a, b);
	assert_null(strpbrk(a, "0O1lI"));
}

static void a_sockets_secret_is_what_haproxy_computes(void **state)
{
	char secret[SECRET_SOCKET_SIZE], text[200], hex[65];
	unsigned char hash[crypto_hash_sha256_BYTES];

	secret_hash_socket("john", "pass:word", secret);
	assert_int_equal(strlen(secret), 16 + 1 + 64);
	assert_int_equal(secret[16], ':');
	snprintf(text, sizeof(text), "%.16sjohn:pass:word", secret);
	crypto_hash_sha256(hash, (unsigned char *)text, strlen(text));
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(hex + 2 * i, 3, "%02X", hash[i]);
	assert_string_equal(secret + 17, hex);
}

static void a_link_is_kept_as_a_hash(void **state)
{
	char link[SECRET_LINK_SIZE], other[SECRET_LINK_SIZE], hash[SECRET_LINK_SIZE];

	secret_new_link(link);
	secret_new_link(other);
	assert_string_not_equal(link, other);
	secret_hash_link(link, hash);
	assert_string_not_equal(link, hash);
	assert_int_equal(strlen(hash), 64);
}

static void equal_means_equal(void **state)
{
	assert_true(secret_equal("abc", "abc"));
	assert_false(secret_equal("abc", "abd"));
	assert_false(secret_equal("abc", "ab"));
	assert_false(secret_equal("", "a"));
}

static unsigned char map[PORTS_COUNT];

static void ports_come_from_the_whole_range_and_nowhere_else(void **state)
{
	unsigned char seen[10] = { 0 };
	int64_t port;

	memset(map, STORE_PORT_FREE, sizeof(map));
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(ports_pick(map, 5000, 5009, &port), 0);
		assert_in_range(port, 5000, 5009);
		seen[port - 5000] = 1;
	}
	for (int i = 0; i < 10; i++)
		assert_int_equal(seen[i], 1);
}

static void a_resting_port_is_the_last_choice_and_a_used_one_none(void **state)
{
	int64_t port = 7;

	memset(map, STORE_PORT_USED, sizeof(map));
	map[65535] = STORE_PORT_FREE;
	map[65534] = STORE_PORT_RESTING;
	assert_int_equal(ports_pick(map, 60000, 65535, &port), 0);
	assert_int_equal(port, 65535);
	map[65535] = STORE_PORT_USED;
	assert_int_equal(ports_pick(map, 60000, 65535, &port), 0);
	assert_int_equal(port, 65534);
	map[65534] = STORE_PORT_USED;
	assert_int_equal(ports_pick(map, 60000, 65535, &port), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_is_verified_against_its_hash_alone),
		cmocka_unit_test(no_account_takes_as_long_as_a_wrong_password),
		cmocka_unit_test(generated_passwords_differ),
		cmocka_unit_test(a_sockets_secret_is_what_haproxy_computes),
		cmocka_unit_test(a_link_is_kept_as_a_hash),
		cmocka_unit_test(equal_means_equal),
		cmocka_unit_test(ports_come_from_the_whole_range_and_nowhere_else),
		cmocka_unit_test(a_resting_port_is_the_last_choice_and_a_used_one_none),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("api/secret", tests, NULL, NULL);
}
