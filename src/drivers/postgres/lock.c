/*
 * The deploy lock: an advisory lock in the open transaction of a second connection. The transaction never writes and takes no
 * snapshot that lasts, so that no CREATE INDEX CONCURRENTLY waits for it; it is one transaction, so that it holds behind a pooler; and
 * it is on a lease, which a heartbeat renews, so that it ends with its client.
 */

#include <string.h>

#include "base/cleanup.h"
#include "drivers/postgres/fault.h"
#include "drivers/postgres/postgres.h"

/* idle_in_transaction_session_timeout below, as milliseconds. */
#define LEASE 30000
#define HEARTBEAT 5000

/* What takes longer is announced. */
#define ANNOUNCE_AFTER 500

/*
 * Renews the lease. No SELECT: its snapshot, short as it lives, may be the one that a CREATE INDEX CONCURRENTLY finds and waits for,
 * and so for the end of the whole transaction.
 */
#define HEARTBEAT_SQL "SET LOCAL idle_in_transaction_session_timeout='30s';"
#define TASK_PREFIX "dbalt: "

/* transaction_timeout (of PostgreSQL 17 on) would end the lock as well. */
#define TRY_SQL                                                                                             \
    "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;SET LOCAL idle_in_transaction_session_timeout='30s';%s" \
    "SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('dbalt:' || %s, 0))"
#define NO_TRANSACTION_TIMEOUT_SQL "SET LOCAL transaction_timeout=0;"

/* In this order nobody finds it free in between. The lock of a session, under the lease of a new transaction. */
#define BAR_SQL                                                                                             \
    "SELECT pg_catalog.pg_try_advisory_lock_shared(pg_catalog.hashtextextended('dbalt:' || %s, 0));COMMIT;" \
    "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;" HEARTBEAT_SQL

#define HOLDER_SQL                                                                                                               \
    "SELECT a.usename, pg_catalog.host(a.client_addr),\n"                                                                        \
    "       pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'),\n"                         \
    "       substring(a.application_name FROM '^" TASK_PREFIX "(.*)$')\n"                                                        \
    "FROM (SELECT pg_catalog.hashtextextended('dbalt:' || %s, 0) AS key) AS k\n"                                                 \
    "JOIN pg_catalog.pg_locks AS l ON l.classid::bigint = (k.key >> 32) & 4294967295 AND l.objid::bigint = k.key & 4294967295\n" \
    "JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid\n"                                                                   \
    "WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted\n"                                                           \
    "  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"

static void forget_lock(PostgresLock *lock, Wait *wait)
{
    wait_dismiss(wait, &lock->guest);
    lock->held = false;
    lock->is_barred = false;
    lock->task[0] = '\0';
    postgres_session_close(&lock->session);
}

/* A server that ends an idle session says so in a notice, some time before it closes the connection. */
static void hear_of_end(void *context, const PGresult *notice)
{
    PostgresLock *lock = context;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
        lock->ended = true;
}

/* Reads what has arrived: answers to heartbeats, or the end of the session. A server that answers here is at the statement there, too. */
static void listen_to_server(PostgresConnection *connection)
{
    PostgresLock *lock = &connection->lock;
    PGconn *libpq = lock->session.libpq;
    PQconsumeInput(libpq);
    while (!PQisBusy(libpq)) {
        PGresult *result = PQgetResult(libpq);
        if (result == NULL)
            return;

        lock->ended = lock->ended || PQresultStatus(result) == PGRES_FATAL_ERROR;
        lock->heard_at = wait_now();
        if (connection->session.heeds_heartbeat && postgres_watch_sees_work(connection))
            postgres_session_heard(&connection->session);
        PQclear(result);
    }
}

static bool is_alive(const PostgresLock *lock)
{
    PGTransactionStatusType status = PQtransactionStatus(lock->session.libpq);
    return !lock->ended && (status == PQTRANS_INTRANS || status == PQTRANS_ACTIVE) && wait_now() < lock->heard_at + LEASE;
}

/* Often enough to tell in time that the server lives. */
static int64_t heartbeat_interval(const PostgresConnection *connection)
{
    int64_t limit = connection->session.limits.answer / 4;
    return limit > 0 && limit < HEARTBEAT ? limit : HEARTBEAT;
}

static void send_heartbeat(PostgresLock *lock)
{
    PGconn *libpq = lock->session.libpq;
    CLEANUP(arena_done) Arena arena = {0};
    const char *sql = HEARTBEAT_SQL;
    char *task = lock->task[0] == '\0' || lock->task_is_told ? NULL : PQescapeLiteral(libpq, lock->task, strlen(lock->task));
    if (task != NULL)
        sql = arena_format(&arena, HEARTBEAT_SQL "SET LOCAL application_name=%s", task);
    PQfreemem(task);

    if (PQsendQuery(libpq, sql) == 1)
        lock->task_is_told = true;
}

static void serve(WaitGuest *guest)
{
    PostgresConnection *connection = guest->context;
    PostgresLock *lock = &connection->lock;

    listen_to_server(connection);
    if (!is_alive(lock)) {
        forget_lock(lock, connection->base.wait);
        return;
    }
    if (wait_now() < lock->beat_at)
        return;

    if (PQtransactionStatus(lock->session.libpq) == PQTRANS_INTRANS)
        send_heartbeat(lock);
    PQflush(lock->session.libpq);
    lock->beat_at = guest->serve_at = wait_now() + heartbeat_interval(connection);
}

/* Behind a pooler of one connection whoever comes second waits without end, and says nothing. */
static bool fail_second(const PostgresConnection *connection, DbaltError *error)
{
    if (error->code != DBALT_ERROR_DATABASE || !connection->is_pooled)
        return false;

    fail_context(error, "a second connection beside the deploy lock's cannot be used");
    return fail_hint(error, "dbalt needs two connections at once: let the pooler have two or more for this database and user");
}

static bool fail_standby(DbaltError *error)
{
    fail(error, DBALT_ERROR_DATABASE, "the server is a hot standby, which can only be read");
    return fail_hint(
        error, "connect to the primary; a URL with several hosts finds it: postgres://ONE,TWO/DATABASE?target_session_attrs=read-write");
}

static bool open_session(PostgresConnection *connection, DbaltError *error)
{
    PostgresLock *lock = &connection->lock;
    if (PQstatus(lock->session.libpq) == CONNECTION_OK)
        return true;

    postgres_session_close(&lock->session);
    if (!postgres_session_open(&lock->session, connection->url, NULL, connection->base.wait, connection->timeout, error))
        return false;

    lock->ended = false;
    PQsetNoticeReceiver(lock->session.libpq, hear_of_end, lock);
    return true;
}

static bool main_answers(PostgresConnection *connection, DbaltError *error)
{
    CLEANUP(postgres_result_cleanup)
    PGresult *result = postgres_session_query(&connection->session, "SELECT 1", connection->timeout, error);
    return result != NULL;
}

static bool end_transaction(PostgresConnection *connection, DbaltError *error)
{
    CLEANUP(postgres_result_cleanup)
    PGresult *result = postgres_session_query(&connection->lock.session, "ROLLBACK", connection->timeout, error);
    return result != NULL;
}

bool postgres_lock_try(Connection *base, bool *taken, DbaltError *error)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    PostgresLock *lock = &connection->lock;
    if (!postgres_know_server(connection, error))
        return false;
    if (connection->is_standby)
        return fail_standby(error);
    if (!open_session(connection, error))
        return false;

    CLEANUP(arena_done) Arena arena = {0};
    const char *no_limit = PQserverVersion(lock->session.libpq) >= 170000 ? NO_TRANSACTION_TIMEOUT_SQL : "";
    const char *sql = arena_format(&arena, TRY_SQL, no_limit, connection->schema_name);
    CLEANUP(postgres_result_cleanup) PGresult *result = postgres_session_query(&lock->session, sql, connection->timeout, error);
    if (result == NULL) {
        forget_lock(lock, base->wait);
        return fail_second(connection, error);
    }
    if (strcmp(PQgetvalue(result, 0, 0), "t") != 0) {
        if (!end_transaction(connection, error))
            return false;

        *taken = false;
        return true;
    }

    int64_t now = wait_now();
    lock->held = true;
    lock->heard_at = now;
    lock->beat_at = now + heartbeat_interval(connection);
    lock->guest =
        (WaitGuest){.descriptor = PQsocket(lock->session.libpq), .serve_at = lock->beat_at, .serve = serve, .context = connection};
    wait_admit(base->wait, &lock->guest);
    if (connection->is_pooled && !main_answers(connection, error)) {
        forget_lock(lock, base->wait);
        return fail_second(connection, error);
    }
    *taken = true;
    return true;
}

bool postgres_lock_is_held(Connection *base)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    if (connection->lock.held)
        serve(&connection->lock.guest);

    return connection->lock.held;
}

void postgres_lock_release(Connection *base)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    PostgresLock *lock = &connection->lock;
    if (lock->held) {
        /* The rival who asks next shall find it free: closing alone is not awaited. */
        wait_dismiss(base->wait, &lock->guest);
        DbaltError ignored;
        const char *sql = lock->is_barred ? "SELECT pg_catalog.pg_advisory_unlock_all();COMMIT" : "COMMIT";
        PQclear(postgres_session_query(&lock->session, sql, connection->timeout, &ignored));
    }
    forget_lock(lock, base->wait);
}

/* An answer to a heartbeat may be due: until it is there, nothing can be asked. */
static void finish_heartbeat(PostgresConnection *connection)
{
    PostgresSession *session = &connection->lock.session;
    postgres_session_start(session, connection->timeout);
    while (PQtransactionStatus(session->libpq) == PQTRANS_ACTIVE && postgres_session_pump(session) != POSTGRES_SILENT)
        listen_to_server(connection);
}

void postgres_lock_bar(PostgresConnection *connection)
{
    PostgresLock *lock = &connection->lock;
    if (!lock->held || lock->is_barred)
        return;

    CLEANUP(arena_done) Arena arena = {0};
    Wait *wait = connection->base.wait;
    DbaltError ignored; /* the lock is lost then, which bars as well */
    lock->is_barred = true;
    wait_dismiss(wait, &lock->guest);
    finish_heartbeat(connection);
    const char *sql = arena_format(&arena, BAR_SQL, connection->schema_name);
    CLEANUP(postgres_result_cleanup) PGresult *result = postgres_session_query(&lock->session, sql, connection->timeout, &ignored);
    if (result == NULL)
        forget_lock(lock, wait);
    else
        wait_admit(wait, &lock->guest);
}

void postgres_lock_announce(Connection *base, const char *task)
{
    PostgresLock *lock = &((PostgresConnection *)base)->lock;
    if (!lock->held)
        return;

    error_set(lock->task, sizeof lock->task, TASK_PREFIX "%s", task);
    lock->task_is_told = false;
    int64_t soon = wait_now() + ANNOUNCE_AFTER;
    if (soon < lock->beat_at)
        lock->beat_at = lock->guest.serve_at = soon;
}

LockHolder postgres_lock_holder(Connection *base, Arena *arena)
{
    PostgresConnection *connection = (PostgresConnection *)base;
    const char *sql = arena_format(arena, HOLDER_SQL, connection->schema_name);
    DbaltError ignored; /* who it is, is news that a deploy can do without */
    CLEANUP(postgres_result_cleanup) PGresult *result = postgres_session_query(&connection->session, sql, connection->timeout, &ignored);
    if (result == NULL || PQntuples(result) == 0)
        return (LockHolder){0};

    const char *address = PQgetvalue(result, 0, 1);
    bool sees_all = !PQgetisnull(result, 0, 2);
    const char *place = *address != '\0' ? arena_format(arena, " from %s", address) : sees_all ? " from the server itself" : "";
    return (LockHolder){
        .who = arena_format(arena, "user \"%s\"%s", PQgetvalue(result, 0, 0), place),
        .since = sees_all ? arena_copy_string(arena, PQgetvalue(result, 0, 2)) : NULL,
        .task = PQgetisnull(result, 0, 3) ? NULL : arena_copy_string(arena, PQgetvalue(result, 0, 3)),
    };
}
