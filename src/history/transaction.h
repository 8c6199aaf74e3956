/* Transaction: one alteration and its history row, whole or not at all. */

#ifndef HISTORY_TRANSACTION_H
#define HISTORY_TRANSACTION_H

#include "history/history.h"

typedef struct Deploy {
    const char *identity, *release, *name, *kind;
    Fingerprint fingerprint;
    const char *down, *before_down; /* NULL = none */
    const char *follows;            /* the identity that was sent before and must be in the history (a roll back: no more); NULL = none */
} Deploy;

typedef enum OutcomeKind {
    OUTCOME_DONE,
    OUTCOME_RIVAL,  /* somebody else did it: nothing was changed */
    OUTCOME_RETRY,  /* rolled back by a lock timeout, serialization failure or deadlock, or (ABSENT) as the foreign state was elsewhere */
    OUTCOME_FAILED, /* rolled back */
    OUTCOME_BARRED, /* sent ahead, but the deploy lock was lost, or somebody else changed the history: it did not happen */
    OUTCOME_LOST,   /* the connection is gone, and with it the news of what became of it */
} OutcomeKind;

typedef struct Outcome {
    OutcomeKind kind;
    Fault fault;
    bool in_script;   /* the error is of the script, at piece, statement, offset */
    size_t piece;     /* index of transaction_script() calls */
    size_t statement; /* within the piece */
    long offset;      /* bytes in the piece, or -1 */
    size_t lines;     /* line feeds behind that */
} Outcome;

/* One batch of steps under way. Must stay where it is between begin and finish: the queue points into it. */
typedef struct Transaction {
    History *history;
    const char *guard_values[14];
    const char *finish_values[6];
    const char *state; /* NULL = the foreign state is not written */
    bool moves_state;  /* the script may have moved its table */
    bool trusts_state; /* that it lies where it was seen last */
    bool is_deploy;
    bool follows; /* it was sent behind another, which must be in the history */
    bool is_open; /* BEGIN and guard have been answered, since transaction_opened() */
    size_t script_count;
} Transaction;

/* Hears of notices and, where they are told, of statements that are done. */
typedef void AnswerReceiver(const Answer *answer, void *context);

/* The steps of transaction_begin_...(): they go out with what the caller submits next to the connection itself. */
enum { TRANSACTION_OPENING = 2 };

/* Queues BEGIN and the guard. timeout: milliseconds that a statement, or a pause between two, may take; 0 = no limit. */
void transaction_begin_deploy(Transaction *transaction, History *history, const Deploy *deploy, int64_t timeout);
void transaction_begin_rollback(Transaction *transaction, History *history, const Deploy *deploy, int64_t timeout);

/* To be told by a caller who queries by itself: that they are done; or that one failed, and then what that means. */
void transaction_opened(Transaction *transaction);
Outcome transaction_not_opened(const Transaction *transaction, const Answer *answer);

/*
 * Has the foreign state written along. The timestamp, of timestamp_format(), must live until the outcome. To be called before anything of
 * the script is queued: the table is looked for again where the script names it.
 */
void transaction_write_state(Transaction *transaction, const char *timestamp);

/* To be told by a caller who queries by itself: what it asks of the database. */
void transaction_asked(Transaction *transaction, Text sql);

/* Whether the state can be written without looking for its table: then it can be sent ahead too, unless the script names the table. */
bool transaction_knows_state(const History *history, const char *timestamp);
bool transaction_names_state(Text sql);

/* Queues a part of the script, as the user wrote it, or data for the COPY that ended the part before. */
void transaction_script(Transaction *transaction, Text text, size_t statement_count, bool is_copy_data);

/* Queues a query of a script that may have values, which must live until the outcome. */
void transaction_query(Transaction *transaction, Text sql, const char *const *values, size_t value_count, size_t statement_count);

/* Queues all of a long script: the one piece of it. */
void transaction_stream(Transaction *transaction, SqlReader *reader);

/* Queues the rest up to COMMIT, sends all, and waits for the outcome. Never fails otherwise: *error says why it is not DONE. */
Outcome transaction_finish(Transaction *transaction, AnswerReceiver *receive, void *context, DbaltError *error);

/*
 * The same in two halves, where the driver's pipelines() says so: others may be sent in between, and land in the order in which
 * they were sent. Those behind one that is not DONE do not happen, and do not land.
 */
void transaction_send(Transaction *transaction);
Outcome transaction_land(Transaction *transaction, AnswerReceiver *receive, void *context, DbaltError *error);

/*
 * What became of a deploy or roll back whose connection was lost: on a new connection, inserts the key again under a short lock
 * timeout and rolls back. *is_deployed tells; false (with FAULT in *fault LOCK_TIMEOUT) while the lost one still runs.
 */
bool transaction_find_out(bool *is_deployed, Fault *fault, History *history, const Deploy *deploy, DbaltError *error);

#endif
