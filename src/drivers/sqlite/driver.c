/* The SQLite driver: a queue whose steps run one by one, as their answers are asked for. */

#include <stdlib.h>
#include <sys/stat.h>

#include "drivers/sqlite/backup.h"
#include "drivers/sqlite/database.h"
#include "drivers/sqlite/deploy_lock.h"
#include "drivers/sqlite/fault.h"
#include "drivers/sqlite/run.h"
#include "drivers/sqlite/url.h"

extern const char *const sqlite_history[HISTORY_STATEMENT_COUNT]; /* made from history.sql */

static SqliteConnection *of(Connection *connection)
{
    return (SqliteConnection *)connection;
}

static void close_connection(Connection *base)
{
    if (base == NULL)
        return;

    SqliteConnection *connection = of(base);
    sqlite_run_stop(connection);
    sqlite_database_close(connection);
    sqlite_deploy_lock_close(connection);
    sqlite_foreign_keys_forget(&connection->foreign_keys);
    arena_done(&connection->batch);
    arena_done(&connection->arena);
    free(connection);
}

static bool file_is_empty(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && status.st_size == 0;
}

static bool open_connection(SqliteConnection *connection, const ConnectOptions *options, DbaltError *error)
{
    if (!sqlite_url_find_file(&connection->path, &connection->arena, options, error) || !sqlite_database_open(connection, error))
        return false;

    bool is_new = options->create && !options->read_only && file_is_empty(connection->path);
    return !is_new || sqlite_database_initialize(connection, error);
}

static bool connect_to(Connection **result, const ConnectOptions *options, DbaltError *error)
{
    SqliteConnection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        abort();

    *connection = (SqliteConnection){
        .base = {.driver = &driver_sqlite, .wait = options->wait},
        .read_only = options->read_only,
        .timeout = options->timeout,
        .lock_descriptor = -1,
    };
    if (!open_connection(connection, options, error)) {
        close_connection(&connection->base);
        return false;
    }

    *result = &connection->base;
    return true;
}

static void submit(Connection *base, const Step *step)
{
    SqliteConnection *connection = of(base);
    connection->steps =
        arena_grow(&connection->batch, connection->steps, connection->step_count, &connection->step_capacity, sizeof *connection->steps);
    connection->steps[connection->step_count++] = *step;
}

static void end_batch(SqliteConnection *connection)
{
    arena_done(&connection->batch);
    connection->steps = NULL;
    connection->step = connection->step_count = connection->step_capacity = 0;
}

static void answer_code(SqliteConnection *connection, int code, Answer *answer)
{
    answer->kind = ANSWER_DONE;
    if (code == SQLITE_OK)
        return;

    answer->kind = ANSWER_ERROR;
    answer->fault = sqlite_fault(connection, code, &answer->error);
}

/* Of what belongs to the alteration. */
static void answer_script_code(SqliteConnection *connection, int code, Answer *answer)
{
    answer->kind = code == SQLITE_OK ? ANSWER_DONE : ANSWER_ERROR;
    if (code != SQLITE_OK)
        answer->fault = sqlite_fault_of_script(connection, code, &answer->error);
}

static void begin_transaction(SqliteConnection *connection, const Step *step, Answer *answer)
{
    (void)step;
    /* At once for writing: a transaction that begins as a reader's cannot become a writer's once another has written. */
    answer_code(connection, sqlite_database_execute(connection, connection->read_only ? "BEGIN" : "BEGIN IMMEDIATE"), answer);
}

static void copy_data(SqliteConnection *connection, const Step *step, Answer *answer)
{
    (void)connection;
    (void)step;
    answer->kind = ANSWER_ERROR;
    fail(&answer->error, DBALT_ERROR_FAILED, "SQLite has no COPY");
    fail_hint(&answer->error, "write the data as INSERT statements");
}

/*
 * At once, not when the next transaction begins: PRAGMA locking_mode = EXCLUSIVE keeps everybody else out, another connection
 * of our own too. The deploy lock stays, as it is held by a descriptor that SQLite does not know.
 */
static void end_session(SqliteConnection *connection)
{
    if (connection->has_traces)
        sqlite_database_close(connection);
}

static void end_foreign_keys(SqliteConnection *connection)
{
    sqlite_foreign_keys_forget(&connection->foreign_keys);
    sqlite_foreign_keys_enforce(connection->database, true);
}

/* In a transaction the session has to last until its end. */
static void settle(SqliteConnection *connection, const Step *step, Answer *answer)
{
    (void)step;
    if (sqlite3_get_autocommit(connection->database)) {
        end_session(connection);
        answer->kind = ANSWER_DONE;
        return;
    }

    bool sound = true;
    int code = sqlite_foreign_keys_check(&sound, &connection->foreign_keys, connection->database, &answer->error);
    answer_script_code(connection, code, answer);
    if (!sound)
        answer->kind = ANSWER_ERROR;
    sqlite_foreign_keys_enforce(connection->database, true);
}

static void commit(SqliteConnection *connection, const Step *step, Answer *answer)
{
    (void)step;
    int code = sqlite_database_execute(connection, "COMMIT");
    answer_script_code(connection, code, answer);
    /* It may have reached the disk or not: only the next who opens the file, and finds a journal or none, can tell. */
    if ((code & 0xff) == SQLITE_IOERR)
        answer->fault = FAULT_CONNECTION;
    if (code != SQLITE_OK)
        return;

    end_foreign_keys(connection);
    end_session(connection);
}

/* Some errors have rolled back already (https://sqlite.org/lang_transaction.html, 3). */
static int roll_back(SqliteConnection *connection)
{
    if (connection->database == NULL)
        return SQLITE_OK;

    sqlite_run_stop(connection);
    end_foreign_keys(connection);
    int code = sqlite3_get_autocommit(connection->database) ? SQLITE_OK : sqlite_database_execute(connection, "ROLLBACK");
    if (code == SQLITE_OK)
        end_session(connection);
    return code;
}

static void roll_back_step(SqliteConnection *connection, const Step *step, Answer *answer)
{
    (void)step;
    answer_code(connection, roll_back(connection), answer);
}

static void pass_over(SqliteConnection *connection, const Step *step, Answer *answer)
{
    (void)connection, (void)step;
    answer->kind = ANSWER_DONE;
}

static void (*const runners[])(SqliteConnection *connection, const Step *step, Answer *answer) = {
    [STEP_BEGIN] = begin_transaction, [STEP_SQL] = sqlite_run_next, [STEP_COPY_DATA] = copy_data, [STEP_LIMITS] = pass_over,
    [STEP_OWN_ROLE] = pass_over,      [STEP_SETTLE] = settle,       [STEP_COMMIT] = commit,       [STEP_ROLLBACK] = roll_back_step,
};

static bool is_cancelled_before(SqliteConnection *connection, const Step *step, Answer *answer)
{
    if (step->kind == STEP_ROLLBACK || connection->run.is_begun || !sqlite_database_is_cancelled(connection))
        return false;

    answer->kind = ANSWER_ERROR;
    answer->fault = sqlite_fault_cancelled(&answer->error);
    return true;
}

static bool is_ready(SqliteConnection *connection, Answer *answer)
{
    if (connection->database != NULL || sqlite_database_open(connection, &answer->error))
        return true;

    answer->kind = ANSWER_ERROR;
    answer->fault = answer->error.code == DBALT_ERROR_INTERRUPTED ? FAULT_CANCELLED : FAULT_CONNECTION;
    return false;
}

static void next(Connection *base, Answer *answer)
{
    SqliteConnection *connection = of(base);
    answer_set(answer, ANSWER_END, connection->step);
    if (connection->step == connection->step_count) {
        end_batch(connection);
        return;
    }

    const Step *step = &connection->steps[connection->step];
    if (!connection->run.is_begun)
        sqlite_database_gather_patience(connection);
    if (!is_cancelled_before(connection, step, answer) && is_ready(connection, answer))
        runners[step->kind](connection, step, answer);

    if (answer->kind == ANSWER_DONE)
        connection->step++;
    if (answer->kind == ANSWER_ERROR) {
        roll_back(connection);
        connection->step = connection->step_count;
    }
}

static Text history_sql(Connection *connection, HistoryStatement statement)
{
    (void)connection;
    return text_of(sqlite_history[statement]);
}

static bool lock_try(Connection *connection, bool *taken, DbaltError *error)
{
    return sqlite_deploy_lock_try(of(connection), taken, error);
}

static bool lock_is_held(Connection *connection)
{
    return of(connection)->lock_is_held;
}

static void lock_release(Connection *connection)
{
    sqlite_deploy_lock_release(of(connection));
}

static const char *const schemes[] = {"sqlite:", NULL};

const Driver driver_sqlite = {
    .name = "SQLite",
    .schemes = schemes,
    .traits = {.dialect = SQL_SQLITE, .creates = true},
    .check_url = sqlite_url_check,
    .connect = connect_to,
    .close = close_connection,
    .submit = submit,
    .next = next,
    .history_sql = history_sql,
    .lock_try = lock_try,
    .lock_is_held = lock_is_held,
    .lock_release = lock_release,
    .backup = sqlite_backup,
};
