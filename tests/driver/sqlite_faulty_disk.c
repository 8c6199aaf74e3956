#include "driver/sqlite_faulty_disk.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

/* The methods of real files with some replaced; SQLite has several sets of them. */
typedef struct Methods {
    sqlite3_io_methods faulty; /* first: a file leads here */
    const sqlite3_io_methods *real;
    int kind;
} Methods;

static const int kinds[] = {SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_WAL};

static Methods methods[8];
static int method_count;
static sqlite3_vfs faulty_system;
static sqlite3_vfs *real_system;

static struct {
    FaultyCall call;
    int kind, code;
} failing;

static const Methods *methods_of(const sqlite3_file *file)
{
    return (const Methods *)file->pMethods;
}

static bool fails(const sqlite3_file *file, FaultyCall call)
{
    return failing.call == call && failing.kind == methods_of(file)->kind;
}

static int read_file(sqlite3_file *file, void *data, int length, sqlite3_int64 offset)
{
    return fails(file, FAULTY_READ) ? failing.code : methods_of(file)->real->xRead(file, data, length, offset);
}

static int write_file(sqlite3_file *file, const void *data, int length, sqlite3_int64 offset)
{
    return fails(file, FAULTY_WRITE) ? failing.code : methods_of(file)->real->xWrite(file, data, length, offset);
}

static int sync_file(sqlite3_file *file, int flags)
{
    return fails(file, FAULTY_SYNC) ? failing.code : methods_of(file)->real->xSync(file, flags);
}

static const sqlite3_io_methods *replace(const sqlite3_io_methods *real, int kind)
{
    for (int i = 0; i < method_count; i++) {
        if (methods[i].real == real && methods[i].kind == kind)
            return &methods[i].faulty;
    }

    assert(method_count < (int)(sizeof methods / sizeof *methods));
    Methods *new = &methods[method_count++];
    *new = (Methods){.faulty = *real, .real = real, .kind = kind};
    new->faulty.iVersion = 2; /* without mapped pages, which are read without xRead */
    new->faulty.xRead = read_file;
    new->faulty.xWrite = write_file;
    new->faulty.xSync = sync_file;
    return &new->faulty;
}

static int open_file(sqlite3_vfs *system, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    (void)system;
    int code = real_system->xOpen(real_system, name, file, flags, out_flags);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && file->pMethods != NULL; i++) {
        if (code == SQLITE_OK && (flags & kinds[i]) != 0)
            file->pMethods = replace(file->pMethods, kinds[i]);
    }
    return code;
}

void faulty_disk_install(void)
{
    if (real_system != NULL)
        return;

    real_system = sqlite3_vfs_find(NULL);
    faulty_system = *real_system;
    faulty_system.zName = "faulty";
    faulty_system.xOpen = open_file;
    sqlite3_vfs_register(&faulty_system, 1);
}

void faulty_disk_fails(FaultyCall call, int kind, int code)
{
    failing.call = call;
    failing.kind = kind;
    failing.code = code;
}
