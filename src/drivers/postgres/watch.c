/*
 * The watch: what the server tells of a statement that takes long, asked over a connection of its own. It cannot be the lock's, whose
 * open transaction would keep each question's snapshot in the way of concurrent builds. Whatever fails here ends the watching alone.
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "drivers/postgres/postgres.h"
#include "sql/outline.h"

/* A statement is watched when it runs that long, and asked after so often. */
#define WATCH_INTERVAL 1000

#define OUTLINE_LENGTH 120

/*
 * Of $1, the process that runs the statement: whether it is at work, phase and per cent, and who blocks it, a row for each. A concurrent
 * build waits for every snapshot, this question's too: that is nobody's news.
 */
#define WATCH_SQL                                                                                                                    \
    "SELECT a.state = 'active',\n"                                                                                                   \
    "       p.phase, (100.0 * least(p.done, p.total)::numeric / nullif(p.total, 0)::numeric)::int,\n"                                \
    "       " POSTGRES_BLOCKER_SQL "\n"                                                                                              \
    "FROM pg_catalog.pg_stat_activity AS a\n"                                                                                        \
    "LEFT JOIN LATERAL (\n"                                                                                                          \
    "    SELECT phase, CASE WHEN lockers_total > 0 THEN lockers_done WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END,\n" \
    "           CASE WHEN lockers_total > 0 THEN lockers_total WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END\n"      \
    "    FROM pg_catalog.pg_stat_progress_create_index WHERE pid = a.pid\n"                                                          \
    "    UNION ALL\n"                                                                                                                \
    "    SELECT pg_catalog.lower(command) || ': ' || phase, heap_blks_scanned,\n"                                                    \
    "           CASE WHEN phase LIKE '%%scanning heap' THEN heap_blks_total END\n"                                                   \
    "    FROM pg_catalog.pg_stat_progress_cluster WHERE pid = a.pid\n%s"                                                             \
    ") AS p (phase, done, total) ON true\n"                                                                                          \
    "LEFT JOIN (pg_catalog.unnest(pg_catalog.pg_blocking_pids(a.pid)) AS w (pid)\n"                                                  \
    "           LEFT JOIN pg_catalog.pg_stat_activity USING (pid)) AS b ON b.pid <> pg_catalog.pg_backend_pid()\n"                   \
    "WHERE a.pid = %d\n"                                                                                                             \
    "LIMIT 4"

/* Of PostgreSQL 14 on. */
#define COPY_SQL                                                                                  \
    "    UNION ALL\n"                                                                             \
    "    SELECT 'copying: ' || tuples_processed::text || ' rows', bytes_processed, bytes_total\n" \
    "    FROM pg_catalog.pg_stat_progress_copy WHERE pid = a.pid\n"

enum { IS_ACTIVE, PHASE, PERCENT, PID, USER, APPLICATION, STATE, SECONDS, QUERY };

static void give_up(PostgresWatch *watch, Wait *wait)
{
    wait_dismiss(wait, &watch->guest);
    PQfinish(watch->libpq);
    watch->libpq = NULL;
    watch->state = WATCH_OVER;
}

static const char *field(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

static const char *duration(Arena *arena, const char *seconds)
{
    long long count = strtoll(seconds, NULL, 10);
    if (count < 100)
        return arena_format(arena, "%lld s", count);
    return count < 7200 ? arena_format(arena, "%lld min", count / 60) : arena_format(arena, "%lld h", count / 3600);
}

/* "pid 123 (psql, user ada, idle in transaction, 5 min): select * from a"; less of it where we may not look. */
static const char *describe_blocker(Arena *arena, const PGresult *result, int row)
{
    if (strcmp(field(result, row, PID), "0") == 0) /* it has no process */
        return "a prepared transaction (see pg_prepared_xacts)";

    const char *user = field(result, row, USER);
    const char *state = field(result, row, STATE);
    const char *seconds = field(result, row, SECONDS);
    const char *query = field(result, row, QUERY);
    const char *application = field(result, row, APPLICATION);
    return arena_format(arena, "pid %s (%s%s%s%s%s%s%s)%s%s", field(result, row, PID), application == NULL ? "unknown" : application,
                        user == NULL ? "" : ", user ", user == NULL ? "" : user, state == NULL ? "" : ", ", state == NULL ? "" : state,
                        seconds == NULL ? "" : ", ", seconds == NULL ? "" : duration(arena, seconds), query == NULL ? "" : ": ",
                        query == NULL ? "" : outline_of(arena, SQL_POSTGRES, text_of(query), OUTLINE_LENGTH));
}

static const char *join(Arena *arena, const char *all, const char *next, const char *separator)
{
    return all == NULL || next == NULL ? next : arena_format(arena, "%s%s%s", all, separator, next);
}

void postgres_describe_blockers(Report *report, Arena *arena, const PGresult *result)
{
    for (int row = 0; row < PQntuples(result) && field(result, row, PID) != NULL; row++) {
        report->blockers = join(arena, report->blockers, describe_blocker(arena, result, row), "; ");
        report->blocking = join(arena, report->blocking, field(result, row, PID), ",");
    }
}

static void take_report(PostgresConnection *connection, const PGresult *result)
{
    PostgresWatch *watch = &connection->watch;
    if (PQresultStatus(result) != PGRES_TUPLES_OK || watch->asked_about != watch->statement)
        return;

    /* Twice in a row, or the answer may just be on its way. */
    bool is_active = PQntuples(result) > 0 && PQgetvalue(result, 0, IS_ACTIVE)[0] == 't';
    watch->idle_count = is_active ? 0 : watch->idle_count + 1;
    if (!is_active)
        return;

    CLEANUP(arena_done) Arena arena = {0};
    const char *percent = field(result, 0, PERCENT);
    Report report = {
        .phase = field(result, 0, PHASE),
        .percent = percent == NULL ? -1 : atoi(percent),
    };
    postgres_describe_blockers(&report, &arena, result);
    watch->receive(&report, watch->context);
}

static void ask(PostgresConnection *connection)
{
    PostgresWatch *watch = &connection->watch;
    CLEANUP(arena_done) Arena arena = {0};
    bool has_copy = PQserverVersion(watch->libpq) >= 140000;
    const char *sql = arena_format(&arena, WATCH_SQL, has_copy ? COPY_SQL : "", PQbackendPID(connection->session.libpq));
    if (PQsendQuery(watch->libpq, sql) != 1) {
        give_up(watch, connection->base.wait);
        return;
    }
    PQflush(watch->libpq);
    watch->asked_about = watch->statement;
    watch->state = WATCH_ASKING;
    watch->guest.serve_at = WAIT_FOREVER;
}

/* False while the answer is not whole. */
static bool take_answer(PostgresConnection *connection)
{
    PGconn *libpq = connection->watch.libpq;
    while (!PQisBusy(libpq)) {
        PGresult *result = PQgetResult(libpq);
        if (result == NULL)
            return true;
        take_report(connection, result);
        PQclear(result);
    }
    return false;
}

static void listen_to_server(PostgresConnection *connection)
{
    PostgresWatch *watch = &connection->watch;
    bool is_there = PQconsumeInput(watch->libpq) == 1;
    PQflush(watch->libpq);
    if (watch->state == WATCH_ASKING && take_answer(connection)) {
        watch->state = WATCH_READY;
        watch->guest.serve_at = watch->is_running ? wait_now() + WATCH_INTERVAL : WAIT_FOREVER;
    }
    if (!is_there || PQstatus(watch->libpq) != CONNECTION_OK)
        give_up(watch, connection->base.wait);
}

static void connect_further(PostgresConnection *connection)
{
    PostgresWatch *watch = &connection->watch;
    PostgresPollingStatusType polled = PQconnectPoll(watch->libpq);
    if (polled == PGRES_POLLING_FAILED || wait_now() >= watch->connect_until) {
        give_up(watch, connection->base.wait);
        return;
    }
    watch->guest.descriptor = PQsocket(watch->libpq);
    watch->guest.writes = polled == PGRES_POLLING_WRITING;
    if (polled != PGRES_POLLING_OK)
        return;

    PQsetnonblocking(watch->libpq, 1);
    watch->state = WATCH_READY;
    watch->guest.serve_at = watch->is_running ? wait_now() : WAIT_FOREVER;
}

static void begin_to_connect(PostgresConnection *connection)
{
    PostgresWatch *watch = &connection->watch;
    watch->libpq = postgres_session_dial_beside(&connection->session, connection->url);
    watch->connect_until = wait_now() + connection->timeout;
    watch->state = WATCH_CONNECTING;
    watch->guest.descriptor = PQsocket(watch->libpq);
    watch->guest.writes = true;
    watch->guest.serve_at = watch->connect_until;
    if (PQstatus(watch->libpq) == CONNECTION_BAD)
        give_up(watch, connection->base.wait);
}

static void serve(WaitGuest *guest)
{
    PostgresConnection *connection = guest->context;
    PostgresWatch *watch = &connection->watch;
    switch (watch->state) {
    case WATCH_NONE:
        begin_to_connect(connection);
        break;
    case WATCH_CONNECTING:
        connect_further(connection);
        break;
    case WATCH_READY:
        if (wait_now() >= guest->serve_at)
            ask(connection);
        else
            listen_to_server(connection); /* unasked: the server says farewell */
        break;
    case WATCH_ASKING:
        listen_to_server(connection);
        break;
    case WATCH_OVER:
        break;
    }
}

void postgres_watch_init(PostgresConnection *connection, const ConnectOptions *options)
{
    PostgresWatch *watch = &connection->watch;
    bool is_wanted = options->watch != NULL && !options->read_only;
    *watch = (PostgresWatch){.state = is_wanted ? WATCH_NONE : WATCH_OVER, .receive = options->watch, .context = options->watch_context};
    watch->guest = (WaitGuest){.descriptor = -1, .serve_at = WAIT_FOREVER, .serve = serve, .context = connection};
}

void postgres_watch_begin(PostgresConnection *connection)
{
    PostgresWatch *watch = &connection->watch;
    watch->statement++;
    watch->idle_count = 0;
    watch->is_running = true;
    if (watch->state == WATCH_OVER || connection->is_pooled)
        return;

    /* Who has little time to wait for a lock must look sooner to see who has it. */
    int64_t half = connection->session.limits.lock / 2;
    if (watch->state == WATCH_NONE || watch->state == WATCH_READY)
        watch->guest.serve_at = wait_now() + (half > 0 && half < WATCH_INTERVAL ? half : WATCH_INTERVAL);
    wait_admit(connection->base.wait, &watch->guest);
}

void postgres_watch_end(PostgresConnection *connection)
{
    PostgresWatch *watch = &connection->watch;
    watch->statement++;
    watch->is_running = false;
    if (watch->state == WATCH_NONE || watch->state == WATCH_READY)
        watch->guest.serve_at = WAIT_FOREVER;
}

bool postgres_watch_sees_work(const PostgresConnection *connection)
{
    return connection->watch.idle_count < 2;
}

void postgres_watch_close(PostgresConnection *connection)
{
    give_up(&connection->watch, connection->base.wait);
}
