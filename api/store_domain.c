/* SPDX-License-Identifier: ISC */
/* Names of their owners' own: SQL only. */
#include "api/store_domain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/clock.h"

static int changed(int64_t r)
{
	if (r < 0)
		return (int)r;
	return r == 0 ? -ENOENT : 0;
}

/* The first column of the first row. */
static int one_number(struct db_stmt *q, int r, int64_t *ret_number)
{
	if (r == 0)
		r = db_step(q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_number = db_int(q, 0);
	return 0;
}

static void name_version(const char *pem, char ret_version[STORE_VERSION_SIZE])
{
	unsigned char hash[crypto_generichash_BYTES_MIN];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)pem, strlen(pem), NULL, 0);
	sodium_bin2hex(ret_version, STORE_VERSION_SIZE, hash, sizeof(hash));
}

int store_domain_each(struct db *db, const char *user_id, const char *domain,
		      int (*each)(const struct store_domain *domain, void *arg), void *arg)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	struct store_domain d = { 0 };
	int r;

	r = db_query(
		db, &q,
		"SELECT d.domain, d.user_id, d.socket_id, s.label, d.proof, d.verified_at,"
		" d.not_after, d.certificate, s.socket_type, s.public_port FROM domain d LEFT JOIN socket s ON s.socket_id = d.socket_id"
		" WHERE d.user_id = $1 AND ($2 = '' OR d.domain = $2) ORDER BY d.domain",
		db_t(user_id), db_t(domain ? domain : ""));
	if (r < 0)
		return r;
	while ((r = db_step(q)) > 0) {
		d = (struct store_domain){ 0 };
		db_copy(q, 0, d.domain, sizeof(d.domain));
		db_copy(q, 1, d.user_id, sizeof(d.user_id));
		db_copy(q, 2, d.socket_id, sizeof(d.socket_id));
		db_copy(q, 3, d.label, sizeof(d.label));
		db_copy(q, 4, d.proof, sizeof(d.proof));
		d.verified_at = db_int(q, 5);
		d.not_after = db_int(q, 6);
		if (d.not_after)
			name_version(db_text(q, 7), d.version);
		db_copy(q, 8, d.type, sizeof(d.type));
		d.public_port = db_int(q, 9);
		r = each(&d, arg);
		if (r < 0)
			return r;
	}
	return r;
}

static int take_one(const struct store_domain *domain, void *arg)
{
	memcpy(arg, domain, sizeof(*domain));
	return 0;
}

int store_domain_get(struct db *db, const char *user_id, const char *domain,
		     struct store_domain *ret_domain)
{
	struct store_domain d = { 0 };
	int r = store_domain_each(db, user_id, domain, take_one, &d);

	if (r < 0)
		return r;
	if (!d.domain[0])
		return -ENOENT;
	*ret_domain = d;
	return 0;
}

int store_domain_count(struct db *db, const char *user_id, int64_t *ret_count)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_query(db, &q, "SELECT COUNT(*) FROM domain WHERE user_id = $1", db_t(user_id));

	return one_number(q, r, ret_count);
}

int store_domain_count_of(struct db *db, const char *socket_id, int64_t *ret_count)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_query(db, &q, "SELECT COUNT(*) FROM domain WHERE socket_id = $1",
			 db_t(socket_id));

	return one_number(q, r, ret_count);
}

int store_domain_add(struct db *db, const struct store_domain *domain)
{
	int64_t r = db_run(db,
			   "INSERT INTO domain (domain, user_id, socket_id, proof, verified_at,"
			   " certificate, not_after, created_at)"
			   " VALUES ($1, $2, $3, $4, 0, '', 0, $5)",
			   db_t(domain->domain), db_t(domain->user_id),
			   domain->socket_id[0] ? db_t(domain->socket_id) : db_null(),
			   db_t(domain->proof), db_i(clock_wall_ms()));

	return r < 0 ? (int)r : 0;
}

int store_domain_delete(struct db *db, const char *user_id, const char *domain)
{
	return changed(db_run(db, "DELETE FROM domain WHERE user_id = $1 AND domain = $2",
			      db_t(user_id), db_t(domain)));
}

int store_domain_attach(struct db *db, const char *user_id, const char *domain,
			const char *socket_id)
{
	return changed(
		db_run(db, "UPDATE domain SET socket_id = $1 WHERE user_id = $2 AND domain = $3",
		       socket_id[0] ? db_t(socket_id) : db_null(), db_t(user_id), db_t(domain)));
}

static int find_holder(struct db *db, const char *domain, char ret_user_id[ID_UUID_SIZE],
		       char ret_socket_id[ID_UUID_SIZE])
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(db, &q,
			 "SELECT user_id, socket_id FROM domain"
			 " WHERE domain = $1 AND verified_at > 0",
			 db_t(domain));

	if (r < 0)
		return r;
	db_copy(q, 0, ret_user_id, ID_UUID_SIZE);
	db_copy(q, 1, ret_socket_id, ID_UUID_SIZE);
	return 0;
}

int store_domain_verify(struct db *db, const char *user_id, const char *domain,
			char ret_loser[ID_UUID_SIZE], char ret_lost[ID_UUID_SIZE])
{
	int r = find_holder(db, domain, ret_loser, ret_lost);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT || strcmp(ret_loser, user_id) == 0) {
		ret_loser[0] = '\0';
		ret_lost[0] = '\0';
	} else {
		r = changed(db_run(db,
				   "UPDATE domain SET verified_at = 0 WHERE domain = $1"
				   " AND verified_at > 0",
				   db_t(domain)));
		if (r < 0)
			return r;
	}
	return changed(db_run(db,
			      "UPDATE domain SET verified_at = $1 WHERE user_id = $2"
			      " AND domain = $3",
			      db_i(clock_wall_ms()), db_t(user_id), db_t(domain)));
}

int store_domain_certify(struct db *db, const char *user_id, const char *domain, const char *pem,
			 int64_t not_after)
{
	return changed(db_run(db,
			      "UPDATE domain SET certificate = $1, not_after = $2"
			      " WHERE user_id = $3 AND domain = $4",
			      db_t(pem), db_i(not_after), db_t(user_id), db_t(domain)));
}

int store_domain_certificate(struct db *db, const char *domain, char **ret_pem)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	char *pem;
	int r = db_first(db, &q,
			 "SELECT certificate FROM domain"
			 " WHERE domain = $1 AND verified_at > 0 AND not_after > 0",
			 db_t(domain));

	if (r < 0)
		return r;
	pem = strdup(db_text(q, 0));
	if (!pem)
		return -ENOMEM;
	*ret_pem = pem;
	return 0;
}

int store_domain_port(struct db *db, const char *domain, char ret_type[STORE_TYPE_SIZE],
		      int64_t *ret_port)
{
	auto_call(db_done) struct db_stmt *q = NULL;
	int r = db_first(db, &q,
			 "SELECT s.socket_type, s.public_port FROM domain d"
			 " JOIN socket s ON s.socket_id = d.socket_id"
			 " WHERE d.domain = $1 AND d.verified_at > 0",
			 db_t(domain));

	if (r < 0)
		return r;
	db_copy(q, 0, ret_type, STORE_TYPE_SIZE);
	*ret_port = db_int(q, 1);
	return 0;
}
