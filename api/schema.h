/* SPDX-License-Identifier: ISC */
/* The tables, as numbered steps from an empty database to today's. */
#ifndef API_SCHEMA_H
#define API_SCHEMA_H

#include "api/db.h"

/* Brings the database to this program's version, in one transaction. 0; -EPROTO if a newer program made it
 * (nothing is changed); another negative errno. A sentence in ret_why. */
int schema_migrate(struct db *db, char ret_why[DB_ERROR_SIZE]);

/* For tests: the same to an older version `to` of an empty database. */
int schema_migrate_to(struct db *db, int to, char ret_why[DB_ERROR_SIZE]);

/* The version that schema_migrate() leads to. */
int schema_version(void);

#endif
