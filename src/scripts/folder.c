#include "scripts/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

/* What is found while the names are read. */
typedef struct Found {
    Alteration *rows;
    size_t count, capacity;
    const char **warnings;
    size_t warning_count, warning_capacity;
} Found;

static void directory_cleanup(DIR **directory)
{
    if (*directory != NULL)
        closedir(*directory);
}

static void free_cleanup(char **memory)
{
    free(*memory);
}

/* A warning is one line, whatever the file is called. */
static const char *on_one_line(Arena *arena, const char *name)
{
    char *line = arena_copy_string(arena, name);
    for (char *newline = line; (newline = strchr(newline, '\n')) != NULL;)
        *newline = '?';

    return line;
}

static void take_name(Found *found, Arena *arena, const struct dirent *entry)
{
    Alteration alteration;
    const char *reason = NULL;
    switch (alteration_parse(&alteration, arena, entry->d_name, &reason)) {
    case FILE_NAME_ALTERATION:
        found->rows = arena_grow(arena, found->rows, found->count, &found->capacity, sizeof(*found->rows));
        found->rows[found->count++] = alteration;
        break;
    case FILE_NAME_MISSPELT:
        if (entry->d_type == DT_DIR)
            break;
        found->warnings = arena_grow(arena, found->warnings, found->warning_count, &found->warning_capacity, sizeof(*found->warnings));
        found->warnings[found->warning_count++] = arena_format(arena, "\"%s\" is ignored: %s", on_one_line(arena, entry->d_name), reason);
        break;
    case FILE_NAME_OTHER:
        break;
    }
}

static bool read_names(Found *found, Arena *arena, int descriptor, const char *path, DbaltError *error)
{
    int own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP(directory_cleanup) DIR *directory = own < 0 ? NULL : fdopendir(own);
    if (directory == NULL) {
        int reason = errno;
        descriptor_cleanup(&own);
        errno = reason;
        return fail_errno(error, DBALT_ERROR_FOLDER, "cannot read the folder \"%s\"", path);
    }

    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (entry == NULL)
            break;
        take_name(found, arena, entry);
    }
    if (errno != 0)
        return fail_errno(error, DBALT_ERROR_FOLDER, "cannot read the folder \"%s\"", path);

    return true;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool folder_open(Folder *folder, Arena *arena, const char *path, DbaltError *error)
{
    CLEANUP(descriptor_cleanup) int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        fail_errno(error, DBALT_ERROR_FOLDER, "cannot open the folder \"%s\"", path);
        return fail_hint(error, "say with --dir or DBALT_DIR where the alterations are");
    }

    Found found = {0};
    AlterationSet set;
    if (!read_names(&found, arena, descriptor, path, error) || !alteration_set_build(&set, found.rows, found.count, error))
        return false;

    /* The system gives names in no order: the same folder should warn the same way. */
    if (found.warning_count > 1)
        qsort(found.warnings, found.warning_count, sizeof(*found.warnings), compare_strings);

    *folder = (Folder){
        .path = arena_copy_string(arena, path),
        .descriptor = descriptor,
        .set = set,
        .warnings = found.warnings,
        .warning_count = found.warning_count,
    };
    descriptor = -1;
    return true;
}

void folder_close(Folder *folder)
{
    if (folder->path == NULL)
        return;

    descriptor_cleanup(&folder->descriptor);
    folder->path = NULL;
}

const char *folder_file_path(Arena *arena, const Folder *folder, const char *file)
{
    bool has_slash = text_ends_with(text_of(folder->path), TEXT("/"));
    return arena_format(arena, "%s%s%s", folder->path, has_slash ? "" : "/", file);
}

/* O_NONBLOCK: opening a FIFO must not hang. */
#define READ_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW)

/* Links within the folder are how some systems mount files into a container. */
static bool open_link(int *descriptor, const Folder *folder, const char *path, DbaltError *error)
{
    CLEANUP(free_cleanup) char *real_folder = realpath(folder->path, NULL);
    CLEANUP(free_cleanup) char *real_file = realpath(path, NULL);
    if (real_folder == NULL || real_file == NULL)
        return fail_errno(error, DBALT_ERROR_SCRIPT, "cannot follow the symbolic link \"%s\"", path);

    size_t length = strlen(real_folder);
    bool is_within = strncmp(real_file, real_folder, length) == 0 && (real_file[length] == '/' || strcmp(real_folder, "/") == 0);
    if (!is_within) {
        fail(error, DBALT_ERROR_SCRIPT, "\"%s\" is a symbolic link that leads out of the folder, to \"%s\"", path, real_file);
        return fail_hint(error, "put the file itself into the folder");
    }

    *descriptor = open(real_file, READ_FLAGS);
    return *descriptor >= 0 || fail_errno(error, DBALT_ERROR_SCRIPT, "cannot open \"%s\"", path);
}

static bool open_file(int *descriptor, const Folder *folder, const char *file, const char *path, DbaltError *error)
{
    *descriptor = openat(folder->descriptor, file, READ_FLAGS);
    if (*descriptor < 0 && errno != ELOOP)
        return fail_errno(error, DBALT_ERROR_SCRIPT, "cannot open \"%s\"", path);

    return *descriptor >= 0 || open_link(descriptor, folder, path, error);
}

bool folder_open_file(int *descriptor, const Folder *folder, const char *file, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *path = folder_file_path(&arena, folder, file);
    if (open_file(descriptor, folder, file, path, error))
        return true;

    error_set(error->script, sizeof(error->script), "%s", path);
    return false;
}

/* pread() refuses a FIFO, and one that reads less than it could was at the end: nothing else need be asked. */
bool folder_peek(Text *text, const Folder *folder, const char *file, char *buffer, size_t size)
{
    CLEANUP(descriptor_cleanup) int descriptor = openat(folder->descriptor, file, READ_FLAGS);
    ssize_t length = descriptor < 0 ? -1 : pread(descriptor, buffer, size, 0);
    if (length <= 0 || (size_t)length == size)
        return false;

    *text = (Text){.data = buffer, .length = (size_t)length};
    return true;
}

bool folder_read_file(Text *text, Arena *arena, const Folder *folder, const char *file, size_t most, DbaltError *error)
{
    CLEANUP(descriptor_cleanup) int descriptor = -1;
    const char *path = folder_file_path(arena, folder, file);
    if (open_file(&descriptor, folder, file, path, error) && file_read_all(text, arena, descriptor, path, most, DBALT_ERROR_SCRIPT, error))
        return true;

    error_set(error->script, sizeof(error->script), "%s", path);
    return false;
}
