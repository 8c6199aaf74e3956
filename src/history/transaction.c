#include "history/transaction.h"

#include <string.h>

/* Places of the steps in the batch: BEGIN, the guard, the script's, and what closes it. */
enum { GUARD_STEP = 1, STATE_STEPS = 2 };

#define PROBE_LOCK_TIMEOUT 5000 /* milliseconds */

static void submit_begin(History *history, int64_t timeout)
{
    history->connection->driver->submit(history->connection, &(Step){.kind = STEP_BEGIN, .timeout = timeout});
}

static void fill_guard_values(const char **values, const History *history, const Deploy *deploy)
{
    size_t i = 0;
    values[i++] = deploy->identity;
    values[i++] = deploy->release;
    values[i++] = deploy->name;
    values[i++] = deploy->kind;
    for (size_t section = 0; section < SECTION_COUNT; section++)
        values[i++] = deploy->fingerprint.sections[section];
    values[i++] = deploy->down;
    values[i++] = deploy->before_down;
    values[i++] = history->by;
    values[i++] = history->host;
    values[i++] = history->version;
    values[i] = deploy->follows == NULL ? "" : deploy->follows;
}

void transaction_begin_deploy(Transaction *transaction, History *history, const Deploy *deploy, int64_t timeout)
{
    *transaction = (Transaction){.history = history,
                                 .is_deploy = true,
                                 .follows = deploy->follows != NULL,
                                 .finish_values = {deploy->identity, deploy->release, deploy->fingerprint.sections[SECTION_UP], history->by,
                                                   history->host, history->version}};
    fill_guard_values(transaction->guard_values, history, deploy);

    submit_begin(history, timeout);
    history_submit(history, HISTORY_GUARD_DEPLOY, transaction->guard_values, COUNT(transaction->guard_values));
}

void transaction_begin_rollback(Transaction *transaction, History *history, const Deploy *deploy, int64_t timeout)
{
    *transaction = (Transaction){
        .history = history,
        .follows = deploy->follows != NULL,
        .guard_values = {deploy->identity, history->by, history->host, history->version, deploy->follows == NULL ? "" : deploy->follows}};

    submit_begin(history, timeout);
    history_submit(history, HISTORY_GUARD_ROLLBACK, transaction->guard_values, 5);
}

bool transaction_names_state(Text sql)
{
    return text_find_ignoring_case(sql, TEXT("systems")) < sql.length || text_find_ignoring_case(sql, TEXT("_logto_configs")) < sql.length;
}

void transaction_asked(Transaction *transaction, Text sql)
{
    if (transaction->state != NULL && !transaction->moves_state)
        transaction->moves_state = transaction_names_state(sql);
}

static void submit_script(Transaction *transaction, const Step *step)
{
    Connection *connection = transaction->history->connection;
    connection->driver->submit(connection, step);
    transaction->script_count++;
    transaction_asked(transaction, step->sql);
}

void transaction_script(Transaction *transaction, Text text, size_t statement_count, bool is_copy_data)
{
    submit_script(transaction, &(Step){
                                   .kind = is_copy_data ? STEP_COPY_DATA : STEP_SQL,
                                   .sql = text,
                                   .statement_count = statement_count,
                                   .is_script = true,
                               });
}

void transaction_query(Transaction *transaction, Text sql, const char *const *values, size_t value_count, size_t statement_count)
{
    submit_script(transaction, &(Step){
                                   .kind = STEP_SQL,
                                   .sql = sql,
                                   .values = values,
                                   .value_count = value_count,
                                   .statement_count = statement_count,
                                   .is_script = true,
                               });
}

void transaction_stream(Transaction *transaction, SqlReader *reader)
{
    Connection *connection = transaction->history->connection;
    connection->driver->submit(connection, &(Step){.kind = STEP_SQL, .reader = reader, .is_script = true});
    transaction->script_count++;
    transaction->moves_state = true; /* for all that is known: its text is not here */
}

static size_t first_script_step(const Transaction *transaction)
{
    return transaction->is_open ? 0 : TRANSACTION_OPENING;
}

/* The first of the steps that close the batch. */
static size_t settle_step(const Transaction *transaction)
{
    return first_script_step(transaction) + transaction->script_count;
}

static size_t state_step(const Transaction *transaction)
{
    return settle_step(transaction) + (transaction->is_deploy ? 2 : 1);
}

static bool is_of_state(const Transaction *transaction, size_t step)
{
    return transaction->state != NULL && step >= state_step(transaction) && step < state_step(transaction) + STATE_STEPS;
}

static OutcomeKind kind_of_error(const Transaction *transaction, const Answer *answer)
{
    bool is_guard = !transaction->is_open && answer->step == GUARD_STEP;
    switch (answer->fault) {
    case FAULT_CONNECTION:
        return OUTCOME_LOST;
    case FAULT_LOCK_TIMEOUT:
    case FAULT_SERIALIZATION:
        return OUTCOME_RETRY;
    case FAULT_DUPLICATE:
        return is_guard && transaction->is_deploy ? OUTCOME_RIVAL : OUTCOME_FAILED;
    case FAULT_NOT_NULL:
        if (is_guard && transaction->follows)
            return OUTCOME_BARRED;
        return is_guard && !transaction->is_deploy ? OUTCOME_RIVAL : OUTCOME_FAILED;
    case FAULT_ABSENT: /* moved by what does not show it: a function, a name that was put together */
        return transaction->trusts_state && is_of_state(transaction, answer->step) ? OUTCOME_RETRY : OUTCOME_FAILED;
    default:
        return OUTCOME_FAILED;
    }
}

/* Reads all answers of the batch. */
static Outcome read_outcome(Transaction *transaction, AnswerReceiver *receive, void *context, DbaltError *error)
{
    History *history = transaction->history;
    Connection *connection = history->connection;
    Outcome outcome = {.kind = OUTCOME_DONE, .offset = -1};

    for (;;) {
        Answer answer;
        connection->driver->next(connection, &answer);
        if (answer.kind == ANSWER_END)
            return outcome;
        if ((answer.kind == ANSWER_NOTICE || answer.kind == ANSWER_STATEMENT) && receive != NULL)
            receive(&answer, context);
        if (answer.kind == ANSWER_ROW && answer.step == state_step(transaction) + 1)
            history_note_place(history, answer.fields[0]);
        if (answer.kind != ANSWER_ERROR)
            continue;

        *error = answer.error;
        outcome = (Outcome){
            .kind = kind_of_error(transaction, &answer),
            .fault = answer.fault,
            .in_script = answer.step >= first_script_step(transaction) && answer.step < settle_step(transaction),
            .statement = answer.statement,
            .offset = answer.offset,
            .lines = answer.lines,
        };
        if (outcome.in_script)
            outcome.piece = answer.step - first_script_step(transaction);
        if (is_of_state(transaction, answer.step))
            fail_add_detail(error, "it was dbalt that wrote there: Logto's alteration state");
        if (outcome.kind == OUTCOME_RETRY && outcome.fault == FAULT_ABSENT) {
            fail(error, DBALT_ERROR_FAILED, "the script has Logto's alteration state in another table");
            history->state_place = STATE_ANYWHERE;
        }
        if (answer.fault == FAULT_NOT_NULL && answer.step == settle_step(transaction) + 1)
            fail(error, DBALT_ERROR_FAILED, "the script removed its own row from the history");
        if (outcome.kind == OUTCOME_BARRED && wait_is_cancelled(connection->wait)) {
            fail(error, DBALT_ERROR_INTERRUPTED, "interrupted");
        } else if (outcome.kind == OUTCOME_BARRED) {
            fail(error, DBALT_ERROR_DATABASE, "the deploy lock was lost, or somebody else changed the history");
            fail_hint(error, "nothing more was run; run the command again to continue");
        }
    }
}

void transaction_opened(Transaction *transaction)
{
    transaction->is_open = true;
}

Outcome transaction_not_opened(const Transaction *transaction, const Answer *answer)
{
    return (Outcome){.kind = kind_of_error(transaction, answer), .fault = answer->fault, .offset = -1};
}

void transaction_write_state(Transaction *transaction, const char *timestamp)
{
    transaction->state = timestamp;
}

/* 0 is not written, but what the row says is remembered: another statement. */
bool transaction_knows_state(const History *history, const char *timestamp)
{
    return history->state_place != STATE_ANYWHERE && strcmp(timestamp, "0") != 0;
}

static void submit_state(Transaction *transaction)
{
    History *history = transaction->history;
    transaction->trusts_state = !transaction->moves_state && transaction_knows_state(history, transaction->state);
    HistoryStatement first = HISTORY_WRITE_STATE;
    HistoryStatement second = HISTORY_FIND_STATE;
    if (transaction->trusts_state) {
        bool is_in_systems = history->state_place == STATE_IN_SYSTEMS;
        first = is_in_systems ? HISTORY_REMEMBER_STATE : HISTORY_REMEMBER_CONFIGS;
        second = is_in_systems ? HISTORY_WRITE_SYSTEMS : HISTORY_WRITE_CONFIGS;
    }
    history_submit(history, first, &transaction->state, 1);
    history_submit(history, second, &transaction->state, second == HISTORY_FIND_STATE ? 0 : 1);
}

static void submit_end(Transaction *transaction)
{
    History *history = transaction->history;
    history_submit_kind(history, STEP_SETTLE);
    if (transaction->is_deploy)
        history_submit(history, HISTORY_FINISH_DEPLOY, transaction->finish_values, COUNT(transaction->finish_values));
    if (transaction->state != NULL)
        submit_state(transaction);
    history_submit_kind(history, STEP_COMMIT);
}

Outcome transaction_finish(Transaction *transaction, AnswerReceiver *receive, void *context, DbaltError *error)
{
    submit_end(transaction);
    return read_outcome(transaction, receive, context, error);
}

void transaction_send(Transaction *transaction)
{
    Connection *connection = transaction->history->connection;
    submit_end(transaction);
    connection->driver->send(connection);
}

Outcome transaction_land(Transaction *transaction, AnswerReceiver *receive, void *context, DbaltError *error)
{
    return read_outcome(transaction, receive, context, error);
}

bool transaction_find_out(bool *is_deployed, Fault *fault, History *history, const Deploy *deploy, DbaltError *error)
{
    Deploy alone = *deploy;
    alone.follows = NULL;
    const char *values[14];
    fill_guard_values(values, history, &alone);

    /* The key decides, not a SELECT: that could say "no" while the server is still at the COMMIT. */
    history->connection->driver->submit(history->connection, &(Step){.kind = STEP_BEGIN, .lock_timeout = PROBE_LOCK_TIMEOUT});
    history_submit(history, HISTORY_GUARD_DEPLOY, values, COUNT(values));
    history_submit_kind(history, STEP_ROLLBACK);
    if (connection_finish(history->connection, fault, error) || *fault == FAULT_ABSENT) { /* no history: a failover has lost it */
        *is_deployed = false;
        return true;
    }
    if (*fault != FAULT_DUPLICATE)
        return false;

    *is_deployed = true;
    return true;
}
