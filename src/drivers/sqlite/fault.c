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
    {SQLITE_FULL, FAULT_OTHER, DBALT_ERROR_DATABASE,
     "free space on the disk (the journal needs some too), then run the same command again"},
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

/* "unrecognized token" quotes the rest of a script, line ends and all. */
static void make_one_line(char *message)
{
    for (; *message != '\0'; message++) {
        if (*message == '\n' || *message == '\r' || *message == '\t')
            *message = ' ';
    }
}

Fault sqlite_fault_cancelled(DbaltError *error)
{
    fail(error, DBALT_ERROR_INTERRUPTED, "interrupted");
    return FAULT_CANCELLED;
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
        fail_detail(error, "\"%s\": %s (SQLite's result code %d)", connection->path, strerror(system_error), code);

    if (rule == NULL && strncmp(message, "no such table: ", strlen("no such table: ")) == 0)
        return FAULT_ABSENT;
    return rule == NULL ? FAULT_OTHER : rule->fault;
}
