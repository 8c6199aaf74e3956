#include "drivers/sqlite/url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/* "sqlite:FILE" and "sqlite:///absolute/path"; what stands behind "//" up to the next "/" would be a host. */
static const char *file_of(const char *url)
{
    const char *file = strchr(url, ':') + 1;
    return strncmp(file, "///", 3) == 0 ? file + 2 : file;
}

bool sqlite_url_check(const char *url, DbaltError *error)
{
    const char *file = file_of(url);
    const char *complaint = NULL;

    if (*file == '\0' || strcmp(file, "//") == 0)
        complaint = "names no file";
    else if (strcmp(file, ":memory:") == 0)
        complaint = "names no file: a database in memory would be gone when dbalt ends";
    else if (strncmp(file, "//", 2) == 0)
        complaint = "names a host: SQLite has none";
    else if (strchr(file, '?') != NULL)
        complaint = "has options: a SQLite URL has none";
    if (complaint == NULL)
        return true;

    fail(error, DBALT_ERROR_USAGE, "the URL \"%s\" %s", url, complaint);
    return fail_hint(error, "write sqlite:FILE or sqlite:///absolute/path, such as sqlite:shop.db");
}

static char *folder_of(Arena *arena, const char *file)
{
    const char *slash = strrchr(file, '/');
    if (slash == NULL)
        return arena_copy_string(arena, ".");
    return arena_copy_text(arena, (Text){.data = file, .length = slash == file ? 1 : (size_t)(slash - file)});
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool create_file(const char *file, DbaltError *error)
{
    int descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor >= 0)
        close(descriptor);
    else if (errno != EEXIST) /* another process made it meanwhile */
        return fail_errno(error, DBALT_ERROR_DATABASE, "cannot create database file \"%s\"", file);
    return true;
}

static bool find_or_create(const char *file, const char *folder, bool create, DbaltError *error)
{
    struct stat status;
    if (stat(file, &status) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return fail_errno(error, DBALT_ERROR_DATABASE, "cannot open database file \"%s\"", file);
        if (!is_folder(folder))
            return fail(error, DBALT_ERROR_DATABASE, "the folder of database file \"%s\" does not exist", file);
        if (create)
            return create_file(file, error);

        fail(error, DBALT_ERROR_DATABASE, "database file \"%s\" does not exist", file);
        return fail_hint(error, "`dbalt deploy --create` makes it");
    }

    if (S_ISDIR(status.st_mode))
        return fail(error, DBALT_ERROR_DATABASE, "\"%s\" is a folder, not a database file", file);
    if (!S_ISREG(status.st_mode))
        return fail(error, DBALT_ERROR_DATABASE, "\"%s\" is no regular file", file);
    return true;
}

/* By access, not by opening it: to close a descriptor of the file would drop the locks of any other SQLite connection in this process. */
static bool is_usable(const char *file, const char *folder, bool read_only, DbaltError *error)
{
    if (faccessat(AT_FDCWD, file, R_OK, AT_EACCESS) != 0)
        return fail_errno(error, DBALT_ERROR_DATABASE, "cannot read database file \"%s\"", file);
    if (read_only)
        return true;

    if (faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) != 0) {
        fail(error, DBALT_ERROR_DATABASE, "database file \"%s\" is read-only", file);
        return fail_hint(error, "dbalt must be allowed to write to it");
    }
    if (faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) != 0) {
        fail(error, DBALT_ERROR_DATABASE, "the folder of database file \"%s\" is read-only", file);
        return fail_hint(error, "SQLite keeps its journal there: dbalt must be allowed to write to it");
    }
    return true;
}

static void string_cleanup(char **string)
{
    free(*string);
}

bool sqlite_url_find_file(const char **path, Arena *arena, const ConnectOptions *options, DbaltError *error)
{
    const char *file = file_of(options->url);
    const char *folder = folder_of(arena, file);
    if (!find_or_create(file, folder, options->create, error) || !is_usable(file, folder, options->read_only, error))
        return false;

    CLEANUP(string_cleanup) char *absolute = realpath(file, NULL);
    if (absolute == NULL)
        return fail_errno(error, DBALT_ERROR_DATABASE, "cannot find database file \"%s\"", file);

    *path = arena_copy_string(arena, absolute);
    return true;
}
