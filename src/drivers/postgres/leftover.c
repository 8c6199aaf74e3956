/*
 * Leftovers: a CREATE INDEX CONCURRENTLY that fails leaves an invalid index, which slows every write down, serves no query, and makes
 * "IF NOT EXISTS" believe that all is done (https://www.postgresql.org/docs/15/sql-createindex.html, "Building Indexes Concurrently").
 */

#include <string.h>

#include "base/cleanup.h"
#include "drivers/postgres/fault.h"
#include "drivers/postgres/postgres.h"
#include "sql/lexer.h"

/*
 * Only a plain index: one on a partitioned table is invalid by right until all its parts are there. Only when nobody is building on
 * that table now; of sessions that are hidden from us we cannot know, so they count. $1 is the table, $2 the index, as written.
 */
#define FIND_SQL                                                                                                         \
    "SELECT c.oid::regclass::text FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid\n" \
    "WHERE i.indrelid = to_regclass(%s) AND c.relname = (parse_ident(%s))[1] AND c.relkind = 'i' AND NOT i.indisvalid\n" \
    "  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index AS p WHERE p.datname = current_database()\n" \
    "                  AND (p.relid = i.indrelid OR p.relid IS NULL))"

/*
 * Who builds on that table. A second build would wait for the lock of the first, which in the end waits for every snapshot, the second's
 * too: the server would break the first one off, and leave its index invalid.
 */
#define BUILDERS_SQL                                                                                              \
    "SELECT NULL, NULL, NULL, " POSTGRES_BLOCKER_SQL "\n"                                                         \
    "FROM pg_catalog.pg_stat_progress_create_index AS p JOIN pg_catalog.pg_stat_activity AS b ON b.pid = p.pid\n" \
    "WHERE p.datname = current_database() AND p.relid = to_regclass(%s)"

#define BUILDERS_INTERVAL 500 /* milliseconds */

/* Whether an index is there and of use; the same parameters. */
#define BUILT_SQL                                                                                  \
    "SELECT FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid\n" \
    "WHERE i.indrelid = to_regclass(%s) AND c.relname = (parse_ident(%s))[1] AND i.indisvalid"

#define GONE_SQL "SELECT WHERE to_regclass(%s) IS NULL"

typedef struct Reader {
    Lexer lexer;
    Token token;
} Reader;

static void advance(Reader *reader)
{
    reader->token = lexer_next(&reader->lexer);
}

/* Passes over a keyword. */
static bool take_word(Reader *reader, Text word)
{
    if (reader->token.kind != TOKEN_WORD || !text_equals_ignoring_case(reader->token.text, word))
        return false;

    advance(reader);
    return true;
}

/* A name with its dots, as it was written. */
static Text take_name(Reader *reader)
{
    Text name = reader->token.text;
    while (reader->token.kind == TOKEN_WORD || reader->token.kind == TOKEN_QUOTED) {
        name.length = (size_t)(reader->token.text.data + reader->token.text.length - name.data);
        advance(reader);
        if (!text_equals(reader->token.text, TEXT(".")))
            break;
        advance(reader);
    }
    return name;
}

/* CREATE [UNIQUE] INDEX CONCURRENTLY [IF NOT EXISTS] index ON [ONLY] table ...; false for all else. */
static bool read_statement(Text *index, Text *table, Text statement)
{
    Reader reader;
    lexer_init(&reader.lexer, SQL_POSTGRES, statement);
    advance(&reader);
    if (!take_word(&reader, TEXT("CREATE")))
        return false;
    take_word(&reader, TEXT("UNIQUE"));
    if (!take_word(&reader, TEXT("INDEX")) || !take_word(&reader, TEXT("CONCURRENTLY")))
        return false;
    if (take_word(&reader, TEXT("IF")) && !(take_word(&reader, TEXT("NOT")) && take_word(&reader, TEXT("EXISTS"))))
        return false;
    if (take_word(&reader, TEXT("ON"))) /* without a name it gets a new one */
        return false;

    *index = take_name(&reader);
    if (!take_word(&reader, TEXT("ON")))
        return false;
    take_word(&reader, TEXT("ONLY"));
    *table = take_name(&reader);
    return index->length > 0 && table->length > 0;
}

/* DROP INDEX CONCURRENTLY [IF EXISTS] index; false for all else. */
static bool read_drop(Text *index, Text statement)
{
    Reader reader;
    lexer_init(&reader.lexer, SQL_POSTGRES, statement);
    advance(&reader);
    if (!take_word(&reader, TEXT("DROP")) || !take_word(&reader, TEXT("INDEX")) || !take_word(&reader, TEXT("CONCURRENTLY")))
        return false;
    if (take_word(&reader, TEXT("IF")) && !take_word(&reader, TEXT("EXISTS")))
        return false;

    *index = take_name(&reader);
    return index->length > 0;
}

/* The name as a literal, in the arena; NULL when it is no valid UTF-8. */
static const char *literal_of(Arena *arena, PGconn *libpq, Text name)
{
    char *literal = PQescapeLiteral(libpq, name.data, name.length);
    const char *copy = literal == NULL ? NULL : arena_copy_string(arena, literal);
    PQfreemem(literal);
    return copy;
}

/* The invalid index as its own name, quoted where it must be; NULL when there is none. */
static bool find_invalid(const char **name, Arena *arena, PostgresConnection *connection, Text index, Text table, DbaltError *error)
{
    PGconn *libpq = connection->session.libpq;
    const char *index_name = literal_of(arena, libpq, index);
    const char *table_name = literal_of(arena, libpq, table);
    if (index_name == NULL || table_name == NULL)
        return fail(error, DBALT_ERROR_FAILED, "the statement is no valid UTF-8");

    const char *sql = arena_format(arena, FIND_SQL, table_name, index_name);
    CLEANUP(postgres_result_cleanup) PGresult *result = postgres_session_query(&connection->session, sql, connection->timeout, error);
    if (result == NULL)
        return false;
    *name = PQntuples(result) == 0 ? NULL : arena_copy_string(arena, PQgetvalue(result, 0, 0));
    return true;
}

/* Waits until nobody builds on the table any more; whom for is told. */
static bool wait_for_builders(PostgresConnection *connection, Arena *arena, Text table, DbaltError *error)
{
    const char *table_name = literal_of(arena, connection->session.libpq, table);
    const char *sql = table_name == NULL ? "SELECT WHERE false" : arena_format(arena, BUILDERS_SQL, table_name);
    for (;;) {
        CLEANUP(arena_done) Arena scratch = {0};
        CLEANUP(postgres_result_cleanup) PGresult *result = postgres_session_query(&connection->session, sql, connection->timeout, error);
        if (result == NULL)
            return false;
        if (PQntuples(result) == 0)
            return true;

        Report report = {.percent = -1};
        postgres_describe_blockers(&report, &scratch, result);
        if (connection->watch.receive != NULL)
            connection->watch.receive(&report, connection->watch.context);
        if (!wait_sleep(connection->base.wait, BUILDERS_INTERVAL))
            return fail(error, DBALT_ERROR_INTERRUPTED, "interrupted while another session builds an index");
    }
}

bool postgres_clear_leftover(Connection *base, const char **cleared, Arena *arena, Text statement, DbaltError *error)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    Text index;
    Text table;
    const char *name = NULL;
    *cleared = NULL;
    if (!read_statement(&index, &table, statement))
        return true;
    if (!wait_for_builders(connection, arena, table, error) || !find_invalid(&name, arena, connection, index, table, error))
        return fail_context(error, "cannot look for an invalid index");
    if (name == NULL)
        return true;

    /* As a user's: it waits for others as long as it takes, is watched meanwhile, and a server that dies is noticed. */
    const char *sql = arena_format(arena, "DROP INDEX CONCURRENTLY %s", name);
    postgres_submit(base, &(Step){.kind = STEP_SQL, .sql = text_of(sql), .is_script = true});
    if (!connection_finish(base, NULL, error))
        return fail_context(error, "cannot drop the invalid index %s", name);

    *cleared = arena_format(arena, "Dropped the invalid index %s, which an earlier build had left; it is built again", name);
    return true;
}

bool postgres_find_aftermath(Connection *base, Aftermath *aftermath, Text statement, DbaltError *error)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    PGconn *libpq = connection->session.libpq;
    CLEANUP(arena_done) Arena arena = {0};
    Text index;
    Text table;
    bool builds = read_statement(&index, &table, statement);
    *aftermath = AFTERMATH_UNKNOWN;
    if (!builds && !read_drop(&index, statement))
        return true;

    const char *index_name = literal_of(&arena, libpq, index);
    const char *table_name = builds ? literal_of(&arena, libpq, table) : "";
    if (index_name == NULL || table_name == NULL)
        return fail(error, DBALT_ERROR_FAILED, "the statement is no valid UTF-8");

    const char *sql = builds ? arena_format(&arena, BUILT_SQL, table_name, index_name) : arena_format(&arena, GONE_SQL, index_name);
    CLEANUP(postgres_result_cleanup) PGresult *result = postgres_session_query(&connection->session, sql, connection->timeout, error);
    if (result == NULL)
        return fail_context(error, "cannot find out what became of an index");
    *aftermath = PQntuples(result) > 0 ? AFTERMATH_DONE : AFTERMATH_NONE;
    return true;
}
