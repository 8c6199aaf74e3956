#include "drivers/sqlite/backup.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/new_file.h"
#include "base/program.h"
#include "drivers/sqlite/database.h"
#include "drivers/sqlite/fault.h"

enum {
    PAGES_AT_A_TIME = 256,
    INSTRUCTIONS = 10000, /* of SQLite's machine, between two looks at the cancel descriptor */
};

static void database_cleanup(sqlite3 **database)
{
    sqlite3_close(*database);
}

static void statement_cleanup(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}

static bool fail_copy(int code, sqlite3 *copy, DbaltError *error)
{
    if ((code & 0xff) == SQLITE_INTERRUPT)
        return fail(error, DBALT_ERROR_INTERRUPTED, "interrupted");

    int system_error = copy == NULL ? 0 : sqlite3_system_errno(copy);
    fail(error, DBALT_ERROR_FAILED, "%s", sqlite3_errstr(code));
    if (system_error != 0)
        fail_detail(error, "%s (SQLite's result code %d)", strerror(system_error), code);
    return false;
}

/* In one transaction that reads: what others write meanwhile would make SQLite begin anew, again and again. */
static int copy_pages(SqliteConnection *connection, sqlite3 *copy)
{
    sqlite3_backup *backup = sqlite3_backup_init(copy, "main", connection->database, "main");
    if (backup == NULL)
        return sqlite3_extended_errcode(copy);

    int code;
    do
        code = sqlite_database_is_cancelled(connection) ? SQLITE_INTERRUPT : sqlite3_backup_step(backup, PAGES_AT_A_TIME);
    while (code == SQLITE_OK);
    sqlite3_backup_finish(backup);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Without a journal and without syncs: a copy that does not come to its end is thrown away, a whole one is synced at its end. */
static bool write_copy(SqliteConnection *connection, const char *path, DbaltError *error)
{
    CLEANUP(database_cleanup) sqlite3 *copy = NULL;
    int code = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(copy, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = copy_pages(connection, copy);
    return code == SQLITE_OK || fail_copy(code, copy, error);
}

static bool copy_database(SqliteConnection *connection, const char *path, DbaltError *error)
{
    if (connection->database == NULL && !sqlite_database_open(connection, error))
        return false;

    sqlite_database_gather_patience(connection);
    int code = sqlite_database_execute(connection, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1");
    bool written = code == SQLITE_OK && write_copy(connection, path, error);
    if (code != SQLITE_OK)
        sqlite_fault(connection, code, error);
    if (!sqlite3_get_autocommit(connection->database))
        sqlite_database_execute(connection, "ROLLBACK");
    return written;
}

static int stop_when_cancelled(void *connection)
{
    return sqlite_database_is_cancelled(connection);
}

/* As immutable: a copy of a database in WAL mode is in WAL mode too, and would get files beside it. */
static bool check_copy(SqliteConnection *connection, const char *path, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    CLEANUP(database_cleanup) sqlite3 *copy = NULL;
    CLEANUP(statement_cleanup) sqlite3_stmt *statement = NULL;
    const char *uri = sqlite_database_uri(&arena, path, "mode=ro&immutable=1");

    int code = sqlite3_open_v2(uri, &copy, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code == SQLITE_OK) {
        sqlite3_progress_handler(copy, INSTRUCTIONS, stop_when_cancelled, connection);
        code = sqlite3_prepare_v2(copy, "PRAGMA quick_check(1)", -1, &statement, NULL);
    }
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code != SQLITE_ROW)
        return fail_copy(code, copy, error);

    const char *found = (const char *)sqlite3_column_text(statement, 0);
    if (strcmp(found, "ok") == 0)
        return true;
    fail(error, DBALT_ERROR_FAILED, "the copy is not sound: %s", found);
    return fail_hint(error, "PRAGMA integrity_check tells whether the database itself is damaged");
}

/* As a word in double quotes of the shell's dot-commands. */
static const char *quote_for_sqlite(Arena *arena, const char *path)
{
    char *quoted = arena_allocate(arena, 2 * strlen(path) + 3);
    char *end = quoted;
    *end++ = '"';
    for (; *path != '\0'; path++) {
        if (*path == '"' || *path == '\\')
            *end++ = '\\';
        *end++ = *path;
    }
    *end = '"';
    return quoted;
}

/* "shop-<label>.db" of "/srv/shop.db". */
static const char *path_of(Arena *arena, const char *folder, const char *database, const char *label)
{
    const char *name = strrchr(database, '/') + 1;
    const char *dot = strrchr(name, '.');
    if (dot == NULL || dot == name || dot[1] == '\0')
        return backup_path(arena, folder, name, label, "db");

    const char *stem = arena_copy_text(arena, (Text){.data = name, .length = (size_t)(dot - name)});
    return backup_path(arena, folder, stem, label, dot + 1);
}

bool sqlite_backup(Connection *base, Backup *backup, Arena *arena, const char *folder, const char *label, DbaltError *error)
{
    SqliteConnection *connection = (SqliteConnection *)base;
    const char *path = path_of(arena, folder, connection->path, label);
    CLEANUP(new_file_cleanup) NewFile file = {0};
    if (!new_file_begin(&file, arena, path, error) || !copy_database(connection, file.temporary, error) ||
        !check_copy(connection, file.temporary, error) || !new_file_finish(&file, error))
        return false;

    const char *restore = arena_format(arena, ".restore %s", quote_for_sqlite(arena, path));
    *backup = (Backup){
        .path = path,
        .restore = arena_format(arena, "sqlite3 %s %s", program_quote(arena, connection->path), program_quote(arena, restore)),
    };
    return true;
}
