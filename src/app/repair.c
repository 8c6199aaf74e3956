/* Repair: making the history agree with what an operator knows. */

#include <string.h>

#include "app/survey.h"
#include "base/cleanup.h"
#include "history/lock.h"

/* An identity, or a file name that has it. */
static bool find_standing(const Standing **standing, const Survey *survey, const char *wanted, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    Alteration alteration;
    const char *reason;
    Identity identity;

    if (alteration_parse(&alteration, &arena, wanted, &reason) == FILE_NAME_ALTERATION)
        identity = alteration.identity;
    else if (!identity_parse(&identity, &arena, text_of(wanted)))
        return fail(error, DBALT_ERROR_USAGE, "\"%s\" is no identity: it takes TIMESTAMP-NAME, or the file's name", wanted);

    for (size_t i = 0; i < survey->standings.count; i++) {
        const Standing *row = &survey->standings.rows[i];
        if (identity_compare(row->identity, identity) != 0)
            continue;
        if (row->deployment == NULL) {
            fail(error, DBALT_ERROR_USAGE, "\"%s\" is not deployed: there is nothing to repair", identity.text);
            return fail_hint(error, "\"dbalt deploy\" runs it; a missed one takes --out-of-order");
        }
        *standing = row;
        return true;
    }
    fail(error, DBALT_ERROR_USAGE, "\"%s\" is neither in the history nor in the folder", identity.text);
    return fail_hint(error, "\"dbalt status --json\" lists the identities");
}

static bool find_standings(const Standing ***found, Arena *arena, const Survey *survey, const char *const *identities, size_t count,
                           DbaltError *error)
{
    if (count == 0)
        return fail(error, DBALT_ERROR_USAGE, "no identity was named");

    *found = arena_allocate_array(arena, count, sizeof **found);
    for (size_t i = 0; i < count; i++) {
        if (!find_standing(&(*found)[i], survey, identities[i], error))
            return false;
        for (size_t j = 0; j < i; j++) {
            if ((*found)[j] == (*found)[i])
                return fail(error, DBALT_ERROR_USAGE, "\"%s\" is named twice", (*found)[i]->identity.text);
        }
    }
    return true;
}

static bool load_file(Script *script, Arena *arena, const Survey *survey, const Standing *standing, DbaltError *error)
{
    if (standing->alteration == NULL) {
        fail(error, DBALT_ERROR_USAGE, "\"%s\" has no file: there is nothing to accept", standing->identity.text);
        return fail_hint(error, "bring its file back, or forget it");
    }
    return script_load(script, arena, &survey->folder, standing->alteration, survey->project->driver->traits.dialect, error);
}

static const char *section_text(Arena *arena, const Script *script, SectionKind section)
{
    const Section *found = &script->sections[section];
    if (found->is_streamed) /* too long to be shown */
        return arena_format(arena, "sha256:%s", found->sha256);
    return found->present ? arena_copy_text(arena, found->text) : NULL;
}

/* Appends what differs in one alteration. Of what Logto deployed nothing is stored, and perhaps no row either. */
static bool compare_sections(DbaltDifference **rows, size_t *count, size_t *capacity, Arena *arena, const Survey *survey,
                             const Standing *standing, DbaltError *error)
{
    Script script = {0};
    Fingerprint present = {0};
    const char *stored_text[SECTION_COUNT] = {0};
    if (standing->alteration != NULL) {
        if (!load_file(&script, arena, survey, standing, error))
            return false;
        present = script_fingerprint(arena, &script);
    }
    const Fingerprint *stored_hash = &standing->deployment->fingerprint;
    bool has_text = stored_hash->sections[SECTION_DOWN] != NULL || stored_hash->sections[SECTION_BEFORE_DOWN] != NULL;
    if (has_text && !history_read_stored(&stored_text[SECTION_DOWN], &stored_text[SECTION_BEFORE_DOWN], arena, &survey->project->history,
                                         standing->identity.text, NULL, error))
        return false;

    for (SectionKind section = 0; section < SECTION_COUNT; section++) {
        const char *stored = stored_hash->sections[section];
        const char *now = present.sections[section];
        if (strcmp(stored == NULL ? "" : stored, now == NULL ? "" : now) == 0)
            continue;
        if (stored != NULL && stored_text[section] == NULL)
            stored_text[section] = arena_format(arena, "sha256:%s", stored);

        *rows = arena_grow(arena, *rows, *count, capacity, sizeof **rows);
        (*rows)[(*count)++] = (DbaltDifference){
            .identity = standing->identity.text,
            .file = standing->alteration == NULL ? NULL : standing->alteration->file,
            .section = section_name(section),
            .stored = stored_text[section],
            .present = section_text(arena, &script, section),
        };
    }
    return true;
}

bool dbalt_repair_differences(Dbalt *project, const char *const *identities, size_t count, DbaltDifferences *differences, DbaltError *error)
{
    Arena *arena = project_results(project);
    CLEANUP(survey_done) Survey survey = {.folder = {.descriptor = -1}};
    const Standing **found = NULL;
    if (!survey_folder_first(&survey, arena, project, error) || !project_connect(project, true, error) ||
        !survey_history(&survey, false, error) || !find_standings(&found, arena, &survey, identities, count, error))
        return false;

    DbaltDifference *rows = NULL;
    size_t row_count = 0;
    size_t capacity = 0;
    for (size_t i = 0; i < count; i++) {
        if (!compare_sections(&rows, &row_count, &capacity, arena, &survey, found[i], error))
            return false;
    }
    *differences = (DbaltDifferences){.rows = rows, .count = row_count};
    return true;
}

static bool accept_files(Survey *survey, const Standing **rows, size_t count, DbaltError *error)
{
    Arena *arena = survey->arena;
    Acceptance *acceptances = arena_allocate_array(arena, count, sizeof *acceptances);
    for (size_t i = 0; i < count; i++) {
        Script script = {0};
        if (!load_file(&script, arena, survey, rows[i], error))
            return false;
        acceptances[i] = (Acceptance){
            .identity = rows[i]->identity.text,
            .release = release_format(arena, rows[i]->release),
            .fingerprint = script_fingerprint(arena, &script),
            .down = section_text(arena, &script, SECTION_DOWN),
            .before_down = section_text(arena, &script, SECTION_BEFORE_DOWN),
        };
    }
    return history_accept(&survey->project->history, acceptances, count, error);
}

static bool forget_rows(Survey *survey, const Standing **rows, size_t count, DbaltError *error)
{
    const Deployment **deployments = arena_allocate_array(survey->arena, count, sizeof *deployments);
    for (size_t i = 0; i < count; i++)
        deployments[i] = rows[i]->deployment;
    return history_forget(&survey->project->history, deployments, count, error);
}

/* Under the lock: finds the rows again and changes them. */
static bool repair(Dbalt *project, const char *const *identities, size_t count, const DbaltRunOptions *options,
                   bool (*change)(Survey *survey, const Standing **rows, size_t count, DbaltError *error), DbaltError *error)
{
    Arena *arena = project_results(project);
    CLEANUP(survey_done) Survey survey = {.folder = {.descriptor = -1}};
    const Standing **found = NULL;
    if (!survey_folder_first(&survey, arena, project, error) || !project_connect(project, false, error) ||
        !survey_history(&survey, true, error) || !find_standings(&found, arena, &survey, identities, count, error))
        return false;

    if (!survey_lock(&survey, options, error))
        return false;

    bool ok = find_standings(&found, arena, &survey, identities, count, error) && survey_adopt(&survey, error) &&
              change(&survey, found, count, error);
    lock_give_back(&project->history);
    return ok;
}

bool dbalt_repair_accept(Dbalt *project, const char *const *identities, size_t count, const DbaltRunOptions *options, DbaltError *error)
{
    return repair(project, identities, count, options, accept_files, error);
}

bool dbalt_repair_forget(Dbalt *project, const char *const *identities, size_t count, const DbaltRunOptions *options, DbaltError *error)
{
    return repair(project, identities, count, options, forget_rows, error);
}
