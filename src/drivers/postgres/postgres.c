/* The PostgreSQL driver: connecting, the history's SQL, and the table of what it can do. */

#include "drivers/postgres/postgres.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "drivers/postgres/fault.h"
#include "drivers/postgres/url.h"

/* hashtextextended() and more are of this version. */
#define OLDEST_SERVER 110000

enum { NAME_LENGTH = 64 }; /* bytes, with the NUL ("Identifiers and Key Words" in the manual) */

/*
 * Whoever runs anything holds the lock on its own virtual transaction, which everybody may see; the state, which shows more (some
 * commands go through several transactions), is for its own user. Between two of the alterations that were sent ahead it is idle for a
 * moment. One that computes waits for nothing: its wait_event is null. The pid may belong to another process by now, and a copy of a
 * database has the row of a holder that is at work on the other.
 */
#define ORPHAN_SQL                                                                                                                  \
    "WITH orphan AS (\n"                                                                                                            \
    "  SELECT a.pid,\n"                                                                                                             \
    "         a.state <> 'idle' OR a.state_change > pg_catalog.clock_timestamp() - interval '200 ms'\n"                             \
    "           OR EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE l.pid = a.pid AND l.locktype = 'virtualxid' AND l.granted)\n" \
    "         AS works, a.state IS NULL AS is_hidden,\n"                                                                            \
    "         (a.state LIKE 'idle%%' OR coalesce(a.wait_event IN ('ClientRead', 'ClientWrite'), false))\n"                          \
    "           AND pg_catalog.pg_has_role(a.usesysid, 'USAGE')\n"                                                                  \
    "           AND (NOT r.rolsuper OR pg_catalog.current_setting('is_superuser') = 'on') AS may_end\n"                             \
    "  FROM pg_catalog.pg_stat_activity AS a JOIN pg_catalog.pg_roles AS r ON r.oid = a.usesysid\n"                                 \
    "  WHERE a.pid = %ld AND a.pid <> pg_catalog.pg_backend_pid() AND a.datname = pg_catalog.current_database()\n"                  \
    "    AND coalesce(" POSTGRES_START_SQL ", %lld) = %lld)\n"                                                                      \
    "SELECT works OR may_end, is_hidden, CASE WHEN may_end THEN pg_catalog.pg_terminate_backend(pid) END FROM orphan"

/* Of one whose state is hidden: it may be between two of its transactions. */
#define LOOKS 20
#define LOOK_INTERVAL 10 /* milliseconds */

static Text fill_in_schema(Arena *arena, const char *sql, const char *identifier, const char *literal)
{
    static const char by_name[] = ":'schema'";
    static const char plain[] = ":schema";
    const char *filled = "";
    for (const char *found; (found = strstr(sql, ":")) != NULL;) {
        size_t length = 1;
        const char *value = ":";
        if (strncmp(found, by_name, strlen(by_name)) == 0) {
            length = strlen(by_name);
            value = literal;
        } else if (strncmp(found, plain, strlen(plain)) == 0) {
            length = strlen(plain);
            value = identifier;
        }
        filled = arena_format(arena, "%s%.*s%s", filled, (int)(found - sql), sql, value);
        sql = found + length;
    }
    return text_of(arena_format(arena, "%s%s", filled, sql));
}

static bool prepare_history(PostgresConnection *connection, const char *schema, DbaltError *error)
{
    /* The statement that makes the schema names it within such quotes. */
    if (strstr(schema, "$dbalt$") != NULL)
        return fail(error, DBALT_ERROR_USAGE, "the name of the history's schema has \"$dbalt$\" in it");

    PGconn *libpq = connection->session.libpq;
    char *identifier = PQescapeIdentifier(libpq, schema, strlen(schema));
    char *literal = PQescapeLiteral(libpq, schema, strlen(schema));
    bool fine = identifier != NULL && literal != NULL;
    if (fine) {
        connection->schema = arena_copy_string(&connection->arena, identifier);
        connection->schema_name = arena_copy_string(&connection->arena, literal);
        for (size_t i = 0; i < HISTORY_STATEMENT_COUNT; i++)
            connection->history[i] = fill_in_schema(&connection->arena, postgres_history[i], identifier, literal);
    }
    PQfreemem(identifier);
    PQfreemem(literal);
    return fine || fail(error, DBALT_ERROR_USAGE, "the name of the history's schema is no valid UTF-8");
}

void postgres_take_about(PostgresConnection *connection, const PGresult *result)
{
    PostgresSession *session = &connection->session;
    connection->knows_server = true;
    if (PQntuples(result) != 1)
        return;

    const char *pid = PQgetvalue(result, 0, 0);
    connection->is_pooled = strtol(pid, NULL, 10) != PQbackendPID(session->libpq);
    if (!connection->is_pooled)
        connection->backend = arena_format(&connection->arena, "%s/%s", pid, PQgetvalue(result, 0, 1));
    connection->is_standby = strcmp(PQgetvalue(result, 0, 3), "t") == 0;
    session->checks_client = PQserverVersion(session->libpq) >= 140000 && strstr(PQgetvalue(result, 0, 2), "linux") != NULL;
}

bool postgres_know_server(PostgresConnection *connection, DbaltError *error)
{
    if (connection->knows_server)
        return true;

    CLEANUP(postgres_result_cleanup)
    PGresult *result = postgres_session_query(&connection->session, POSTGRES_ABOUT_SQL, connection->timeout, error);
    if (result == NULL)
        return false;
    postgres_take_about(connection, result);
    return true;
}

static void close_connection(Connection *base)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    if (connection == NULL)
        return;

    if (connection->lock.session.libpq != NULL)
        postgres_lock_release(base);
    postgres_watch_close(connection);
    postgres_batches_close(connection);
    postgres_session_close(&connection->session);
    arena_done(&connection->prepared.arena);
    arena_done(&connection->arena);
    free(connection);
}

/* Scripts are read, and cut into statements, by the standard's rules: where the server reads them otherwise, a quote may hide a COMMIT. */
static bool reads_standard_strings(PGconn *libpq, DbaltError *error)
{
    const char *setting = PQparameterStatus(libpq, "standard_conforming_strings");
    if (setting == NULL || strcmp(setting, "off") != 0)
        return true;

    fail(error, DBALT_ERROR_DATABASE, "standard_conforming_strings is off for this user and database");
    return fail_hint(error,
                     "turn it on with ALTER ROLE or ALTER DATABASE, or for dbalt alone with PGOPTIONS='-c standard_conforming_strings=on'");
}

static bool prepare(PostgresConnection *connection, const ConnectOptions *options, DbaltError *error)
{
    PGconn *libpq = connection->session.libpq;
    int version = PQserverVersion(libpq);
    if (version < OLDEST_SERVER)
        return fail(error, DBALT_ERROR_DATABASE, "PostgreSQL %d.%d is too old: dbalt needs 11 or newer", version / 10000, version % 10000);

    PQsetNoticeReceiver(libpq, postgres_receive_notice, connection);
    connection->knows_server = options->read_only;
    return prepare_history(connection, options->history_schema, error) && (options->read_only || reads_standard_strings(libpq, error));
}

static bool connect_to_server(Connection **connection, const ConnectOptions *options, DbaltError *error)
{
    PostgresSession session;
    if (!postgres_url_check(options->url, error) ||
        !postgres_session_open(&session, options->url, options->dialled, options->wait, options->timeout, error))
        return false;

    PostgresConnection *made = calloc(1, sizeof(*made));
    if (made == NULL)
        abort();
    made->base = (Connection){.driver = &driver_postgres, .wait = options->wait};
    made->session = session;
    made->session.limits = options->limits;
    made->timeout = options->timeout;
    postgres_batch_add(made);
    made->url = arena_copy_string(&made->arena, options->url);
    if (!prepare(made, options, error)) {
        close_connection(&made->base);
        return false;
    }
    postgres_watch_init(made, options);
    *connection = &made->base;
    return true;
}

static Text history_sql(Connection *base, HistoryStatement statement)
{
    return ((PostgresConnection *)base)->history[statement];
}

static const char *backend(Connection *base)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    DbaltError ignored; /* then it stays unknown */
    postgres_know_server(connection, &ignored);
    return connection->backend;
}

/* A pooler may call it otherwise than the server does, which cuts long names, and cannot always convert those that are not ASCII. */
static const char *database(Connection *base)
{
    const char *name = PQdb(((PostgresConnection *)base)->session.libpq);
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] >= 0x80)
            return NULL;
    return length < NAME_LENGTH && backend(base) != NULL ? name : NULL;
}

static bool end_orphan(Connection *base, const char *name, bool *busy, DbaltError *error)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    char *end = NULL;
    long pid = strtol(name, &end, 10);
    long long start = *end == '/' ? strtoll(end + 1, NULL, 10) : 0;

    CLEANUP(arena_done) Arena arena = {0};
    const char *sql = arena_format(&arena, ORPHAN_SQL, pid, start, start);
    for (int looks = 1;; looks++) {
        CLEANUP(postgres_result_cleanup) PGresult *result = postgres_session_query(&connection->session, sql, connection->timeout, error);
        if (result == NULL)
            return false;

        *busy = PQntuples(result) > 0 && PQgetvalue(result, 0, 0)[0] == 't';
        if (*busy || PQntuples(result) == 0 || PQgetvalue(result, 0, 1)[0] == 'f' || looks == LOOKS)
            return true;
        if (!wait_sleep(base->wait, LOOK_INTERVAL))
            return fail(error, DBALT_ERROR_INTERRUPTED, "interrupted while waiting for the statement of a killed deploy");
    }
}

static const char *const schemes[] = {"postgres:", "postgresql:", NULL};

const Driver driver_postgres = {
    .name = "postgres",
    .schemes = schemes,
    .traits = {.dialect = SQL_POSTGRES, .creates = false, .answers_scripts = true, .adopts = true},
    .check_url = postgres_url_check,
    .dial = postgres_dial,
    .hang_up = postgres_hang_up,
    .connect = connect_to_server,
    .close = close_connection,
    .submit = postgres_submit,
    .next = postgres_next,
    .pipelines = postgres_pipelines,
    .send = postgres_send,
    .history_sql = history_sql,
    .lock_try = postgres_lock_try,
    .lock_is_held = postgres_lock_is_held,
    .lock_release = postgres_lock_release,
    .lock_holder = postgres_lock_holder,
    .lock_announce = postgres_lock_announce,
    .backend = backend,
    .database = database,
    .end_orphan = end_orphan,
    .clear_leftover = postgres_clear_leftover,
    .backup = postgres_backup,
    .find_aftermath = postgres_find_aftermath,
};
