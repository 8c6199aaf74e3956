#include "base/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

bool new_file_begin(NewFile *file, Arena *arena, const char *path, DbaltError *error)
{
    char *temporary = arena_format(arena, "%s.partial-XXXXXX", path);
    CLEANUP(descriptor_cleanup) int descriptor = mkostemp(temporary, O_CLOEXEC);
    if (descriptor < 0)
        return fail_errno(error, DBALT_ERROR_FAILED, "cannot create \"%s\"", path);

    *file = (NewFile){.path = path, .temporary = temporary};
    return true;
}

/* Some file systems cannot do it to a folder, and need not. */
static bool sync_path(const char *path, int flags)
{
    CLEANUP(descriptor_cleanup) int descriptor = open(path, O_RDONLY | O_CLOEXEC | flags);
    return descriptor >= 0 && (fsync(descriptor) == 0 || (errno == EINVAL && flags != 0));
}

static bool sync_folder_of(const char *path)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *folder = arena_format(&arena, "%.*s/", (int)(strrchr(path, '/') - path), path);
    return sync_path(folder, O_DIRECTORY);
}

/* The name is taken by an empty file first: link() would not go over another file either, but not every file system has it. */
bool new_file_finish(NewFile *file, DbaltError *error)
{
    if (!sync_path(file->temporary, 0))
        return fail_errno(error, DBALT_ERROR_FAILED, "cannot write \"%s\"", file->path);

    CLEANUP(descriptor_cleanup) int reserved = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (reserved < 0)
        return fail_errno(error, DBALT_ERROR_FAILED, "cannot create \"%s\"", file->path);
    if (rename(file->temporary, file->path) != 0) {
        fail_errno(error, DBALT_ERROR_FAILED, "cannot rename \"%s\"", file->temporary);
        unlink(file->path);
        return false;
    }

    file->temporary = NULL;
    return sync_folder_of(file->path) || fail_errno(error, DBALT_ERROR_FAILED, "cannot write the folder of \"%s\"", file->path);
}

void new_file_cleanup(NewFile *file)
{
    if (file->temporary != NULL)
        unlink(file->temporary);
    file->temporary = NULL;
}
