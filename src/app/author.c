/* What authors of alterations use: new and release. Both need the folder alone. */

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/survey.h"
#include "base/cleanup.h"
#include "base/file.h"

static const char template[] = "-- dbalt: up\n"
                               "\n"
                               "\n"
                               "-- dbalt: down\n"
                               "\n";

/* Blanks become "-", as people type titles; what a shell or a file system may stumble over is refused. */
static bool name_of_file(const char **name, Arena *arena, const char *wanted, DbaltError *error)
{
    Text trimmed = text_trim(text_of(wanted));
    char *made = arena_copy_text(arena, trimmed);
    if (trimmed.length == 0)
        return fail(error, DBALT_ERROR_USAGE, "the name is empty");
    for (char *letter = made; *letter != '\0'; letter++) {
        if (*letter == ' ')
            *letter = '-';
        else if (!isalnum((unsigned char)*letter) && strchr("-_.", *letter) == NULL) {
            fail(error, DBALT_ERROR_USAGE, "the name \"%s\" has a character that does not belong in a file name", wanted);
            return fail_hint(error, "it takes letters, digits, \"-\", \"_\" and \".\"; blanks become \"-\"");
        }
    }
    *name = made;
    return true;
}

bool dbalt_new(Dbalt *project, const char *name, const char **path, DbaltError *error)
{
    Arena *arena = project_results(project);
    CLEANUP(survey_done) Survey survey = {.folder = {.descriptor = -1}};
    const char *clean = NULL;
    if (!name_of_file(&clean, arena, name, error) || !survey_folder(&survey, arena, project, error))
        return false;

    const char *made = arena_format(arena, "%s/next-%lld-%s.sql", project->directory, (long long)time(NULL), clean);
    if (!file_create(made, text_of(template), 0644, DBALT_ERROR_FOLDER, error))
        return false;
    *path = made;
    return true;
}

/* Never over a file: link() fails where rename() would replace. */
static bool rename_file(const Folder *folder, const char *from, const char *to, DbaltError *error)
{
    if (linkat(folder->descriptor, from, folder->descriptor, to, 0) != 0)
        return fail_errno(error, DBALT_ERROR_FOLDER, "cannot rename %s/%s to %s", folder->path, from, to);
    if (unlinkat(folder->descriptor, from, 0) == 0)
        return true;

    fail_errno(error, DBALT_ERROR_FOLDER, "cannot rename %s/%s", folder->path, from);
    unlinkat(folder->descriptor, to, 0);
    return false;
}

static bool rename_all(const Folder *folder, const DbaltRename *rows, size_t count, DbaltError *error)
{
    for (size_t done = 0; done < count; done++) {
        if (rename_file(folder, rows[done].from, rows[done].to, error))
            continue;
        DbaltError ignored; /* the first failure is what to tell */
        while (done-- > 0)
            rename_file(folder, rows[done].to, rows[done].from, &ignored);
        return false;
    }
    return true;
}

bool dbalt_release(Dbalt *project, const char *release, DbaltRenames *renames, DbaltError *error)
{
    Arena *arena = project_results(project);
    CLEANUP(survey_done) Survey survey = {.folder = {.descriptor = -1}};
    Release parsed;
    if (!release_parse(&parsed, arena_copy_string(arena, release), error))
        return false;
    if (parsed.is_next)
        return fail(error, DBALT_ERROR_TARGET, "\"next\" is what is not released yet: name the release, such as 1.3.0");
    if (!survey_folder(&survey, arena, project, error))
        return false;

    survey_warn(&survey);
    AlterationSet set = survey.folder.set;
    DbaltRename *rows = arena_allocate_array(arena, set.count, sizeof *rows);
    size_t count = 0;
    for (size_t i = 0; i < set.count; i++) {
        if (!set.rows[i].release.is_next)
            continue;
        const char *rest = set.rows[i].file + strlen("next");
        rows[count++] = (DbaltRename){
            .from = set.rows[i].file,
            .to = arena_format(arena, "%s%s", release_format_file_name(arena, parsed), rest),
        };
    }
    for (size_t i = 0; i < count; i++) {
        if (faccessat(survey.folder.descriptor, rows[i].to, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return fail(error, DBALT_ERROR_FOLDER, "cannot rename %s: %s/%s is there already", rows[i].from, survey.folder.path,
                        rows[i].to);
    }
    if (!rename_all(&survey.folder, rows, count, error))
        return false;

    *renames = (DbaltRenames){.rows = rows, .count = count};
    return true;
}
