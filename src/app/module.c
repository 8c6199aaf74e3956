#include "app/module.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/module_answer.h"
#include "base/cleanup.h"
#include "scripts/node_host.h"

bool module_stands(const Standing *standing)
{
    return standing->alteration != NULL && standing->alteration->kind == KIND_JAVASCRIPT;
}

/* Node imports by absolute path, and tells places by the one that no link is part of. */
static bool find_module(const char **path, Arena *arena, DbaltPlan *plan, const char *file, DbaltError *error)
{
    char folder[PATH_MAX];
    char real[PATH_MAX];
    if (plan->scripts == NULL) {
        if (realpath(plan->survey.folder.path, folder) == NULL)
            return fail_errno(error, DBALT_ERROR_FOLDER, "cannot find the folder \"%s\"", plan->survey.folder.path);
        plan->scripts = arena_copy_string(&plan->arena, folder);
    }

    *path = arena_format(arena, "%s/%s", plan->scripts, file);
    bool is_link = readlink(*path, real, sizeof real) >= 0;
    if (!is_link && errno == EINVAL)
        return true;
    if (!is_link || realpath(*path, real) == NULL)
        return fail_errno(error, DBALT_ERROR_SCRIPT, "cannot find \"%s\"", *path);
    *path = arena_copy_string(arena, real);
    return true;
}

/* The modules of the plan, in the order in which they will run. */
static bool expect_modules(DbaltPlan *plan, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    if (plan->host_expects)
        return true;

    const Selection *selection = &plan->selection;
    const char **paths = arena_allocate_array(&arena, selection->count, sizeof *paths);
    size_t count = 0;
    for (size_t i = 0; i < selection->count; i++) {
        if (!module_stands(selection->rows[i]))
            continue;
        if (!find_module(&paths[count++], &arena, plan, selection->rows[i]->alteration->file, error))
            return false;
    }
    const Driver *driver = plan->project->driver;
    const char *database = driver->database == NULL ? NULL : driver->database(plan->project->connection);
    plan->host_expects = true;
    return node_host_expect(plan->host, plan->action == DBALT_DEPLOY ? SECTION_UP : SECTION_DOWN, paths, count, database, error);
}

static bool start_host(DbaltPlan *plan, DbaltError *error)
{
    Dbalt *project = plan->project;
    if (plan->host != NULL)
        return true;

    const NodeOptions options = {
        .wait = &project->wait,
        .url = project->url,
        .interactive = project->interactive,
        .silence = project->script_timeout > 0 && !project->interactive ? project->script_timeout : WAIT_FOREVER,
    };
    return node_host_start(&plan->host, &options, error);
}

bool module_prepare(DbaltPlan *plan, DbaltError *error)
{
    for (size_t i = 0; i < plan->selection.count; i++)
        if (module_stands(plan->selection.rows[i]))
            return start_host(plan, error);

    return true;
}

bool module_check(const Script *script, const DbaltPlan *plan, DbaltError *error)
{
    if (plan->project->driver->traits.answers_scripts)
        return true;

    fail(error, DBALT_ERROR_SCRIPT, "JavaScript alterations do not run on %s", plan->project->driver->name);
    error_set(error->script, sizeof error->script, "%s", script->path);
    return false;
}

bool module_reach(const char **path, Arena *arena, DbaltPlan *plan, const char *file, DbaltError *error)
{
    return find_module(path, arena, plan, file, error) && start_host(plan, error) && expect_modules(plan, error);
}

/* Of queries that make up a section, each as a piece; none where one is more or less than statements that may stand there. */
static Pieces pieces_of(Arena *arena, SqlDialect dialect, const json_t *queries)
{
    Piece *rows = arena_allocate_array(arena, json_array_size(queries), sizeof *rows);
    Pieces pieces = {.rows = rows};
    for (size_t i = 0; i < json_array_size(queries); i++) {
        const char *text = json_string_value(json_array_get(queries, i));
        Text sql = text_of(arena_copy_string(arena, text == NULL ? "" : text));
        const Script alone = {.dialect = dialect, .sections[SECTION_UP] = {.text = sql}};
        Pieces piece = script_pieces(arena, &alone, SECTION_UP);
        json_auto_t *refusal = module_refusal(dialect, arena, sql);
        if (piece.count != 1 || piece.copies || refusal != NULL)
            return (Pieces){0};

        rows[pieces.count++] = piece.rows[0];
        pieces.statement_count += piece.statement_count;
        pieces.stays |= piece.stays;
    }
    return pieces;
}

bool module_load(Script *script, Arena *arena, DbaltPlan *plan, const char *file, DbaltError *error)
{
    const char *path = NULL;
    bool present[SECTION_COUNT];
    if (!module_check(script, plan, error) || !module_reach(&path, arena, plan, file, error) ||
        !node_host_load(present, plan->host, path, error))
        return false;

    for (size_t section = 0; section < SECTION_COUNT; section++)
        script->sections[section].present = present[section];
    script->queries = pieces_of(arena, plan->project->driver->traits.dialect, node_host_queries(plan->host, path));
    return true;
}

bool module_waits(const Run *run)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *path = NULL;
    DbaltError error;
    return module_stands(run->standing) &&
           (run->plan->host == NULL || !find_module(&path, &arena, run->plan, run->standing->alteration->file, &error) ||
            node_host_queries(run->plan->host, path) == NULL);
}
