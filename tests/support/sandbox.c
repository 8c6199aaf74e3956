#include "support/sandbox.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"

static void observe(const DbaltEvent *event, void *context)
{
    Sandbox *sandbox = context;
    sandbox->told[event->kind]++;
    if (event->message != NULL)
        snprintf(sandbox->last_told, sizeof sandbox->last_told, "%s", event->message);
    if (event->kind != DBALT_EVENT_WARNING || sandbox->warned == NULL)
        return;

    void (*warned)(Sandbox *) = sandbox->warned;
    sandbox->warned = NULL;
    warned(sandbox);
}

Dbalt *sandbox_open_project(Sandbox *sandbox)
{
    Dbalt *project = NULL;
    DbaltError error;
    const DbaltOptions options = {
        .size = sizeof options,
        .url = sandbox->url,
        .directory = sandbox->alterations,
        .by = "tester",
        .observer = observe,
        .observer_context = sandbox,
    };
    if (!dbalt_open(&project, &options, &error))
        fail_msg("%s", error.message);
    return project;
}

int sandbox_setup(void **state)
{
    Sandbox *sandbox = calloc(1, sizeof *sandbox);
    const char *temporary = getenv("TMPDIR");
    snprintf(sandbox->folder, sizeof sandbox->folder, "%.100s/dbalt-test-XXXXXX", temporary == NULL ? "/tmp" : temporary);
    if (mkdtemp(sandbox->folder) == NULL)
        return -1;
    snprintf(sandbox->alterations, sizeof sandbox->alterations, "%s/alterations", sandbox->folder);
    snprintf(sandbox->url, sizeof sandbox->url, "sqlite:%s/test.db", sandbox->folder);
    mkdir(sandbox->alterations, 0700);
    sandbox_query(sandbox, "create table log (what text)");
    sandbox->project = sandbox_open_project(sandbox);
    *state = sandbox;
    return 0;
}

int sandbox_teardown(void **state)
{
    Sandbox *sandbox = *state;
    char command[200];
    dbalt_close(sandbox->project);
    snprintf(command, sizeof command, "rm -rf '%s'", sandbox->folder);
    int status = system(command);
    free(sandbox);
    return status;
}

void sandbox_write(const Sandbox *sandbox, const char *file, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", sandbox->alterations, file);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fputs(text, stream);
    assert_int_equal(fclose(stream), 0);
}

void sandbox_remove(const Sandbox *sandbox, const char *file)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", sandbox->alterations, file);
    assert_int_equal(unlink(path), 0);
}

const char *sandbox_query(const Sandbox *sandbox, const char *sql)
{
    static char answer[1024];
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;

    answer[0] = '\0';
    assert_int_equal(sqlite3_open(sandbox->url + strlen("sqlite:"), &database), SQLITE_OK);
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0) != NULL)
        snprintf(answer, sizeof answer, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return answer;
}

static bool run_plan(bool planned, DbaltPlan *plan, DbaltResult *result, DbaltError *error)
{
    if (!planned)
        return false;
    bool ok = dbalt_run(plan, result, error);
    dbalt_plan_free(plan);
    return ok;
}

bool sandbox_deploy(Sandbox *sandbox, const char *target, const DbaltRunOptions *options, DbaltResult *result, DbaltError *error)
{
    DbaltPlan *plan = NULL;
    bool planned = dbalt_plan_deploy(&plan, sandbox->project, target, options, error);
    return run_plan(planned, plan, result, error);
}

bool sandbox_rollback(Sandbox *sandbox, const char *release, const DbaltRunOptions *options, DbaltResult *result, DbaltError *error)
{
    DbaltPlan *plan = NULL;
    bool planned = dbalt_plan_rollback(&plan, sandbox->project, release, options, error);
    return run_plan(planned, plan, result, error);
}

const DbaltEntry *sandbox_status(Sandbox *sandbox, const char *name)
{
    DbaltEntries entries;
    DbaltError error;
    if (!dbalt_status(sandbox->project, &entries, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < entries.count; i++) {
        if (strcmp(entries.rows[i].name, name) == 0)
            return &entries.rows[i];
    }
    fail_msg("no alteration \"%s\"", name);
    return NULL;
}
