/* What only looks: list, status, targets and check. */

#include "app/survey.h"

#include "base/cleanup.h"

bool dbalt_list(Dbalt *project, DbaltEntries *entries, DbaltError *error)
{
    Arena *arena = project_results(project);
    CLEANUP(survey_done) Survey survey = {.folder = {.descriptor = -1}};
    if (!survey_folder(&survey, arena, project, error))
        return false;

    survey_warn(&survey);
    *entries = survey_all_entries(arena, state_resolve(arena, survey.folder.set, survey.fingerprints, (Deployments){0}));
    return true;
}

static bool survey_to_look(Survey *survey, Dbalt *project, Arena *arena, DbaltError *error)
{
    return survey_folder_first(survey, arena, project, error) && project_connect(project, true, error) &&
           survey_history(survey, false, error);
}

bool dbalt_status(Dbalt *project, DbaltEntries *entries, DbaltError *error)
{
    Arena *arena = project_results(project);
    CLEANUP(survey_done) Survey survey = {.folder = {.descriptor = -1}};
    if (!survey_to_look(&survey, project, arena, error))
        return false;

    survey_warn(&survey);
    survey_warn_of_newer(&survey);
    survey_warn_of_changed_down(&survey);
    *entries = survey_all_entries(arena, survey.standings);
    return true;
}

bool dbalt_targets(Dbalt *project, DbaltTargets *targets, DbaltError *error)
{
    Arena *arena = project_results(project);
    CLEANUP(survey_done) Survey survey = {.folder = {.descriptor = -1}};
    if (!survey_to_look(&survey, project, arena, error))
        return false;

    const Release *releases;
    size_t count = plan_targets(&releases, arena, survey.standings);
    const char **names = arena_allocate_array(arena, count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = release_format(arena, releases[i]);
    *targets = (DbaltTargets){.names = names, .count = count};
    return true;
}

/* Compares once. *check lives in the arena. */
static bool look_once(DbaltCheck *check, Survey *survey, Arena *arena, const DbaltCheckOptions *options, bool is_first, DbaltError *error)
{
    Target target;
    if (!survey_history(survey, false, error))
        return false;

    /* Logto starts when nothing at all is undeployed. */
    const char *usual = survey->keeps_foreign ? "next" : "latest";
    if (!target_resolve(&target, arena, options->target == NULL ? usual : options->target, survey->folder.set, error))
        return false;
    if (is_first) {
        survey_warn_of_newer(survey);
        survey_warn_of_changed_down(survey);
    }

    Verdict verdict = plan_check(arena, survey->standings, target, options->strict);
    *check = (DbaltCheck){
        .target = arena_copy_string(arena, target.text),
        .undeployed = survey_entries(arena, verdict.undeployed.rows, verdict.undeployed.count),
        .disagreeing = survey_entries(arena, verdict.disagreeing.rows, verdict.disagreeing.count),
        .unknown = survey_entries(arena, verdict.unknown.rows, verdict.unknown.count),
    };

    if (verdict.disagreeing.count > 0)
        return plan_fail_disagreeing(arena, verdict.disagreeing, error);
    if (options->strict && survey_is_newer(survey))
        return fail(error, DBALT_ERROR_DISAGREE, "the database is newer than this folder");
    if (verdict.undeployed.count > 0) {
        /* Logto's own words where Logto is to start: what looks for them in a log finds them. */
        fail(error, DBALT_ERROR_UNDEPLOYED, "Found undeployed database alterations%s",
             survey->keeps_foreign ? ", you must deploy them first by npm run alteration deploy command" : "");
        fail_detail(error, "%s", plan_describe(arena, verdict.undeployed));
        return fail_hint(error, "run \"dbalt deploy %s\"%s", check->target,
                         survey->keeps_foreign ? ", which does what that command does" : "");
    }
    return true;
}

bool dbalt_check(Dbalt *project, const DbaltCheckOptions *options, DbaltCheck *check, DbaltError *error)
{
    enum { PAUSE = 500 }; /* milliseconds between two looks; a deploy takes seconds at least */
    const DbaltCheckOptions defaults = {0};
    if (options == NULL)
        options = &defaults;
    int64_t deadline = options->wait && options->wait_seconds > 0 ? wait_now() + (int64_t)options->wait_seconds * 1000 : WAIT_FOREVER;

    for (bool told = false;; told = true) {
        DbaltCheck found = {0};
        Arena *arena = project_results(project);
        CLEANUP(survey_done) Survey survey = {.folder = {.descriptor = -1}};
        if (!survey_folder_first(&survey, arena, project, error))
            return false;
        if (!told)
            survey_warn(&survey);
        if (!project_connect(project, true, error))
            return false;

        bool ok = look_once(&found, &survey, arena, options, !told, error);
        if (check != NULL)
            *check = found;
        if (ok || error->code != DBALT_ERROR_UNDEPLOYED || !options->wait || wait_now() >= deadline)
            return ok;

        if (!told)
            project_inform(project, DBALT_EVENT_WAITING, "Waiting for %zu undeployed alteration%s up to %s", found.undeployed.count,
                           found.undeployed.count == 1 ? "" : "s", found.target);
        int64_t left = deadline == WAIT_FOREVER ? PAUSE : deadline - wait_now();
        if (!wait_sleep(&project->wait, left < PAUSE ? left : PAUSE))
            return project_is_running(project, error);
    }
}
