#include "drivers/sqlite/foreign_keys.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "sql/lexer.h"

static void statement_cleanup(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}

void sqlite_foreign_keys_forget(SqliteForeignKeys *keys)
{
    arena_done(&keys->arena);
    *keys = (SqliteForeignKeys){0};
}

bool sqlite_foreign_keys_are_enforced(sqlite3 *database)
{
    int enforced = 0;
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &enforced);
    return enforced != 0;
}

void sqlite_foreign_keys_enforce(sqlite3 *database, bool enforce)
{
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_FKEY, (int)enforce, NULL);
}

static bool mentions(Text sql, Text word)
{
    Lexer lexer;
    lexer_init(&lexer, SQL_SQLITE, sql);
    for (;;) {
        Token token = lexer_next(&lexer);
        if (token.kind == TOKEN_END)
            return false;
        if (token.kind == TOKEN_WORD && text_equals_ignoring_case(token.text, word))
            return true;
    }
}

bool sqlite_foreign_keys_may_slip(const SqliteWatch *seen, Text sql)
{
    return seen->bends_schema || seen->defers_foreign_keys || seen->enforcement == ENFORCEMENT_OFF ||
           (seen->alters_table && mentions(sql, TEXT("REFERENCES")));
}

static const char *copy_column(Arena *arena, sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text == NULL ? NULL : arena_copy_string(arena, (const char *)text);
}

static void append(SqliteOrphanList *list, Arena *arena, SqliteOrphans row)
{
    list->rows = arena_grow(arena, list->rows, list->count, &list->capacity, sizeof *list->rows);
    list->rows[list->count++] = row;
}

/* A parent without the key that is referred to: SQLite refuses each use of such a foreign key, so no new violation can hide there. */
static bool is_mismatch(int code, sqlite3 *database)
{
    return code == SQLITE_ERROR && strncmp(sqlite3_errmsg(database), "foreign key mismatch", strlen("foreign key mismatch")) == 0;
}

static int find_orphans_of(SqliteOrphanList *list, Arena *arena, sqlite3_stmt *check, const char *table)
{
    sqlite3 *database = sqlite3_db_handle(check);
    sqlite3_bind_text(check, 1, table, -1, SQLITE_STATIC);

    int code;
    while ((code = sqlite3_step(check)) == SQLITE_ROW)
        append(list, arena,
               (SqliteOrphans){
                   .table = table,
                   .parent = copy_column(arena, check, 0),
                   .count = sqlite3_column_int64(check, 1),
                   .rowid = copy_column(arena, check, 2),
               });
    if (is_mismatch(code, database)) {
        append(list, arena, (SqliteOrphans){.table = table});
        code = SQLITE_DONE;
    }

    if (code == SQLITE_DONE)
        sqlite3_reset(check);
    return code;
}

static int find_orphans(SqliteOrphanList *list, Arena *arena, sqlite3 *database)
{
    static const char tables_sql[] = "SELECT DISTINCT m.name FROM main.sqlite_master AS m, pragma_foreign_key_list(m.name, 'main')"
                                     " WHERE m.type = 'table' ORDER BY m.name";
    static const char check_sql[] = "SELECT parent, count(*), min(rowid) FROM pragma_foreign_key_check(?1, 'main') GROUP BY parent";
    /* In this order: the last to be finalized, which is the first, leaves its error behind. */
    CLEANUP(statement_cleanup) sqlite3_stmt *check = NULL;
    CLEANUP(statement_cleanup) sqlite3_stmt *tables = NULL;

    int code = sqlite3_prepare_v2(database, tables_sql, -1, &tables, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(database, check_sql, -1, &check, NULL);
    if (code != SQLITE_OK)
        return code;

    while ((code = sqlite3_step(tables)) == SQLITE_ROW) {
        code = find_orphans_of(list, arena, check, copy_column(arena, tables, 0));
        if (code != SQLITE_DONE)
            return code;
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int sqlite_foreign_keys_count(SqliteForeignKeys *keys, sqlite3 *database)
{
    if (keys->is_counted)
        return SQLITE_OK;

    int code = find_orphans(&keys->before, &keys->arena, database);
    keys->is_counted = code == SQLITE_OK;
    return code;
}

/*
 * SQLite announces the end of the rows twice where foreign keys make it delete them one by one: those of others that refer to
 * the table, or deferred ones of its own. Only then are the foreign keys of all tables read, which takes long where there are
 * thousands.
 */
int sqlite_foreign_keys_refer_to_dropped(bool *refer, sqlite3 *database, const SqliteWatch *seen)
{
    *refer = false;
    if (seen->deletes_of_dropped == 1)
        return SQLITE_OK;

    CLEANUP(statement_cleanup) sqlite3_stmt *statement = NULL;
    char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\".sqlite_master AS m, pragma_foreign_key_list(m.name, %Q) AS f"
                                " WHERE m.type = 'table' AND f.\"table\" = %Q COLLATE NOCASE LIMIT 1",
                                seen->dropped_from, seen->dropped_from, seen->dropped);
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    sqlite3_free(sql);
    if (code != SQLITE_OK)
        return code;

    code = sqlite3_step(statement);
    *refer = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static const SqliteOrphans *find(const SqliteOrphanList *list, const char *table, const char *parent)
{
    for (size_t i = 0; i < list->count; i++) {
        const SqliteOrphans *row = &list->rows[i];
        if (strcasecmp(row->table, table) != 0 || (row->parent == NULL) != (parent == NULL))
            continue;
        if (parent == NULL || strcasecmp(row->parent, parent) == 0)
            return row;
    }
    return NULL;
}

/*
 * How many of them came in since. By number, not by rowid: a rebuilt table may have other rowids. A table that could not be
 * checked before had who knows what in it.
 */
static sqlite3_int64 count_new(const SqliteOrphans *row, const SqliteOrphanList *before)
{
    if (row->parent == NULL || find(before, row->table, NULL) != NULL)
        return 0;

    const SqliteOrphans *old = find(before, row->table, row->parent);
    return old == NULL ? row->count : row->count - old->count;
}

static char *describe(Arena *arena, const SqliteOrphans *row, sqlite3_int64 new)
{
    char *text = arena_format(arena, "%lld %s of \"%s\" %s to no row of \"%s\"", (long long)new, new == 1 ? "row" : "rows", row->table,
                              new == 1 ? "refers" : "refer", row->parent);
    /* Which of them are the new ones is known only when there were none before. */
    if (row->count != new)
        return arena_format(arena, "%s, beside %lld that did before", text, (long long)(row->count - new));
    if (row->rowid != NULL)
        return arena_format(arena, "%s: %s %s", text, new == 1 ? "rowid" : "the first has rowid", row->rowid);
    return text;
}

static bool compare(const SqliteOrphanList *now, const SqliteOrphanList *before, Arena *arena, DbaltError *error)
{
    char *message = NULL;
    char *detail = NULL;
    for (size_t i = 0; i < now->count; i++) {
        sqlite3_int64 new = count_new(&now->rows[i], before);
        if (new <= 0)
            continue;

        char *line = describe(arena, &now->rows[i], new);
        if (message == NULL)
            message = line;
        else
            detail = detail == NULL ? line : arena_format(arena, "%s\n%s", detail, line);
    }
    if (message == NULL)
        return true;

    fail(error, DBALT_ERROR_FAILED, "foreign key violated: %s", message);
    if (detail != NULL)
        fail_detail(error, "%s", detail);
    return fail_hint(error,
                     "correct or delete these rows in the same script; a table is rebuilt by: create the new one under another name, copy,"
                     " drop the old one, rename the new one");
}

static bool deferred_is_open(sqlite3 *database)
{
    int open = 0;
    int highest = 0;
    sqlite3_db_status(database, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &highest, 0);
    return open != 0;
}

int sqlite_foreign_keys_check(bool *sound, SqliteForeignKeys *keys, sqlite3 *database, DbaltError *error)
{
    bool is_deferred = deferred_is_open(database);
    *sound = true;
    if (!keys->is_counted && !is_deferred)
        return SQLITE_OK;

    CLEANUP(arena_done) Arena arena = {0};
    SqliteOrphanList now = {0};
    int code = find_orphans(&now, &arena, database);
    if (code != SQLITE_OK)
        return code;

    *sound = compare(&now, &keys->before, &arena, error);
    if (*sound && is_deferred)
        *sound = fail(error, DBALT_ERROR_FAILED, "foreign key violated: a deferred constraint is not met");
    return SQLITE_OK;
}
