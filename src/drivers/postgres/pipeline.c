/*
 * Pipeline: batches that travel ahead of the answers to those before them, their statements one by one, each batch up to a sync
 * of its own (libpq's pipeline mode). An error makes the server skip everything up to the sync and leaves the transaction aborted,
 * in which the BEGIN of the next batch is refused, and so on up to the last.
 */

#include "base/cleanup.h"
#include "drivers/postgres/postgres.h"
#include "sql/statement.h"

void postgres_forget_prepared(PostgresConnection *connection)
{
    if (connection->prepared != 0)
        connection->generation++;
    connection->prepared = 0;
}

bool postgres_pipelines(Connection *base)
{
    return !((PostgresConnection *)base)->is_pooled;
}

/* What is sent for every alteration: it is worth preparing. */
static bool is_repeated(const PostgresConnection *connection, const Step *step, HistoryStatement *statement)
{
    static const HistoryStatement repeated[] = {HISTORY_GUARD_DEPLOY, HISTORY_FINISH_DEPLOY, HISTORY_GUARD_ROLLBACK};
    for (size_t i = 0; i < COUNT(repeated); i++) {
        if (connection->history[repeated[i]].data == step->sql.data) {
            *statement = repeated[i];
            return true;
        }
    }
    return false;
}

static void send_prepared(PostgresConnection *connection, Arena *arena, const Step *step, HistoryStatement statement)
{
    PGconn *libpq = connection->session.libpq;
    const char *name = arena_format(arena, "dbalt_%u_%u", connection->generation, (unsigned)statement);
    unsigned bit = 1U << statement;
    if ((connection->prepared & bit) == 0)
        PQsendPrepare(libpq, name, arena_copy_text(arena, step->sql), 0, NULL);

    connection->prepared |= bit;
    PQsendQueryPrepared(libpq, name, (int)step->value_count, step->values, NULL, NULL, 0);
}

/* Should sending fail, the connection is broken, and the next result says so. */
static void send_statements(PGconn *libpq, Arena *arena, PostgresStep *step, Text sql)
{
    StatementReader reader;
    statement_reader_init(&reader, SQL_POSTGRES, sql);

    step->results = 0;
    for (SqlStatement statement; statement_next(&statement, &reader); step->results++)
        PQsendQueryParams(libpq, arena_copy_text(arena, statement.text), (int)step->step.value_count, NULL, step->step.values, NULL, NULL,
                          0);
}

static void send_step(PostgresConnection *connection, Arena *arena, PostgresStep *step)
{
    HistoryStatement statement;
    if (step->step.kind == STEP_SQL && is_repeated(connection, &step->step, &statement))
        send_prepared(connection, arena, &step->step, statement);
    else
        send_statements(connection->session.libpq, arena, step, postgres_step_sql(arena, &step->step, &connection->session));
    if (step->step.kind == STEP_SETTLE)
        postgres_forget_prepared(connection);
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
        postgres_session_start(session, WAIT_FOREVER);
        PQenterPipelineMode(session->libpq);
    }

    CLEANUP(arena_done) Arena arena = {0};
    for (size_t i = 0; i < batch->count; i++)
        send_step(connection, &arena, &batch->steps[i]);
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
    if (connection->oldest->behind == connection->newest)
        PQexitPipelineMode(connection->session.libpq);
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
