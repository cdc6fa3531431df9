/* SPDX-License-Identifier: ISC */
/* Names of their owners' own: SQL only. Results as in store.h. Several accounts may claim a name, one at most has
 * proven it. */
#ifndef API_STORE_DOMAIN_H
#define API_STORE_DOMAIN_H

#include "api/store.h"

#define STORE_DOMAIN_SIZE 254
#define STORE_PROOF_SIZE 65
#define STORE_VERSION_SIZE 33

struct store_domain {
	char domain[STORE_DOMAIN_SIZE];
	char user_id[ID_UUID_SIZE];
	char socket_id[ID_UUID_SIZE];	  /* "": none */
	char label[STORE_LABEL_SIZE];	  /* of that socket; "" */
	char type[STORE_TYPE_SIZE];	  /* likewise */
	int64_t public_port;		  /* likewise; 0: none of its own */
	char proof[STORE_PROOF_SIZE];	  /* what a TXT record must say */
	int64_t verified_at;		  /* 0: not yet */
	int64_t not_after;		  /* of its certificate; 0: it has none */
	char version[STORE_VERSION_SIZE]; /* of that: another one for another certificate */
};

/* An account's claims, by name; `domain`: that one alone, or NULL. */
int store_domain_each(struct db *db, const char *user_id, const char *domain,
		      int (*each)(const struct store_domain *domain, void *arg), void *arg);
int store_domain_get(struct db *db, const char *user_id, const char *domain,
		     struct store_domain *ret_domain);
int store_domain_count(struct db *db, const char *user_id, int64_t *ret_count);
/* How many names lead to a socket. */
int store_domain_count_of(struct db *db, const char *socket_id, int64_t *ret_count);
/* domain, user_id, socket_id and proof of a new claim. -EEXIST: the account has it. */
int store_domain_add(struct db *db, const struct store_domain *domain);
int store_domain_delete(struct db *db, const char *user_id, const char *domain);
/* Which socket it leads to ("": none). */
int store_domain_attach(struct db *db, const char *user_id, const char *domain,
			const char *socket_id);
/* It is proven from now on, and no other account's any more: *ret_loser is whose it was ("": nobody's), *ret_lost the
 * socket that it led to. */
int store_domain_verify(struct db *db, const char *user_id, const char *domain,
			char ret_loser[ID_UUID_SIZE], char ret_lost[ID_UUID_SIZE]);
int store_domain_certify(struct db *db, const char *user_id, const char *domain, const char *pem,
			 int64_t not_after);
/* The proven name's certificate with its key (heap: wipe it); -ENOENT if there is none. */
int store_domain_certificate(struct db *db, const char *domain, char **ret_pem);
/* 0 if it is proven and leads to a socket, with its type, and its public port (0: none of its own); -ENOENT. */
int store_domain_port(struct db *db, const char *domain, char ret_type[STORE_TYPE_SIZE],
		      int64_t *ret_port);

#endif
