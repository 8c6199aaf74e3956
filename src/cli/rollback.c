#include "cli/rollback.h"

#include "cli/settings.h"

/* Names that are listed before the question; more would push it off the screen. */
#define MOST_LISTED 10

const Option rollback_options[] = {
    OPTION(RollbackOptions, stored, .name = "stored", .help = "take each \"down\" from the history, not from the file"),
    OPTION(RollbackOptions, yes, .name = "yes", .letter = 'y', .help = "do not ask"),
    RESUME_OPTION(RollbackOptions),
    LOCK_OPTIONS(RollbackOptions),
    LIMIT_SETTINGS,
    STATE_SETTING,
    OPTIONS_END,
};

DbaltRunOptions rollback_run_options(const RollbackOptions *options)
{
    return (DbaltRunOptions){
        .stored = options->stored,
        .no_wait = options->no_wait,
        .wait_seconds = options->wait_lock,
        .resume = run_resume(options->resume),
    };
}

static void list_planned(Session *session, const DbaltEntries *entries)
{
    for (size_t i = 0; i < entries->count && i < MOST_LISTED; i++)
        session_info(session, "  %s %s", entries->rows[i].release, entries->rows[i].identity);

    if (entries->count > MOST_LISTED)
        session_info(session, "  and %zu more", entries->count - MOST_LISTED);
}

ExitCode rollback_run(Session *session, DbaltPlan *plan, const RollbackOptions *options, const char *command)
{
    DbaltEntries entries = dbalt_plan_entries(plan);
    run_announce(session, plan, DBALT_ROLLBACK);

    if (!options->yes && session->is_interactive && entries.count > 0) {
        list_planned(session, &entries);
        ExitCode answer = run_confirm(session, arena_format(&session->arena, "Roll back %s?", session_count(session, entries.count)));
        if (answer != EXIT_OK)
            return answer;
    }

    return run_plan(session, plan, DBALT_ROLLBACK, command);
}
