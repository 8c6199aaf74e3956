#include "app/backup.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "history/lock.h"

static void free_cleanup(char **string)
{
    free(*string);
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool backup_find_folder(const char **folder, Arena *arena, const char *given, DbaltError *error)
{
    if (given == NULL)
        return true;

    CLEANUP(free_cleanup) char *real = realpath(given, NULL);
    if (real != NULL && is_folder(real) && access(real, W_OK | X_OK) == 0) {
        *folder = arena_copy_string(arena, real);
        return true;
    }

    if (real != NULL && !is_folder(real))
        fail(error, DBALT_ERROR_USAGE, "no backup can be written to \"%s\": it is no folder", given);
    else
        fail_errno(error, DBALT_ERROR_USAGE, "no backup can be written to \"%s\"", given);
    return fail_hint(error, "name a folder that is there and that dbalt may write to");
}

/* "before-1.2.0-20261122T005510Z". */
static const char *label_of(Arena *arena, const char *target)
{
    char now[sizeof "20261122T005510Z"];
    time_t seconds = time(NULL);
    struct tm utc;
    strftime(now, sizeof now, "%Y%m%dT%H%M%SZ", gmtime_r(&seconds, &utc));
    return arena_format(arena, "before-%s-%s", target, now);
}

static bool fail_backup(DbaltError *error)
{
    if (error->code == DBALT_ERROR_INTERRUPTED) {
        fail(error, DBALT_ERROR_INTERRUPTED, "interrupted while the backup was made");
    } else {
        error->code = DBALT_ERROR_FAILED;
        fail_context(error, "no backup could be made");
    }
    return fail_add_detail(error, "nothing was deployed");
}

bool backup_make(Run *run, DbaltError *error)
{
    DbaltPlan *plan = run->plan;
    Dbalt *project = plan->project;
    const char *folder = plan->options.backup;
    if (folder == NULL || plan->action != DBALT_DEPLOY || plan->selection.count == 0)
        return true;

    Backup backup;
    project_inform(project, DBALT_EVENT_INFO, "Backing up the database");
    if (project->driver->backup == NULL)
        return fail(error, DBALT_ERROR_USAGE, "dbalt makes no backups of %s", project->driver->name);
    if (!project->driver->backup(project->connection, &backup, &plan->arena, folder, label_of(&plan->arena, plan->target_text), error))
        return fail_backup(error);

    run->result.backup = backup.path;
    run->result.restore = backup.restore;
    project_tell(project, &(DbaltEvent){.kind = DBALT_EVENT_BACKUP, .path = backup.path, .restore = backup.restore});
    return lock_check(&project->history, error); /* it may have taken hours */
}
