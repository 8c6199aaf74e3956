/* Driver: what dbalt asks of a database. A connection is a queue of steps and their answers. */

#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/wait.h"
#include "sql/dialect.h"
#include "sql/portion.h"

typedef enum StepKind {
    STEP_BEGIN,     /* a transaction that may write, with its limits; polls until it may (SQLite) */
    STEP_SQL,       /* SQL; outside a transaction each statement commits by itself */
    STEP_COPY_DATA, /* data for the COPY ... FROM STDIN that ended the step before */
    STEP_SETTLE,    /* checks what is deferred, and ends what the script may have left in the session: roles, settings ... */
    STEP_LIMITS,    /* the connection's limits for what follows outside a transaction, up to STEP_SETTLE; none where they would leak */
    STEP_OWN_ROLE,  /* outside a transaction: what of dbalt's own follows runs as who connected, whatever role a script took */
    STEP_COMMIT,
    STEP_ROLLBACK,
} StepKind;

/* One thing to do. What it points to is borrowed until the answers of its batch are read. */
typedef struct Step {
    StepKind kind;
    Text sql;                  /* of STEP_SQL; the data of STEP_COPY_DATA */
    SqlReader *reader;         /* in place of sql, for a user's long SQL, data of COPY among it: read once, to its last portion */
    const char *const *values; /* for $1, $2 ... of one statement: dbalt's own, or a query of a module; NULL among them = SQL NULL */
    size_t value_count;        /* 0 for what else a user wrote: nothing in it is replaced */
    size_t statement_count;    /* statements in sql, 0 counts as 1 unless is_script */
    bool is_script;            /* a user's SQL: its rows are not answered */
    bool wants_rows;           /* but those of this one are, with their columns; its failure rolls nothing back */
    bool is_patient;           /* of STEP_LIMITS: it may wait for locks as long as the server lets it */
    int64_t timeout;           /* of STEP_BEGIN: milliseconds that a statement may take, and a pause that has a limit; 0 = no limit */
    int64_t lock_timeout;      /* of STEP_BEGIN: milliseconds, in place of the connection's limit; 0 = that one */
} Step;

/* A column of what wants_rows asked for. */
typedef struct Column {
    const char *name;
    unsigned type; /* the database's own number of the type: an OID of pg_type */
} Column;

/* What a failure means, whatever the database calls it. */
typedef enum Fault {
    FAULT_OTHER,         /* an ordinary error of a statement */
    FAULT_DUPLICATE,     /* an identity that the history has already */
    FAULT_NOT_NULL,      /* no identity, for a row of the history */
    FAULT_ABSENT,        /* no such table or schema */
    FAULT_LOCK_TIMEOUT,  /* a lock could not be had in time */
    FAULT_SERIALIZATION, /* serialization failure or deadlock: try the transaction again */
    FAULT_DENIED,        /* no privilege, or the database is read-only */
    FAULT_CANCELLED,     /* by wait_cancel() */
    FAULT_AHEAD,         /* may be due to having been sent ahead: try it again by itself */
    FAULT_CONNECTION,    /* the connection is gone; what became of a COMMIT under way is not known */
} Fault;

/* What a failure is about, where the database tells; NULL where not. */
typedef struct FailedObject {
    const char *schema, *table, *column, *type, *constraint;
} FailedObject;

typedef enum AnswerKind {
    ANSWER_ROW,
    ANSWER_NOTICE,
    ANSWER_STATEMENT, /* a statement of a script is done, which is not its last: of a batch that was sent ahead */
    ANSWER_DONE,      /* a step is done */
    ANSWER_ERROR,     /* a step failed; those behind it did not run; an open transaction is rolled back by the driver */
    ANSWER_END,       /* the batch is over, the queue is empty */
} AnswerKind;

/* One answer; valid until the next call on the connection. */
typedef struct Answer {
    AnswerKind kind;
    size_t step;               /* index in the batch of the step that it is of (NOTICE: 0) */
    const char *const *fields; /* ROW: text of each column, NULL = SQL NULL */
    size_t field_count;
    int64_t affected;      /* DONE: rows changed, where the database tells */
    const char *command;   /* DONE of wants_rows: "SELECT 2", "INSERT 0 1" ... */
    const Column *columns; /* likewise */
    size_t column_count;
    const char *message; /* NOTICE: "NOTICE: ..." as the database words it, one line */
    Fault fault;         /* ERROR */
    size_t statement;    /* ERROR, STATEMENT: 0-based index of the statement within the step, as far as known */
    long offset;         /* ERROR: byte offset in the step's SQL, or -1 */
    size_t lines;        /* ERROR: and so many line feeds behind it */
    FailedObject object; /* ERROR */
    DbaltError error;    /* ERROR: message, detail, hint and sqlstate; code is FAILED, DATABASE or INTERRUPTED; last, see answer_set() */
} Answer;

/* An answer that has nothing yet but its kind and step. The error is left as it was: it is big, and rows are many. */
void answer_set(Answer *answer, AnswerKind kind, size_t step);

/* dbalt's own statements, kept as .sql beside each driver ("-- statement: read-layout"); all values are text. */
typedef enum HistoryStatement {
    HISTORY_CREATE,      /* several: everything, if it is not there, and the layout row */
    HISTORY_READ_LAYOUT, /* -> version, oldest_reader; FAULT_ABSENT when there is no history */
    HISTORY_READ, /* -> identity, sequence, release, kind, before_up_sha256, up_sha256, down_sha256, before_down_sha256, has_down ("1"/"0"), deployed_at (ISO 8601 UTC), took (ms), deployed_by, host, version */
    HISTORY_READ_STORED,  /* $1 identity -> down, before_down */
    HISTORY_GUARD_DEPLOY, /* INSERT of the key: $1 identity, 2 release, 3 name, 4 kind, 5-8 hashes (before-up, up, down, before-down), 9 down, 10 before_down, 11 by, 12 host, 13 version, 14 an identity or "": FAULT_NOT_NULL unless that one is in the history and somebody holds the deploy lock */
    HISTORY_FINISH_DEPLOY, /* $1 identity, 2 release, 3 hash of up, 4 by, 5 host, 6 version: sets took, and writes the event "deploy"; FAULT_NOT_NULL when the row is gone */
    HISTORY_GUARD_ROLLBACK, /* $1 identity, 2 by, 3 host, 4 version, 5 an identity or "": deletes the row and writes the event "rollback"; FAULT_NOT_NULL when it was gone, or 5 is still there, or nobody holds the lock */
    HISTORY_RELEASE,        /* $1 identity, 2 release: corrects the release */
    HISTORY_ACCEPT,         /* $1 identity, 2-5 hashes, 6 down, 7 before_down */
    HISTORY_FORGET,         /* $1 identity */
    HISTORY_EVENT,          /* $1 kind, 2 identity, 3 release, 4 section, 5 step (number), 6 sha256, 7 message, 8 by, 9 host, 10 version */
    HISTORY_READ_STEPS, /* $1 identity, 2 section: since the identity was last deployed or rolled back -> kind, step, sha256, at (ISO 8601), in order */
    HISTORY_HOLD,         /* $1 by, 2 host, 3 pid, 4 backend: writes the holder row, since now, if there is none */
    HISTORY_RELEASE_HOLD, /* $1 host, 2 pid: removes their holder row */
    HISTORY_READ_HOLDER,  /* -> by, host, pid, since (ISO 8601), backend */

    /* With traits.adopts only. */
    HISTORY_READ_STATE, /* -> timestamp, updated at, and where as of HISTORY_FIND_STATE: Logto's alteration state; no row when it is nowhere */
    HISTORY_READ_REMEMBERED,  /* -> the timestamp that dbalt wrote or adopted last */
    HISTORY_WRITE_STATE,      /* $1 timestamp: into Logto's row, wherever it lies by then, unless it is 0; and remembered */
    HISTORY_FIND_STATE,       /* -> where it lies, or would: "systems", "configs", or "" */
    HISTORY_REMEMBER_STATE,   /* $1 timestamp */
    HISTORY_WRITE_SYSTEMS,    /* $1 timestamp above 0: into Logto's row, which lies in "systems"; FAULT_ABSENT when the table is gone */
    HISTORY_REMEMBER_CONFIGS, /* as HISTORY_REMEMBER_STATE; FAULT_ABSENT when there is a "systems" */
    HISTORY_WRITE_CONFIGS,    /* behind it: as HISTORY_WRITE_SYSTEMS, into "_logto_configs" */
    HISTORY_ADOPT,            /* $1 identity, 2 release, 3 name, 4 kind, 5 by, 6 deployed at (ISO 8601) */
    HISTORY_STATEMENT_COUNT,
} HistoryStatement;

/* How long things may take, in milliseconds; 0 = no limit. */
typedef struct Limits {
    int64_t lock;      /* waiting for a lock of somebody else, in a transaction that STEP_BEGIN began */
    int64_t statement; /* a statement of a user's SQL */
    int64_t answer;    /* without a sign of life from the server while a user's SQL runs */
    bool any_pause;    /* no limit for a pause between two statements: a person may be asked meanwhile */
} Limits;

/* What the server tells of a statement of a user's that takes long. */
typedef struct Report {
    const char *phase;    /* "building index: scanning table", as the server calls it; NULL = it tells none */
    int percent;          /* of the phase; -1 = not known */
    const char *blockers; /* whom it waits for, on one line; NULL = nobody */
    const char *blocking; /* their names alone, which tell whether they are the same as before; NULL likewise */
} Report;

/* What is told is borrowed, and valid during the call, which must not use the connection. */
typedef void ReportReceiver(const Report *report, void *context);

typedef struct ConnectOptions {
    const char *url;
    const char *history_schema;
    bool create;           /* make the database when it is not there (where traits.creates) */
    bool read_only;        /* nothing will be written */
    int timeout;           /* milliseconds */
    Limits limits;         /* as far as the driver can keep them */
    void *dialled;         /* of dial(); its owner is connect() then, whether it succeeds or not. NULL = none */
    ReportReceiver *watch; /* told about every second of what runs longer; NULL = nobody. As far as the driver can look */
    void *watch_context;
    Wait *wait; /* borrowed for the life of the connection */
} ConnectOptions;

typedef struct Traits {
    SqlDialect dialect;
    bool creates;         /* create makes sense */
    bool answers_scripts; /* wants_rows is understood, so that JavaScript alterations can run */
    bool adopts;          /* the database may keep the state of Logto, whose history is adopted */
} Traits;

/* A backup that was made. */
typedef struct Backup {
    const char *path;    /* absolute */
    const char *restore; /* the shell command that brings the database back to it; without a password */
} Backup;

/* What a server tells of the lock's holder without our holder row. */
typedef struct LockHolder {
    const char *who;   /* a line; NULL = unknown */
    const char *since; /* ISO 8601, as HISTORY_READ_HOLDER has it, of the same clock; NULL = it is not told */
    const char *task;  /* what it announced last; NULL = nothing */
} LockHolder;

/* What a database shows of a statement that began outside a transaction, and of which nobody knows how it ended. */
typedef enum Aftermath {
    AFTERMATH_UNKNOWN, /* that cannot be told of such a statement */
    AFTERMATH_NONE,    /* it is not done: it may run, again or for the first time */
    AFTERMATH_DONE,
} Aftermath;

typedef struct Driver Driver;

/* Drivers put it first into their own struct. */
typedef struct Connection {
    const Driver *driver;
    Wait *wait;
} Connection;

struct Driver {
    const char *name;
    const char *const *schemes; /* "postgres:", ... NULL-terminated */
    Traits traits;

    /* Whether the URL makes sense, without connecting. DBALT_ERROR_USAGE. No password in any message, here or elsewhere. */
    bool (*check_url)(const char *url, DbaltError *error);

    /*
     * Begins to connect, as far as that goes without waiting for a server, so that other work can be done meanwhile. Never fails: connect()
     * says what there is to say. Optional; what it returns (NULL is possible) goes to connect(), or to hang_up().
     */
    void *(*dial)(const char *url);
    void (*hang_up)(void *dialled);

    /* The caller owns *connection. Fails with DBALT_ERROR_DATABASE or _INTERRUPTED. */
    bool (*connect)(Connection **connection, const ConnectOptions *options, DbaltError *error);

    /* Frees all, the lock included. NULL is fine. */
    void (*close)(Connection *connection);

    /* Queues a step. */
    void (*submit)(Connection *connection, const Step *step);

    /* Sends what is queued, if that was not done, and waits for the next answer. */
    void (*next)(Connection *connection, Answer *answer);

    /*
     * Whether send() may be used on this connection. Optional, with send: batches travel ahead of the answers to those before them.
     */
    bool (*pipelines)(Connection *connection);

    /*
     * Ends the batch and sends it, statement by statement, without waiting; the next submit() begins the one behind it, and next()
     * answers the oldest that is under way. It must be a whole transaction without COPY. When one fails, those behind it do not
     * happen either, provided that each of them fails if the one before is not in the history; nothing is answered for them: the
     * queue is empty behind the END of the failed one.
     */
    void (*send)(Connection *connection);

    /* One of dbalt's own statements, with the history's schema in it; lives as long as the connection. */
    Text (*history_sql)(Connection *connection, HistoryStatement statement);

    /* Tries to take the deploy lock of this database and history; does not wait for it. *taken tells. */
    bool (*lock_try)(Connection *connection, bool *taken, DbaltError *error);

    /* False when the lock was lost since: stop before the next step. */
    bool (*lock_is_held)(Connection *connection);

    void (*lock_release)(Connection *connection);

    /* Who holds the lock, as far as the server tells; in the arena. Optional. */
    LockHolder (*lock_holder)(Connection *connection, Arena *arena);

    /* Lets those who wait for the lock know what its holder is at, should that take a while. Costs nothing. Optional, with lock_holder. */
    void (*lock_announce)(Connection *connection, const char *task);

    /* A name of this connection's server process, for the holder row; NULL when it has none of its own, as behind a pooler. Optional; its life is the connection's. */
    const char *(*backend)(Connection *connection);

    /* The name by which the server calls the database, in ASCII; NULL when that is not certain. Optional; its life is the connection's. */
    const char *(*database)(Connection *connection);

    /*
     * The server process of a holder that lost the lock: when it only waits for its client, who was stopped or cut off and may wake
     * up at any time, it is ended, as far as our role may. *busy tells that it is there still, and is to be asked about again.
     * Optional, with backend.
     */
    bool (*end_orphan)(Connection *connection, const char *backend, bool *busy, DbaltError *error);

    /*
     * Before a statement that runs outside a transaction: removes what an earlier failure of the same statement left behind and would
     * hide or break it now, and waits for what it would disturb in another session. *cleared says what in a sentence, in the arena, or is NULL. Optional.
     */
    bool (*clear_leftover)(Connection *connection, const char **cleared, Arena *arena, Text statement, DbaltError *error);

    /*
     * Writes the whole database as it is now, the history included, to a new file in the folder (absolute), for its owner alone, and
     * makes sure that it can be read before it gets its name: <database>-<label>.<kind>. *backup lives in the arena. Optional.
     */
    bool (*backup)(Connection *connection, Backup *backup, Arena *arena, const char *folder, const char *label, DbaltError *error);

    /* Looks for what such a statement would have done. Optional. */
    bool (*find_aftermath)(Connection *connection, Aftermath *aftermath, Text statement, DbaltError *error);
};

extern const Driver driver_postgres;
extern const Driver driver_sqlite;

/* The driver for a URL; DBALT_ERROR_USAGE naming what is supported. */
const Driver *driver_for(const char *url, DbaltError *error);

/* Reads answers up to the end of the batch. False with the first error, its fault in *fault (may be NULL). Rows are passed over. */
bool connection_finish(Connection *connection, Fault *fault, DbaltError *error);

/* Where a backup of that database (any name) goes: what a file name should not have is "_" in it. */
const char *backup_path(Arena *arena, const char *folder, const char *database, const char *label, const char *kind);

#endif
