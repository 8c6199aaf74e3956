/* A batch of steps: sent in as few messages as may be, its results counted to know which step they are of. */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "drivers/postgres/fault.h"
#include "drivers/postgres/postgres.h"

#define ROLLBACK_TIMEOUT 30000

static void reset(PostgresBatch *batch)
{
    PQclear(batch->rows);
    arena_done(&batch->arena);
    arena_done(&batch->notice_arena);
    postgres_message_done(&batch->message);
    *batch = (PostgresBatch){0};
}

void postgres_batch_add(PostgresConnection *connection)
{
    PostgresBatch *batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        abort();
    if (connection->newest == NULL)
        connection->oldest = batch;
    else
        connection->newest->behind = batch;
    connection->newest = batch;
}

static void drop_oldest(PostgresConnection *connection)
{
    PostgresBatch *batch = connection->oldest;
    if (batch == connection->newest) {
        reset(batch);
        return;
    }
    connection->oldest = batch->behind;
    reset(batch);
    free(batch);
}

void postgres_batches_abandon(PostgresConnection *connection)
{
    PostgresBatch *failed = connection->oldest;
    while (failed->behind != connection->newest) {
        PostgresBatch *batch = failed->behind;
        failed->behind = batch->behind;
        reset(batch);
        free(batch);
        connection->abandoned++;
    }
}

void postgres_batches_close(PostgresConnection *connection)
{
    while (connection->oldest != connection->newest)
        drop_oldest(connection);
    reset(connection->newest);
    free(connection->newest);
}

void postgres_submit(Connection *base, const Step *step)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    PostgresBatch *batch = connection->newest;
    /* Another client of the pooler would inherit them. In a transaction, those from before it hold. */
    if (step->kind == STEP_LIMITS && (connection->is_pooled || PQtransactionStatus(connection->session.libpq) != PQTRANS_IDLE))
        return;

    batch->steps = arena_grow(&batch->arena, batch->steps, batch->count, &batch->capacity, sizeof(*batch->steps));
    batch->steps[batch->count++] = (PostgresStep){.step = *step};
}

/* The message ended well: whatever was counted, all that was sent is done. */
static void finish_message(PostgresConnection *connection)
{
    PostgresBatch *batch = connection->oldest;
    batch->in_flight = false;
    postgres_watch_end(connection);
    if (!batch->failed && batch->step < batch->sent.step) {
        batch->step = batch->sent.step;
        batch->statement = 0;
    }
    if (!batch->failed && batch->sent.is_within)
        batch->statement = batch->steps[batch->step].results;
}

/* A server that stays silent, perhaps although it was asked to cancel: nobody knows what became of the message. */
static void give_up(PostgresConnection *connection)
{
    PostgresBatch *batch = connection->oldest;
    batch->in_flight = batch->ahead; /* until libpq has told the end of it */
    postgres_session_break(&connection->session);
    if (batch->failed)
        return;

    Answer *failure = postgres_batch_fail(batch);
    failure->fault = FAULT_CONNECTION;
    if (connection->session.cancelled)
        fail(&failure->error, DBALT_ERROR_INTERRUPTED, "interrupted, and the database server did not answer the cancel request");
    else
        fail(&failure->error, DBALT_ERROR_DATABASE, "the database server gave no sign of life for %g s",
             (double)connection->session.silence / 1000);
}

static void look_at_message(PostgresBatch *batch)
{
    batch->has_script = false;
    batch->wants_rows = false;
    for (size_t i = 0; i < batch->message.count; i++) {
        const Step *step = &batch->steps[batch->message.segments[i].step].step;
        batch->has_script |= step->is_script;
        batch->wants_rows |= step->wants_rows;
    }
}

/* A cancel that nobody was told of yet, or one that came while the message before was at its end. */
static bool is_cancelled(PostgresSession *session)
{
    return session->cancelled || wait_for(session->wait, -1, 0, wait_now()) == WAIT_CANCELLED;
}

/* What is a user's, and the end of a transaction, may take its time; dbalt's own questions are small. */
int64_t postgres_batch_silence(PostgresConnection *connection)
{
    connection->session.heeds_heartbeat = false;
    const PostgresBatch *batch = connection->oldest;
    const Limits *limits = &connection->session.limits;
    int64_t waits = 0;
    bool is_own = false; /* a transaction that began here, with nothing of a user's in it so far */
    for (size_t i = 0; i < batch->count; i++) {
        const Step *step = &batch->steps[i].step;
        if (step->is_script || step->kind == STEP_SETTLE || (step->kind == STEP_COMMIT && !is_own)) {
            connection->session.heeds_heartbeat = true;
            return limits->answer > 0 ? limits->answer : WAIT_FOREVER;
        }
        if (step->kind == STEP_BEGIN)
            waits = step->lock_timeout > 0 ? step->lock_timeout : limits->lock > 0 ? limits->lock : WAIT_FOREVER;
        is_own |= step->kind == STEP_BEGIN;
    }
    return waits == WAIT_FOREVER ? WAIT_FOREVER : connection->timeout + waits;
}

static void send_message(PostgresConnection *connection)
{
    PostgresBatch *batch = connection->oldest;
    PostgresSession *session = &connection->session;
    bool is_first = batch->sent.step == 0 && !batch->sent.is_within;
    if (is_first)
        postgres_session_start(session, WAIT_FOREVER);
    const Step *first = &batch->steps[batch->sent.step].step;
    batch->asks = !connection->knows_server && first->kind == STEP_SQL && !first->is_script;
    DbaltError error;
    if (!batch->asks && !postgres_know_server(connection, &error)) {
        Answer *failure = postgres_batch_fail(batch);
        failure->fault = error.code == DBALT_ERROR_INTERRUPTED ? FAULT_CANCELLED : FAULT_CONNECTION;
        failure->error = error;
        return;
    }
    if (is_first && !session->cancelled)
        postgres_session_start(session, postgres_batch_silence(connection)); /* the question had its own */
    if (is_cancelled(session)) {
        Answer *failure = postgres_batch_fail(batch);
        failure->fault = FAULT_CANCELLED;
        fail(&failure->error, DBALT_ERROR_INTERRUPTED, "interrupted");
        return;
    }

    postgres_message_done(&batch->message);
    PostgresCursor begin = batch->sent;
    if (!postgres_message_build(&batch->message, &batch->sent, batch->steps, batch->count, session, &error)) {
        batch->sent = begin;
        postgres_batch_fail(batch)->error = error;
        return;
    }

    CLEANUP(arena_done) Arena arena = {0};
    look_at_message(batch);
    postgres_forget_prepared(connection); /* what runs now may deallocate them */

    if (batch->asks)
        batch->message.lead = TEXT(POSTGRES_ABOUT_SQL);
    const char *text = postgres_message_join(&batch->message, &arena);
    int sent = first->is_script && first->value_count > 0
                   ? PQsendQueryParams(session->libpq, text, (int)first->value_count, NULL, first->values, NULL, NULL, 0)
                   : PQsendQuery(session->libpq, text);
    if (sent != 1) {
        postgres_batch_fail_by(connection, NULL);
        return;
    }
    /* Row by row they take no memory: those of a user's SELECT are not wanted, and dbalt keeps of its own what it needs. */
    if (!batch->wants_rows)
        PQsetSingleRowMode(session->libpq);
    batch->in_flight = true;
    if (batch->has_script)
        postgres_watch_begin(connection);
    postgres_batch_pass_over(batch);
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

/* The question that stood before the steps is answered, when the result behind its row has come. Takes over the result. */
static void take_about(PostgresConnection *connection, PGresult *result)
{
    connection->oldest->asks = PQresultStatus(result) == PGRES_SINGLE_TUPLE;
    postgres_take_about(connection, result);
    PQclear(result);
}

/* Goes one step on with the batch. */
static void advance(PostgresConnection *connection)
{
    PostgresBatch *batch = connection->oldest;
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

    /* Before the server is asked to cancel: a script may bear that, and what is behind it would go on. */
    if (batch->ahead && batch->behind != connection->newest && connection->session.cancelled)
        postgres_lock_bar(connection);
    switch (postgres_session_pump(&connection->session)) {
    case POSTGRES_AGAIN:
        return;
    case POSTGRES_SILENT:
        give_up(connection);
        return;
    case POSTGRES_READY:
        break;
    }
    if (batch->ahead) {
        if (postgres_pipeline_take(connection))
            batch->in_flight = false;
        return;
    }
    PGresult *result = PQgetResult(connection->session.libpq);
    if (result == NULL)
        finish_message(connection);
    else if (batch->asks && (PQresultStatus(result) == PGRES_SINGLE_TUPLE || PQresultStatus(result) == PGRES_TUPLES_OK))
        take_about(connection, result);
    else
        postgres_batch_take(connection, result);
}

static void take_row(PostgresBatch *batch, Answer *answer)
{
    size_t count = (size_t)PQnfields(batch->rows);
    if (count > batch->field_room) {
        batch->fields = arena_allocate_array(&batch->arena, count, sizeof(*batch->fields));
        batch->field_room = count;
    }
    for (int i = 0; i < (int)count; i++) {
        const char *value = PQgetvalue(batch->rows, batch->row, i); /* "" also when it is NULL */
        batch->fields[i] = *value == '\0' && PQgetisnull(batch->rows, batch->row, i) ? NULL : value;
    }

    answer_set(answer, ANSWER_ROW, batch->row_step);
    answer->fields = batch->fields;
    answer->field_count = count;
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
    if (batch->told == batch->step && batch->told_statement < batch->statement && batch->ahead &&
        batch->steps[batch->step].step.is_script) {
        *answer = (Answer){.kind = ANSWER_STATEMENT, .step = batch->step, .statement = batch->told_statement++, .offset = -1};
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
        batch->told_statement = 0;
        return true;
    }
    if (!batch->over)
        return false;

    if (batch->failed && !batch->failure_told) {
        batch->failure_told = true;
        *answer = batch->failure;
        return true;
    }
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

    forget_told(connection->oldest);
    while (!take_answer(connection->oldest, answer))
        advance(connection);
    if (answer->kind == ANSWER_END)
        drop_oldest(connection);
}
