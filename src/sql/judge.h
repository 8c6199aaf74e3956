/* Judge: whether a statement may stand in a transaction that dbalt owns. */

#ifndef SQL_JUDGE_H
#define SQL_JUDGE_H

#include "base/arena.h"
#include "sql/statement.h"

typedef enum Judgement {
    JUDGED_FINE,
    JUDGED_TRANSACTION_CONTROL, /* BEGIN, COMMIT, ROLLBACK, PREPARE TRANSACTION ...; savepoints are fine */
    JUDGED_OUTSIDE_ONLY,        /* the database refuses it in a transaction: VACUUM, CREATE INDEX CONCURRENTLY ... */
    JUDGED_LOCK_TIMEOUT,        /* fine, and from it on its own lock_timeout counts, not dbalt's: SET lock_timeout, RESET ALL */
    JUDGED_UNREADABLE,          /* it may be one of those, and libpg_query cannot read it: newer grammar, or a mistake */
    JUDGEMENT_COUNT,
} Judgement;

/*
 * Cheap for the many statements whose first word says that they are fine; libpg_query (grammar of PostgreSQL 15) judges the
 * others on PostgreSQL. *what names it for an error: "CREATE INDEX CONCURRENTLY", "COMMIT".
 */
Judgement judge_statement(const char **what, Arena *arena, SqlDialect dialect, Text statement);

#endif
