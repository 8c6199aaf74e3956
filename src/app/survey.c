#include "app/survey.h"

#include <string.h>

#include "base/cleanup.h"
#include "history/lock.h"

static void make_comparison(Survey *survey)
{
    if (survey->comparison.bytes == NULL)
        comparison_init(&survey->comparison);
}

static const Fingerprint *cut_file(Survey *survey, size_t index)
{
    Fingerprint *cut = arena_allocate(survey->arena, sizeof *cut);
    return comparison_read_file(cut, survey->arena, &survey->comparison, &survey->folder, &survey->folder.set.rows[index]) ? cut : NULL;
}

/* Hashes a file ahead. */
static bool cut_next(void *context)
{
    Survey *survey = context;
    size_t index = survey->cut_count;
    if (index == survey->folder.set.count)
        return false;

    make_comparison(survey);
    survey->cuts[index] = cut_file(survey, index);
    survey->cut_count++;
    return true;
}

static void stop_cutting(Survey *survey)
{
    wait_occupy(&survey->project->wait, NULL, NULL);
}

void survey_done(Survey *survey)
{
    if (survey->project != NULL)
        stop_cutting(survey);
    comparison_done(&survey->comparison);
    folder_close(&survey->folder);
}

bool survey_folder(Survey *survey, Arena *arena, Dbalt *project, DbaltError *error)
{
    *survey = (Survey){.project = project, .arena = arena, .folder = {.descriptor = -1}};
    if (!folder_open(&survey->folder, arena, project->directory, error))
        return false;

    survey->fingerprints = arena_allocate_array(arena, survey->folder.set.count, sizeof(*survey->fingerprints));
    survey->cuts = arena_allocate_array(arena, survey->folder.set.count, sizeof(*survey->cuts));
    return true;
}

bool survey_folder_first(Survey *survey, Arena *arena, Dbalt *project, DbaltError *error)
{
    project_dial(project);
    if (survey_folder(survey, arena, project, error)) {
        wait_occupy(&project->wait, cut_next, survey);
        return true;
    }

    project_hang_up(project);
    return false;
}

void survey_warn(const Survey *survey)
{
    for (size_t i = 0; i < survey->folder.warning_count; i++)
        project_inform(survey->project, DBALT_EVENT_WARNING, "%s", survey->folder.warnings[i]);
}

void survey_warn_of_changed_down(const Survey *survey)
{
    for (size_t i = 0; i < survey->standings.count; i++) {
        const Standing *standing = &survey->standings.rows[i];
        if (standing->down_changed)
            project_inform(survey->project, DBALT_EVENT_WARNING, "the way back of %s is not what was stored when it was deployed",
                           standing->alteration->file);
    }
}

bool survey_is_newer(const Survey *survey)
{
    Standings standings = survey->standings;
    return survey->keeps_foreign && survey->foreign.is_found &&
           (standings.count == 0 ||
            timestamp_compare(survey->foreign.timestamp, standings.rows[standings.count - 1].identity.timestamp) > 0);
}

void survey_warn_of_newer(const Survey *survey)
{
    CLEANUP(arena_done) Arena arena = {0};
    if (survey_is_newer(survey))
        project_inform(survey->project, DBALT_EVENT_WARNING,
                       "the database is newer than this folder: Logto deployed an alteration with the timestamp %s, which it has not",
                       timestamp_format(&arena, survey->foreign.timestamp));
}

/* Most files are as they were deployed. */
static bool fingerprint_file(Survey *survey, size_t index, const Fingerprint *deployed, DbaltError *error)
{
    const Alteration *alteration = &survey->folder.set.rows[index];
    if (survey->fingerprints[index] != NULL || fingerprint_is_unknown(deployed))
        return true;
    const Fingerprint *cut = index < survey->cut_count ? survey->cuts[index] : cut_file(survey, index);
    if (cut != NULL && fingerprint_is_same(cut, deployed)) {
        survey->fingerprints[index] = cut;
        return true;
    }

    CLEANUP(arena_done) Arena arena = {0};
    Script script;
    if (!script_load(&script, &arena, &survey->folder, alteration, survey->project->driver->traits.dialect, error))
        return false;

    Fingerprint *fingerprint = arena_allocate(survey->arena, sizeof *fingerprint);
    *fingerprint = script_fingerprint(survey->arena, &script);
    survey->fingerprints[index] = fingerprint;
    return true;
}

static bool has_modules(AlterationSet set)
{
    for (size_t i = 0; i < set.count; i++) {
        if (set.rows[i].kind == KIND_JAVASCRIPT)
            return true;
    }
    return false;
}

/* Logto's own folder: where its first alteration, which makes the table of its state, is not deployed, there is no other sign. */
static bool is_of_logto(AlterationSet set)
{
    for (size_t i = 0; i < set.count; i++) {
        if (strcmp(set.rows[i].identity.text, "1-logto-config") == 0)
            return true;
    }
    return false;
}

/* Logto's alterations are JavaScript: a folder without any is not Logto's. */
static bool asks_foreign(const Survey *survey)
{
    const Dbalt *project = survey->project;
    return project->driver->traits.adopts && project->state != DBALT_STATE_OWN &&
           (project->state == DBALT_STATE_LOGTO || has_modules(survey->folder.set));
}

static void adopt(Survey *survey, const Record *record)
{
    survey->history = record->deployments;
    survey->foreign = record->foreign;
    survey->adoption = (Adoption){.deployments = record->deployments};
    survey->keeps_foreign = record->asks_foreign && (survey->project->state == DBALT_STATE_LOGTO || record->foreign.is_found ||
                                                     record->foreign.is_remembered || is_of_logto(survey->folder.set));
    if (!record->asks_foreign)
        return;
    survey->adoption = adoption_resolve(survey->arena, survey->folder.set, record->deployments, record->foreign);
    survey->history = survey->adoption.deployments;
}

/* Lays what was read beside the folder. Files that were hashed before are not hashed again. */
static bool resolve(Survey *survey, const Record *record, DbaltError *error)
{
    adopt(survey, record);

    /* Both are in order of identity: one walk finds the files that were deployed. */
    make_comparison(survey);
    AlterationSet set = survey->folder.set;
    size_t file = 0;
    for (size_t i = 0; i < survey->history.count; i++) {
        while (file < set.count && identity_compare(set.rows[file].identity, survey->history.rows[i].identity) < 0)
            file++;
        if (file == set.count)
            break;
        const Deployment *deployment = &survey->history.rows[i];
        if (identity_compare(set.rows[file].identity, deployment->identity) == 0 &&
            !fingerprint_file(survey, file, &deployment->fingerprint, error))
            return false;
    }

    survey->standings = state_resolve(survey->arena, set, survey->fingerprints, survey->history);
    return true;
}

bool survey_history(Survey *survey, bool for_writing, DbaltError *error)
{
    Record record = {.asks_foreign = asks_foreign(survey)};
    bool ok = record_read(&record, survey->arena, &survey->project->history, for_writing, error) && resolve(survey, &record, error);
    stop_cutting(survey);
    return ok;
}

bool survey_lock(Survey *survey, const DbaltRunOptions *options, DbaltError *error)
{
    History *history = &survey->project->history;
    const LockOptions lock = {
        .no_wait = options != NULL && options->no_wait,
        .wait_seconds = options == NULL ? 0 : options->wait_seconds,
        .waiting = project_tell_waiting,
        .context = survey->project,
    };
    Record record = {.asks_foreign = asks_foreign(survey)};
    if (!lock_take(&record, survey->arena, history, &lock, error))
        return false;
    if (resolve(survey, &record, error))
        return true;

    lock_give_back(history);
    return false;
}

bool survey_has_news(const Survey *survey)
{
    return survey->adoption.added_count > 0 || survey->adoption.removed_count > 0;
}

bool survey_adopt(const Survey *survey, DbaltError *error)
{
    const Adoption *adoption = &survey->adoption;
    Dbalt *project = survey->project;
    if (!survey_has_news(survey))
        return true;

    if (adoption->added_count > 0)
        project_inform(project, DBALT_EVENT_INFO, "Adopting %zu alteration%s that Logto deployed", adoption->added_count,
                       adoption->added_count == 1 ? "" : "s");
    if (adoption->removed_count > 0)
        project_inform(project, DBALT_EVENT_INFO, "Adopting that Logto rolled back %zu alteration%s", adoption->removed_count,
                       adoption->removed_count == 1 ? "" : "s");
    return foreign_state_adopt(&project->history, adoption, survey->foreign.timestamp, error);
}

static DbaltEntry entry_of(Arena *arena, const Standing *standing)
{
    const Deployment *deployment = standing->deployment;
    const Alteration *alteration = standing->alteration;
    DbaltEntry entry = {
        .identity = standing->identity.text,
        .release = release_format(arena, standing->release),
        .timestamp = timestamp_format(arena, standing->identity.timestamp),
        .name = arena_copy_text(arena, standing->identity.name),
        .file = alteration == NULL ? NULL : alteration->file,
        .kind = alteration == NULL ? deployment->kind : kind_name(alteration->kind),
        .state = standing->state,
        .down_changed = standing->down_changed,
        .took = -1,
    };
    if (deployment != NULL) {
        entry.deployed_at = deployment->deployed_at;
        entry.took = deployment->took;
        entry.by = deployment->by;
        entry.host = deployment->host;
        entry.version = deployment->version;
    }
    return entry;
}

DbaltEntries survey_entries(Arena *arena, const Standing *const *rows, size_t count)
{
    DbaltEntry *entries = arena_allocate_array(arena, count, sizeof *entries);
    for (size_t i = 0; i < count; i++)
        entries[i] = entry_of(arena, rows[i]);
    return (DbaltEntries){.rows = entries, .count = count};
}

DbaltEntries survey_all_entries(Arena *arena, Standings standings)
{
    DbaltEntry *entries = arena_allocate_array(arena, standings.count, sizeof *entries);
    for (size_t i = 0; i < standings.count; i++)
        entries[i] = entry_of(arena, &standings.rows[i]);
    return (DbaltEntries){.rows = entries, .count = standings.count};
}
