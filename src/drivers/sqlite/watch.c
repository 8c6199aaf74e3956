#include "drivers/sqlite/watch.h"

#include <sqlite3.h>
#include <string.h>
#include <strings.h>

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
    case SQLITE_ALTER_TABLE:
        watch->alters_table = true;
        return SQLITE_OK;
    case SQLITE_PRAGMA:
        watch->leaves_traces = true;
        watch->bends_schema = second != NULL && strcasecmp(first, "writable_schema") == 0;
        return SQLITE_OK;
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
        watch->leaves_traces = true;
        return SQLITE_OK;
    default:
        return SQLITE_OK;
    }
}
