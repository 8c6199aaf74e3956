/* Results: what the server's answers mean for the oldest batch: which step they are of, rows, notices, failures. */

#include <stdlib.h>
#include <string.h>

#include "drivers/postgres/fault.h"
#include "drivers/postgres/postgres.h"
#include "sql/statement.h"

/*
 * libpq reads ahead: which statement a notice is of cannot be told. Of dbalt's own those that say something, such as IF NOT EXISTS,
 * never share a message with a script.
 */
void postgres_receive_notice(void *context, const PGresult *notice)
{
    PostgresBatch *batch = ((PostgresConnection *)context)->oldest;
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
void postgres_batch_pass_over(PostgresBatch *batch)
{
    while (batch->step < batch->sent.step && batch->statement >= batch->steps[batch->step].results) {
        batch->step++;
        batch->statement = 0;
    }
}

Answer *postgres_batch_fail(PostgresBatch *batch)
{
    size_t step = batch->step < batch->count ? batch->step : batch->count - 1;
    batch->failed = true;
    batch->failure = (Answer){.kind = ANSWER_ERROR, .step = step, .statement = batch->statement, .offset = -1};
    return &batch->failure;
}

size_t postgres_portion_offset(const PostgresStep *step, size_t statement)
{
    const Portion *portion = &step->portion;
    SqlStatement found;
    if (portion->is_copy_data)
        return step->copy_offset;
    if (statement < step->first || !statement_at(&found, SQL_POSTGRES, portion->text, statement - step->first))
        return portion->offset;
    return portion->offset + found.offset;
}

/* The place in a statement that was sent by itself. */
static void locate_alone(PostgresBatch *batch, size_t position, bool counts_bytes)
{
    Answer *failure = &batch->failure;
    Text sql = batch->steps[failure->step].step.sql;
    SqlStatement statement;
    if (!batch->steps[failure->step].step.is_script || !statement_at(&statement, SQL_POSTGRES, sql, failure->statement))
        return;

    size_t left = position - 1;
    size_t byte = counts_bytes ? left : text_offset_of_character(statement.text, left);
    failure->offset = (long)(statement.offset + (byte < statement.text.length ? byte : statement.text.length));
}

static void locate_failure(PostgresConnection *connection, const PGresult *result)
{
    PostgresBatch *batch = connection->oldest;
    Answer *failure = &batch->failure;
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    if (batch->steps[failure->step].step.reader != NULL)
        failure->offset = (long)postgres_portion_offset(&batch->steps[failure->step], failure->statement);
    if (position == NULL) {
        postgres_copy_locate(batch, PQresultErrorField(result, PG_DIAG_CONTEXT));
        return;
    }

    const char *encoding = PQparameterStatus(connection->session.libpq, "server_encoding");
    bool counts_bytes = encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0;
    size_t step = failure->step;
    if (batch->ahead) {
        locate_alone(batch, strtoul(position, NULL, 10), counts_bytes);
        return;
    }
    if (!postgres_message_locate(&batch->message, strtoul(position, NULL, 10), counts_bytes, &step, &failure->offset))
        return;

    /* A syntax error is told before anything ran: the counted step is not its own then. */
    if (step != failure->step)
        failure->statement = 0;
    failure->step = step;
    const PostgresStep *found = &batch->steps[step];
    size_t length = found->step.reader == NULL ? found->step.sql.length : found->portion.offset + found->portion.text.length;
    if (failure->offset > (long)length)
        failure->offset = (long)length;
}

static bool step_is_script(const PostgresBatch *batch, size_t step)
{
    return step < batch->count && batch->steps[step].step.is_script;
}

static bool step_is_statement(const PostgresConnection *connection, size_t step, HistoryStatement statement)
{
    const PostgresBatch *batch = connection->oldest;
    return step < batch->count && text_equals(batch->steps[step].step.sql, connection->history[statement]);
}

/* The server names a table of the history without its schema, and one after the other. */
static void hint_at_history(const PostgresConnection *connection, size_t step, DbaltError *error)
{
    PGconn *libpq = connection->session.libpq;
    const char *schema = connection->schema;
    char *user = PQescapeIdentifier(libpq, PQuser(libpq), strlen(PQuser(libpq)));
    char *database = PQescapeIdentifier(libpq, PQdb(libpq), strlen(PQdb(libpq)));
    if (text_starts_with(text_of(error->message), TEXT("permission denied for database ")))
        fail_hint(error, "GRANT CREATE ON DATABASE %s TO %s, or name a schema that it may write in with --history-schema", database, user);
    else if (step_is_statement(connection, step, HISTORY_CREATE))
        fail_hint(error, "GRANT USAGE, CREATE ON SCHEMA %s TO %s", schema, user);
    else
        fail_hint(
            error,
            "to look: GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON ALL TABLES IN SCHEMA %s TO %s; to deploy: INSERT, UPDATE, DELETE too",
            schema, user, schema, user);
    PQfreemem(database);
    PQfreemem(user);
}

/* The state that Logto keeps lies in a table of Logto's. */
static bool step_is_history(const PostgresConnection *connection, size_t step)
{
    return !step_is_script(connection->oldest, step) && !step_is_statement(connection, step, HISTORY_READ_STATE) &&
           !step_is_statement(connection, step, HISTORY_WRITE_STATE) && !step_is_statement(connection, step, HISTORY_WRITE_SYSTEMS) &&
           !step_is_statement(connection, step, HISTORY_WRITE_CONFIGS);
}

static void name_object(FailedObject *object, Arena *arena, const PGresult *result)
{
    const struct {
        const char **name;
        int field;
    } fields[] = {
        {&object->schema, PG_DIAG_SCHEMA_NAME}, {&object->table, PG_DIAG_TABLE_NAME},           {&object->column, PG_DIAG_COLUMN_NAME},
        {&object->type, PG_DIAG_DATATYPE_NAME}, {&object->constraint, PG_DIAG_CONSTRAINT_NAME},
    };
    for (size_t i = 0; i < COUNT(fields); i++) {
        const char *text = PQresultErrorField(result, fields[i].field);
        *fields[i].name = text == NULL ? NULL : arena_copy_string(arena, text);
    }
}

/* Of the history's own identities; what a trigger runs into elsewhere, or raises, is an error like any other. */
static bool is_of_identities(const PostgresConnection *connection, const Answer *failure)
{
    const FailedObject *object = &failure->object;
    if (object->schema == NULL || object->table == NULL)
        return false;

    char *schema = PQescapeIdentifier(connection->session.libpq, object->schema, strlen(object->schema));
    bool is_ours = schema != NULL && strcmp(schema, connection->schema) == 0;
    PQfreemem(schema);
    if (!is_ours || failure->fault == FAULT_DUPLICATE)
        return is_ours && strcmp(object->table, "alteration") == 0;
    return object->column != NULL && strcmp(object->column, "identity") == 0;
}

/*
 * What was sent ahead may have been cut at the wrong places (the server itself cuts what comes in one message), or a "$1" in it asked
 * for a value. It may have dropped statements that dbalt prepared, or left some of its own; or nobody may look for these.
 */
static bool is_due_to_haste(const PostgresBatch *batch)
{
    static const char syntax_error[] = "42601", protocol_violation[] = "08P01";
    static const char no_such_statement[] = "26000", division_by_zero[] = "22012", no_privilege[] = "42501";
    const Answer *failure = &batch->failure;
    const char *sqlstate = failure->error.sqlstate;
    const Step *step = &batch->steps[failure->step].step;
    if (!batch->ahead)
        return false;
    if (step->is_script)
        return strcmp(sqlstate, syntax_error) == 0 || strcmp(sqlstate, protocol_violation) == 0;
    if (step->kind == STEP_SETTLE && (strcmp(sqlstate, division_by_zero) == 0 || strcmp(sqlstate, no_privilege) == 0))
        return true;
    return strcmp(sqlstate, no_such_statement) == 0;
}

void postgres_batch_fail_by(PostgresConnection *connection, const PGresult *result)
{
    Answer *failure = postgres_batch_fail(connection->oldest);
    failure->fault = postgres_fault(&failure->error, result, &connection->session);
    if (is_due_to_haste(connection->oldest))
        failure->fault = FAULT_AHEAD;
    if (strcmp(failure->error.sqlstate, "42501") == 0 && step_is_history(connection, failure->step))
        hint_at_history(connection, failure->step, &failure->error);
    if (result == NULL)
        return;
    locate_failure(connection, result);
    name_object(&failure->object, &connection->oldest->arena, result);
    if (failure->fault == FAULT_NOT_NULL && step_is_statement(connection, failure->step, HISTORY_REMEMBER_CONFIGS))
        failure->fault = FAULT_ABSENT;
    if ((failure->fault == FAULT_DUPLICATE || failure->fault == FAULT_NOT_NULL) && !is_of_identities(connection, failure))
        failure->fault = FAULT_OTHER;
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
        fail(&postgres_batch_fail(batch)->error, DBALT_ERROR_FAILED, "the transaction was rolled back instead of committed");
        return;
    }

    step->affected = strtoll(PQcmdTuples(result), NULL, 10);
    if (step->step.wants_rows)
        describe_result(step, &batch->arena, result);
    batch->statement++;
    postgres_batch_pass_over(batch);
}

void postgres_batch_take(PostgresConnection *connection, PGresult *result)
{
    PostgresBatch *batch = connection->oldest;
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
        postgres_copy_in(&connection->session, batch);
        break;
    case PGRES_COPY_OUT:
        batch->copying = true;
        break;
    case PGRES_EMPTY_QUERY:
        break;
    default:
        if (!batch->failed)
            postgres_batch_fail_by(connection, result);
    }
    PQclear(result);
}
