/* SPDX-License-Identifier: ISC */
/* Certificates that users bring: parsed and checked by OpenSSL, and printed again. */
#include "api/certificate.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/cleanup.h"

#define SECURITY_BITS_MIN 112 /* RSA of 2048 bits */

struct parts {
	X509 *certificates[CERTIFICATE_CHAIN_MAX];
	size_t count;
	EVP_PKEY *key;
};

static int no(const char **ret_why, const char *why)
{
	*ret_why = why;
	return -EINVAL;
}

static void parts_clear(struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		X509_free(parts->certificates[i]);
	EVP_PKEY_free(parts->key);
	ERR_clear_error();
}

static void free_bio(BIO **bio)
{
	BIO_free_all(*bio);
}

/* No passphrase is asked for on the service's terminal. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	return -1;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static int read_chain(const char *text, struct parts *parts, const char **ret_why)
{
	auto_call(free_bio) BIO *bio = BIO_new_mem_buf(text, -1);
	X509 *x;

	if (!bio)
		return -ENOMEM;
	while ((x = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL))) {
		if (parts->count == CERTIFICATE_CHAIN_MAX) {
			X509_free(x);
			return no(ret_why,
				  "field 'certificate' has more than 10 certificates: leave "
				  "out those that are not its chain");
		}
		parts->certificates[parts->count++] = x;
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return no(ret_why, "field 'certificate' is damaged: send the PEM file as it is");
	ERR_clear_error();
	if (parts->count == 0)
		return no(ret_why, "field 'certificate' has no certificate: it must be PEM, with "
				   "'-----BEGIN CERTIFICATE-----'");
	return 0;
}

static int read_key(const char *text, struct parts *parts, const char **ret_why)
{
	auto_call(free_bio) BIO *bio = BIO_new_mem_buf(text, -1);

	if (!bio)
		return -ENOMEM;
	if (strstr(text, "ENCRYPTED"))
		return no(ret_why, "field 'key' is encrypted: take the passphrase off, with "
				   "'openssl pkey -in KEY -out PLAIN'");
	parts->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (!parts->key)
		return no(ret_why, "field 'key' has no private key: it must be PEM, with "
				   "'-----BEGIN PRIVATE KEY-----'");
	return 0;
}

/* ---- checking ------------------------------------------------------------------------------------------ */

static int check_times(const struct parts *parts, const char **ret_why)
{
	for (size_t i = 0; i < parts->count; i++) {
		const X509 *x = parts->certificates[i];

		if (X509_cmp_current_time(X509_get0_notAfter(x)) <= 0)
			return no(ret_why, i ? "field 'certificate': one of the chain has expired: "
					       "get a new chain from who signed it"
					     : "field 'certificate' has expired: get a new one");
		if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0)
			return no(ret_why,
				  "field 'certificate' is not valid yet: send it when it is");
	}
	return 0;
}

static int check(const struct parts *parts, const char *domain, const char **ret_why)
{
	X509 *leaf = parts->certificates[0];

	if (X509_check_private_key(leaf, parts->key) != 1)
		return no(ret_why, "field 'key' is not the key of the first certificate: send the "
				   "two that were made together");
	if (EVP_PKEY_get_security_bits(parts->key) < SECURITY_BITS_MIN)
		return no(ret_why,
			  "field 'key' is too weak: use RSA of 2048 bits or more, or ECDSA");
	if (X509_check_host(leaf, domain, strlen(domain), 0, NULL) != 1)
		return no(ret_why, "field 'certificate' is not for this domain: its first "
				   "certificate must have the name in subjectAltName");
	for (size_t i = 0; i + 1 < parts->count; i++)
		if (X509_check_issued(parts->certificates[i + 1], parts->certificates[i]) !=
		    X509_V_OK)
			return no(ret_why, "field 'certificate' is no chain: each certificate must "
					   "be followed by the one that signed it");
	return check_times(parts, ret_why);
}

static int64_t first_end_ms(const struct parts *parts)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < parts->count; i++) {
		struct tm tm = { 0 };
		int64_t end;

		if (ASN1_TIME_to_tm(X509_get0_notAfter(parts->certificates[i]), &tm) != 1)
			continue;
		end = (int64_t)timegm(&tm) * 1000;
		first = end < first ? end : first;
	}
	return first;
}

/* ---- printing ------------------------------------------------------------------------------------------ */

static int print(const struct parts *parts, char **ret_pem)
{
	auto_call(free_bio) BIO *bio = BIO_new(BIO_s_secmem());
	bool ok = bio != NULL;
	char *data, *pem;
	long len;

	for (size_t i = 0; ok && i < parts->count; i++)
		ok = PEM_write_bio_X509(bio, parts->certificates[i]) == 1;
	ok = ok && PEM_write_bio_PrivateKey(bio, parts->key, NULL, NULL, 0, NULL, NULL) == 1;
	if (!ok)
		return -ENOMEM;
	len = BIO_get_mem_data(bio, &data);
	pem = strndup(data, (size_t)len);
	if (!pem)
		return -ENOMEM;
	*ret_pem = pem;
	return 0;
}

int certificate_read(const char *chain, const char *key, const char *domain,
		     struct certificate *ret_certificate, const char **ret_why)
{
	auto_call(parts_clear) struct parts parts = { 0 };
	int r;

	ERR_clear_error();
	r = read_chain(chain, &parts, ret_why);
	if (r == 0)
		r = read_key(key, &parts, ret_why);
	if (r == 0)
		r = check(&parts, domain, ret_why);
	if (r == 0)
		r = print(&parts, &ret_certificate->pem);
	if (r == 0 && strlen(ret_certificate->pem) > CERTIFICATE_PEM_MAX) {
		certificate_clear(ret_certificate);
		return no(ret_why, "field 'certificate' is too long: leave out the root, and use "
				   "ECDSA keys");
	}
	if (r == 0)
		ret_certificate->not_after_ms = first_end_ms(&parts);
	return r;
}

void certificate_clear(struct certificate *certificate)
{
	if (certificate->pem)
		explicit_bzero(certificate->pem, strlen(certificate->pem));
	free(certificate->pem);
	certificate->pem = NULL;
}
