/* The sections that are one transaction with their history row: up and down. */

#include "app/whole.h"

#include <stdlib.h>
#include <string.h>

#include "app/module.h"
#include "base/cleanup.h"
#include "history/journal.h"

enum {
    SERIALIZATION_RETRIES = 5,
    LONGEST_PAUSE = 5000, /* milliseconds */
    FIND_OUT_WITHIN = 30000,
    MOST_STATEMENTS_AHEAD = 1000, /* of one that travels: more are cheaper in one message */
};

void run_describe_failure(Run *run, const Script *script, SectionKind section, long offset, size_t statement, bool in_script,
                          DbaltError *error)
{
    History *history = &run->plan->project->history;
    const DbaltEntry *entry = run->entry;

    const char *name = entry->file == NULL ? entry->identity : entry->file;
    if (error->code == DBALT_ERROR_INTERRUPTED) {
        /* However the database words it, nobody else cancelled it. */
        fail(error, DBALT_ERROR_INTERRUPTED, "interrupted while \"%s\" of %s ran", section_name(section), name);
        return;
    }

    password_hide_in_error(error, &history->passwords); /* while they are whole: what comes before the message may cut it */
    DbaltError ignored;                                 /* the failure itself is what the operator must hear */
    journal_write(history, "fail", entry->identity, entry->release, section_name(section), 0, NULL, error->message, &ignored);
    fail_context(error, "\"%s\" of %s failed", section_name(section), name);
    if (script->is_module)
        return; /* the Node host has told the place */

    error_set(error->script, sizeof error->script, "%s", script->path);
    if (in_script)
        script_locate(error, script, section, offset, statement);
}

/* From a place in a piece to a place in the section. */
static void describe_outcome(Run *run, const Whole *whole, const Outcome *outcome, DbaltError *error)
{
    long offset = -1;
    size_t statement = 0;

    if (outcome->in_script && whole->script.is_module) {
        if (error->code != DBALT_ERROR_INTERRUPTED)
            module_tell_failure(run, whole->section, outcome->piece, error);
    } else if (outcome->in_script && script_is_long(&whole->script, whole->section)) {
        offset = outcome->offset;
        statement = outcome->statement;
        if (error->code == DBALT_ERROR_SCRIPT) /* it cannot be read, but a part of it had run */
            error->code = DBALT_ERROR_FAILED;
    } else if (outcome->in_script) {
        const Piece *piece = &whole->pieces.rows[outcome->piece];
        for (size_t i = 0; i < outcome->piece; i++)
            statement += whole->pieces.rows[i].statement_count;
        if (piece->is_copy_data)
            statement--; /* to the COPY that the data belong to */
        else
            statement += outcome->statement;
        if (!piece->is_copy_data && outcome->offset >= 0)
            offset = outcome->offset + (piece->text.data - whole->script.sections[whole->section].text.data);
    }
    run_describe_failure(run, &whole->script, whole->section, offset, statement, outcome->in_script, error);
    if (outcome->in_script && outcome->lines > 0)
        script_locate_line(error, &whole->script, whole->section, (size_t)offset, outcome->lines);
    fail_add_detail(error, "nothing of \"%s\" was kept", section_name(whole->section));
}

/* A module that does not travel runs in node, which asks its queries when their turn has come. */
static void queue(Whole *whole, Run *run, bool travels)
{
    int64_t timeout = whole->script.is_module ? run->plan->project->script_timeout : 0;
    History *history = &run->plan->project->history;
    if (run->plan->action == DBALT_DEPLOY)
        transaction_begin_deploy(&whole->transaction, history, &whole->deploy, timeout);
    else
        transaction_begin_rollback(&whole->transaction, history, &whole->deploy, timeout);
    transaction_write_state(&whole->transaction, run_foreign_timestamp(run, &whole->arena));
    for (size_t i = 0; i < whole->pieces.count && (travels || !whole->script.is_module); i++) {
        const Piece *piece = &whole->pieces.rows[i];
        transaction_script(&whole->transaction, piece->text, piece->statement_count, piece->is_copy_data);
    }
    if (script_is_long(&whole->script, whole->section))
        transaction_stream(&whole->transaction, &whole->stream.portions.reader);
}

/* By itself: nothing else is under way. */
static Outcome try_once(Whole *whole, Run *run, DbaltError *error)
{
    whole->deploy.follows = NULL;
    script_stream_close(&whole->stream);
    if (script_is_long(&whole->script, whole->section) && !script_stream_open(&whole->stream, &whole->script, whole->section, error))
        return (Outcome){.kind = OUTCOME_FAILED};
    queue(whole, run, false);
    if (whole->script.is_module)
        return module_run_whole(run, whole->section, &whole->transaction, error);
    return transaction_finish(&whole->transaction, run_hear, run, error);
}

/* Waits a while before the next try; false when there were enough of them, or when interrupted. */
static bool may_retry(Run *run, const Outcome *outcome, int tries, DbaltError *error)
{
    int limit = outcome->fault == FAULT_LOCK_TIMEOUT ? run->plan->project->lock_retries : SERIALIZATION_RETRIES;
    if (tries >= limit) {
        run_add_blockers(run, error);
        if (error->hint[0] == '\0')
            fail_hint(error, "it was tried %d time%s; other sessions hold what it needs: run it when they are done", tries + 1,
                      tries == 0 ? "" : "s");
        return false;
    }

    CLEANUP(arena_done) Arena arena = {0};
    run_tell(run,
             &(DbaltEvent){.kind = DBALT_EVENT_RETRY,
                           .message = arena_format(&arena, "Rolled back, trying again (%d of %d): %s", tries + 1, limit, error->message)});
    int64_t pause = outcome->fault == FAULT_ABSENT ? 0 : (int64_t)100 << (tries < 6 ? tries : 6); /* nobody else is in the way then */
    if (pause > LONGEST_PAUSE)
        pause = LONGEST_PAUSE;
    if (wait_sleep(&run->plan->project->wait, pause / 2 + arc4random_uniform((uint32_t)pause)))
        return true;
    return fail(error, DBALT_ERROR_INTERRUPTED, "interrupted between two tries");
}

static void tell_start(Whole *whole, Run *run)
{
    whole->started = wait_now();
    run_begin_section(run, section_name(whole->section), whole->script.sections[whole->section].text.length, whole->pieces.statement_count);
}

/* By whomever. What is under way counts as done for what is sent behind it. */
static void note_standing(Run *run, const Whole *whole, bool is_done)
{
    const Standing *standing = run->plan->selection.rows[whole->index];
    if (run->deployed != NULL)
        run->deployed[standing - run->plan->survey.standings.rows] = is_done == (run->plan->action == DBALT_DEPLOY);
}

static void note_done(Whole *whole, Run *run)
{
    run->result.done++;
    note_standing(run, whole, true);
    run_tell(run, &(DbaltEvent){.kind = DBALT_EVENT_DONE,
                                .section = run->section,
                                .bytes = whole->script.sections[whole->section].text.length,
                                .took = wait_now() - whole->started});
}

static bool ask_what_became(bool *is_deployed, Run *run, const Whole *whole, const char *backend, DbaltError *error)
{
    Dbalt *project = run->plan->project;
    Fault fault;
    bool busy = false;
    if (!project_connect(project, false, error))
        return false;
    /* The server may not know yet that nobody listens, and go on with what was sent ahead. */
    if (backend != NULL && !project->driver->end_orphan(project->connection, backend, &busy, error))
        return false;
    if (busy)
        return fail(error, DBALT_ERROR_DATABASE, "the server is still at it");
    return transaction_find_out(is_deployed, &fault, &project->history, &whole->deploy, error);
}

/* Says why it is not known yet, once for each reason. */
static void tell_doubt(const Dbalt *project, DbaltError *told, const char *identity, const DbaltError *reason, int64_t deadline)
{
    if (strcmp(told->message, reason->message) == 0)
        return;

    *told = *reason;
    int64_t left = deadline - wait_now();
    project_inform(project, DBALT_EVENT_WARNING, "not known yet what became of \"%s\": %s; asking again for %lld s", identity,
                   told->message, (long long)(left > 0 ? (left + 999) / 1000 : 0));
}

/*
 * The connection was lost, perhaps in the middle of COMMIT: finds out on a new one what became of it, and of those that were sent
 * behind it. Always fails, since the lock went with the connection; the error tells the truth.
 */
static bool find_out(Run *run, Whole *whole, Whole *const *behind, size_t behind_count, DbaltError *error)
{
    Dbalt *project = run->plan->project;
    bool deploys = run->plan->action == DBALT_DEPLOY;
    const char *done = deploys ? "deployed" : "rolled back";
    DbaltError cause = *error;
    DbaltError told = {0};
    int64_t deadline = wait_now() + FIND_OUT_WITHIN;
    bool is_done = true;
    bool known = false;

    CLEANUP(arena_done) Arena arena = {0};
    const char *backend = project->driver->backend == NULL ? NULL : project->driver->backend(project->connection);
    if (backend != NULL)
        backend = arena_copy_string(&arena, backend);

    project_inform(project, DBALT_EVENT_WARNING, "the connection was lost while \"%s\" ran; finding out what became of it",
                   whole->deploy.identity);
    project_disconnect(project);
    for (size_t i = 0; is_done && i <= behind_count; i++) {
        if (i > 0)
            whole = behind[i - 1];
        known = false;
        for (int64_t pause = 100; !known && wait_now() < deadline; pause = pause < 500 ? pause * 2 : 1000) {
            bool is_deployed = false;
            known = ask_what_became(&is_deployed, run, whole, backend, error);
            is_done = known && is_deployed == deploys;
            if (known)
                break;
            tell_doubt(project, &told, whole->deploy.identity, error, deadline);
            project_disconnect(project);
            if (!wait_sleep(&project->wait, pause))
                break;
        }
        if (is_done && i > 0) {
            run_turn_to(run, whole->index);
            tell_start(whole, run);
        }
        if (is_done)
            note_done(whole, run);
    }

    const char *identity = whole->deploy.identity;
    if (!known) {
        fail(error, DBALT_ERROR_DATABASE, "unknown whether \"%s\" was %s: %s", identity, done, cause.message);
        return fail_hint(error, "run the command again, it will find out");
    }
    if (is_done)
        fail(error, DBALT_ERROR_FAILED, "the connection was lost, but \"%s\" was %s: %s", identity, done, cause.message);
    else
        fail(error, DBALT_ERROR_FAILED, "the connection was lost, and nothing of \"%s\" was kept: %s", identity, cause.message);
    return fail_hint(error, "run the command again to continue");
}

static void note_rival(Run *run, const Whole *whole)
{
    run->result.skipped++;
    note_standing(run, whole, true);
    run_tell(run, &(DbaltEvent){.kind = DBALT_EVENT_SKIPPED, .section = run->section, .message = "Somebody else did it meanwhile"});
}

/* What comes of a first outcome, trying again included. */
static bool conclude(Whole *whole, Run *run, Outcome outcome, Whole *const *behind, size_t behind_count, DbaltError *error)
{
    for (int tries = 0;; tries++) {
        switch (outcome.kind) {
        case OUTCOME_DONE:
            note_done(whole, run);
            return true;
        case OUTCOME_RIVAL:
            note_rival(run, whole);
            return true;
        case OUTCOME_LOST:
            return find_out(run, whole, behind, behind_count, error);
        case OUTCOME_BARRED:
            return false;
        case OUTCOME_RETRY:
            if (may_retry(run, &outcome, tries, error)) {
                outcome = try_once(whole, run, error);
                behind_count = 0;
                continue;
            }
            break;
        case OUTCOME_FAILED:
            break;
        }
        describe_outcome(run, whole, &outcome, error);
        return false;
    }
}

bool whole_run(Whole *whole, Run *run, DbaltError *error)
{
    if (!run_outside(run, &whole->script, whole->before, error))
        return false;

    tell_start(whole, run);
    return conclude(whole, run, try_once(whole, run, error), NULL, 0, error);
}

/* What is sent ahead cannot look for the table of the foreign state. */
static bool state_travels(const Whole *whole, const Run *run)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *timestamp = run_foreign_timestamp(run, &arena);
    bool travels = timestamp == NULL || transaction_knows_state(&run->plan->project->history, timestamp);
    for (size_t i = 0; i < whole->pieces.count && timestamp != NULL && travels; i++)
        travels = !transaction_names_state(whole->pieces.rows[i].text);
    return travels;
}

bool whole_travels(const Whole *whole, const Run *run)
{
    const DbaltPlan *plan = run->plan;
    const Driver *driver = plan->project->driver;
    const Section *sections = whole->script.sections;
    return driver->pipelines != NULL && driver->pipelines(plan->project->connection) && !plan->project->no_pipeline &&
           (!whole->script.is_module || whole->script.queries.count > 0) && !sections[whole->before].present && !whole->pieces.copies &&
           !whole->pieces.stays && !script_is_long(&whole->script, whole->section) &&
           whole->pieces.statement_count <= MOST_STATEMENTS_AHEAD && state_travels(whole, run);
}

void whole_send(Whole *whole, Run *run, const Whole *before)
{
    whole->deploy.follows = before == NULL ? NULL : before->deploy.identity;
    queue(whole, run, true);
    note_standing(run, whole, true);
    transaction_send(&whole->transaction);
}

bool whole_land(Whole *whole, bool *alone, Run *run, Whole *const *behind, size_t behind_count, DbaltError *error)
{
    tell_start(whole, run);
    Outcome outcome = transaction_land(&whole->transaction, run_hear, run, error);
    if (whole->script.is_module && outcome.kind == OUTCOME_FAILED && module_may_retry(outcome.fault, error))
        outcome.kind = OUTCOME_RETRY;
    *alone = outcome.kind != OUTCOME_DONE;
    for (size_t i = 0; i <= behind_count && *alone; i++)
        note_standing(run, i == 0 ? whole : behind[i - 1], false);
    if (outcome.fault == FAULT_AHEAD && project_is_running(run->plan->project, error)) {
        outcome = try_once(whole, run, error);
        behind_count = 0;
    }
    return conclude(whole, run, outcome, behind, behind_count, error);
}

static const char *copy_section(Arena *arena, const Script *script, SectionKind section)
{
    const Section *found = &script->sections[section];
    return found->present && !script->is_module ? arena_copy_text(arena, found->text) : NULL;
}

bool whole_waits(const Run *run)
{
    bool is_stored = run->plan->action == DBALT_ROLLBACK && (run->standing->alteration == NULL || run->plan->options.stored);
    return is_stored || module_waits(run);
}

bool whole_prepare(Whole *whole, Run *run, DbaltError *error)
{
    bool deploys = run->plan->action == DBALT_DEPLOY;
    const DbaltEntry *entry = run->entry;
    *whole = (Whole){
        .index = run->index,
        .section = deploys ? SECTION_UP : SECTION_DOWN,
        .before = deploys ? SECTION_BEFORE_UP : SECTION_BEFORE_DOWN,
        .deploy = {.identity = entry->identity, .release = entry->release, .name = entry->name, .kind = entry->kind},
    };

    Arena *arena = &whole->arena;
    Script *script = &whole->script;
    const char *warning;
    bool is_read = deploys ? plan_load_up(script, arena, run->plan, run->standing, error)
                           : plan_load_down(script, arena, run->plan, run->standing, error);
    if (!is_read || !script_judge(&warning, arena, script, whole->section, error))
        return false;

    whole->pieces = script_pieces(arena, script, whole->section);
    if (!deploys)
        return true;

    whole->deploy.fingerprint = script_fingerprint(arena, script);
    whole->deploy.down = copy_section(arena, script, SECTION_DOWN);
    whole->deploy.before_down = copy_section(arena, script, SECTION_BEFORE_DOWN);
    return true;
}

void whole_done(Whole *whole)
{
    script_stream_close(&whole->stream);
    arena_done(&whole->arena);
}
