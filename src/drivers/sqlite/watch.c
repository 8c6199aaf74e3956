#include "drivers/sqlite/watch.h"

#include <ctype.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* As SQLite reads a boolean: what is none of these is off. */
static bool is_true(const char *value)
{
    static const char *const words[] = {"on", "yes", "true"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcasecmp(value, words[i]) == 0)
            return true;
    }
    return isdigit((unsigned char)*value) && (unsigned char)atoi(value) != 0;
}

static void watch_pragma(SqliteWatch *watch, const char *name, const char *value)
{
    watch->leaves_traces = true;
    if (value == NULL)
        return;

    watch->bends_schema = strcasecmp(name, "writable_schema") == 0;
    watch->defers_foreign_keys = strcasecmp(name, "defer_foreign_keys") == 0;
    if (strcasecmp(name, "foreign_keys") == 0)
        watch->enforcement = is_true(value) ? ENFORCEMENT_ON : ENFORCEMENT_OFF;
}

static bool is_dropped(const SqliteWatch *watch, const char *table, const char *schema)
{
    return watch->dropped != NULL && schema != NULL && strcmp(watch->dropped, table) == 0 && strcmp(watch->dropped_from, schema) == 0;
}

int sqlite_watch(void *context, int action, const char *first, const char *second, const char *schema, const char *inside)
{
    SqliteWatch *watch = context;
    (void)inside;
    if (!watch->is_script)
        return SQLITE_OK;

    if (schema != NULL && strcmp(schema, "temp") == 0)
        watch->leaves_traces = true;

    switch (action) {
    case SQLITE_TRANSACTION:
        watch->refused = arena_copy_string(watch->arena, first);
        return SQLITE_DENY;
    case SQLITE_SAVEPOINT: /* outside a transaction it begins one */
        if (watch->in_transaction)
            return SQLITE_OK;
        watch->refused = "SAVEPOINT";
        return SQLITE_DENY;
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_TEMP_TABLE:
        watch->dropped = arena_copy_string(watch->arena, first);
        watch->dropped_from = arena_copy_string(watch->arena, schema);
        return SQLITE_OK;
    case SQLITE_DELETE:
        watch->deletes_of_dropped += is_dropped(watch, first, schema);
        return SQLITE_OK;
    case SQLITE_ALTER_TABLE:
        watch->alters_table = true;
        return SQLITE_OK;
    case SQLITE_PRAGMA:
        watch_pragma(watch, first, second);
        return SQLITE_OK;
    case SQLITE_ATTACH:
        watch->attaches = true;
        watch->attached = first == NULL ? NULL : arena_copy_string(watch->arena, first);
        watch->leaves_traces = true;
        return SQLITE_OK;
    case SQLITE_DETACH:
        watch->leaves_traces = true;
        return SQLITE_OK;
    default:
        return SQLITE_OK;
    }
}
