/* SPDX-License-Identifier: ISC */
/* OpenSSH public keys: parsed from foreign text, printed again from parsed data. DESIGN.md 6, rule 1:
 *
 * MUST 1: only a type of the allow-list passes, and the type inside the blob (RFC 4253 6.6) equals it.
 * MUST 2: exactly one line; options in front, newlines and NUL are refused.
 * MUST 3: the whole blob is consumed: every field of the type, nothing behind the last one.
 * MUST 4: what is printed comes from the decoded blob and the allow-list's own spelling of the type. */
#ifndef LIB_SSHKEY_H
#define LIB_SSHKEY_H

#include <stddef.h>

struct strbuf;

#define SSHKEY_TEXT_MAX 16384 /* bytes of text looked at; an RSA key of 16,384 bits has 2,800 */
#define SSHKEY_COMMENT_MAX 128

struct sshkey {
	const char *type; /* static: an entry of the allow-list */
	unsigned char *blob;
	size_t blob_len;
	char comment
		[SSHKEY_COMMENT_MAX]; /* escaped; empty if there was none; never given to sshd */
};

/* 0, or -EINVAL with *ret_why set to a static sentence for the user ("this is a private key: upload the
 * .pub file"), or -ENOMEM. White space around the line is ignored. RSA below 2,048 bits is refused. */
int sshkey_parse(const char *text, size_t len, struct sshkey *ret_key, const char **ret_why);

/* Appends "type base64". */
void sshkey_print(const struct sshkey *key, struct strbuf *sb);

/* 1 if both are the same key (type and blob). */
int sshkey_equal(const struct sshkey *a, const struct sshkey *b);

void sshkey_clear(struct sshkey *key);

#endif
