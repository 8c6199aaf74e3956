/*
 * Pipeline: batches that travel ahead of the answers to those before them, their statements one by one, each batch up to a sync
 * of its own (libpq's pipeline mode). An error makes the server skip everything up to the sync and leaves the transaction aborted,
 * in which the BEGIN of the next batch is refused, and so on up to the last.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "drivers/postgres/postgres.h"
#include "sql/statement.h"

/* Of so many statements of a script each is told when it is done, of more one of so many. */
#define OFTEN_TOLD 64

/* The server plans what is prepared for the tables as they are then: the history may have been small, and grows with each batch. */
#define BATCHES_FOR_A_PLAN 100

/*
 * dbalt's own prepared statements, which it makes by the protocol, shall stay. A script that prepares some with SQL, or sets the encoding
 * in which what follows was sent, is not sent ahead, as far as that can be seen; where a function has done it, this fails, and the
 * alteration is run again by itself.
 */
#define SETTLE_SQL                                                                                                \
    POSTGRES_CHECK_DEFERRED_SQL                                                                                   \
    "SELECT 1 OPERATOR(pg_catalog./) (NOT EXISTS (SELECT FROM pg_catalog.pg_prepared_statement() WHERE from_sql)" \
    " AND pg_catalog.current_setting('client_encoding') OPERATOR(pg_catalog.=) 'UTF8')::integer;" POSTGRES_RESET_BUT_PREPARED_SQL

void postgres_forget_prepared(PostgresConnection *connection)
{
    PostgresPrepared *prepared = &connection->prepared;
    arena_done(&prepared->arena);
    *prepared = (PostgresPrepared){.salt = prepared->salt, .generation = prepared->generation + (prepared->count > 0)};
}

bool postgres_pipelines(Connection *base)
{
    return !((PostgresConnection *)base)->is_pooled;
}

/*
 * The same few come again and again with every alteration: each is prepared when it comes for the second time. But what names a table of
 * somebody else's must find it anew: what is prepared goes on with the old one where another of that name is put before it in the search
 * path ("PREPARE" in the manual, notes).
 */
static void send_own(PostgresConnection *connection, Arena *arena, Text sql, const Step *step)
{
    PostgresPrepared *prepared = &connection->prepared;
    PGconn *libpq = connection->session.libpq;
    size_t index = 0;
    if (text_equals(step->sql, connection->history[HISTORY_WRITE_SYSTEMS]) ||
        text_equals(step->sql, connection->history[HISTORY_WRITE_CONFIGS])) {
        PQsendQueryParams(libpq, arena_copy_text(arena, sql), (int)step->value_count, NULL, step->values, NULL, NULL, 0);
        return;
    }
    if (prepared->salt == 0)
        prepared->salt = arc4random() | 1;
    while (index < prepared->count && !text_equals(prepared->statements[index], sql))
        index++;

    if (index == prepared->count) {
        const char *text = arena_copy_text(&prepared->arena, sql);
        if (index < COUNT(prepared->statements))
            prepared->statements[prepared->count++] = text_of(text);
        PQsendQueryParams(libpq, text, (int)step->value_count, NULL, step->values, NULL, NULL, 0);
        return;
    }

    char name[48]; /* no script shall meet it */
    snprintf(name, sizeof name, "dbalt_%08x_%u_%zu", prepared->salt, prepared->generation, index);
    if (!prepared->is_prepared[index])
        PQsendPrepare(libpq, name, prepared->statements[index].data, 0, NULL);
    prepared->is_prepared[index] = true;
    PQsendQueryPrepared(libpq, name, (int)step->value_count, step->values, NULL, NULL, 0);
}

/* After so many batches all that is prepared is dropped. */
static Text settle_sql(PostgresConnection *connection)
{
    if (connection->prepared.settled < BATCHES_FOR_A_PLAN) {
        connection->prepared.settled++;
        return TEXT(SETTLE_SQL);
    }
    postgres_forget_prepared(connection);
    return TEXT(POSTGRES_CHECK_DEFERRED_SQL POSTGRES_RESET_SQL);
}

/* Should sending fail, the connection is broken, and the next result says so. */
static void send_step(PostgresConnection *connection, PostgresStep *step)
{
    CLEANUP(arena_done) Arena arena = {0};
    Text sql = step->step.kind == STEP_SETTLE ? settle_sql(connection) : postgres_step_sql(&arena, &step->step, &connection->session);
    StatementReader reader;
    statement_reader_init(&reader, SQL_POSTGRES, sql);

    step->results = 0;
    for (SqlStatement statement; statement_next(&statement, &reader); step->results++) {
        if (step->step.is_script && step->results > 0 && (step->results < OFTEN_TOLD || step->results % OFTEN_TOLD == 0))
            PQsendFlushRequest(connection->session.libpq); /* or the server keeps its answers up to the sync */
        if (step->step.is_script)
            PQsendQueryParams(connection->session.libpq, arena_copy_text(&arena, statement.text), 0, NULL, NULL, NULL, NULL, 0);
        else
            send_own(connection, &arena, statement.text, &step->step);
    }
}

/* Rows of a user's SELECT are not wanted: row by row they take no memory. libpq asks for it anew with each statement. */
static void begin_result(PostgresConnection *connection)
{
    const PostgresBatch *batch = connection->oldest;
    if (connection->abandoned == 0 && batch->step < batch->count && batch->steps[batch->step].step.is_script)
        PQsetSingleRowMode(connection->session.libpq);
}

void postgres_send(Connection *base)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    PostgresSession *session = &connection->session;
    PostgresBatch *batch = connection->newest;
    if (batch == connection->oldest) {
        postgres_session_start(session, postgres_batch_silence(connection));
        PQenterPipelineMode(session->libpq);
        postgres_watch_begin(connection);
    }

    for (size_t i = 0; i < batch->count; i++)
        send_step(connection, &batch->steps[i]);
    PQpipelineSync(session->libpq);
    PQflush(session->libpq);

    batch->ahead = true;
    batch->in_flight = true;
    batch->has_script = true;
    batch->sent = (PostgresCursor){.step = batch->count};
    postgres_batch_add(connection);
}

/* The last of what was sent is answered, or will never be. */
static void leave(PostgresConnection *connection)
{
    if (connection->oldest->behind != connection->newest)
        return;
    PQexitPipelineMode(connection->session.libpq);
    postgres_watch_end(connection);
}

static bool take_sync(PostgresConnection *connection)
{
    if (connection->abandoned > 0)
        connection->abandoned--;
    else if (connection->oldest->failed)
        postgres_batches_abandon(connection);
    if (connection->abandoned > 0)
        return false;

    leave(connection);
    return true;
}

bool postgres_pipeline_take(PostgresConnection *connection)
{
    PostgresBatch *batch = connection->oldest;
    PGconn *libpq = connection->session.libpq;
    PGresult *result = PQgetResult(libpq);
    if (result == NULL && PQstatus(libpq) == CONNECTION_OK) {
        begin_result(connection);
        return false;
    }

    if (result == NULL) {
        if (!batch->failed)
            postgres_batch_fail_by(connection, NULL);
        postgres_batches_abandon(connection);
        connection->abandoned = 0;
        leave(connection);
        return true;
    }

    postgres_watch_begin(connection); /* of what comes behind */
    bool is_sync = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
    bool is_preparation = PQresultStatus(result) == PGRES_COMMAND_OK && *PQcmdStatus(result) == '\0';
    if (batch->failed || is_sync || is_preparation)
        PQclear(result);
    else
        postgres_batch_take(connection, result);
    if (batch->failed)
        postgres_forget_prepared(connection);
    return is_sync && take_sync(connection);
}
