/* SPDX-License-Identifier: ISC */
/* api/token.h: its MUST rules, against tokens that are signed here by hand (RFC 7515), not by the library. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sodium.h>

#include "api/token.h"
#include "lib/cleanup.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define USER "24cd3fa2-b56a-486f-a554-30924bae54d0"
#define NOW INT64_C(1800000000)

static void base64url(const char *data, size_t len, char *ret_text, size_t size)
{
	sodium_bin2base64(ret_text, size, (const unsigned char *)data, len,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* "header.payload.signature" with a good HS256 signature by `secret`. */
static void sign(const char *header, const char *payload, const char *secret, char ret_token[1024])
{
	crypto_auth_hmacsha256_state hmac;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	char h[300], p[400], s[100];

	base64url(header, strlen(header), h, sizeof(h));
	base64url(payload, strlen(payload), p, sizeof(p));
	snprintf(ret_token, 1024, "%s.%s", h, p);
	crypto_auth_hmacsha256_init(&hmac, (const unsigned char *)secret, strlen(secret));
	crypto_auth_hmacsha256_update(&hmac, (unsigned char *)ret_token, strlen(ret_token));
	crypto_auth_hmacsha256_final(&hmac, mac);
	base64url((char *)mac, sizeof(mac), s, sizeof(s));
	snprintf(ret_token, 1024, "%s.%s.%s", h, p, s);
}

static int check(const char *header, const char *payload, const char *secret)
{
	char token[1024], user_id[ID_UUID_SIZE] = "untouched";
	int r;

	sign(header, payload, secret, token);
	r = api_token_check(SECRET, token, NOW, user_id);
	assert_string_equal(user_id, r == 0 ? USER : "untouched");
	return r;
}

#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define VALID "{\"user_id\":\"" USER "\",\"exp\":1800000001}"

static void a_new_token_is_valid_for_300_minutes(void **state)
{
	auto_free char *token = NULL;
	char user_id[ID_UUID_SIZE];

	assert_int_equal(api_token_make(SECRET, USER, NOW, &token), 0);
	assert_int_equal(api_token_check(SECRET, token, NOW, user_id), 0);
	assert_string_equal(user_id, USER);
	assert_int_equal(api_token_check(SECRET, token, NOW + 300 * 60 - 1, user_id), 0);
	assert_int_equal(api_token_check(SECRET, token, NOW + 300 * 60, user_id), -ETIME);
}

static void clients_can_read_user_id_and_exp_from_the_payload(void **state)
{
	auto_free char *token = NULL;
	char payload[400], *part;
	size_t len;

	assert_int_equal(api_token_make(SECRET, USER, NOW, &token), 0);
	part = strchr(token, '.') + 1;
	assert_int_equal(sodium_base642bin((unsigned char *)payload, sizeof(payload) - 1, part,
					   strcspn(part, "."), NULL, &len, NULL,
					   sodium_base64_VARIANT_URLSAFE_NO_PADDING),
			 0);
	payload[len] = '\0';
	assert_non_null(strstr(payload, "\"user_id\":\"" USER "\""));
	assert_non_null(strstr(payload, "\"exp\":1800018000"));
	assert_non_null(strstr(payload, "\"iat\":1800000000"));
}

static void a_token_signed_by_hand_is_taken(void **state)
{
	assert_int_equal(check(HS256, VALID, SECRET), 0);
}

static void must_1_no_other_algorithm_is_taken(void **state)
{
	assert_int_equal(check("{\"alg\":\"none\"}", VALID, SECRET), -EACCES);
	assert_int_equal(check("{\"alg\":\"None\"}", VALID, SECRET), -EACCES);
	assert_int_equal(check("{\"alg\":\"HS512\"}", VALID, SECRET), -EACCES);
	assert_int_equal(check("{\"alg\":\"RS256\"}", VALID, SECRET), -EACCES);
	assert_int_equal(check("{\"typ\":\"JWT\"}", VALID, SECRET), -EACCES);
}

static void must_1_none_without_a_signature_is_refused(void **state)
{
	char user_id[ID_UUID_SIZE], h[100], p[200], token[400];

	base64url("{\"alg\":\"none\"}", 14, h, sizeof(h));
	base64url(VALID, strlen(VALID), p, sizeof(p));
	snprintf(token, sizeof(token), "%s.%s.", h, p);
	assert_int_equal(api_token_check(SECRET, token, NOW, user_id), -EACCES);
	snprintf(token, sizeof(token), "%s.%s", h, p);
	assert_int_equal(api_token_check(SECRET, token, NOW, user_id), -EACCES);
}

static void must_2_a_token_without_exp_is_refused(void **state)
{
	assert_int_equal(check(HS256, "{\"user_id\":\"" USER "\"}", SECRET), -EACCES);
	assert_int_not_equal(check(HS256, "{\"user_id\":\"" USER "\",\"exp\":\"soon\"}", SECRET),
			     0);
}

static void must_2_an_expired_token_is_told_apart(void **state)
{
	assert_int_equal(check(HS256, "{\"user_id\":\"" USER "\",\"exp\":1800000000}", SECRET),
			 -ETIME);
	assert_int_equal(check(HS256, "{\"user_id\":\"" USER "\",\"exp\":-5}", SECRET), -ETIME);
}

static void must_3_a_user_id_that_is_no_uuid_is_refused(void **state)
{
	assert_int_equal(check(HS256, "{\"exp\":1800000001}", SECRET), -EACCES);
	assert_int_equal(check(HS256, "{\"user_id\":\"' OR 1=1\",\"exp\":1800000001}", SECRET),
			 -EACCES);
	assert_int_equal(check(HS256, "{\"user_id\":7,\"exp\":1800000001}", SECRET), -EACCES);
}

static void another_secret_is_refused(void **state)
{
	assert_int_equal(check(HS256, VALID, "another-secret-another-secret-32"), -EACCES);
	assert_int_equal(check(HS256, VALID, ""), -EACCES);
}

static void any_changed_byte_is_noticed(void **state)
{
	char token[1024], user_id[ID_UUID_SIZE];
	size_t len;

	sign(HS256, VALID, SECRET, token);
	len = strlen(token);
	/* The last character carries only four bits of the signature. */
	for (size_t i = 0; i < len - 1; i++) {
		char kept = token[i];

		token[i] = kept == 'A' ? 'B' : 'A';
		assert_int_equal(api_token_check(SECRET, token, NOW, user_id), -EACCES);
		token[i] = kept;
	}
}

static void noise_is_refused(void **state)
{
	static const char *const noise[] = { "",
					     ".",
					     "..",
					     "...",
					     "a.b.c",
					     "a.b",
					     "\xff.\xff.\xff",
					     "eyJhbGciOiJIUzI1NiJ9..",
					     "a b.c.d",
					     "....." };
	char user_id[ID_UUID_SIZE], big[5000];

	for (size_t i = 0; i < ARRAY_SIZE(noise); i++)
		assert_int_equal(api_token_check(SECRET, noise[i], NOW, user_id), -EACCES);
	memset(big, 'A', sizeof(big) - 1);
	big[100] = big[200] = '.';
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(api_token_check(SECRET, big, NOW, user_id), -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_token_is_valid_for_300_minutes),
		cmocka_unit_test(clients_can_read_user_id_and_exp_from_the_payload),
		cmocka_unit_test(a_token_signed_by_hand_is_taken),
		cmocka_unit_test(must_1_no_other_algorithm_is_taken),
		cmocka_unit_test(must_1_none_without_a_signature_is_refused),
		cmocka_unit_test(must_2_a_token_without_exp_is_refused),
		cmocka_unit_test(must_2_an_expired_token_is_told_apart),
		cmocka_unit_test(must_3_a_user_id_that_is_no_uuid_is_refused),
		cmocka_unit_test(another_secret_is_refused),
		cmocka_unit_test(any_changed_byte_is_noticed),
		cmocka_unit_test(noise_is_refused),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("api/token", tests, NULL, NULL);
}
