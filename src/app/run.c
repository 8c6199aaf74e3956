/* Runs a plan under the lock. */

#include "app/run.h"

#include <string.h>

#include "app/backup.h"
#include "app/module.h"
#include "base/cleanup.h"
#include "history/lock.h"

void run_tell(const Run *run, const DbaltEvent *event)
{
    DbaltEvent full = *event;
    full.entry = run->entry;
    full.action = run->plan->action;
    full.index = run->index + 1;
    full.count = run->plan->selection.count;
    project_tell(run->plan->project, &full);
}

void run_turn_to(Run *run, size_t index)
{
    run->index = index;
    run->standing = run->plan->selection.rows[index];
    run->entry = &run->plan->entries.rows[index];
}

void run_begin_section(Run *run, const char *section, size_t bytes, size_t statements)
{
    run->section = section;
    run->bytes = bytes;
    run->statements = statements;
    run->has_own_limit = false;
    run->began_at = run->told_at = wait_now();
    run->blockers[0] = '\0';
    run->blocking[0] = '\0';
    lock_announce(&run->plan->project->history, run->entry->identity);
    run_tell(run, &(DbaltEvent){.kind = DBALT_EVENT_STARTED, .section = section, .bytes = bytes});
}

static void note_blockers(Run *run, const Report *report, const char *message)
{
    if (strcmp(run->blocking, report->blocking) != 0)
        run_tell(run, &(DbaltEvent){.kind = DBALT_EVENT_BLOCKED, .message = message});
    error_set(run->blockers, sizeof run->blockers, "%s", report->blockers);
    error_set(run->blocking, sizeof run->blocking, "%s", report->blocking);
}

void run_report(const Report *report, void *context)
{
    Run *run = ((Dbalt *)context)->run;
    if (run == NULL)
        return;

    CLEANUP(arena_done) Arena arena = {0};
    bool is_blocked = report->blockers != NULL;
    const char *message = is_blocked ? arena_format(&arena, "waits for %s", report->blockers) : report->phase;
    if (is_blocked)
        note_blockers(run, report, message);
    run_tell(run, &(DbaltEvent){.kind = DBALT_EVENT_PROGRESS,
                                .section = run->section,
                                .bytes = run->bytes,
                                .message = message,
                                .took = wait_now() - run->began_at,
                                .percent = is_blocked ? -1 : report->percent});
}

void run_add_blockers(const Run *run, DbaltError *error)
{
    if (run->blockers[0] != '\0')
        fail_add_detail(error, "it waited for %s", run->blockers);
}

void run_hear(const Answer *answer, void *context)
{
    Run *run = context;
    if (answer->kind == ANSWER_NOTICE) {
        run_tell(run, &(DbaltEvent){.kind = DBALT_EVENT_NOTICE, .message = answer->message});
        return;
    }
    if (module_stands(run->standing)) /* its queries have no numbers */
        return;

    int64_t now = wait_now();
    run_tell(run, &(DbaltEvent){
                      .kind = DBALT_EVENT_STATEMENT,
                      .section = run->section,
                      .statement = answer->statement + 1,
                      .statements = run->statements,
                      .took = now - run->told_at,
                  });
    run->told_at = now;
}

/* Deployments whose files were released since. */
static size_t find_released(const Standing ***rows, Arena *arena, const DbaltPlan *plan)
{
    Standings standings = plan->survey.standings;
    size_t count = 0;
    if (plan->action != DBALT_DEPLOY)
        return 0;

    *rows = arena_allocate_array(arena, standings.count, sizeof **rows);
    for (size_t i = 0; i < standings.count; i++) {
        if (standings.rows[i].release_changed)
            (*rows)[count++] = &standings.rows[i];
    }
    return count;
}

const char *run_foreign_timestamp(const Run *run, Arena *arena)
{
    Standings standings = run->plan->survey.standings;
    if (run->deployed == NULL)
        return NULL;

    /* What Logto would write: the alteration's own, or one second before it; but never less than what is deployed. */
    Timestamp highest = run->standing->identity.timestamp;
    if (run->plan->action == DBALT_ROLLBACK && !timestamp_subtract_second(&highest, highest))
        highest = TIMESTAMP_ZERO;
    for (size_t i = 0; i < standings.count; i++) {
        const Standing *row = &standings.rows[i];
        if (row != run->standing && run->deployed[i] && timestamp_compare(row->identity.timestamp, highest) > 0)
            highest = row->identity.timestamp;
    }
    return timestamp_format(arena, highest);
}

/* Writes down what Logto did since, and notes what is deployed. */
static bool keep_foreign(Run *run, Arena *arena, DbaltError *error)
{
    const Survey *survey = &run->plan->survey;
    if (!survey->keeps_foreign)
        return true;

    run->deployed = arena_allocate_array(arena, survey->standings.count, sizeof *run->deployed);
    for (size_t i = 0; i < survey->standings.count; i++)
        run->deployed[i] = survey->standings.rows[i].deployment != NULL;
    return survey_adopt(survey, error);
}

/* What others did between the plan and the lock counts: everything is worked out again. */
static bool run_locked(Run *run, DbaltError *error)
{
    DbaltPlan *plan = run->plan;
    CLEANUP(arena_done) Arena arena = {0};
    const Standing **released = NULL;

    if (!plan_build(plan, error))
        return false;
    run->result.planned = plan->selection.count;

    if (!backup_make(run, error) || !keep_foreign(run, &arena, error))
        return false;

    size_t released_count = find_released(&released, &arena, plan);
    if (released_count > 0 && !history_correct_releases(&plan->project->history, released, released_count, error))
        return false;
    return run_selection(run, error);
}

bool dbalt_run(DbaltPlan *plan, DbaltResult *result, DbaltError *error)
{
    Run run = {.plan = plan};
    Dbalt *project = plan->project;
    CLEANUP(arena_done) Arena arena = {0};
    const Standing **released = NULL;
    if (result != NULL)
        *result = run.result;
    if (plan->has_run)
        return fail(error, DBALT_ERROR_USAGE, "this plan has run; make a new one");

    plan->has_run = true;
    if (plan->selection.count == 0 && find_released(&released, &arena, plan) == 0 && !survey_has_news(&plan->survey))
        return true;

    if (!module_prepare(plan, error) || !survey_lock(&plan->survey, &plan->options, error))
        return false;

    project->run = &run;
    bool ok = run_locked(&run, error);
    project->run = NULL;
    if (!ok)
        password_hide_in_error(error, &project->passwords);
    lock_give_back(&project->history);
    if (result != NULL)
        *result = run.result;
    return ok;
}
