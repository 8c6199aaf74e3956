/* The sections outside a transaction: before-up and before-down, statement by statement, each journalled. */

#include "app/module.h"

#include <string.h>

#include "base/cleanup.h"
#include "history/journal.h"
#include "history/lock.h"
#include "sql/judge.h"
#include "sql/statement.h"

typedef struct Outside {
    Run *run;
    const Script *script;
    SectionKind section;
    const char **sha256; /* of statement 1, 2 ... */
    size_t count;
    JournalStep *journal; /* likewise, as far as known */
    size_t journal_count;
} Outside;

static bool write_journal(const Outside *outside, const char *kind, size_t statement, const char *message, DbaltError *error)
{
    const DbaltEntry *entry = outside->run->entry;
    return journal_write(&outside->run->plan->project->history, kind, entry->identity, entry->release, section_name(outside->section),
                         statement + 1, outside->sha256[statement], message, error);
}

/* The statement with its COPY data behind it, if any: one to the journal. */
static bool send_statement(const Outside *outside, const Piece *piece, const Piece *data, Fault *fault, long *offset, DbaltError *error)
{
    Connection *connection = outside->run->plan->project->connection;
    const Driver *driver = connection->driver;
    bool ok = true;
    if (outside->script->is_module)
        return module_run_outside(outside->run, outside->section, fault, error);

    driver->submit(connection, &(Step){.kind = STEP_SQL, .sql = piece->text, .statement_count = 1, .is_script = true});
    if (data != NULL)
        driver->submit(connection, &(Step){.kind = STEP_COPY_DATA, .sql = data->text, .is_script = true});
    for (;;) {
        Answer answer;
        driver->next(connection, &answer);
        if (answer.kind == ANSWER_END)
            return ok;
        if (answer.kind == ANSWER_NOTICE)
            run_hear(&answer, outside->run);
        if (answer.kind == ANSWER_ERROR) {
            *error = answer.error;
            *fault = answer.fault;
            *offset = answer.step == 0 ? answer.offset : -1;
            ok = false;
        }
    }
}

/*
 * Those that cannot run in a transaction mostly wait for others without keeping anybody waiting, and what a limit breaks off may have
 * to be cleared away: they wait on. A script's own limit stays.
 */
static bool set_limits(Run *run, Text statements, DbaltError *error)
{
    Connection *connection = run->plan->project->connection;
    SqlDialect dialect = connection->driver->traits.dialect;
    CLEANUP(arena_done) Arena arena = {0};
    StatementReader reader;
    SqlStatement statement;
    bool is_patient = false;
    statement_reader_init(&reader, dialect, statements);
    while (statement_next(&statement, &reader)) {
        const char *what;
        Judgement judgement = judge_statement(&what, &arena, dialect, statement.text);
        run->has_own_limit |= judgement == JUDGED_LOCK_TIMEOUT;
        is_patient |= judgement == JUDGED_OUTSIDE_ONLY;
    }
    if (run->has_own_limit)
        return true;

    connection->driver->submit(connection, &(Step){.kind = STEP_LIMITS, .is_patient = is_patient});
    return connection_finish(connection, NULL, error);
}

/* Has the driver remove what an earlier failure of a statement left, and tells it. */
static bool clear_leftover(const Run *run, Text statement, DbaltError *error)
{
    Connection *connection = run->plan->project->connection;
    CLEANUP(arena_done) Arena arena = {0};
    const char *cleared = NULL;
    if (connection->driver->clear_leftover == NULL)
        return true;
    if (!connection->driver->clear_leftover(connection, &cleared, &arena, statement, error))
        return false;
    if (cleared != NULL)
        project_inform(run->plan->project, DBALT_EVENT_INFO, "%s", cleared);
    return true;
}

bool run_prepare_statement(Run *run, Text statement, DbaltError *error)
{
    History *history = &run->plan->project->history;
    if (transaction_names_state(statement))
        history->state_place = STATE_ANYWHERE;
    return set_limits(run, statement, error) && clear_leftover(run, statement, error);
}

static void add_what_had_run(const Outside *outside, size_t statement, DbaltError *error)
{
    const char *section = section_name(outside->section);
    if (statement == 0)
        fail_add_detail(error, "nothing of \"%s\" had run before", section);
    else if (statement == 1)
        fail_add_detail(error, "statement 1 of %zu of \"%s\" had run, and stays", outside->count, section);
    else
        fail_add_detail(error, "statements 1 to %zu of %zu of \"%s\" had run, and stay", statement, outside->count, section);
    if (error->hint[0] == '\0')
        fail_hint(error, "mend it and run the command again: it goes on with statement %zu", statement + 1);
}

/* A statement is done, and the journal could not be told. A lost lock explains more than what came of that. */
static bool fail_unnoted(const Outside *outside, size_t statement, DbaltError *error)
{
    DbaltError cause = *error;
    if (lock_check(&outside->run->plan->project->history, error))
        *error = cause;
    if (!outside->script->is_module) {
        error_set(error->script, sizeof error->script, "%s", outside->script->path);
        script_locate(error, outside->script, outside->section, -1, statement);
    }
    if (error->hint[0] == '\0')
        fail_hint(error, "run the command again to continue");
    add_what_had_run(outside, statement + 1, error);
    return fail_add_detail(error, "that statement %zu is done could not be noted: the next run finds out, or asks", statement + 1);
}

static bool run_statement(const Outside *outside, const Piece *piece, const Piece *data, size_t statement, DbaltError *error)
{
    Fault fault = FAULT_OTHER;
    long offset = -1;
    /* A module's queries are prepared when they come. Clearing may have taken a while. */
    if ((!outside->script->is_module && !run_prepare_statement(outside->run, piece->text, error)) ||
        !lock_check(&outside->run->plan->project->history, error) || !write_journal(outside, "step-begun", statement, NULL, error))
        return false;
    if (send_statement(outside, piece, data, &fault, &offset, error))
        return write_journal(outside, "step-done", statement, NULL, error) || fail_unnoted(outside, statement, error);

    DbaltError cause = *error;
    DbaltError ignored; /* without this row the next deploy asks, which is safe */
    bool is_lost = fault == FAULT_CONNECTION;
    bool is_noted = !is_lost && write_journal(outside, "step-failed", statement, cause.message, &ignored);
    if (fault == FAULT_LOCK_TIMEOUT)
        run_add_blockers(outside->run, &cause);
    if (offset >= 0)
        offset += piece->text.data - outside->script->sections[outside->section].text.data;
    run_describe_failure(outside->run, outside->script, outside->section, offset, statement, true, &cause);
    if (is_lost)
        fail_hint(&cause, "how statement %zu ended is not known; look at the database before the next deploy", statement + 1);
    else if (!is_noted)
        fail_hint(&cause, "this could not be noted: the next run asks, and --resume=retry runs statement %zu again", statement + 1);
    add_what_had_run(outside, statement, &cause);
    *error = cause;
    return false;
}

/* It ran as it stands there now. */
static bool is_done(const Outside *outside, size_t statement)
{
    return statement < outside->journal_count && outside->journal[statement].state == JOURNAL_DONE &&
           strcmp(outside->journal[statement].sha256, outside->sha256[statement]) == 0;
}

/* What it made ended with its session, and there are statements to run that may count on it. */
static bool is_missed(const Outside *outside, size_t statement, Text text)
{
    if (!statement_makes_temporary(outside->script->dialect, text))
        return false;

    for (size_t i = statement + 1; i < outside->count; i++)
        if (!is_done(outside, i))
            return true;
    return false;
}

/* A statement of which the journal cannot say whether it may run. */
static bool ask_operator(const Outside *outside, size_t statement, const JournalStep *step, DbaltError *error)
{
    const DbaltEntry *entry = outside->run->entry;
    const char *file = entry->file == NULL ? entry->identity : entry->file;
    const char *section = section_name(outside->section);

    if (step->state == JOURNAL_BEGUN)
        fail(error, DBALT_ERROR_FAILED, "statement %zu of \"%s\" of %s was begun at %s, and it is not known how it ended", statement + 1,
             section, file, step->at);
    else if (is_done(outside, statement))
        fail(error, DBALT_ERROR_FAILED, "statement %zu of \"%s\" of %s ran at %s, and what it made was temporary: it is gone",
             statement + 1, section, file, step->at);
    else
        fail(error, DBALT_ERROR_FAILED, "statement %zu of \"%s\" of %s ran at %s, but its text is another now", statement + 1, section,
             file, step->at);
    error_set(error->script, sizeof error->script, "%s", outside->script->path);
    script_locate(error, outside->script, outside->section, -1, statement);
    for (size_t i = statement + 1; i < outside->journal_count && i < outside->count; i++)
        if (outside->journal[i].state != JOURNAL_NONE && !is_done(outside, i))
            fail_add_detail(error, "statement %zu is to be looked at too: --resume answers for it as well", i + 1);
    if (is_done(outside, statement))
        return fail_hint(error,
                         "--resume=retry makes it anew, without what statements behind it did to it; --resume=skip goes on without it");
    return fail_hint(error, "look whether the database has it; then --resume=retry runs it again, --resume=skip takes it as done");
}

typedef enum Decision { RUN, PASS_OVER, TAKE_AS_DONE, STOP } Decision;

/* A statement that was begun: the database may show whether it is done. STOP when it does not, or cannot be asked. */
static Decision look_for_aftermath(const Outside *outside, size_t statement, Text text, DbaltError *error)
{
    Dbalt *project = outside->run->plan->project;
    const JournalStep *step = &outside->journal[statement];
    Aftermath aftermath = AFTERMATH_UNKNOWN;
    if (step->state == JOURNAL_BEGUN && strcmp(step->sha256, outside->sha256[statement]) == 0 && project->driver->find_aftermath != NULL &&
        !project->driver->find_aftermath(project->connection, &aftermath, text, error))
        return STOP;

    const char *section = section_name(outside->section);
    switch (aftermath) {
    case AFTERMATH_NONE:
        project_inform(project, DBALT_EVENT_INFO, "Statement %zu of \"%s\" was begun at %s and not done: it runs again", statement + 1,
                       section, step->at);
        return RUN;
    case AFTERMATH_DONE:
        project_inform(project, DBALT_EVENT_INFO, "Statement %zu of \"%s\" was begun at %s, and is done", statement + 1, section, step->at);
        return TAKE_AS_DONE;
    case AFTERMATH_UNKNOWN:
        break;
    }
    ask_operator(outside, statement, step, error);
    return STOP;
}

static Decision decide(const Outside *outside, size_t statement, Text text, DbaltError *error)
{
    if (statement >= outside->journal_count || outside->journal[statement].state == JOURNAL_NONE)
        return RUN;

    if (is_done(outside, statement) && !is_missed(outside, statement, text))
        return statement_sets_session(outside->script->dialect, text) ? RUN : PASS_OVER;

    switch (outside->run->plan->options.resume) {
    case DBALT_RESUME_RETRY:
        return RUN;
    case DBALT_RESUME_SKIP:
        return TAKE_AS_DONE;
    case DBALT_RESUME_STOP:
        break;
    }
    return look_for_aftermath(outside, statement, text, error);
}

static const char *hash_of(Arena *arena, Text statement)
{
    Script alone = {.sections = {[SECTION_UP] = {.present = true, .text = statement}}};
    return script_fingerprint(arena, &alone).sections[SECTION_UP];
}

static const char **hash_all(Arena *arena, Pieces pieces)
{
    const char **hashes = arena_allocate(arena, pieces.statement_count * sizeof *hashes);
    size_t count = 0;
    for (size_t i = 0; i < pieces.count; i++)
        if (!pieces.rows[i].is_copy_data)
            hashes[count++] = hash_of(arena, pieces.rows[i].text);
    return hashes;
}

static bool run_statements(const Outside *outside, Pieces pieces, size_t *passed_over, DbaltError *error)
{
    Run *run = outside->run;
    size_t statement = 0;
    for (size_t i = 0; i < pieces.count; i++) {
        const Piece *piece = &pieces.rows[i];
        if (piece->is_copy_data)
            continue;
        if (!project_is_running(run->plan->project, error) || !lock_check(&run->plan->project->history, error))
            return false;

        const Piece *data = i + 1 < pieces.count && pieces.rows[i + 1].is_copy_data ? &pieces.rows[i + 1] : NULL;
        switch (decide(outside, statement, piece->text, error)) {
        case RUN:
            if (!run_statement(outside, piece, data, statement, error))
                return false;
            break;
        case PASS_OVER:
            (*passed_over)++;
            break;
        case TAKE_AS_DONE:
            if (!write_journal(outside, "step-skipped", statement, "taken as done", error))
                return false;
            (*passed_over)++;
            break;
        case STOP:
            return false;
        }
        statement++;
    }
    return true;
}

/* Settings, roles and temporary tables of the section end with it, whether it went well or not. */
static bool end_session(Run *run, bool ok, DbaltError *error)
{
    Connection *connection = run->plan->project->connection;
    DbaltError cause;
    connection->driver->submit(connection, &(Step){.kind = STEP_SETTLE});
    if (connection_finish(connection, NULL, &cause) || !ok)
        return ok;

    *error = cause;
    return fail_context(error, "cannot reset the session behind a step outside a transaction");
}

bool run_outside(Run *run, const Script *script, SectionKind section, DbaltError *error)
{
    if (!script->sections[section].present)
        return true;

    CLEANUP(arena_done) Arena arena = {0};
    Outside outside = {.run = run, .script = script, .section = section};
    Pieces pieces = script_statements(&arena, script, section);
    if (pieces.statement_count == 0)
        return true;
    outside.count = pieces.statement_count;
    outside.sha256 = hash_all(&arena, pieces);
    if (!journal_read(&outside.journal, &outside.journal_count, &arena, &run->plan->project->history, run->entry->identity,
                      section_name(section), error))
        return false;

    int64_t started = wait_now();
    size_t bytes = script->sections[section].text.length;
    size_t passed_over = 0;
    run_begin_section(run, section_name(section), bytes, pieces.statement_count);
    if (!end_session(run, run_statements(&outside, pieces, &passed_over, error), error) || !lock_check(&run->plan->project->history, error))
        return false;

    if (passed_over > 0)
        project_inform(run->plan->project, DBALT_EVENT_INFO, "%zu of %zu statements of \"%s\" of %s had run in an earlier try", passed_over,
                       pieces.statement_count, section_name(section), run->entry->identity);
    run_tell(run, &(DbaltEvent){.kind = DBALT_EVENT_DONE, .section = section_name(section), .bytes = bytes, .took = wait_now() - started});
    return true;
}
