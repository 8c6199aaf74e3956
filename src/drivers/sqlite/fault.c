#include "drivers/sqlite/fault.h"

#include <string.h>

typedef struct FaultRule {
    int code; /* extended, or primary for all of its kind (https://sqlite.org/rescode.html) */
    Fault fault;
    DbaltErrorCode error;
    const char *hint;
} FaultRule;

/* The first that fits counts: extended codes before their primary one. */
static const FaultRule rules[] = {
    {SQLITE_CONSTRAINT_PRIMARYKEY, FAULT_DUPLICATE, DBALT_ERROR_FAILED, NULL},
    {SQLITE_CONSTRAINT_ROWID, FAULT_DUPLICATE, DBALT_ERROR_FAILED, NULL},
    {SQLITE_CONSTRAINT_UNIQUE, FAULT_DUPLICATE, DBALT_ERROR_FAILED, NULL},
    {SQLITE_CONSTRAINT_NOTNULL, FAULT_NOT_NULL, DBALT_ERROR_FAILED, NULL},
    {SQLITE_BUSY, FAULT_LOCK_TIMEOUT, DBALT_ERROR_DATABASE, "another program keeps the database locked; try again when it is done"},
    {SQLITE_LOCKED_SHAREDCACHE, FAULT_LOCK_TIMEOUT, DBALT_ERROR_DATABASE, NULL},
    {SQLITE_READONLY_DBMOVED, FAULT_DENIED, DBALT_ERROR_DATABASE, "the database file was moved or deleted while dbalt worked on it"},
    {SQLITE_READONLY, FAULT_DENIED, DBALT_ERROR_DATABASE, "dbalt must be allowed to write to the database file and to its folder"},
    {SQLITE_PERM, FAULT_DENIED, DBALT_ERROR_DATABASE, "dbalt must be allowed to write to the database file and to its folder"},
    {SQLITE_AUTH, FAULT_DENIED, DBALT_ERROR_FAILED, NULL},
    {SQLITE_CANTOPEN, FAULT_OTHER, DBALT_ERROR_DATABASE, "SQLite keeps its journal beside the database file: that folder must be writable"},
    {SQLITE_FULL, FAULT_OTHER, DBALT_ERROR_FAILED, "free space on the disk (the journal needs some too), then run the same command again"},
    {SQLITE_IOERR, FAULT_OTHER, DBALT_ERROR_DATABASE, "the system could not read or write the database or its journal: look at the disk"},
    {SQLITE_CORRUPT, FAULT_OTHER, DBALT_ERROR_DATABASE,
     "the file is damaged: PRAGMA integrity_check tells where; restore it from a backup"},
    {SQLITE_NOTADB, FAULT_OTHER, DBALT_ERROR_DATABASE, "check the path in the URL; an encrypted database cannot be opened either"},
    {SQLITE_NOMEM, FAULT_OTHER, DBALT_ERROR_DATABASE, NULL},
};

static const FaultRule *find_rule(int code)
{
    for (size_t i = 0; i < COUNT(rules); i++) {
        if (rules[i].code == code || rules[i].code == (code & 0xff))
            return &rules[i];
    }
    return NULL;
}

static bool setting_is_on(sqlite3 *database, const char *pragma)
{
    sqlite3_stmt *statement = NULL;
    bool is_on = sqlite3_prepare_v2(database, pragma, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW &&
                 sqlite3_column_int(statement, 0) != 0;
    sqlite3_finalize(statement);
    return is_on;
}

/* "unrecognized token" quotes the rest of a script, line ends and all. */
static void make_one_line(char *message)
{
    for (; *message != '\0'; message++) {
        if (*message == '\n' || *message == '\r' || *message == '\t')
            *message = ' ';
    }
}

/* What to do where a script has more than one database, or has forbidden itself to write. */
static const char *find_hint_of_script(const SqliteConnection *connection, int code)
{
    switch (code) {
    case SQLITE_READONLY:
        if (setting_is_on(connection->database, "PRAGMA query_only"))
            return "the script turned PRAGMA query_only on: turn it off before it writes";
        return connection->has_attached ? "an attached database may be the one that is read-only" : NULL;
    case SQLITE_CANTOPEN:
        return connection->has_attached ? "ATTACH makes the file but not its folder; a relative path begins where dbalt was started" : NULL;
    case SQLITE_NOTADB:
        return connection->has_attached ? "check the path of what is attached; an encrypted database cannot be opened either" : NULL;
    default:
        return NULL;
    }
}

Fault sqlite_fault_cancelled(DbaltError *error)
{
    fail(error, DBALT_ERROR_INTERRUPTED, "interrupted");
    return FAULT_CANCELLED;
}

/* Which of several databases it was is known for ATTACH alone. */
static void detail_system_error(const SqliteConnection *connection, int system_error, int code, DbaltError *error)
{
    const char *file = connection->has_attached ? connection->run.attached : connection->path;
    if (file == NULL)
        fail_detail(error, "%s (SQLite's result code %d)", strerror(system_error), code);
    else
        fail_detail(error, "\"%s\": %s (SQLite's result code %d)", file, strerror(system_error), code);
}

/* Of the history's own identities; what a trigger runs into elsewhere is an error like any other. */
static bool is_of_identities(const char *message)
{
    return text_ends_with(text_of(message), TEXT(": dbalt_alteration.identity")) ||
           text_ends_with(text_of(message), TEXT(": dbalt_event.identity"));
}

Fault sqlite_fault(const SqliteConnection *connection, int code, DbaltError *error)
{
    int kind = code & 0xff;
    if (kind == SQLITE_INTERRUPT || (kind == SQLITE_BUSY && wait_is_cancelled(connection->base.wait)))
        return sqlite_fault_cancelled(error);

    const char *message = sqlite3_errmsg(connection->database);
    const FaultRule *rule = find_rule(code);
    fail(error, rule == NULL ? DBALT_ERROR_FAILED : rule->error, "%s", message);
    make_one_line(error->message);
    if (rule != NULL && rule->hint != NULL)
        fail_hint(error, "%s", rule->hint);

    int system_error = sqlite3_system_errno(connection->database);
    if ((kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN) && system_error != 0)
        detail_system_error(connection, system_error, code, error);

    if (rule == NULL && strncmp(message, "no such table: ", strlen("no such table: ")) == 0)
        return FAULT_ABSENT;
    if (rule == NULL || (kind == SQLITE_CONSTRAINT && !is_of_identities(message)))
        return FAULT_OTHER;
    return rule->fault;
}

Fault sqlite_fault_of_script(const SqliteConnection *connection, int code, DbaltError *error)
{
    Fault fault = sqlite_fault(connection, code, error);
    if (error->code == DBALT_ERROR_INTERRUPTED)
        return fault;

    error->code = DBALT_ERROR_FAILED;
    const char *hint = find_hint_of_script(connection, code);
    if (hint != NULL)
        fail_hint(error, "%s", hint);
    if (connection->run.attached != NULL)
        fail_context(error, "cannot attach \"%s\"", connection->run.attached);
    return fault;
}
