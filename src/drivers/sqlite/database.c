#include "drivers/sqlite/database.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "drivers/sqlite/fault.h"

/* Instructions of SQLite's machine between two looks at the cancel descriptor: some 10 microseconds. */
enum { PROGRESS_PERIOD = 1000 };

bool sqlite_database_is_cancelled(SqliteConnection *connection)
{
    return wait_for(connection->base.wait, -1, 0, 0) == WAIT_CANCELLED;
}

void sqlite_database_gather_patience(SqliteConnection *connection)
{
    connection->busy_until = connection->read_only ? wait_now() + connection->timeout : WAIT_FOREVER;
}

static int stop_when_cancelled(void *context)
{
    return sqlite_database_is_cancelled(context);
}

/*
 * A writer waits as long as it takes; only a cancel ends it. SQLite has no queue for those who wait, so they ask again after
 * a pause which grows from 2 to 50 ms, each a different one.
 */
static int wait_while_busy(void *context, int tries)
{
    SqliteConnection *connection = context;
    if (wait_now() >= connection->busy_until)
        return false;

    int longest = tries < 24 ? 2 + 2 * tries : 50;
    unsigned char chance;
    sqlite3_randomness(sizeof chance, &chance);
    return wait_sleep(connection->base.wait, 1 + longest / 2 + chance % (longest / 2));
}

int sqlite_database_execute(SqliteConnection *connection, const char *sql)
{
    for (int tries = 0;; tries++) {
        int code = sqlite3_exec(connection->database, sql, NULL, NULL, NULL);
        /* SQLite does not ask wait_while_busy() where it fears a deadlock. */
        if ((code & 0xff) != SQLITE_BUSY || !wait_while_busy(connection, tries))
            return code;
    }
}

static bool refuse(const SqliteConnection *connection, int code, DbaltError *error)
{
    sqlite_fault(connection, code, error);
    if (error->code == DBALT_ERROR_INTERRUPTED)
        return false;

    error->code = DBALT_ERROR_DATABASE;
    return fail_context(error, "cannot open \"%s\"", connection->path);
}

static int configure(SqliteConnection *connection)
{
    sqlite3 *database = connection->database;
    sqlite_database_gather_patience(connection);
    connection->watch = (SqliteWatch){.arena = &connection->batch};
    sqlite3_set_authorizer(database, sqlite_watch, &connection->watch);
    sqlite3_busy_handler(database, wait_while_busy, connection);
    sqlite3_progress_handler(database, PROGRESS_PERIOD, stop_when_cancelled, connection);
    sqlite_foreign_keys_enforce(database, true);

    int code = connection->read_only ? sqlite3_exec(database, "PRAGMA query_only = 1", NULL, NULL, NULL) : SQLITE_OK;
    /* The first look into the file: is it a database? */
    return code == SQLITE_OK ? sqlite3_exec(database, "PRAGMA schema_version", NULL, NULL, NULL) : code;
}

const char *sqlite_database_uri(Arena *arena, const char *path, const char *parameters)
{
    static const char digits[] = "0123456789ABCDEF";
    char *escaped = arena_allocate(arena, 3 * strlen(path) + 1);
    for (char *end = escaped; *path != '\0'; path++) {
        unsigned char byte = (unsigned char)*path;
        if (byte == '/' || isalnum(byte)) {
            *end++ = *path;
            continue;
        }
        *end++ = '%';
        *end++ = digits[byte / 16];
        *end++ = digits[byte % 16];
    }
    return arena_format(arena, "file:%s?%s", escaped, parameters);
}

/*
 * The URI forbids to make the file. The flags of the connection allow it, because a script's ATTACH goes by them: it makes a
 * new file, and knows URIs, as in the sqlite3 shell.
 */
static int open_file(SqliteConnection *connection)
{
    /* Readers too open it for writing, where they may: what a killed writer left half-done must be undone before it can be read. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    CLEANUP(arena_done) Arena arena = {0};
    return sqlite3_open_v2(sqlite_database_uri(&arena, connection->path, "mode=rw"), &connection->database, flags, NULL);
}

static bool open_new(SqliteConnection *connection, DbaltError *error)
{
    int code = open_file(connection);
    if (code == SQLITE_OK)
        code = configure(connection);
    if (code != SQLITE_OK)
        return refuse(connection, code, error);

    if (!connection->read_only && sqlite3_db_readonly(connection->database, "main") == 1)
        return fail(error, DBALT_ERROR_DATABASE, "database file \"%s\" is read-only", connection->path);
    return true;
}

bool sqlite_database_open(SqliteConnection *connection, DbaltError *error)
{
    if (open_new(connection, error))
        return true;

    sqlite_database_close(connection);
    return false;
}

void sqlite_database_close(SqliteConnection *connection)
{
    for (size_t i = 0; i < connection->kept.count; i++)
        sqlite3_finalize(connection->kept.statements[i]);
    connection->kept.count = 0;
    sqlite3_close(connection->database);
    connection->database = NULL;
    connection->has_traces = connection->has_attached = false;
}

bool sqlite_database_initialize(SqliteConnection *connection, DbaltError *error)
{
    /* SQLite writes the header at the begin of the first transaction for writing. */
    int code = sqlite_database_execute(connection, "BEGIN IMMEDIATE");
    if (code == SQLITE_OK)
        code = sqlite_database_execute(connection, "COMMIT");
    return code == SQLITE_OK || refuse(connection, code, error);
}
