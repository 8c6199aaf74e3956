/* SqliteConnection: what the parts of the SQLite driver share. */

#ifndef DRIVERS_SQLITE_CONNECTION_H
#define DRIVERS_SQLITE_CONNECTION_H

#include <sqlite3.h>

#include "drivers/driver.h"
#include "drivers/sqlite/foreign_keys.h"
#include "drivers/sqlite/watch.h"
#include "sql/statement.h"

/* Where a STEP_SQL stands. */
typedef struct SqliteRun {
    bool is_begun;
    Portion portion; /* of the step's reader: what the statements are read from */
    StatementReader reader;
    SqlStatement statement; /* the one that is running */
    size_t index;           /* of it in the step */
    Text rest;              /* of its text: what was not prepared yet */
    sqlite3_stmt *prepared; /* owned, unless it is kept; NULL = none runs */
    bool is_kept;
    const char *attached;    /* the file of an ATTACH that runs; NULL = none, or it is computed */
    bool enforcement_is_off; /* of foreign keys, for this statement alone */
    sqlite3_int64 changes;   /* of the connection when the step began */
    const char **fields;     /* of the row that was answered last */
    size_t field_capacity;
} SqliteRun;

/* Statements of dbalt's own come again with every alteration: they stay prepared as long as the database is open. */
typedef struct SqliteKept {
    sqlite3_stmt *statements[16]; /* owned */
    size_t count;
} SqliteKept;

typedef struct SqliteConnection {
    Connection base;  /* first: it is what the driver's functions are given */
    Arena arena;      /* lives as long as the connection */
    const char *path; /* absolute: the process may change its folder */
    bool read_only;
    int timeout;        /* milliseconds that a reader waits for a writer; a writer waits for ever */
    int64_t busy_until; /* by wait_now(): end of a reader's patience */

    sqlite3 *database; /* owned; NULL = closed behind a script that left something in it, until the next step */
    bool has_traces;   /* a script left something in it */
    bool has_attached; /* a database of a script among it */
    SqliteWatch watch;
    SqliteForeignKeys foreign_keys;

    Arena batch; /* lives until the batch is answered */
    Step *steps;
    size_t step_count, step_capacity;
    size_t step; /* index of the one that runs */
    SqliteRun run;
    SqliteKept kept;

    int lock_descriptor; /* owned; -1 = none yet */
    bool lock_is_held;
} SqliteConnection;

#endif
