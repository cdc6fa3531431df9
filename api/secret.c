/* SPDX-License-Identifier: ISC */
/* Secrets by libsodium. */
#include "api/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The hash of nothing anybody knows, with today's limits: what is verified when there is no account. */
static const char dummy_hash[] =
	"$argon2id$v=19$m=65536,t=2,p=1$"
	"pHMDurW2UDJYP6gYMRSmgQ$gZG3APY8ijm52pvncYN/c+/HeQMrPYPdQutgOv6iOQM";

int secret_hash_password(const char *password, char ret_hash[crypto_pwhash_STRBYTES])
{
	if (crypto_pwhash_str(ret_hash, password, strlen(password),
			      crypto_pwhash_OPSLIMIT_INTERACTIVE,
			      crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
		return -ENOMEM;
	return 0;
}

bool secret_check_password(const char *hash, const char *password)
{
	bool same =
		crypto_pwhash_str_verify(hash ? hash : dummy_hash, password, strlen(password)) == 0;

	return hash && same;
}

void secret_new_password(char ret_password[SECRET_PASSWORD_SIZE])
{
	static const char alphabet[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

	for (size_t i = 0; i < SECRET_PASSWORD_SIZE - 1; i++)
		ret_password[i] = alphabet[randombytes_uniform(sizeof(alphabet) - 1)];
	ret_password[SECRET_PASSWORD_SIZE - 1] = '\0';
}

void secret_hash_socket(const char *username, const char *password,
			char ret_secret[SECRET_SOCKET_SIZE])
{
	unsigned char salt[8], hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	char salt_hex[17];

	randombytes_buf(salt, sizeof(salt));
	sodium_bin2hex(salt_hex, sizeof(salt_hex), salt, sizeof(salt));
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const unsigned char *)salt_hex, strlen(salt_hex));
	crypto_hash_sha256_update(&state, (const unsigned char *)username, strlen(username));
	crypto_hash_sha256_update(&state, (const unsigned char *)":", 1);
	crypto_hash_sha256_update(&state, (const unsigned char *)password, strlen(password));
	crypto_hash_sha256_final(&state, hash);
	sodium_memzero(&state, sizeof(state));

	snprintf(ret_secret, SECRET_SOCKET_SIZE, "%s:", salt_hex);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(ret_secret + strlen(salt_hex) + 1 + 2 * i, 3, "%02X", hash[i]);
}

void secret_new_link(char ret_link[SECRET_LINK_SIZE])
{
	unsigned char raw[32];

	randombytes_buf(raw, sizeof(raw));
	sodium_bin2hex(ret_link, SECRET_LINK_SIZE, raw, sizeof(raw));
	sodium_memzero(raw, sizeof(raw));
}

void secret_hash_link(const char *link, char ret_hash[SECRET_LINK_SIZE])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)link, strlen(link));
	sodium_bin2hex(ret_hash, SECRET_LINK_SIZE, hash, sizeof(hash));
}

bool secret_equal(const char *a, const char *b)
{
	unsigned char ha[crypto_hash_sha256_BYTES], hb[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(ha, (const unsigned char *)a, strlen(a));
	crypto_hash_sha256(hb, (const unsigned char *)b, strlen(b));
	return sodium_memcmp(ha, hb, sizeof(ha)) == 0;
}
