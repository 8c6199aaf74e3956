#include "app/module.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "scripts/node_host.h"
#include "sql/judge.h"

/* What a run of a module learns on its way. */
typedef struct ModuleRun {
    Run *run;
    bool in_transaction;
    Fault fault; /* of the last query that failed */
} ModuleRun;

/* The modules of the plan, in the order in which they will run. */
static bool expect_modules(DbaltPlan *plan, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    const Selection *selection = &plan->selection;
    const char **paths = arena_allocate_array(&arena, selection->count, sizeof *paths);
    char folder[PATH_MAX];
    size_t count = 0;
    if (realpath(plan->survey.folder.path, folder) == NULL)
        return fail_errno(error, DBALT_ERROR_FOLDER, "cannot find the folder \"%s\"", plan->survey.folder.path);

    for (size_t i = 0; i < selection->count; i++) {
        const Alteration *alteration = selection->rows[i]->alteration;
        if (alteration != NULL && alteration->kind == KIND_JAVASCRIPT)
            paths[count++] = arena_format(&arena, "%s/%s", folder, alteration->file);
    }
    return node_host_expect(plan->host, paths, count, error);
}

static bool start_host(DbaltPlan *plan, DbaltError *error)
{
    Dbalt *project = plan->project;
    if (plan->host != NULL)
        return true;

    const NodeOptions options = {
        .wait = &project->wait,
        .url = project->url,
        .interactive = project->interactive,
        .silence = project->script_timeout > 0 && !project->interactive ? project->script_timeout : WAIT_FOREVER,
    };
    return node_host_start(&plan->host, &options, error) && expect_modules(plan, error);
}

/* Node imports by absolute path. */
static bool find_module(char path[PATH_MAX], const Script *script, DbaltError *error)
{
    if (realpath(script->path, path) != NULL)
        return true;
    return fail_errno(error, DBALT_ERROR_SCRIPT, "cannot find \"%s\"", script->path);
}

bool module_check(const Script *script, const DbaltPlan *plan, DbaltError *error)
{
    if (plan->project->driver->traits.answers_scripts)
        return true;

    fail(error, DBALT_ERROR_SCRIPT, "JavaScript alterations do not run on %s", plan->project->driver->name);
    error_set(error->script, sizeof error->script, "%s", script->path);
    return false;
}

bool module_load(Script *script, DbaltPlan *plan, DbaltError *error)
{
    char path[PATH_MAX];
    bool present[SECTION_COUNT];
    if (!module_check(script, plan, error) || !find_module(path, script, error) || !start_host(plan, error) ||
        !node_host_load(present, plan->host, path, error))
        return false;

    for (size_t section = 0; section < SECTION_COUNT; section++)
        script->sections[section].present = present[section];
    return true;
}

static const char **bound_values(Arena *arena, const json_t *values)
{
    size_t count = json_array_size(values);
    const char **texts = arena_allocate_array(arena, count, sizeof *texts);
    for (size_t i = 0; i < count; i++)
        texts[i] = json_string_value(json_array_get(values, i)); /* null stays NULL */
    return texts;
}

static json_t *failure_of(const DbaltError *error)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", "failure", "message", error->message, "code", error->sqlstate, "detail",
                     error->detail, "hint", error->hint);
}

static json_t *row_of(const Answer *answer)
{
    json_t *row = json_array();
    for (size_t i = 0; i < answer->field_count; i++)
        json_array_append_new(row, answer->fields[i] == NULL ? json_null() : json_string(answer->fields[i]));
    return row;
}

static json_t *fields_of(const Answer *answer)
{
    json_t *fields = json_array();
    for (size_t i = 0; i < answer->column_count; i++)
        json_array_append_new(fields, json_pack("{s:s, s:i}", "name", answer->columns[i].name, "type", (int)answer->columns[i].type));
    return fields;
}

/* The protocol's "answer". What several statements at once return is nobody's, as in node-postgres' pools of slonik. */
static json_t *answer_of(const Answer *done, json_t *rows, bool is_single)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *tag = done->command == NULL ? "" : done->command;
    const char *command = arena_copy_text(&arena, (Text){.data = tag, .length = strcspn(tag, " 0123456789")});
    json_t *fields = is_single ? fields_of(done) : json_array();
    return json_pack("{s:s, s:s, s:I, s:o, s:o}", "type", "answer", "command", command, "rowCount",
                     (json_int_t)(is_single ? done->affected : 0), "fields", fields, "rows", is_single ? json_incref(rows) : json_array());
}

/* A COMMIT in a script would end the transaction that is dbalt's, and take the promise with it. */
static json_t *refuse_control(const ModuleRun *module, Arena *arena, Text sql)
{
    StatementReader reader;
    SqlStatement statement;
    SqlDialect dialect = module->run->plan->project->driver->traits.dialect;
    statement_reader_init(&reader, dialect, sql);
    while (module->in_transaction && statement_next(&statement, &reader)) {
        const char *what = "";
        if (judge_statement(&what, arena, dialect, statement.text) == JUDGED_TRANSACTION_CONTROL)
            return json_pack("{s:s, s:o, s:s}", "type", "failure", "message",
                             json_sprintf("%s cannot stand in a script: dbalt begins and ends its transaction itself", what), "code",
                             "2D000");
    }
    return NULL;
}

static void json_cleanup(json_t **value)
{
    json_decref(*value);
}

static json_t *read_answer(ModuleRun *module, bool is_single, DbaltError *error)
{
    Connection *connection = module->run->plan->project->connection;
    CLEANUP(json_cleanup) json_t *rows = json_array();
    json_t *result = NULL;

    for (;;) {
        Answer answer;
        connection->driver->next(connection, &answer);
        switch (answer.kind) {
        case ANSWER_ROW:
            if (is_single)
                json_array_append_new(rows, row_of(&answer));
            break;
        case ANSWER_NOTICE:
            run_hear(&answer, module->run);
            break;
        case ANSWER_DONE:
            result = answer_of(&answer, rows, is_single);
            break;
        case ANSWER_STATEMENT: /* a query is not sent ahead */
            break;
        case ANSWER_ERROR:
            *error = answer.error;
            module->fault = answer.fault;
            if (answer.fault != FAULT_CONNECTION && answer.fault != FAULT_CANCELLED)
                result = failure_of(&answer.error);
            break;
        case ANSWER_END:
            return result;
        }
    }
}

static json_t *answer_query(const char *sql, const json_t *values, void *context, DbaltError *error)
{
    ModuleRun *module = context;
    Connection *connection = module->run->plan->project->connection;
    CLEANUP(arena_done) Arena arena = {0};
    size_t statements = statement_count(connection->driver->traits.dialect, text_of(sql));

    json_t *refusal = refuse_control(module, &arena, text_of(sql));
    if (refusal != NULL)
        return refusal;

    if (!module->in_transaction && !run_clear_leftover(module->run, text_of(sql), error))
        return NULL;

    connection->driver->submit(connection, &(Step){
                                               .kind = STEP_SQL,
                                               .sql = text_of(sql),
                                               .values = bound_values(&arena, values),
                                               .value_count = json_array_size(values),
                                               .statement_count = statements,
                                               .is_script = true,
                                               .wants_rows = true,
                                           });
    return read_answer(module, statements == 1, error);
}

static bool run_module(ModuleRun *module, const Script *script, SectionKind section, int attempt, DbaltError *error)
{
    char path[PATH_MAX];
    DbaltPlan *plan = module->run->plan;
    return find_module(path, script, error) && start_host(plan, error) &&
           node_host_run(plan->host, path, section, attempt, answer_query, module, error);
}

/* Class 40 is "transaction rollback": another try may well succeed (Appendix A of PostgreSQL's manual). */
static OutcomeKind kind_of_failure(const ModuleRun *module, const DbaltError *error)
{
    if (module->fault == FAULT_CONNECTION)
        return OUTCOME_LOST;
    return strncmp(error->sqlstate, "40", 2) == 0 ? OUTCOME_RETRY : OUTCOME_FAILED;
}

Outcome module_run_whole(Run *run, const Script *script, SectionKind section, int attempt, Transaction *transaction, DbaltError *error)
{
    ModuleRun module = {.run = run, .in_transaction = true};
    Outcome outcome = transaction_open(transaction, error);
    if (outcome.kind != OUTCOME_DONE)
        return outcome;
    if (run_module(&module, script, section, attempt, error))
        return transaction_finish(transaction, run_hear, run, error);

    transaction_abandon(transaction);
    return (Outcome){.kind = kind_of_failure(&module, error), .fault = module.fault, .offset = -1};
}

bool module_run_outside(Run *run, const Script *script, SectionKind section, Fault *fault, DbaltError *error)
{
    ModuleRun module = {.run = run};
    bool ok = run_module(&module, script, section, 1, error);
    *fault = module.fault;
    return ok;
}
