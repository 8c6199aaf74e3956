/* The state of a connection to PostgreSQL, shared by the parts of its driver. */

#ifndef DRIVERS_POSTGRES_POSTGRES_H
#define DRIVERS_POSTGRES_POSTGRES_H

#include "drivers/driver.h"
#include "drivers/postgres/message.h"
#include "drivers/postgres/session.h"

/* The steps from the first submit() after an end up to the next end. */
typedef struct PostgresBatch {
    Arena arena; /* of steps */
    PostgresStep *steps;
    size_t count;
    size_t capacity;
    PostgresCursor sent; /* what stands before it was sent */
    PostgresMessage message;
    bool in_flight;  /* answers to the message are due */
    bool has_script; /* there is a user's SQL in the message */
    bool copying;    /* of COPY ... TO STDOUT: its data are passed over */

    size_t step;      /* whose result comes next */
    size_t statement; /* of it */
    size_t told;      /* steps answered as done */

    PGresult *rows; /* owned; those of row_step that were not answered yet, from row on */
    size_t row_step;
    int row;
    const char **fields; /* of the answered row, in the arena */
    size_t field_room;

    Arena notice_arena;
    const char **notices;
    size_t notice_count;
    size_t notice_capacity;
    size_t notice; /* the next to be answered */

    bool failed;
    bool failure_told;
    Answer failure;
    bool over;
} PostgresBatch;

typedef struct PostgresLock {
    PostgresSession session; /* a second connection: its open transaction holds the lock */
    WaitGuest guest;         /* its heartbeat */
    int64_t heard_at;        /* by wait_now(): the last sign of life */
    int64_t beat_at;         /* the next heartbeat */
    bool held;
    bool ended; /* by the server: it said so */
} PostgresLock;

typedef struct PostgresConnection {
    Connection base;
    Arena arena;
    PostgresSession session;
    PostgresBatch batch;
    PostgresLock lock;
    const char *url;         /* of the lock's connection */
    const char *schema;      /* of the history, as an identifier */
    const char *schema_name; /* the same as a literal */
    Text history[HISTORY_STATEMENT_COUNT];
    const char *backend; /* NULL = a pooler is in between, or not asked for */
    int timeout;         /* milliseconds, to connect and for small questions */
    bool is_pooled;
} PostgresConnection;

/* batch.c */
void postgres_submit(Connection *connection, const Step *step);
void postgres_next(Connection *connection, Answer *answer);
void postgres_batch_reset(PostgresBatch *batch);
void postgres_receive_notice(void *connection, const PGresult *notice); /* for PQsetNoticeReceiver() */

/* copy.c */

/* Answers COPY ... FROM STDIN, the end of a step, with the data of the step behind it. */
void postgres_copy_in(PostgresSession *session, const PostgresStep *steps, size_t count, size_t step);

/* Passes over data of COPY ... TO STDOUT. False when there is no more. */
bool postgres_copy_out(PostgresSession *session);

/* Moves a failure of a COPY to the line of its data that the server's context names. */
void postgres_copy_locate(Answer *failure, const PostgresStep *steps, size_t count, const char *context);

/* lock.c */
bool postgres_lock_try(Connection *connection, bool *taken, DbaltError *error);
bool postgres_lock_is_held(Connection *connection);
void postgres_lock_release(Connection *connection);
const char *postgres_lock_holder(Connection *connection, Arena *arena);

/* The history's SQL as it stands in history.sql. */
extern const char *const postgres_history[HISTORY_STATEMENT_COUNT];

/* leftover.c: driver.h says what. */
bool postgres_clear_leftover(Connection *connection, const char **cleared, Arena *arena, Text statement, DbaltError *error);

#endif
