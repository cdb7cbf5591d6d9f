/* Inside the store: the database's schema, one numbered step after another from store/migrations.
 * `user_version` says how many have been made. A published step never changes. */
#ifndef STAFET_STORE_MIGRATE_H
#define STAFET_STORE_MIGRATE_H

#include "db.h"

/* Generated from store/migrations by the build. */
extern const char *const migrations[];
extern const int migrations_n;

/* Brings the schema to `version` (at most migrations_n), each step in a transaction of its own.
 * ERR_SCHEMA: the database is newer than this program. */
MUST_USE enum err migrate(struct db *, int version);

#endif
