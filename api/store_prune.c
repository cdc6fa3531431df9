/* SPDX-License-Identifier: ISC */
/* What time makes worthless: SQL only. */
#include "api/store.h"

int store_prune(struct db *db, int64_t now, int64_t unconfirmed_before, int64_t ports_before,
		int64_t labels_before)
{
	int64_t rows = 0, r;

	r = db_run(db, "DELETE FROM confirmation WHERE expires_at <= $1", db_i(now));
	if (r < 0)
		return (int)r;
	rows += r;
	r = db_run(db,
		   "DELETE FROM account WHERE confirmed = 0 AND created_at < $1 AND NOT EXISTS"
		   " (SELECT 1 FROM confirmation c WHERE c.user_id = account.user_id)",
		   db_i(unconfirmed_before));
	if (r < 0)
		return (int)r;
	rows += r;
	r = db_run(db, "DELETE FROM resting_label WHERE freed_at <= $1", db_i(labels_before));
	if (r < 0)
		return (int)r;
	rows += r;
	r = db_run(db, "DELETE FROM resting_port WHERE freed_at <= $1", db_i(ports_before));
	if (r < 0)
		return (int)r;
	return (int)(rows + r);
}
