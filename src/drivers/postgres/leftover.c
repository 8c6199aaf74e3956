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
 * The lock of whoever builds, or drops, an index of the table concurrently, or waits for it, or vacuums: everybody may see it, whosever
 * the session is, and those that wait in the queue too. The table is an expression.
 */
#define CHANGERS_SQL                                                                                              \
    "SELECT l.pid FROM pg_catalog.pg_locks AS l\n"                                                                \
    "WHERE l.locktype = 'relation' AND l.mode = 'ShareUpdateExclusiveLock' AND l.relation = %s\n"                 \
    "  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())\n" \
    "  AND l.pid <> pg_catalog.pg_backend_pid()\n"

#define TABLE_SQL "pg_catalog.to_regclass(%s)::oid"
#define TABLE_OF_INDEX_SQL "(SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass(%s)::oid)"

/*
 * Who is at the table's indexes. A second build would wait for the lock of the first, which in the end waits for every snapshot, the
 * second's too: the server would break the first one off, and leave its index invalid.
 */
#define BUILDERS_SQL                                                                             \
    "SELECT NULL, NULL, NULL, " POSTGRES_BLOCKER_SQL "\nFROM pg_catalog.pg_stat_activity AS b\n" \
    "WHERE b.pid IN (%s) ORDER BY b.pid LIMIT 4"

#define BUILDERS_INTERVAL 500 /* milliseconds */

/* Whether there may be anything to wait for, or to clear. Mostly there is not, and this takes a tenth of the time of what finds out more. */
#define TROUBLE_SQL                        \
    "SELECT WHERE EXISTS (%s) OR EXISTS\n" \
    "    (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = " TABLE_SQL " AND NOT i.indisvalid)"

/* The indexes of a table, as literal, and a name, which the server cuts as it cuts any. */
#define INDEX_SQL                                                                           \
    "FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid\n" \
    "WHERE i.indrelid = pg_catalog.to_regclass(%s)::oid AND c.relname = (pg_catalog.parse_ident(%s))[1]::name\n"

/* Only a plain index: one on a partitioned table is invalid by right until all its parts are there. Not while anybody is at it. */
#define FIND_SQL "SELECT c.oid::regclass::text\n" INDEX_SQL "  AND c.relkind = 'i' AND NOT i.indisvalid AND NOT EXISTS (%s)"

/* Of use, and no older than the last step that was begun; else it is another one, of the same name. */
#define BUILT_SQL                                                             \
    "SELECT\n" INDEX_SQL "  AND i.indisvalid AND pg_catalog.age(c.xmin) <=\n" \
    "    (SELECT pg_catalog.age(e.xmin) FROM %s.event AS e WHERE e.kind = 'step-begun' ORDER BY e.sequence DESC LIMIT 1)"

/*
 * An index that is there though it was to be dropped; and whether it may be another one, which the name means now: a drop begins by
 * making its index invalid, and no other schema is in the way of a name that has its own.
 */
#define KEPT_SQL                                                                                     \
    "SELECT i.indisvalid AND %s AND pg_catalog.cardinality(pg_catalog.current_schemas(false)) > 1\n" \
    "FROM pg_catalog.pg_index AS i WHERE i.indexrelid = pg_catalog.to_regclass(%s)::oid"

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

/* A name with its dots, without what may stand between them; NULL where there is none, or one that is written with escapes. */
static const char *take_name(Arena *arena, Reader *reader, bool *is_qualified)
{
    const char *name = "";
    *is_qualified = false;
    while (reader->token.kind == TOKEN_WORD || reader->token.kind == TOKEN_QUOTED) {
        Text part = reader->token.text;
        if (reader->token.kind == TOKEN_QUOTED && part.data[0] != '"')
            return NULL;
        name = arena_format(arena, "%s%.*s", name, (int)part.length, part.data);
        advance(reader);
        if (!text_equals(reader->token.text, TEXT(".")))
            return name;
        *is_qualified = true;
        name = arena_format(arena, "%s.", name);
        advance(reader);
    }
    return NULL;
}

/* What a statement does to an index, concurrently. */
typedef struct Subject {
    const char *index; /* as a literal */
    const char *table; /* as a literal; NULL = it drops the index */
    bool is_qualified; /* the index */
} Subject;

/* CREATE [UNIQUE] INDEX CONCURRENTLY [IF NOT EXISTS] index ON [ONLY] table ...; false for all else. */
static bool read_build(const char **index, const char **table, Arena *arena, Text statement)
{
    Reader reader;
    bool is_qualified;
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

    *index = take_name(arena, &reader, &is_qualified);
    if (!take_word(&reader, TEXT("ON")))
        return false;
    take_word(&reader, TEXT("ONLY"));
    *table = take_name(arena, &reader, &is_qualified);
    return *index != NULL && *table != NULL;
}

/* DROP INDEX CONCURRENTLY [IF EXISTS] index; false for all else. */
static bool read_drop(const char **index, bool *is_qualified, Arena *arena, Text statement)
{
    Reader reader;
    lexer_init(&reader.lexer, SQL_POSTGRES, statement);
    advance(&reader);
    if (!take_word(&reader, TEXT("DROP")) || !take_word(&reader, TEXT("INDEX")) || !take_word(&reader, TEXT("CONCURRENTLY")))
        return false;
    if (take_word(&reader, TEXT("IF")) && !take_word(&reader, TEXT("EXISTS")))
        return false;

    *index = take_name(arena, &reader, is_qualified);
    return *index != NULL;
}

/* NULL when it is no valid UTF-8. */
static const char *literal_of(Arena *arena, PGconn *libpq, const char *name)
{
    char *literal = PQescapeLiteral(libpq, name, strlen(name));
    const char *copy = literal == NULL ? NULL : arena_copy_string(arena, literal);
    PQfreemem(literal);
    return copy;
}

/* False for what is none, and for names that the server will refuse. */
static bool read_subject(Subject *subject, Arena *arena, PGconn *libpq, Text statement)
{
    const char *index;
    const char *table = NULL;
    *subject = (Subject){0};
    if (!read_build(&index, &table, arena, statement) && !read_drop(&index, &subject->is_qualified, arena, statement))
        return false;

    subject->index = literal_of(arena, libpq, index);
    if (subject->index != NULL && table != NULL)
        subject->table = literal_of(arena, libpq, table);
    return subject->index != NULL && (table == NULL || subject->table != NULL);
}

static PGresult *ask(PostgresConnection *connection, const char *sql, DbaltError *error)
{
    return postgres_session_query(&connection->session, sql, connection->timeout, error);
}

static bool may_have_trouble(bool *may, PostgresConnection *connection, Arena *arena, const Subject *subject, DbaltError *error)
{
    const char *changers = arena_format(arena, CHANGERS_SQL, arena_format(arena, TABLE_SQL, subject->table));
    CLEANUP(postgres_result_cleanup) PGresult *result = ask(connection, arena_format(arena, TROUBLE_SQL, changers, subject->table), error);
    *may = PQntuples(result) > 0;
    return result != NULL;
}

/* Waits until nobody is at the table's indexes any more; whom for is told. */
static bool wait_for_builders(PostgresConnection *connection, Arena *arena, const Subject *subject, DbaltError *error)
{
    bool builds = subject->table != NULL;
    const char *table = builds ? arena_format(arena, TABLE_SQL, subject->table) : arena_format(arena, TABLE_OF_INDEX_SQL, subject->index);
    const char *sql = arena_format(arena, BUILDERS_SQL, arena_format(arena, CHANGERS_SQL, table));
    for (;;) {
        CLEANUP(arena_done) Arena scratch = {0};
        CLEANUP(postgres_result_cleanup) PGresult *result = ask(connection, sql, error);
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

/* The invalid index as its own name, quoted where it must be; NULL when there is none. */
static bool find_invalid(const char **name, Arena *arena, PostgresConnection *connection, const Subject *subject, DbaltError *error)
{
    const char *changers = arena_format(arena, CHANGERS_SQL, "i.indrelid");
    const char *sql = arena_format(arena, FIND_SQL, subject->table, subject->index, changers);
    CLEANUP(postgres_result_cleanup) PGresult *result = ask(connection, sql, error);
    if (result == NULL)
        return false;
    *name = PQntuples(result) == 0 ? NULL : arena_copy_string(arena, PQgetvalue(result, 0, 0));
    return true;
}

bool postgres_clear_leftover(Connection *base, const char **cleared, Arena *arena, Text statement, DbaltError *error)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    Subject subject;
    const char *name = NULL;
    bool may_have = false;
    *cleared = NULL;
    if (!read_subject(&subject, arena, connection->session.libpq, statement) || subject.table == NULL)
        return true;
    if (!may_have_trouble(&may_have, connection, arena, &subject, error) ||
        (may_have && (!wait_for_builders(connection, arena, &subject, error) || !find_invalid(&name, arena, connection, &subject, error))))
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

static Aftermath judge_drop(const PGresult *kept)
{
    if (PQntuples(kept) == 0)
        return AFTERMATH_DONE;
    return PQgetvalue(kept, 0, 0)[0] == 't' ? AFTERMATH_UNKNOWN : AFTERMATH_NONE;
}

bool postgres_find_aftermath(Connection *base, Aftermath *aftermath, Text statement, DbaltError *error)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    CLEANUP(arena_done) Arena arena = {0};
    Subject subject;
    *aftermath = AFTERMATH_UNKNOWN;
    if (!read_subject(&subject, &arena, connection->session.libpq, statement))
        return true;

    /* Behind a pooler nobody knows whose statement it is that still runs. */
    bool builds = subject.table != NULL;
    const char *sql = builds ? arena_format(&arena, BUILT_SQL, subject.table, subject.index, connection->schema)
                             : arena_format(&arena, KEPT_SQL, subject.is_qualified ? "false" : "true", subject.index);
    CLEANUP(postgres_result_cleanup)
    PGresult *result = wait_for_builders(connection, &arena, &subject, error) ? ask(connection, sql, error) : NULL;
    if (result == NULL)
        return fail_context(error, "cannot find out what became of an index");

    *aftermath = !builds ? judge_drop(result) : PQntuples(result) > 0 ? AFTERMATH_DONE : AFTERMATH_NONE;
    return true;
}
