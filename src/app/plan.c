#include "app/plan.h"

#include <string.h>

#include "app/backup.h"
#include "app/module.h"
#include "base/cleanup.h"

/* Judges the sections of one action, and tells what libpg_query could not read. */
static bool judge_sections(const Script *script, Arena *arena, Dbalt *project, SectionKind before, SectionKind whole, DbaltError *error)
{
    const SectionKind sections[] = {before, whole};
    for (size_t i = 0; i < COUNT(sections); i++) {
        const char *warning = NULL;
        if (!script_judge(&warning, arena, script, sections[i], error))
            return false;
        if (warning != NULL)
            project_inform(project, DBALT_EVENT_WARNING, "%s", warning);
    }
    return true;
}

static bool refuse_way_forth(const Script *script, DbaltError *error)
{
    fail(error, DBALT_ERROR_SCRIPT, "the script exports no function \"up\"");
    error_set(error->script, sizeof error->script, "%s", script->path);
    return fail_hint(error, "it takes: export default { up: async (pool) => { ... }, down: async (pool) => { ... } }");
}

/* The file, and what it exports when it is a module. */
static bool load_file(Script *script, Arena *arena, DbaltPlan *plan, const Standing *standing, DbaltError *error)
{
    SqlDialect dialect = plan->project->driver->traits.dialect;
    return script_load(script, arena, &plan->survey.folder, standing->alteration, dialect, error) &&
           (!script->is_module || module_load(script, arena, plan, standing->alteration->file, error));
}

bool plan_load_up(Script *script, Arena *arena, DbaltPlan *plan, const Standing *standing, DbaltError *error)
{
    if (!load_file(script, arena, plan, standing, error))
        return false;
    return !script->is_module || script->sections[SECTION_UP].present || refuse_way_forth(script, error);
}

/* The stored way back as a script of its own. */
static bool load_stored(Script *script, Arena *arena, DbaltPlan *plan, const Standing *standing, bool *is_gone, DbaltError *error)
{
    const char *down = NULL;
    const char *before_down = NULL;
    const char *identity = standing->identity.text;
    if (!history_read_stored(&down, &before_down, arena, &plan->project->history, identity, is_gone, error))
        return false;

    *script = (Script){
        .path = arena_format(arena, "history of %s", identity),
        .dialect = plan->project->driver->traits.dialect,
    };
    if (down != NULL)
        script->sections[SECTION_DOWN] = (Section){.present = true, .text = text_of(down), .line = 1};
    if (before_down != NULL)
        script->sections[SECTION_BEFORE_DOWN] = (Section){.present = true, .text = text_of(before_down), .line = 1};
    return true;
}

static bool refuse_way_back(const DbaltPlan *plan, const Standing *standing, const Script *script, bool from_file, DbaltError *error)
{
    const char *identity = standing->identity.text;
    if (!from_file) {
        fail(error, DBALT_ERROR_NO_WAY_BACK, "\"%s\" cannot be rolled back: the history has no \"down\" of it", identity);
        return fail_hint(error, "nothing was rolled back; if it was undone by hand, \"dbalt repair --forget %s\" says so", identity);
    }

    fail(error, DBALT_ERROR_NO_WAY_BACK, "\"%s\" cannot be rolled back: its file %s", identity,
         script->is_module ? "exports no function \"down\"" : "has no \"down\" section");
    error_set(error->script, sizeof error->script, "%s/%s", plan->survey.folder.path, standing->alteration->file);
    if (standing->deployment->has_down)
        return fail_hint(error, "nothing was rolled back; the history has a \"down\" from its deploy: --stored takes that one");
    if (script->is_module)
        return fail_hint(error, "nothing was rolled back; add \"down: async (pool) => { ... }\" to what it exports");
    return fail_hint(
        error, "nothing was rolled back; add a line \"-- dbalt: down\" and what undoes it below, or nothing when nothing is to be undone");
}

/* is_gone tells, of a failure, that the history had no such alteration any more; it may be NULL. */
static bool load_down(Script *script, Arena *arena, DbaltPlan *plan, const Standing *standing, bool *is_gone, DbaltError *error)
{
    bool from_file = standing->alteration != NULL && !plan->options.stored;
    if (from_file ? !load_file(script, arena, plan, standing, error) : !load_stored(script, arena, plan, standing, is_gone, error))
        return false;
    if (!script->sections[SECTION_DOWN].present)
        return refuse_way_back(plan, standing, script, from_file, error);
    return true;
}

bool plan_load_down(Script *script, Arena *arena, DbaltPlan *plan, const Standing *standing, DbaltError *error)
{
    return load_down(script, arena, plan, standing, NULL, error);
}

/* A file that is there wins, but the operator is to know that it is not what was stored. */
static void warn_of_changed_down(const DbaltPlan *plan, const Standing *standing, const Script *script)
{
    if (standing->alteration == NULL || plan->options.stored)
        return;

    CLEANUP(arena_done) Arena arena = {0};
    Fingerprint fingerprint = script_fingerprint(&arena, script);
    for (SectionKind section = SECTION_DOWN; section <= SECTION_BEFORE_DOWN; section++) {
        const char *now = fingerprint.sections[section];
        const char *stored = standing->deployment->fingerprint.sections[section];
        if (strcmp(now == NULL ? "" : now, stored == NULL ? "" : stored) != 0)
            project_inform(plan->project, DBALT_EVENT_WARNING,
                           "\"%s\" of %s is not what was stored when it was deployed; the file is used (--stored takes the other)",
                           section_name(section), standing->alteration->file);
    }
}

static bool check_script(DbaltPlan *plan, const Standing *standing, bool *is_gone, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    Script script;
    if (plan->action == DBALT_DEPLOY) /* a module is looked into when its turn has come: node starts no sooner */
        return script_load(&script, &arena, &plan->survey.folder, standing->alteration, plan->project->driver->traits.dialect, error) &&
               (!script.is_module || module_check(&script, plan, error)) &&
               judge_sections(&script, &arena, plan->project, SECTION_BEFORE_UP, SECTION_UP, error);

    if (!load_down(&script, &arena, plan, standing, is_gone, error))
        return false;
    if (!judge_sections(&script, &arena, plan->project, SECTION_BEFORE_DOWN, SECTION_DOWN, error))
        return false;
    warn_of_changed_down(plan, standing, &script);
    return true;
}

/* Both selections are in the order in which they run, so that a search goes on behind what was found last. */
static bool was_checked(Selection before, size_t *found, const Standing *standing)
{
    for (size_t i = *found; i < before.count; i++) {
        if (identity_compare(before.rows[i]->identity, standing->identity) != 0)
            continue;
        *found = i + 1;
        return true;
    }
    return false;
}

/* Leaves in the plan what is there still: others may roll back between its being listed and its script being read. */
static bool check_scripts(DbaltPlan *plan, Selection before, DbaltError *error)
{
    Selection *selection = &plan->selection;
    size_t found = 0;
    size_t kept = 0;
    for (size_t i = 0; i < selection->count; i++) {
        const Standing *standing = selection->rows[i];
        DbaltError failure;
        bool is_gone = false;
        if (was_checked(before, &found, standing) || check_script(plan, standing, &is_gone, &failure)) {
            selection->rows[kept++] = standing;
        } else if (!is_gone) {
            *error = failure;
            return false;
        }
    }
    selection->count = kept;
    return true;
}

static void warn_of_unknown(const DbaltPlan *plan)
{
    Verdict verdict = plan_check(plan->survey.arena, plan->survey.standings, plan->target, false);
    if (verdict.unknown.count > 0)
        project_inform(plan->project, DBALT_EVENT_WARNING, "the database has %zu alteration%s newer than this folder, \"%s\" the first",
                       verdict.unknown.count, verdict.unknown.count == 1 ? "" : "s", verdict.unknown.rows[0]->identity.text);
}

bool plan_build(DbaltPlan *plan, DbaltError *error)
{
    Survey *survey = &plan->survey;
    bool is_first = plan->entries.rows == NULL;
    Selection before = plan->selection;
    Selection selection;
    if (plan->action == DBALT_DEPLOY) {
        if (is_first) {
            warn_of_unknown(plan);
            survey_warn_of_newer(survey);
            survey_warn_of_changed_down(survey);
        }
        if (!plan_deploy(&selection, &plan->arena, survey->standings, plan->target, plan->options.out_of_order, error))
            return false;
    } else if (plan->by_timestamp) {
        selection = plan_rollback_to_timestamp(&plan->arena, survey->standings, plan->timestamp);
    } else {
        selection = plan_rollback(&plan->arena, survey->standings, plan->release);
    }

    plan->selection = selection;
    if (!check_scripts(plan, before, error))
        return false;
    plan->entries = survey_entries(&plan->arena, plan->selection.rows, plan->selection.count);
    return true;
}

/* Folder, target, history: in this order, so that what needs no server is told first. */
static DbaltPlan *plan_new(Dbalt *project, DbaltAction action, const DbaltRunOptions *options, DbaltError *error)
{
    project_results(project);
    Arena arena = {0};
    DbaltPlan *plan = arena_allocate(&arena, sizeof *plan);
    *plan = (DbaltPlan){.arena = arena, .project = project, .action = action};
    if (options != NULL)
        plan->options = *options;

    if (!survey_folder_first(&plan->survey, &plan->arena, project, error)) {
        dbalt_plan_free(plan);
        return NULL;
    }
    survey_warn(&plan->survey);
    return plan;
}

static bool plan_complete(DbaltPlan **result, DbaltPlan *plan, bool ok, DbaltError *error)
{
    if (!ok || !project_connect(plan->project, false, error) || !survey_history(&plan->survey, true, error) || !plan_build(plan, error)) {
        project_hang_up(plan->project);
        dbalt_plan_free(plan);
        return false;
    }
    *result = plan;
    return true;
}

bool dbalt_plan_deploy(DbaltPlan **result, Dbalt *project, const char *target, const DbaltRunOptions *options, DbaltError *error)
{
    DbaltPlan *plan = plan_new(project, DBALT_DEPLOY, options, error);
    if (plan == NULL)
        return false;

    bool ok = backup_find_folder(&plan->options.backup, &plan->arena, plan->options.backup, error) &&
              target_resolve(&plan->target, &plan->arena, arena_copy_string(&plan->arena, target), plan->survey.folder.set, error);
    plan->target_text = plan->target.text;
    return plan_complete(result, plan, ok, error);
}

bool dbalt_plan_rollback(DbaltPlan **result, Dbalt *project, const char *release, const DbaltRunOptions *options, DbaltError *error)
{
    DbaltPlan *plan = plan_new(project, DBALT_ROLLBACK, options, error);
    if (plan == NULL)
        return false;

    bool ok = release_parse(&plan->release, arena_copy_string(&plan->arena, release), error);
    if (ok)
        plan->target_text = release_format(&plan->arena, plan->release);
    return plan_complete(result, plan, ok, error);
}

bool dbalt_plan_rollback_to_timestamp(DbaltPlan **result, Dbalt *project, const char *timestamp, const DbaltRunOptions *options,
                                      DbaltError *error)
{
    DbaltPlan *plan = plan_new(project, DBALT_ROLLBACK, options, error);
    if (plan == NULL)
        return false;

    plan->by_timestamp = true;
    bool ok = timestamp_parse(&plan->timestamp, text_of(arena_copy_string(&plan->arena, timestamp)));
    if (ok)
        plan->target_text = timestamp_format(&plan->arena, plan->timestamp);
    else
        fail(error, DBALT_ERROR_TARGET, "\"%s\" is no timestamp: it takes Unix seconds, such as 1663923770", timestamp);
    return plan_complete(result, plan, ok, error);
}

DbaltEntries dbalt_plan_entries(const DbaltPlan *plan)
{
    return plan->entries;
}

const char *dbalt_plan_target(const DbaltPlan *plan)
{
    return plan->target_text;
}

void dbalt_plan_free(DbaltPlan *plan)
{
    if (plan == NULL)
        return;

    node_host_stop(plan->host);
    survey_done(&plan->survey);
    Arena arena = plan->arena; /* holds the plan itself */
    arena_done(&arena);
}
