/* The sections that are one transaction with their history row: up and down. */

#include "app/module.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "history/journal.h"
#include "history/transaction.h"

enum {
    SERIALIZATION_RETRIES = 5,
    LONGEST_PAUSE = 5000, /* milliseconds */
    FIND_OUT_WITHIN = 30000,
};

/* One section of the present alteration, ready to be sent as often as it takes. */
typedef struct Whole {
    const Script *script;
    SectionKind section;
    Pieces pieces;
    Deploy deploy; /* for a roll back: what the key is looked for with */
} Whole;

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

    DbaltError ignored; /* the failure itself is what the operator must hear */
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

    if (outcome->in_script) {
        const Piece *piece = &whole->pieces.rows[outcome->piece];
        for (size_t i = 0; i < outcome->piece; i++)
            statement += whole->pieces.rows[i].statement_count;
        if (piece->is_copy_data)
            statement--; /* to the COPY that the data belong to */
        else
            statement += outcome->statement;
        if (!piece->is_copy_data && outcome->offset >= 0)
            offset = outcome->offset + (piece->text.data - whole->script->sections[whole->section].text.data);
    }
    run_describe_failure(run, whole->script, whole->section, offset, statement, outcome->in_script, error);
    fail_add_detail(error, "nothing of \"%s\" was kept", section_name(whole->section));
}

static Outcome send_whole(Run *run, const Whole *whole, int attempt, DbaltError *error)
{
    Transaction transaction;
    History *history = &run->plan->project->history;

    int64_t timeout = whole->script->is_module ? run->plan->project->script_timeout : 0;
    if (run->plan->action == DBALT_DEPLOY)
        transaction_begin_deploy(&transaction, history, &whole->deploy, timeout);
    else
        transaction_begin_rollback(&transaction, history, whole->deploy.identity, timeout);
    CLEANUP(arena_done) Arena arena = {0};
    transaction_write_state(&transaction, run_foreign_timestamp(run, &arena));
    if (whole->script->is_module)
        return module_run_whole(run, whole->script, whole->section, attempt, &transaction, error);
    for (size_t i = 0; i < whole->pieces.count; i++) {
        const Piece *piece = &whole->pieces.rows[i];
        transaction_script(&transaction, piece->text, piece->statement_count, piece->is_copy_data);
    }
    return transaction_finish(&transaction, run_notice, run, error);
}

/* Waits a while before the next try; false when there were enough of them, or when interrupted. */
static bool may_retry(Run *run, const Outcome *outcome, int tries, DbaltError *error)
{
    int limit = outcome->fault == FAULT_LOCK_TIMEOUT ? run->plan->project->lock_retries : SERIALIZATION_RETRIES;
    if (tries >= limit) {
        if (error->hint[0] == '\0')
            fail_hint(error, "it was tried %d times; other sessions hold what it needs: run it when they are done", tries + 1);
        return false;
    }

    CLEANUP(arena_done) Arena arena = {0};
    run_tell(run,
             &(DbaltEvent){.kind = DBALT_EVENT_RETRY,
                           .message = arena_format(&arena, "Rolled back, trying again (%d of %d): %s", tries + 1, limit, error->message)});
    int64_t pause = (int64_t)100 << (tries < 6 ? tries : 6);
    if (pause > LONGEST_PAUSE)
        pause = LONGEST_PAUSE;
    if (wait_sleep(&run->plan->project->wait, pause / 2 + arc4random_uniform((uint32_t)pause)))
        return true;
    return fail(error, DBALT_ERROR_INTERRUPTED, "interrupted between two tries");
}

/*
 * The connection was lost, perhaps in the middle of COMMIT: finds out on a new one what became of it. Always fails, since the lock
 * went with the connection; the error tells the truth.
 */
static bool find_out(Run *run, const Whole *whole, DbaltError *error)
{
    Dbalt *project = run->plan->project;
    bool deploys = run->plan->action == DBALT_DEPLOY;
    const char *done = deploys ? "deployed" : "rolled back";
    const char *identity = whole->deploy.identity;
    DbaltError cause = *error;
    int64_t deadline = wait_now() + FIND_OUT_WITHIN;
    bool is_deployed = false;
    bool known = false;

    project_inform(project, DBALT_EVENT_WARNING, "the connection was lost while \"%s\" ran; finding out what became of it", identity);
    for (int64_t pause = 100; !known && wait_now() < deadline; pause = pause < 500 ? pause * 2 : 1000) {
        Fault fault;
        project_disconnect(project);
        known =
            project_connect(project, false, error) && transaction_find_out(&is_deployed, &fault, &project->history, &whole->deploy, error);
        if (!known && !wait_sleep(&project->wait, pause))
            break;
    }
    if (!known) {
        fail(error, DBALT_ERROR_DATABASE, "unknown whether \"%s\" was %s: %s", identity, done, cause.message);
        return fail_hint(error, "run the command again, it will find out");
    }

    if (is_deployed == deploys) {
        run->result.done++;
        fail(error, DBALT_ERROR_FAILED, "the connection was lost, but \"%s\" was %s: %s", identity, done, cause.message);
    } else {
        fail(error, DBALT_ERROR_FAILED, "the connection was lost, and nothing of \"%s\" was kept: %s", identity, cause.message);
    }
    return fail_hint(error, "run the command again to continue");
}

static bool run_whole(Run *run, const Whole *whole, DbaltError *error)
{
    const char *section = section_name(whole->section);
    size_t bytes = whole->script->sections[whole->section].text.length;
    int64_t started = wait_now();

    run_tell(run, &(DbaltEvent){.kind = DBALT_EVENT_STARTED, .section = section, .bytes = bytes});
    for (int tries = 0;; tries++) {
        Outcome outcome = send_whole(run, whole, tries + 1, error);
        switch (outcome.kind) {
        case OUTCOME_DONE:
            run->result.done++;
            run_tell(run, &(DbaltEvent){.kind = DBALT_EVENT_DONE, .section = section, .bytes = bytes, .took = wait_now() - started});
            return true;
        case OUTCOME_RIVAL:
            run->result.skipped++;
            run_tell(run, &(DbaltEvent){.kind = DBALT_EVENT_SKIPPED, .section = section, .message = "Somebody else did it meanwhile"});
            return true;
        case OUTCOME_LOST:
            return find_out(run, whole, error);
        case OUTCOME_RETRY:
            if (may_retry(run, &outcome, tries, error))
                continue;
            break;
        case OUTCOME_FAILED:
            break;
        }
        describe_outcome(run, whole, &outcome, error);
        return false;
    }
}

static const char *copy_section(Arena *arena, const Script *script, SectionKind section)
{
    const Section *found = &script->sections[section];
    return found->present && !script->is_module ? arena_copy_text(arena, found->text) : NULL;
}

bool run_deploy(Run *run, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    Script script;
    const char *warning;
    if (!plan_load_up(&script, &arena, run->plan, run->standing, error) || !script_judge(&warning, &arena, &script, SECTION_UP, error) ||
        !run_outside(run, &script, SECTION_BEFORE_UP, error))
        return false;

    const DbaltEntry *entry = run->entry;
    return run_whole(run,
                     &(Whole){
                         .script = &script,
                         .section = SECTION_UP,
                         .pieces = script_pieces(&arena, &script, SECTION_UP),
                         .deploy = {.identity = entry->identity,
                                    .release = entry->release,
                                    .name = entry->name,
                                    .kind = entry->kind,
                                    .fingerprint = script_fingerprint(&arena, &script),
                                    .down = copy_section(&arena, &script, SECTION_DOWN),
                                    .before_down = copy_section(&arena, &script, SECTION_BEFORE_DOWN)},
                     },
                     error);
}

bool run_rollback(Run *run, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    Script script;
    const char *warning;
    if (!plan_load_down(&script, &arena, run->plan, run->standing, error) ||
        !script_judge(&warning, &arena, &script, SECTION_DOWN, error) || !run_outside(run, &script, SECTION_BEFORE_DOWN, error))
        return false;

    const DbaltEntry *entry = run->entry;
    return run_whole(run,
                     &(Whole){
                         .script = &script,
                         .section = SECTION_DOWN,
                         .pieces = script_pieces(&arena, &script, SECTION_DOWN),
                         .deploy = {.identity = entry->identity, .release = entry->release, .name = entry->name, .kind = entry->kind},
                     },
                     error);
}
