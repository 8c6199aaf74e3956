/*
 * libdbalt: moves a database from one release of an application to another, and back.
 *
 * Rules that hold for every function here:
 * - It returns true when it did what it says; else false, with *error filled, and nothing the caller gave changed.
 * - Strings are UTF-8 and NUL-terminated. Results belong to the handle they came from and are valid until the next call
 *   on that handle, unless said otherwise. Times are UTC, ISO 8601 ("2026-11-21T21:40:08.123Z"); durations are milliseconds.
 * - The library never prints, never exits and reads no environment variable (libpq reads its own, PG*; programs are found by PATH). What there is to
 *   tell goes to the observer. Only when the system has no memory left does it abort().
 * - A handle serves one thread at a time. Only dbalt_cancel() may be called from elsewhere.
 */

#ifndef DBALT_DBALT_H
#define DBALT_DBALT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dbalt/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DBALT_API __attribute__((visibility("default")))
#else
#define DBALT_API
#endif

/* A folder of alterations and the database they alter. */
typedef struct Dbalt Dbalt;

/* What a deploy or a roll back would run, worked out by dbalt_plan_*() and run by dbalt_run(). */
typedef struct DbaltPlan DbaltPlan;

/* How an alteration stands (docs/architecture.md, "States"). */
typedef enum DbaltState {
    DBALT_DEPLOYED,
    DBALT_UNDEPLOYED,
    DBALT_MISSED,  /* undeployed, but older than a deployed alteration of the same or a newer release: merged late */
    DBALT_CHANGED, /* deployed, but the file's "up" or "before-up" is another now */
    DBALT_UNKNOWN, /* deployed, but not in the folder */
} DbaltState;

/* One alteration, from the folder, the history, or both. */
typedef struct DbaltEntry {
    const char *identity;  /* "<timestamp>-<name>": what stays when the file is released */
    const char *release;   /* "1.2.0", "2.0.0-beta.1" or "next" */
    const char *timestamp; /* Unix seconds, with their fraction */
    const char *name;
    const char *file;        /* file name inside the folder; NULL when DBALT_UNKNOWN */
    const char *kind;        /* "sql" or "javascript" */
    DbaltState state;        /* DBALT_UNDEPLOYED in what dbalt_list() returns: it asks no database */
    bool down_changed;       /* deployed, and only the way back differs from the one that was stored */
    const char *deployed_at; /* NULL when not deployed; likewise below */
    int64_t took;            /* milliseconds; -1 when not deployed */
    const char *by;          /* who deployed it */
    const char *host;        /* from where */
    const char *version;     /* with which dbalt */
} DbaltEntry;

typedef struct DbaltEntries {
    const DbaltEntry *rows;
    size_t count;
} DbaltEntries;

typedef enum DbaltAction {
    DBALT_DEPLOY,
    DBALT_ROLLBACK,
} DbaltAction;

/* What an observer is told. */
typedef enum DbaltEventKind {
    DBALT_EVENT_INFO,      /* message */
    DBALT_EVENT_WARNING,   /* message */
    DBALT_EVENT_WAITING,   /* message: another deploy holds the lock: who, since when, and what it runs. Told when that changes */
    DBALT_EVENT_STARTED,   /* entry, section, action, index, count: a section begins to run */
    DBALT_EVENT_DONE,      /* the same, and took: it is committed */
    DBALT_EVENT_SKIPPED,   /* entry, message: somebody else did it meanwhile */
    DBALT_EVENT_RETRY,     /* entry, message: rolled back (a lock, a serialization failure, Logto's table was moved), tried again soon */
    DBALT_EVENT_NOTICE,    /* entry, message: what the database said while the script ran */
    DBALT_EVENT_STATEMENT, /* entry, section, action, index, count, statement, statements, took: a statement is done, not the last one */
    DBALT_EVENT_BACKUP,    /* path, restore: a backup of the database was made; nothing is changed yet */
    DBALT_EVENT_PROGRESS, /* as STARTED, about once a second where a statement runs longer; took: so far; percent; message: the phase, as the
                              server calls it, or whom it waits for; NULL when the server tells neither. PostgreSQL alone */
    DBALT_EVENT_BLOCKED,  /* entry, message: whom a statement waits for; told when that changes. PostgreSQL alone */
} DbaltEventKind;

/* One event; all of it is borrowed, and valid during the call alone. */
typedef struct DbaltEvent {
    DbaltEventKind kind;
    const char *message;     /* one line without final period; NULL where the kind says nothing of it */
    const DbaltEntry *entry; /* NULL likewise */
    const char *section;     /* "before-up", "up", "down" or "before-down"; NULL likewise */
    DbaltAction action;
    size_t index;        /* 1-based, of count */
    size_t count;        /* alterations in the plan */
    size_t bytes;        /* length of the section's SQL */
    size_t statement;    /* 1-based, of statements */
    size_t statements;   /* of the section */
    int64_t took;        /* milliseconds */
    const char *path;    /* of the backup; NULL likewise */
    const char *restore; /* the shell command that restores it; without a password */
    int percent;         /* of the phase, PROGRESS alone; -1 = not known */
} DbaltEvent;

typedef void DbaltObserver(const DbaltEvent *event, void *context);

/* Whether the state that Logto keeps of its alterations is read, adopted and written along. PostgreSQL alone. */
typedef enum DbaltStateKeeping {
    DBALT_STATE_AUTO,  /* where there are JavaScript alterations, and Logto's state, a memory of it, or Logto's first alteration */
    DBALT_STATE_OWN,   /* never */
    DBALT_STATE_LOGTO, /* always */
} DbaltStateKeeping;

/* What dbalt_open() needs to know. Zero is a good value for everything but size, url and directory. Strings are copied. */
typedef struct DbaltOptions {
    size_t size; /* sizeof(DbaltOptions): lets this struct grow */
    const char *
        url; /* postgres://, postgresql:// (all that libpq takes) or sqlite:FILE; NULL when no function that needs the database will be called */
    const char *directory;      /* of the alterations; NULL = "./alterations" */
    const char *history_schema; /* PostgreSQL: schema of the history; NULL = "dbalt" */
    const char *by;             /* who deploys, for the history; NULL = the user of this process */
    bool create_database;       /* SQLite: create the file when there is none (deploy alone does) */
    int connect_timeout;        /* seconds; 0 = 10 */
    int lock_timeout;           /* PostgreSQL: milliseconds that a statement waits for a lock; 0 = 5000, negative = no limit */
    int lock_retries;           /* how often an alteration that could not have a lock is tried again; 0 = 10, negative = never */
    int statement_timeout;      /* PostgreSQL: milliseconds that a statement of an alteration may last; 0 = no limit but the server's */
    int answer_timeout;         /* PostgreSQL: milliseconds without a sign of life from the server while a statement runs; 0 = no limit */
    bool no_pipeline;           /* send no alteration before the one ahead of it is answered */
    int script_timeout;         /* milliseconds that a statement of a JavaScript alteration, or its silence, may last; 0 = no limit */
    bool interactive;           /* JavaScript alterations may ask a person on the terminal, who may take any time */
    DbaltStateKeeping state;
    DbaltObserver *observer; /* NULL = none */
    void *observer_context;
} DbaltOptions;

/* The version of the library, "0.1.0". */
DBALT_API const char *dbalt_version(void);

/* The name of a state, as the command line prints it: "deployed", "undeployed" ... Static. */
DBALT_API const char *dbalt_state_name(DbaltState state);

/* The exit code of the command line for an error: 0 to 6, or 130. */
DBALT_API int dbalt_exit_code(DbaltErrorCode code);

/* A name for an error's code, "script", "locked" ..., for logs and JSON. Static. */
DBALT_API const char *dbalt_error_name(DbaltErrorCode code);

/*
 * Makes a handle; connects to nothing and reads no file. Fails on a URL that makes no sense. The caller owns *project and
 * gives it to dbalt_close(), after the plans made from it were freed.
 */
DBALT_API bool dbalt_open(Dbalt **project, const DbaltOptions *options, DbaltError *error);

/* Closes what is open and frees the handle and all results of it. NULL is fine. */
DBALT_API void dbalt_close(Dbalt *project);

/*
 * Ends what runs: the statement is cancelled on the server and rolled back, and the function that runs it fails with
 * DBALT_ERROR_INTERRUPTED. A COMMIT in flight is awaited. Async-signal-safe, and safe from another thread. It holds for the
 * life of the handle: every later call that would wait fails at once.
 */
DBALT_API void dbalt_cancel(Dbalt *project);

/* Lists the folder, in the order of deployment. Needs no database. */
DBALT_API bool dbalt_list(Dbalt *project, DbaltEntries *entries, DbaltError *error);

/* Compares folder and history: every alteration of either, in order of timestamp and name. Changes nothing. */
DBALT_API bool dbalt_status(Dbalt *project, DbaltEntries *entries, DbaltError *error);

typedef struct DbaltCheckOptions {
    const char *target; /* a release, "latest" or "next"; NULL = "latest" */
    bool strict;        /* unknown alterations newer than the folder fail too */
    bool wait;          /* wait while the answer is DBALT_ERROR_UNDEPLOYED: a deploy may be under way elsewhere */
    int wait_seconds;   /* longest wait; 0 = no limit */
} DbaltCheckOptions;

/* What a check found. All borrowed from the handle. */
typedef struct DbaltCheck {
    const char *target;       /* as resolved: "1.2.0", "next"; "latest" only when the folder has no release */
    DbaltEntries undeployed;  /* not newer than the target */
    DbaltEntries disagreeing; /* missed, changed, and unknown ones (where they count) */
    DbaltEntries unknown;     /* newer than the whole folder: a newer release is being deployed */
} DbaltCheck;

/*
 * The start-up gate: true when the database has every alteration up to the target. Else false with DBALT_ERROR_DISAGREE or
 * DBALT_ERROR_UNDEPLOYED (or what kept it from looking), and *check says which. Changes nothing. NULL options = defaults;
 * check may be NULL.
 */
DBALT_API bool dbalt_check(Dbalt *project, const DbaltCheckOptions *options, DbaltCheck *check, DbaltError *error);

/* Releases that have undeployed alterations, newest first ("next" leads): what a prompt offers. */
typedef struct DbaltTargets {
    const char *const *names;
    size_t count;
} DbaltTargets;

DBALT_API bool dbalt_targets(Dbalt *project, DbaltTargets *targets, DbaltError *error);

/* What to do with a step outside a transaction that began and of which nobody knows how it ended. */
typedef enum DbaltResume {
    DBALT_RESUME_STOP,  /* fail and say so */
    DBALT_RESUME_RETRY, /* run it again */
    DBALT_RESUME_SKIP,  /* take it as done */
} DbaltResume;

typedef struct DbaltRunOptions {
    bool out_of_order; /* deploy missed alterations too */
    bool stored;       /* roll back by the history's "down" even where the file has one */
    bool no_wait;      /* fail at once when another deploy holds the lock */
    int wait_seconds;  /* longest wait for the lock; 0 = no limit */
    DbaltResume resume;
    const char *backup; /* a deploy: folder that gets a backup of the database before anything is changed; NULL = none is made */
} DbaltRunOptions;

/*
 * Works out a deploy to a target (a release, with or without "v"; "latest"; "next"), reads and checks every script of it,
 * and changes nothing. NULL options = defaults. The caller owns *plan. Fails with DBALT_ERROR_DISAGREE when missed, changed
 * or unknown alterations are in the way, DBALT_ERROR_SCRIPT when a script of the plan cannot be run.
 */
DBALT_API bool dbalt_plan_deploy(DbaltPlan **plan, Dbalt *project, const char *target, const DbaltRunOptions *options, DbaltError *error);

/* The same for a roll back of everything newer than a release. Fails with DBALT_ERROR_NO_WAY_BACK when one has no "down". */
DBALT_API bool dbalt_plan_rollback(DbaltPlan **plan, Dbalt *project, const char *release, const DbaltRunOptions *options,
                                   DbaltError *error);

/* The same for everything newer than a timestamp (Unix seconds, a fraction allowed). */
DBALT_API bool dbalt_plan_rollback_to_timestamp(DbaltPlan **plan, Dbalt *project, const char *timestamp, const DbaltRunOptions *options,
                                                DbaltError *error);

/* The alterations of a plan, in the order in which they will run; valid as long as the plan. */
DBALT_API DbaltEntries dbalt_plan_entries(const DbaltPlan *plan);

/* Where the plan goes, as resolved: "1.2.0", "next", or the timestamp; valid as long as the plan. */
DBALT_API const char *dbalt_plan_target(const DbaltPlan *plan);

/* What a run did. */
typedef struct DbaltResult {
    size_t planned;      /* alterations to run, as re-checked under the lock */
    size_t done;         /* of them, committed by this run */
    size_t skipped;      /* done meanwhile by somebody else */
    const char *backup;  /* path of the backup that was made, valid as long as the plan; NULL = none */
    const char *restore; /* the shell command that restores it, likewise */
} DbaltResult;

/*
 * Takes the deploy lock, works the plan out again, and runs it: each alteration whole in one transaction with its history
 * row. On failure *result tells how many are done; they stay. A plan runs once. result may be NULL.
 */
DBALT_API bool dbalt_run(DbaltPlan *plan, DbaltResult *result, DbaltError *error);

/* NULL is fine. */
DBALT_API void dbalt_plan_free(DbaltPlan *plan);

/* One difference between the history and a file, for a person to judge. */
typedef struct DbaltDifference {
    const char *identity;
    const char *file;    /* NULL when it is gone */
    const char *section; /* "up", "down" ... */
    const char *stored;  /* the history's text, or "sha256:..." where only the hash is kept; NULL when it had none */
    const char *present; /* the file's text; NULL when it has none */
} DbaltDifference;

typedef struct DbaltDifferences {
    const DbaltDifference *rows;
    size_t count;
} DbaltDifferences;

/* Shows where the history of these deployed alterations differs from their files. Changes nothing. */
DBALT_API bool dbalt_repair_differences(Dbalt *project, const char *const *identities, size_t count, DbaltDifferences *differences,
                                        DbaltError *error);

/* Takes the present files as what was deployed, in one transaction, under the lock. Runs no script. */
DBALT_API bool dbalt_repair_accept(Dbalt *project, const char *const *identities, size_t count, const DbaltRunOptions *options,
                                   DbaltError *error);

/* Removes these alterations from the history, in one transaction, under the lock. Runs no script. */
DBALT_API bool dbalt_repair_forget(Dbalt *project, const char *const *identities, size_t count, const DbaltRunOptions *options,
                                   DbaltError *error);

/* Writes "next-<now>-<name>.sql" with both sections; never over a file. *path belongs to the handle. */
DBALT_API bool dbalt_new(Dbalt *project, const char *name, const char **path, DbaltError *error);

typedef struct DbaltRename {
    const char *from;
    const char *to;
} DbaltRename;

typedef struct DbaltRenames {
    const DbaltRename *rows;
    size_t count;
} DbaltRenames;

/* Renames every "next-*" of the folder to a release; identities stay. All or none: a name that is taken fails first. */
DBALT_API bool dbalt_release(Dbalt *project, const char *release, DbaltRenames *renames, DbaltError *error);

#ifdef __cplusplus
}
#endif

#endif
