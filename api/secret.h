/* SPDX-License-Identifier: ISC */
/* What is secret and how it is kept: passwords of accounts, passwords of protected sockets, links. */
#ifndef API_SECRET_H
#define API_SECRET_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>

#define SECRET_PASSWORD_SIZE 21	     /* a generated one: 20 characters */
#define SECRET_LINK_SIZE 65	     /* 64 hex digits */
#define SECRET_SOCKET_SIZE (17 + 65) /* 16 hex digits, ':', 64 hex digits */

/* Argon2id (libsodium's INTERACTIVE limits: 64 MiB and some 70 ms, so only on a worker). 0 or -ENOMEM. */
int secret_hash_password(const char *password, char ret_hash[crypto_pwhash_STRBYTES]);
/* `hash` NULL: there is no such account; takes as long as if there were, and is false. */
bool secret_check_password(const char *hash, const char *password);

/* A random password without characters that look alike. */
void secret_new_password(char ret_password[SECRET_PASSWORD_SIZE]);

/* What the edge compares for a protected socket (DESIGN.md 4), "<salt>:<hash>": 16 hex digits, and the SHA-256
 * of <salt><username>:<password> in upper-case hex, which is what HAProxy's sha2(256),hex writes. */
void secret_hash_socket(const char *username, const char *password,
			char ret_secret[SECRET_SOCKET_SIZE]);

/* A link's random part, and what is stored of it. */
void secret_new_link(char ret_link[SECRET_LINK_SIZE]);
void secret_hash_link(const char *link, char ret_hash[SECRET_LINK_SIZE]);

/* Compares in a time that does not tell where they differ. */
bool secret_equal(const char *a, const char *b);

#endif
