#include "cli/run.h"

#include <string.h>

#include "cli/objects.h"
#include "terminal/prompt.h"

static const struct {
    const char *what; /* "Found 3 alterations to ..." */
    const char *done; /* "... 3 alterations" */
    const char *meanwhile;
} words[] = {
    [DBALT_DEPLOY] = {"deploy", "Deployed", "deployed meanwhile by another deploy"},
    [DBALT_ROLLBACK] = {"roll back", "Rolled back", "rolled back meanwhile by another roll back"},
};

void run_plan_cleanup(DbaltPlan **plan)
{
    dbalt_plan_free(*plan);
    *plan = NULL;
}

DbaltResume run_resume(const char *value)
{
    if (value == NULL)
        return DBALT_RESUME_STOP;
    return strcmp(value, "retry") == 0 ? DBALT_RESUME_RETRY : DBALT_RESUME_SKIP;
}

ExitCode run_confirm(Session *session, const char *question)
{
    bool yes = false;
    if (!session->is_interactive)
        return EXIT_OK;
    if (prompt_confirm(&yes, &session->terminal, question) == PROMPT_ANSWERED && yes)
        return EXIT_OK;

    session_info(session, "Nothing was changed");
    return EXIT_INTERRUPTED;
}

void run_announce(Session *session, const DbaltPlan *plan, DbaltAction action)
{
    DbaltEntries entries = dbalt_plan_entries(plan);

    session_info(session, "Found %s to %s", session_count(session, entries.count), words[action].what);
    if (entries.count > 0)
        session_info(session, "Target version %s", dbalt_plan_target(plan));
}

static void summarize(Session *session, const DbaltResult *result, DbaltAction action, bool is_whole)
{
    if (is_whole)
        session_info(session, "%s %s", words[action].done, session_count(session, result->done));
    else if (result->planned > 0)
        session_warn(session, "%s %zu of %s%s", words[action].done, result->done, session_count(session, result->planned),
                     result->done > 0 ? "; what is done stays" : "");

    if (!is_whole && result->backup != NULL) {
        session_warn(session, "The backup from before is %s", result->backup);
        session_warn(session, "To restore it: %s", result->restore);
    }
    if (result->skipped > 0)
        session_info(session, "%s: %s", session_count(session, result->skipped), words[action].meanwhile);
}

ExitCode run_plan(Session *session, DbaltPlan *plan, DbaltAction action, const char *command)
{
    DbaltResult result = {0};
    bool is_empty = dbalt_plan_entries(plan).count == 0;
    bool is_whole = dbalt_run(plan, &result, &session->error);
    ExitCode code = is_whole ? EXIT_OK : session_tell_error(session);

    if (session->format == FORMAT_JSON)
        objects_print_run(command, dbalt_plan_target(plan), &result, session->out);
    else if (!is_empty || result.planned > 0)
        summarize(session, &result, action, is_whole);

    return code;
}
