/* Running the sections of modules: their queries are answered turn by turn. */

#include "app/module.h"

#include <string.h>

#include "app/module_answer.h"
#include "base/cleanup.h"
#include "sql/statement.h"

enum { TURN_LIMIT = 64 }; /* queries in one message */

/* What a run of a module learns on its way. */
typedef struct ModuleRun {
    Run *run;
    Transaction *transaction; /* NULL outside of one */
    Fault fault;              /* of the last query that failed */
    bool is_over;             /* the transaction is, whatever the script goes on to do */
    size_t refused;           /* then: the query of the turn that was to blame */
    bool has_ended;           /* it was tried to commit it */
    Outcome outcome;          /* of either */
    DbaltError cause;         /* likewise */
} ModuleRun;

static const char **bound_values(Arena *arena, const json_t *values)
{
    size_t count = json_array_size(values);
    const char **texts = arena_allocate_array(arena, count, sizeof *texts);
    for (size_t i = 0; i < count; i++)
        texts[i] = json_string_value(json_array_get(values, i)); /* null stays NULL */
    return texts;
}

static Text sql_of(const json_t *queries, size_t index)
{
    const char *sql = json_string_value(json_object_get(json_array_get(queries, index), "sql"));
    return text_of(sql == NULL ? "" : sql);
}

/* Nobody looks at what it returns. */
static bool is_unseen(const json_t *queries, size_t index)
{
    return json_is_true(json_object_get(json_array_get(queries, index), "unseen"));
}

/* One message to the database: the steps that open the transaction, if it is not open yet, and some of the queries. */
typedef struct Turn {
    ModuleRun *module;
    json_t *answers;
    size_t first;   /* the query that is asked first in it */
    size_t opening; /* steps before that one */
    bool is_single[TURN_LIMIT];
} Turn;

/* The script is told of it, but only its own queries may go on: those of an opening that failed, or never ran, cannot. */
static bool take_failure(Turn *turn, const Answer *answer, DbaltError *error)
{
    ModuleRun *module = turn->module;
    module->fault = answer->fault;
    if (answer->fault == FAULT_CONNECTION || answer->fault == FAULT_CANCELLED) {
        *error = answer->error;
        return false;
    }

    bool is_of_opening = answer->step < turn->opening;
    bool was_opened = turn->opening == 0 || module->transaction->is_open;
    if (!is_of_opening && was_opened && turn->first + answer->step - turn->opening == json_array_size(turn->answers)) {
        json_array_append_new(turn->answers, module_failure(&answer->error, &answer->object));
        return true;
    }

    /* A syntax error is told before anything ran, of what stands before it too. */
    module->is_over = true;
    module->refused = is_of_opening ? 0 : turn->first + answer->step - turn->opening;
    module->cause = answer->error;
    module->outcome = is_of_opening ? transaction_not_opened(module->transaction, answer)
                                    : (Outcome){.kind = OUTCOME_FAILED, .fault = answer->fault, .offset = -1};
    return true;
}

static bool read_answers(Turn *turn, DbaltError *error)
{
    ModuleRun *module = turn->module;
    Connection *connection = module->run->plan->project->connection;
    json_auto_t *rows = json_array(); /* of the present query */
    bool ok = true;

    for (;;) {
        Answer answer;
        connection->driver->next(connection, &answer);
        bool is_single = answer.step >= turn->opening && turn->is_single[answer.step - turn->opening];
        switch (answer.kind) {
        case ANSWER_ROW:
            if (is_single)
                json_array_append_new(rows, module_row(&answer));
            break;
        case ANSWER_NOTICE:
            run_hear(&answer, module->run);
            break;
        case ANSWER_DONE:
            if (answer.step >= turn->opening)
                json_array_append_new(turn->answers, module_answer(&answer, &rows, is_single));
            else if (answer.step + 1 == turn->opening)
                transaction_opened(module->transaction);
            break;
        case ANSWER_STATEMENT: /* a query is not sent ahead */
            break;
        case ANSWER_ERROR:
            ok = take_failure(turn, &answer, error);
            break;
        case ANSWER_END:
            return ok;
        }
    }
}

/* Sends the next of the queries together, and answers them up to the first that fails. */
static bool take_turn(json_t *answers, ModuleRun *module, const json_t *queries, size_t count, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    Connection *connection = module->run->plan->project->connection;
    Turn turn = {
        .module = module,
        .answers = answers,
        .first = json_array_size(answers),
        .opening = module->transaction == NULL || module->transaction->is_open ? 0 : TRANSACTION_OPENING,
    };
    if (module->transaction == NULL && !run_prepare_statement(module->run, sql_of(queries, turn.first), error))
        return false;

    for (size_t i = 0; i < count; i++) {
        const json_t *values = json_object_get(json_array_get(queries, turn.first + i), "values");
        Text sql = sql_of(queries, turn.first + i);
        if (module->transaction != NULL)
            transaction_asked(module->transaction, sql);
        size_t statements = statement_count(connection->driver->traits.dialect, sql);
        turn.is_single[i] = statements == 1;
        connection->driver->submit(connection, &(Step){
                                                   .kind = STEP_SQL,
                                                   .sql = sql,
                                                   .values = bound_values(&arena, values),
                                                   .value_count = json_array_size(values),
                                                   .statement_count = statements,
                                                   .is_script = true,
                                                   .wants_rows = true,
                                               });
    }
    return read_answers(&turn, error);
}

/* From the first on: those up to one that must not run. Then that one is the first. */
static size_t count_allowed(json_t *answers, const ModuleRun *module, const json_t *queries, size_t limit)
{
    CLEANUP(arena_done) Arena arena = {0};
    size_t first = json_array_size(answers);
    size_t count = 0;
    SqlDialect dialect = module->run->plan->project->driver->traits.dialect;
    for (; count < limit && first + count < json_array_size(queries); count++) {
        if (count > 0 && !statement_may_be_followed(dialect, sql_of(queries, first + count - 1)))
            break;
        json_t *refusal = module->transaction == NULL ? NULL : module_refusal(dialect, &arena, sql_of(queries, first + count));
        if (refusal == NULL)
            continue;
        if (count == 0)
            json_array_append(answers, refusal);
        json_decref(refusal);
        break;
    }
    return count;
}

/* Those before the one at the index did not fail. Takes over the failure. */
static void append_failure(json_t *answers, size_t index, json_t *failure)
{
    for (size_t i = 0; i < index; i++)
        json_array_append_new(answers, module_no_answer());
    json_array_append_new(answers, failure);
}

static bool may_join(const ModuleRun *module, const json_t *queries)
{
    CLEANUP(arena_done) Arena arena = {0};
    SqlDialect dialect = module->run->plan->project->driver->traits.dialect;
    for (size_t i = 0; i < json_array_size(queries); i++) {
        json_auto_t *refusal = module_refusal(dialect, &arena, sql_of(queries, i));
        if (refusal != NULL || !statement_may_be_followed(dialect, sql_of(queries, i)))
            return false;
    }
    return true;
}

/* The last queries, and what closes the transaction behind them: together. */
static void finish(json_t *answers, ModuleRun *module, const json_t *queries)
{
    CLEANUP(arena_done) Arena arena = {0};
    SqlDialect dialect = module->run->plan->project->driver->traits.dialect;
    for (size_t i = 0; i < json_array_size(queries); i++) {
        const json_t *values = json_object_get(json_array_get(queries, i), "values");
        Text sql = sql_of(queries, i);
        transaction_query(module->transaction, sql, bound_values(&arena, values), json_array_size(values), statement_count(dialect, sql));
    }
    module->outcome = transaction_finish(module->transaction, run_hear, module->run, &module->cause);
    module->fault = module->outcome.fault;
    module->has_ended = !module->outcome.in_script || module->fault == FAULT_CONNECTION || module->fault == FAULT_CANCELLED;
    if (!module->has_ended)
        append_failure(answers, module->outcome.piece, module_failure(&module->cause, &(FailedObject){0}));
    module->outcome.in_script = false; /* the script tells its place */
}

static bool has_failure(const json_t *answers)
{
    for (size_t i = 0; i < json_array_size(answers); i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(answers, i), "type")), "failure") == 0)
            return true;
    return false;
}

static bool answer_queries(json_t *answers, const json_t *queries, bool is_last, void *context, DbaltError *error)
{
    ModuleRun *module = context;
    if (is_last && !module->is_over && may_join(module, queries)) {
        finish(answers, module, queries);
        return true;
    }

    size_t limit = module->transaction == NULL ? 1 : TURN_LIMIT; /* outside, each commits by itself */
    while (json_array_size(answers) < json_array_size(queries)) {
        if (module->is_over) {
            bool is_blameless = json_array_size(answers) < module->refused && is_unseen(queries, json_array_size(answers));
            json_array_append_new(answers, is_blameless ? module_no_answer() : module_failure(&module->cause, &(FailedObject){0}));
            continue;
        }
        size_t count = count_allowed(answers, module, queries, limit);
        if (count > 0 && !take_turn(answers, module, queries, count, error))
            return false;
    }
    module->refused = 0;
    if (is_last && !has_failure(answers))
        json_array_clear(answers);
    return true;
}

static bool run_module(ModuleRun *module, SectionKind section, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *path = NULL;
    DbaltPlan *plan = module->run->plan;
    return module_reach(&path, &arena, plan, module->run->standing->alteration->file, error) &&
           node_host_run(plan->host, path, section, answer_queries, module, error);
}

/* Class 40 is "transaction rollback": another try may well succeed (Appendix A of PostgreSQL's manual), as with a lock. */
bool module_may_retry(Fault fault, const DbaltError *error)
{
    return strncmp(error->sqlstate, "40", 2) == 0 || (fault == FAULT_LOCK_TIMEOUT && strcmp(error->sqlstate, "55P03") == 0);
}

static OutcomeKind kind_of_failure(const ModuleRun *module, const DbaltError *error)
{
    if (module->fault == FAULT_CONNECTION)
        return OUTCOME_LOST;
    return module_may_retry(module->fault, error) ? OUTCOME_RETRY : OUTCOME_FAILED;
}

/* What became of queries that were sent without their script. */
typedef struct Retelling {
    size_t failed; /* the one that did */
    json_t *failure;
} Retelling;

static bool retell(json_t *answers, const json_t *queries, bool is_last, void *context, DbaltError *error)
{
    (void)error;
    Retelling *retelling = context;
    size_t count = json_array_size(queries);
    if (retelling->failed < count)
        append_failure(answers, retelling->failed, json_incref(retelling->failure));
    while (!is_last && json_array_size(answers) < count)
        json_array_append_new(answers, module_no_answer());
    retelling->failed -= count; /* beyond all that come, behind the one that failed */
    return true;
}

void module_tell_failure(Run *run, SectionKind section, size_t query, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    json_auto_t *failure = module_failure(error, &(FailedObject){0});
    const char *path = NULL;
    DbaltError told = {0};
    DbaltError late = {0}; /* what a script before left behind: it takes the place of a section once */
    if (!module_reach(&path, &arena, run->plan, run->standing->alteration->file, &told))
        return;

    error_set(error->script, sizeof error->script, "%s", path);
    for (int tries = 0; tries < 2; tries++) {
        Retelling retelling = {.failed = query, .failure = failure};
        if (node_host_run(run->plan->host, path, section, retell, &retelling, &told))
            return;
        if (told.sqlstate[0] != '\0')
            break;
        late = told;
    }
    if (told.sqlstate[0] == '\0' || strcmp(told.sqlstate, error->sqlstate) != 0)
        return;
    *error = told;
    if (late.message[0] != '\0')
        fail_add_detail(error, "%s", late.message);
}

Outcome module_run_whole(Run *run, SectionKind section, Transaction *transaction, DbaltError *error)
{
    ModuleRun module = {.run = run, .transaction = transaction};
    bool ok = run_module(&module, section, error);
    if (module.has_ended) {
        *error = module.cause;
        return module.outcome;
    }
    if (ok && !module.is_over)
        return transaction_finish(transaction, run_hear, run, error);

    history_roll_back(&run->plan->project->history);
    if (module.is_over && (ok || module.outcome.kind != OUTCOME_FAILED)) {
        *error = module.cause;
        return module.outcome;
    }
    return (Outcome){.kind = kind_of_failure(&module, error), .fault = module.fault, .offset = -1};
}

bool module_run_outside(Run *run, SectionKind section, Fault *fault, DbaltError *error)
{
    ModuleRun module = {.run = run};
    bool ok = run_module(&module, section, error);
    *fault = module.fault;
    if (!ok) /* a transaction that the script left open: what is noted next must not be undone with it */
        history_roll_back(&run->plan->project->history);
    return ok;
}
