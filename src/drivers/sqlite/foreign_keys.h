/*
 * Foreign keys of an alteration: what SQLite does not enforce while it runs is checked before its commit.
 *
 * SQLite enforces foreign keys statement by statement, or at COMMIT where they are deferred. A row that refers to nothing can
 * come in unseen in these ways only:
 * - DROP TABLE of a table that others refer to, for which the driver turns the enforcement off: SQLite would delete the
 *   table's rows first, and with them (ON DELETE CASCADE) the children of a table that is only being rebuilt;
 * - PRAGMA foreign_keys = OFF, which the driver honours in a transaction, where SQLite itself passes over it;
 * - PRAGMA defer_foreign_keys, which forgets what was deferred when it is taken back;
 * - ALTER TABLE ... ADD COLUMN with a generated column that REFERENCES another table;
 * - whatever follows PRAGMA writable_schema.
 * (ALTER TABLE ... RENAME takes those who refer to the table along, also under legacy_alter_table as long as foreign keys are on.)
 * What was violated before is counted right before the first of them in a transaction, and counted again before the commit.
 * An alteration with none of them pays nothing: both counts read every table that has foreign keys.
 */

#ifndef DRIVERS_SQLITE_FOREIGN_KEYS_H
#define DRIVERS_SQLITE_FOREIGN_KEYS_H

#include <sqlite3.h>

#include "base/arena.h"
#include "base/error.h"
#include "drivers/sqlite/watch.h"

/* Rows of one table that refer to no row of another. */
typedef struct SqliteOrphans {
    const char *table;
    const char *parent; /* NULL: the table's foreign keys are such that SQLite cannot check them */
    const char *rowid;  /* of the first; NULL when the table has none */
    sqlite3_int64 count;
} SqliteOrphans;

typedef struct SqliteOrphanList {
    SqliteOrphans *rows;
    size_t count, capacity;
} SqliteOrphanList;

/* Of one transaction. */
typedef struct SqliteForeignKeys {
    Arena arena;
    bool is_counted;
    SqliteOrphanList before; /* once counted */
} SqliteForeignKeys;

/* At the end of a transaction. */
void sqlite_foreign_keys_forget(SqliteForeignKeys *keys);

bool sqlite_foreign_keys_are_enforced(sqlite3 *database);

/* Works in a transaction too, other than PRAGMA foreign_keys. */
void sqlite_foreign_keys_enforce(sqlite3 *database, bool enforce);

/* Whether a statement is one, other than DROP TABLE, after which violations can come in unseen. */
bool sqlite_foreign_keys_may_slip(const SqliteWatch *seen, Text sql);

/* Counts what is violated now, unless that was done in this transaction. Returns SQLite's result code. */
int sqlite_foreign_keys_count(SqliteForeignKeys *keys, sqlite3 *database);

/* Whether a table, be it itself, refers to the one that is dropped; seen with enforcement on. Returns SQLite's result code. */
int sqlite_foreign_keys_refer_to_dropped(bool *refer, sqlite3 *database, const SqliteWatch *seen);

/*
 * Fills error with what is violated and was not before; *sound tells that there is nothing, deferred constraints included.
 * Returns SQLite's result code.
 */
int sqlite_foreign_keys_check(bool *sound, SqliteForeignKeys *keys, sqlite3 *database, DbaltError *error);

#endif
