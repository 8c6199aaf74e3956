/* Watch: what a user's statement is about to do, as SQLite's authorizer tells while the statement is prepared. */

#ifndef DRIVERS_SQLITE_WATCH_H
#define DRIVERS_SQLITE_WATCH_H

#include <stdbool.h>

#include "base/arena.h"

/* What PRAGMA foreign_keys = ... asks for. */
typedef enum SqliteEnforcement {
    ENFORCEMENT_UNTOUCHED,
    ENFORCEMENT_OFF,
    ENFORCEMENT_ON,
} SqliteEnforcement;

typedef struct SqliteWatch {
    Arena *arena; /* borrowed: for names */

    /* Set before preparing. Nothing is watched nor refused but a user's statements. */
    bool is_script;
    bool in_transaction;

    /* Found while preparing. */
    const char *refused;      /* "COMMIT": transaction control, which dbalt does itself; NULL = nothing was refused */
    const char *dropped;      /* the table of a DROP TABLE; NULL = none */
    const char *dropped_from; /* its schema: "main", "temp" ... */
    int deletes_of_dropped;   /* how often SQLite announced that its rows go */
    bool attaches;
    const char *attached; /* the file of an ATTACH; NULL where it is computed */
    bool alters_table;
    SqliteEnforcement enforcement;
    bool defers_foreign_keys; /* PRAGMA defer_foreign_keys = ... */
    bool bends_schema;        /* PRAGMA writable_schema: later statements may change the schema behind SQLite's back */
    bool leaves_traces;       /* what it does ends with the connection only: PRAGMA, ATTACH, temporary objects */
} SqliteWatch;

/* An authorizer (https://sqlite.org/c3ref/set_authorizer.html); context is the SqliteWatch. */
int sqlite_watch(void *context, int action, const char *first, const char *second, const char *schema, const char *inside);

#endif
