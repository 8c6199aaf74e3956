/* The state of a connection to PostgreSQL, shared by the parts of its driver. */

#ifndef DRIVERS_POSTGRES_POSTGRES_H
#define DRIVERS_POSTGRES_POSTGRES_H

#include "drivers/driver.h"
#include "drivers/postgres/message.h"
#include "drivers/postgres/session.h"

/* The steps from the first submit() after an end up to the next end, or up to send(). */
typedef struct PostgresBatch {
    struct PostgresBatch *behind; /* owned; the next one; NULL = this is the newest, to which steps are still submitted */
    bool ahead;                   /* send() was called: its statements are under way one by one, up to a sync */
    Arena arena;                  /* of steps */
    PostgresStep *steps;
    size_t count;
    size_t capacity;
    PostgresCursor sent; /* what stands before it was sent */
    PostgresMessage message;
    bool in_flight;  /* answers to the message are due */
    bool asks;       /* the message begins with a question about the server */
    bool has_script; /* there is a user's SQL in the message */
    bool wants_rows; /* there is some whose rows are answered */
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

    size_t told_statement; /* of step: those up to it were told */

    bool failed;
    bool failure_told;
    Answer failure;
    bool over;
} PostgresBatch;

typedef struct PostgresLock {
    PostgresSession session; /* a second connection: its open transaction holds the lock */
    WaitGuest guest;         /* its heartbeat */
    char task[64];           /* what the holder announced, as long as the server takes it as the application's name; "" = nothing */
    bool task_is_told;
    int64_t heard_at; /* by wait_now(): the last sign of life */
    int64_t beat_at;  /* the next heartbeat */
    bool held;
    bool is_barred; /* against what is under way: it is shared now, and nobody else's all the same */
    bool ended;     /* by the server: it said so */
} PostgresLock;

/* Statements of dbalt's own that the server keeps prepared for the batches ahead. */
typedef struct PostgresPrepared {
    Arena arena;
    Text statements[32]; /* that came once, and whether they came again */
    bool is_prepared[32];
    size_t count;
    size_t settled;      /* batches since they were all dropped */
    unsigned salt;       /* of their names: random, so that no script meets them by chance */
    unsigned generation; /* likewise: after a failure nobody knows which of them are there */
} PostgresPrepared;

typedef enum PostgresWatchState {
    WATCH_NONE, /* nothing has taken long yet: there is no connection */
    WATCH_CONNECTING,
    WATCH_READY,
    WATCH_ASKING,
    WATCH_OVER, /* not wanted, or not to be had */
} PostgresWatchState;

typedef struct PostgresWatch {
    PostgresWatchState state;
    PGconn *libpq; /* owned; a third connection */
    WaitGuest guest;
    int64_t connect_until; /* by wait_now() */
    bool is_running;       /* there is something to watch */
    size_t statement;      /* the number of what runs */
    size_t asked_about;    /* likewise: an answer may come too late */
    unsigned idle_count;   /* answers in a row by which the server was not at work, though we wait for it */
    ReportReceiver *receive;
    void *context;
} PostgresWatch;

typedef struct PostgresConnection {
    Connection base;
    Arena arena;
    PostgresSession session;
    PostgresBatch *oldest; /* owned; whose answers come next */
    PostgresBatch *newest; /* the last of those behind it: the only one that was not sent ahead */
    size_t abandoned;      /* batches behind one that failed, gone already, whose answers are still to be passed over */
    PostgresPrepared prepared;
    bool knows_server; /* what a deployer needs to know of it was asked, or nobody needs it */
    bool is_standby;
    PostgresLock lock;
    PostgresWatch watch;
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
void postgres_batches_close(PostgresConnection *connection);

/* Milliseconds for which the server may be silent while it is at the oldest; WAIT_FOREVER = no limit. */
int64_t postgres_batch_silence(PostgresConnection *connection);

/* Adds an empty one behind the newest. */
void postgres_batch_add(PostgresConnection *connection);

/* The oldest has failed: frees those that were sent behind it, whose answers are then only counted. */
void postgres_batches_abandon(PostgresConnection *connection);

/* pipeline.c: driver.h says what. */
bool postgres_pipelines(Connection *connection);
void postgres_send(Connection *connection);

/* Takes the next result of what was sent ahead. True when no more of the oldest batch will come. */
bool postgres_pipeline_take(PostgresConnection *connection);

/* Nobody knows any more which of dbalt's statements the server keeps prepared. */
void postgres_forget_prepared(PostgresConnection *connection);

/* result.c: the oldest batch and what the server says of it. */

/* Where a statement of a long script stands, which is of its present portion, or the COPY whose data that is. */
size_t postgres_portion_offset(const PostgresStep *step, size_t statement);

/* Makes it fail at the step and statement that were due; the caller fills in the rest. */
Answer *postgres_batch_fail(PostgresBatch *batch);

/* The same by a failed result, or by the state of the connection when that is NULL. */
void postgres_batch_fail_by(PostgresConnection *connection, const PGresult *result);

/* Goes on behind what has no result of its own. */
void postgres_batch_pass_over(PostgresBatch *batch);

/* Counts a result, which it takes over. */
void postgres_batch_take(PostgresConnection *connection, PGresult *result);

void postgres_receive_notice(void *connection, const PGresult *notice); /* for PQsetNoticeReceiver() */

/*
 * When a backend began, in microseconds since 1970. extract() is numeric in 14 and later, and was double precision before, which is
 * exact enough.
 */
#define POSTGRES_START_SQL "(extract(epoch FROM backend_start)::float8 * 1e6::float8)::bigint"

/* postgres.c: what only a deployer needs to know of the server. It is asked along with the first query. */
#define POSTGRES_ABOUT_SQL                                                                                               \
    "SELECT pg_catalog.pg_backend_pid(), " POSTGRES_START_SQL ", pg_catalog.version(), pg_catalog.pg_is_in_recovery()\n" \
    "FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid();"

void postgres_take_about(PostgresConnection *connection, const PGresult *result);

/* Asks by itself, where nothing was asked yet. */
bool postgres_know_server(PostgresConnection *connection, DbaltError *error);

/* copy.c */

/* Answers COPY ... FROM STDIN, the end of a step or of a portion, with the data of the step behind it, or of the portions. */
void postgres_copy_in(PostgresSession *session, PostgresBatch *batch);

/* Passes over data of COPY ... TO STDOUT. False when there is no more. */
bool postgres_copy_out(PostgresSession *session);

/* Moves a failure of a COPY to the line of its data that the server's context names. */
void postgres_copy_locate(PostgresBatch *batch, const char *context);

/* lock.c */
bool postgres_lock_try(Connection *connection, bool *taken, DbaltError *error);
bool postgres_lock_is_held(Connection *connection);
void postgres_lock_release(Connection *connection);
LockHolder postgres_lock_holder(Connection *connection, Arena *arena);
void postgres_lock_announce(Connection *connection, const char *task);

/*
 * What was sent ahead does not begin any more, but for what is at work: its guard finds the lock not held. Nobody else can take it
 * before it is released.
 */
void postgres_lock_bar(PostgresConnection *connection);

/* watch.c */
void postgres_watch_init(PostgresConnection *connection, const ConnectOptions *options);

/* A message of a user's was sent, and is answered. */
void postgres_watch_begin(PostgresConnection *connection);
void postgres_watch_end(PostgresConnection *connection);

/* False when the server is not at work on what we wait for: its answer is lost. */
bool postgres_watch_sees_work(const PostgresConnection *connection);

void postgres_watch_close(PostgresConnection *connection);

/* What a row tells of who is in the way, behind three columns; b is of pg_stat_activity. */
#define POSTGRES_BLOCKER_SQL                                                                             \
    "b.pid, b.usename, coalesce(nullif(b.application_name, ''), b.backend_type), b.state, "              \
    "extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(b.xact_start, b.query_start))::bigint, " \
    "CASE WHEN b.state IS NOT NULL THEN b.query END"

void postgres_describe_blockers(Report *report, Arena *arena, const PGresult *result);

/* The history's SQL as it stands in history.sql. */
extern const char *const postgres_history[HISTORY_STATEMENT_COUNT];

/* backup.c, leftover.c: driver.h says what. */
bool postgres_backup(Connection *connection, Backup *backup, Arena *arena, const char *folder, const char *label, DbaltError *error);
bool postgres_clear_leftover(Connection *connection, const char **cleared, Arena *arena, Text statement, DbaltError *error);
bool postgres_find_aftermath(Connection *connection, Aftermath *aftermath, Text statement, DbaltError *error);

#endif
