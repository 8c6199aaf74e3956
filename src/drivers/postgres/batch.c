/* A batch of steps: sent in as few messages as may be, its results counted to know which step they are of. */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "drivers/postgres/fault.h"
#include "drivers/postgres/postgres.h"

#define ROLLBACK_TIMEOUT 30000

void postgres_batch_reset(PostgresBatch *batch)
{
    PQclear(batch->rows);
    arena_done(&batch->arena);
    arena_done(&batch->notice_arena);
    postgres_message_done(&batch->message);
    *batch = (PostgresBatch){0};
}

void postgres_submit(Connection *base, const Step *step)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    PostgresBatch *batch = &connection->batch;

    batch->steps = arena_grow(&batch->arena, batch->steps, batch->count, &batch->capacity, sizeof(*batch->steps));
    batch->steps[batch->count++] = (PostgresStep){.step = *step, .results = postgres_step_results(step, &connection->session)};
}

/*
 * libpq reads ahead: which statement a notice is of cannot be told. Of dbalt's own those that say something, such as IF NOT EXISTS,
 * never share a message with a script.
 */
void postgres_receive_notice(void *context, const PGresult *notice)
{
    PostgresBatch *batch = &((PostgresConnection *)context)->batch;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY);
    const char *primary = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
    if (severity == NULL || primary == NULL || !batch->in_flight || !batch->has_script)
        return;

    char *message = arena_format(&batch->notice_arena, "%s: %s", severity, primary);
    for (char *c = message; *c != '\0'; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';

    batch->notices =
        arena_grow(&batch->notice_arena, batch->notices, batch->notice_count, &batch->notice_capacity, sizeof(*batch->notices));
    batch->notices[batch->notice_count++] = message;
}

/* Empty steps before the first result, and the data of a COPY that is done, have no result of their own. */
static void pass_over_done(PostgresBatch *batch)
{
    while (batch->step < batch->sent.step && batch->statement >= batch->steps[batch->step].results) {
        batch->step++;
        batch->statement = 0;
    }
}

/* The message ended well: whatever was counted, all that was sent is done. */
static void finish_message(PostgresBatch *batch)
{
    batch->in_flight = false;
    if (!batch->failed && batch->step < batch->sent.step) {
        batch->step = batch->sent.step;
        batch->statement = 0;
    }
}

static Answer *begin_failure(PostgresBatch *batch)
{
    size_t step = batch->step < batch->count ? batch->step : batch->count - 1;
    batch->failed = true;
    batch->failure = (Answer){.kind = ANSWER_ERROR, .step = step, .statement = batch->statement, .offset = -1};
    return &batch->failure;
}

static void locate_failure(PostgresConnection *connection, const PGresult *result)
{
    PostgresBatch *batch = &connection->batch;
    Answer *failure = &batch->failure;
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    if (position == NULL) {
        postgres_copy_locate(failure, batch->steps, batch->count, PQresultErrorField(result, PG_DIAG_CONTEXT));
        return;
    }

    const char *encoding = PQparameterStatus(connection->session.libpq, "server_encoding");
    bool counts_bytes = encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0;
    size_t step = failure->step;
    if (!postgres_message_locate(&batch->message, strtoul(position, NULL, 10), counts_bytes, &step, &failure->offset))
        return;

    /* A syntax error is told before anything ran: the counted step is not its own then. */
    if (step != failure->step)
        failure->statement = 0;
    failure->step = step;
    long length = (long)batch->steps[step].step.sql.length;
    if (failure->offset > length)
        failure->offset = length;
}

static bool step_is_script(const PostgresBatch *batch, size_t step)
{
    return step < batch->count && batch->steps[step].step.is_script;
}

/* The server names a table of the history without its schema, and one after the other. */
static void hint_at_history(const PostgresConnection *connection, DbaltError *error)
{
    PGconn *libpq = connection->session.libpq;
    const char *schema = connection->schema;
    char *user = PQescapeIdentifier(libpq, PQuser(libpq), strlen(PQuser(libpq)));
    if (strncmp(error->message, "permission denied for database ", strlen("permission denied for database ")) == 0)
        fail_hint(error, "GRANT CREATE ON DATABASE to %s, or name a schema that it may write in with --history-schema", user);
    else
        fail_hint(
            error,
            "to look: GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON ALL TABLES IN SCHEMA %s TO %s; to deploy: INSERT, UPDATE, DELETE too",
            schema, user, schema, user);
    PQfreemem(user);
}

static void fail_by_result(PostgresConnection *connection, const PGresult *result)
{
    Answer *failure = begin_failure(&connection->batch);
    failure->fault = postgres_fault(&failure->error, result, &connection->session);
    if (strcmp(failure->error.sqlstate, "42501") == 0 && !step_is_script(&connection->batch, failure->step))
        hint_at_history(connection, &failure->error);
    if (result != NULL)
        locate_failure(connection, result);
}

/* A server that stays silent although it was asked to cancel: nobody knows what became of the message. */
static void give_up(PostgresConnection *connection)
{
    PostgresBatch *batch = &connection->batch;
    batch->in_flight = false;
    postgres_session_break(&connection->session);
    if (batch->failed)
        return;

    Answer *failure = begin_failure(batch);
    failure->fault = FAULT_CONNECTION;
    fail(&failure->error, DBALT_ERROR_INTERRUPTED, "interrupted, and the database server did not answer the cancel request");
}

static bool message_has_script(const PostgresBatch *batch)
{
    for (size_t i = 0; i < batch->message.count; i++)
        if (batch->steps[batch->message.segments[i].step].step.is_script)
            return true;

    return false;
}

/* A cancel that nobody was told of yet, or one that came while the message before was at its end. */
static bool is_cancelled(PostgresSession *session)
{
    return session->cancelled || wait_for(session->wait, -1, 0, wait_now()) == WAIT_CANCELLED;
}

static void send_message(PostgresConnection *connection)
{
    PostgresBatch *batch = &connection->batch;
    PostgresSession *session = &connection->session;
    if (batch->sent.step + batch->sent.offset == 0)
        postgres_session_start(session, WAIT_FOREVER);
    if (is_cancelled(session)) {
        Answer *failure = begin_failure(batch);
        failure->fault = FAULT_CANCELLED;
        fail(&failure->error, DBALT_ERROR_INTERRUPTED, "interrupted");
        return;
    }

    postgres_message_done(&batch->message);
    PostgresCursor begin = batch->sent;
    DbaltError error;
    if (!postgres_message_build(&batch->message, &batch->sent, batch->steps, batch->count, session, &error)) {
        batch->sent = begin;
        begin_failure(batch)->error = error;
        return;
    }

    CLEANUP(arena_done) Arena arena = {0};
    batch->has_script = message_has_script(batch);

    const Step *first = &batch->steps[begin.step].step;
    const char *text = postgres_message_join(&batch->message, &arena);
    int sent = first->is_script && first->value_count > 0
                   ? PQsendQueryParams(session->libpq, text, (int)first->value_count, NULL, first->values, NULL, NULL, 0)
                   : PQsendQuery(session->libpq, text);
    if (sent != 1) {
        fail_by_result(connection, NULL);
        return;
    }
    /* The rows of a user's SELECT are seldom wanted: row by row they take no memory. */
    if (batch->has_script && !first->wants_rows)
        PQsetSingleRowMode(session->libpq);
    batch->in_flight = true;
    pass_over_done(batch);
}

/* Keeps the rows of dbalt's own SELECT to be answered; takes over the result. */
static void take_rows(PostgresBatch *batch, size_t index, PGresult *result)
{
    const Step *step = index < batch->count ? &batch->steps[index].step : NULL;
    if (PQntuples(result) == 0 || step == NULL || (step->is_script && !step->wants_rows) || step->kind != STEP_SQL) {
        PQclear(result);
        return;
    }
    batch->rows = result;
    batch->row_step = index;
    batch->row = 0;
}

static void describe_result(PostgresStep *step, Arena *arena, PGresult *result)
{
    size_t count = (size_t)PQnfields(result);
    Column *columns = arena_allocate_array(arena, count, sizeof *columns);
    for (size_t i = 0; i < count; i++)
        columns[i] = (Column){.name = arena_copy_string(arena, PQfname(result, (int)i)), .type = PQftype(result, (int)i)};

    step->columns = columns;
    step->column_count = count;
    step->command = arena_copy_string(arena, PQcmdStatus(result));
}

static void complete_statement(PostgresBatch *batch, PGresult *result)
{
    if (batch->step >= batch->count)
        return;

    PostgresStep *step = &batch->steps[batch->step];
    if (step->step.kind == STEP_COMMIT && strcmp(PQcmdStatus(result), "ROLLBACK") == 0) {
        fail(&begin_failure(batch)->error, DBALT_ERROR_FAILED, "the transaction was rolled back instead of committed");
        return;
    }

    step->affected = strtoll(PQcmdTuples(result), NULL, 10);
    if (step->step.wants_rows)
        describe_result(step, &batch->arena, result);
    batch->statement++;
    pass_over_done(batch);
}

/* Takes over the result. */
static void take_result(PostgresConnection *connection, PGresult *result)
{
    PostgresBatch *batch = &connection->batch;
    size_t step = batch->step;
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        take_rows(batch, step, result);
        return;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        complete_statement(batch, result);
        take_rows(batch, step, result);
        return;
    case PGRES_COPY_IN:
        postgres_copy_in(&connection->session, batch->steps, batch->count, step);
        break;
    case PGRES_COPY_OUT:
        batch->copying = true;
        break;
    case PGRES_EMPTY_QUERY:
        break;
    default:
        if (!batch->failed)
            fail_by_result(connection, result);
    }
    PQclear(result);
}

/* Ends a transaction that an error left behind, and what it left in the session. A late cancel may hit the first try. */
static void roll_back(PostgresSession *session)
{
    for (int tries = 2; tries > 0; tries--) {
        PGTransactionStatusType status = PQtransactionStatus(session->libpq);
        if (status != PQTRANS_INTRANS && status != PQTRANS_INERROR)
            return;

        DbaltError ignored; /* what failed before is what counts */
        PQclear(postgres_session_query(session, "ROLLBACK;" POSTGRES_RESET_SQL, ROLLBACK_TIMEOUT, &ignored));
    }
}

/* A script that asked for the answer may have a savepoint to go back to. */
static bool keeps_transaction(const PostgresBatch *batch)
{
    return batch->failure.fault != FAULT_CANCELLED && batch->steps[batch->failure.step].step.wants_rows;
}

/* Goes one step on with the batch. */
static void advance(PostgresConnection *connection)
{
    PostgresBatch *batch = &connection->batch;
    if (!batch->in_flight) {
        if (!batch->failed && batch->sent.step < batch->count) {
            send_message(connection);
            return;
        }
        if (batch->failed && !keeps_transaction(batch))
            roll_back(&connection->session);
        batch->over = true;
        return;
    }
    if (batch->copying) {
        batch->copying = postgres_copy_out(&connection->session);
        return;
    }

    switch (postgres_session_pump(&connection->session)) {
    case POSTGRES_AGAIN:
        return;
    case POSTGRES_SILENT:
        give_up(connection);
        return;
    case POSTGRES_READY:
        break;
    }
    PGresult *result = PQgetResult(connection->session.libpq);
    if (result == NULL)
        finish_message(batch);
    else
        take_result(connection, result);
}

static void take_row(PostgresBatch *batch, Answer *answer)
{
    size_t count = (size_t)PQnfields(batch->rows);
    if (count > batch->field_room) {
        batch->fields = arena_allocate_array(&batch->arena, count, sizeof(*batch->fields));
        batch->field_room = count;
    }
    for (int i = 0; i < (int)count; i++)
        batch->fields[i] = PQgetisnull(batch->rows, batch->row, i) ? NULL : PQgetvalue(batch->rows, batch->row, i);

    *answer = (Answer){.kind = ANSWER_ROW, .step = batch->row_step, .fields = batch->fields, .field_count = count, .offset = -1};
    batch->row++;
}

/* What is there to be told already, in order of arrival. */
static bool take_answer(PostgresBatch *batch, Answer *answer)
{
    if (batch->notice < batch->notice_count) {
        *answer = (Answer){.kind = ANSWER_NOTICE, .message = batch->notices[batch->notice++], .offset = -1};
        return true;
    }
    if (batch->rows != NULL && batch->row < PQntuples(batch->rows)) {
        take_row(batch, answer);
        return true;
    }
    if (batch->told < batch->step) {
        const PostgresStep *step = &batch->steps[batch->told];
        *answer = (Answer){
            .kind = ANSWER_DONE,
            .step = batch->told,
            .affected = step->affected,
            .command = step->command,
            .columns = step->columns,
            .column_count = step->column_count,
            .offset = -1,
        };
        batch->told++;
        return true;
    }
    if (!batch->over)
        return false;

    if (batch->failed && !batch->failure_told) {
        batch->failure_told = true;
        *answer = batch->failure;
        return true;
    }
    postgres_batch_reset(batch);
    *answer = (Answer){.kind = ANSWER_END, .offset = -1};
    return true;
}

/* Frees what the answer before borrowed, once all of it is told. */
static void forget_told(PostgresBatch *batch)
{
    if (batch->rows != NULL && batch->row == PQntuples(batch->rows)) {
        PQclear(batch->rows);
        batch->rows = NULL;
    }
    if (batch->notice_count > 0 && batch->notice == batch->notice_count) {
        arena_done(&batch->notice_arena);
        batch->notices = NULL;
        batch->notice = batch->notice_count = batch->notice_capacity = 0;
    }
}

void postgres_next(Connection *base, Answer *answer)
{
    PostgresConnection *connection = (PostgresConnection *)base;

    forget_told(&connection->batch);
    while (!take_answer(&connection->batch, answer))
        advance(connection);
}
