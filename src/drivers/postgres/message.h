/* Message: the steps of a batch joined into the text of as few simple queries as may be. */

#ifndef DRIVERS_POSTGRES_MESSAGE_H
#define DRIVERS_POSTGRES_MESSAGE_H

#include "drivers/driver.h"
#include "drivers/postgres/session.h"

/* A piece of a message, for telling where an error is. */
typedef struct PostgresSegment {
    size_t step;   /* index in the batch */
    size_t offset; /* of text in the step's SQL */
    Text text;
    bool is_script; /* the step's own text, as it was given */
} PostgresSegment;

typedef struct PostgresMessage {
    Arena arena; /* of segments, and of what is not borrowed in them */
    Text lead;   /* what comes before them, in ASCII: of no step */
    PostgresSegment *segments;
    size_t count;
    size_t capacity;
} PostgresMessage;

/*
 * Ends what a script may leave in the session: DISCARD ALL, which is not allowed in a transaction, in parts; cursors before the
 * temporary tables they may be on. Prepared statements and the session's advisory locks outlive even a ROLLBACK.
 */
#define POSTGRES_RESET_SQL POSTGRES_RESET_BUT_PREPARED_SQL "DEALLOCATE ALL;"
#define POSTGRES_RESET_BUT_PREPARED_SQL                                      \
    "RESET SESSION AUTHORIZATION;RESET ROLE;RESET ALL;CLOSE ALL;UNLISTEN *;" \
    "SELECT pg_catalog.pg_advisory_unlock_all();DISCARD TEMP;DISCARD SEQUENCES;"

/* What is deferred is checked first: a failure is an ordinary one then, not one of COMMIT. */
#define POSTGRES_CHECK_DEFERRED_SQL "SET CONSTRAINTS ALL IMMEDIATE;"

/* A step, and how many results the server gives for it: as many as it has statements. */
typedef struct PostgresStep {
    Step step;             /* what it points to is borrowed */
    size_t results;        /* known when it is sent */
    Portion portion;       /* of its reader, the present one */
    size_t first;          /* statement of the portion, or of that before it when it is data */
    size_t copy_offset;    /* of the COPY whose data the portion is */
    size_t data_offset;    /* of these data */
    int64_t affected;      /* rows, by its last statement */
    const char *command;   /* of a step that wants rows */
    const Column *columns; /* likewise */
    size_t column_count;
} PostgresStep;

/* How far a batch has been put into messages. */
typedef struct PostgresCursor {
    size_t step;
    bool is_within; /* a part of that step was sent: each portion of its reader goes in a message of its own */
    bool is_read;   /* its reader has come to the last */
} PostgresCursor;

/* The SQL of a step: of its kind, or its own, in which nothing is filled in. */
Text postgres_step_sql(Arena *arena, const Step *step, const PostgresSession *session);

/*
 * Fills an empty message with the next steps and moves the cursor behind them. Inside a transaction steps share a message, and
 * so do dbalt's own; else each has its own, or the server would make one transaction of them. False when a value cannot be written as a literal,
 * or a script not be read.
 */
bool postgres_message_build(PostgresMessage *message, PostgresCursor *cursor, PostgresStep *steps, size_t count,
                            const PostgresSession *session, DbaltError *error);

/* The whole text, NUL-terminated, in the arena. */
const char *postgres_message_join(const PostgresMessage *message, Arena *arena);

/* Finds the 1-based character of a message: its step, and the byte in that step's SQL or -1. False when it is in none. */
bool postgres_message_locate(const PostgresMessage *message, size_t position, bool counts_bytes, size_t *step, long *offset);

/* Empties it. */
void postgres_message_done(PostgresMessage *message);

#endif
