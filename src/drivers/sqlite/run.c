#include "drivers/sqlite/run.h"

#include <limits.h>
#include <stdlib.h>

#include "drivers/sqlite/database.h"
#include "drivers/sqlite/fault.h"

static void finish_statement(SqliteConnection *connection)
{
    SqliteRun *run = &connection->run;
    if (run->is_kept) {
        sqlite3_reset(run->prepared);
        sqlite3_clear_bindings(run->prepared); /* what they point to does not live as long */
    } else {
        sqlite3_finalize(run->prepared);
    }
    run->is_kept = false;
    run->prepared = NULL;
    if (run->enforcement_is_off)
        sqlite_foreign_keys_enforce(connection->database, true);
    run->enforcement_is_off = false;
    run->attached = NULL;
}

void sqlite_run_stop(SqliteConnection *connection)
{
    finish_statement(connection);
    connection->run = (SqliteRun){0};
}

static void begin(SqliteConnection *connection, const Step *step)
{
    SqliteRun *run = &connection->run;
    /* A script that left this on would keep its own row out of the history. */
    if (!step->is_script && connection->has_traces)
        sqlite3_exec(connection->database, "PRAGMA query_only = 0", NULL, NULL, NULL);
    *run = (SqliteRun){.is_begun = true, .changes = sqlite3_total_changes64(connection->database)};
    if (step->reader == NULL)
        run->portion = (Portion){.text = step->sql, .is_last = true};
    statement_reader_init(&run->reader, SQL_SQLITE, run->portion.text);
}

/* Reads portions until one has a statement. False when it cannot be read; *found tells whether there is one. */
static bool find_statement(bool *found, SqliteRun *run, const Step *step, DbaltError *error)
{
    while (!(*found = statement_next(&run->statement, &run->reader)) && !run->portion.is_last) {
        if (!step->reader->next(step->reader, &run->portion, error))
            return false;
        statement_reader_init(&run->reader, SQL_SQLITE, run->portion.text);
    }
    return true;
}

/*
 * Goes to the next statement. Its end is found first, because SQLite copies all that it is given: with the whole script for
 * each statement, large scripts would take quadratic time. False when it cannot be read.
 */
static bool next_statement(bool *found, SqliteRun *run, const Step *step, DbaltError *error)
{
    bool is_first = run->statement.text.data == NULL;
    *found = true;
    if (run->rest.length > 0)
        return true;
    if (!find_statement(found, run, step, error))
        return false;
    if (!*found)
        return true;

    run->rest = run->statement.text;
    run->index += is_first ? 0 : 1;
    return true;
}

static size_t offset_of_rest(const SqliteRun *run)
{
    return run->portion.offset + run->statement.offset + (run->statement.text.length - run->rest.length);
}

/* False when the statement failed: answer says how. */
static bool check(SqliteConnection *connection, const Step *step, int code, Answer *answer)
{
    const SqliteRun *run = &connection->run;
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
        return true;

    int offset = sqlite3_error_offset(connection->database);
    answer->kind = ANSWER_ERROR;
    answer->fault =
        step->is_script ? sqlite_fault_of_script(connection, code, &answer->error) : sqlite_fault(connection, code, &answer->error);
    answer->statement = run->index;
    answer->offset = offset < 0 ? -1 : (long)(offset_of_rest(run) + (size_t)offset);
    if (offset < 0 && step->reader != NULL)
        answer->offset = (long)(run->portion.offset + run->statement.offset);
    return false;
}

static bool refuse_transaction_control(SqliteConnection *connection, const char *word, Answer *answer)
{
    answer->kind = ANSWER_ERROR;
    answer->fault = FAULT_OTHER;
    answer->statement = connection->run.index;
    answer->offset = (long)offset_of_rest(&connection->run);
    fail(&answer->error, DBALT_ERROR_FAILED, "%s cannot stand in a script: dbalt begins and ends its transactions itself", word);
    return fail_hint(&answer->error, "take it out of the script");
}

static sqlite3_stmt *find_kept(const SqliteKept *kept, Text sql)
{
    for (size_t i = 0; i < kept->count; i++) {
        if (text_equals(text_of(sqlite3_sql(kept->statements[i])), sql))
            return kept->statements[i];
    }
    return NULL;
}

/* A statement of dbalt's own, which is one by itself. */
static int prepare_own(SqliteConnection *connection, const char **tail)
{
    SqliteKept *kept = &connection->kept;
    SqliteRun *run = &connection->run;
    Text sql = run->rest;

    *tail = sql.data + sql.length;
    run->prepared = find_kept(kept, sql);
    run->is_kept = run->prepared != NULL;
    if (run->is_kept)
        return SQLITE_OK;

    int code = sqlite3_prepare_v3(connection->database, sql.data, (int)sql.length, SQLITE_PREPARE_PERSISTENT, &run->prepared, tail);
    run->is_kept = code == SQLITE_OK && run->prepared != NULL && kept->count < COUNT(kept->statements);
    if (run->is_kept)
        kept->statements[kept->count++] = run->prepared;
    return code;
}

/* Prepares what is left of the statement; *seen tells what it is about to do. */
static int prepare(SqliteConnection *connection, SqliteWatch *seen, const char **tail, const Step *step)
{
    Text sql = connection->run.rest;
    if (sql.length > INT_MAX)
        return SQLITE_TOOBIG;

    connection->watch.is_script = step->is_script;
    connection->watch.in_transaction = !sqlite3_get_autocommit(connection->database);
    int code = step->is_script ? sqlite3_prepare_v2(connection->database, sql.data, (int)sql.length, &connection->run.prepared, tail)
                               : prepare_own(connection, tail);

    *seen = connection->watch;
    connection->watch = (SqliteWatch){.arena = &connection->batch};
    connection->has_traces |= seen->leaves_traces;
    connection->has_attached |= seen->attaches;
    connection->run.attached = seen->attached;
    return code;
}

/*
 * Without enforcement DROP TABLE deletes no row in other tables. Where no table refers to it, enforcement stays on and
 * keeps SQLite's number of deferred violations right.
 */
static int turn_enforcement_off(SqliteConnection *connection, SqliteWatch *seen, const char **tail, const Step *step)
{
    if (!sqlite_foreign_keys_are_enforced(connection->database))
        return SQLITE_OK;

    bool refer = false;
    int code = sqlite_foreign_keys_refer_to_dropped(&refer, connection->database, seen);
    if (code == SQLITE_OK && refer && !sqlite3_get_autocommit(connection->database))
        code = sqlite_foreign_keys_count(&connection->foreign_keys, connection->database);
    if (code != SQLITE_OK || !refer)
        return code;

    SqliteRun *run = &connection->run;
    sqlite3_finalize(run->prepared);
    run->prepared = NULL;
    sqlite_foreign_keys_enforce(connection->database, false);
    run->enforcement_is_off = true;
    return prepare(connection, seen, tail, step);
}

/* What a script could do in a transaction of its own making, it can do in dbalt's. */
static int prepare_foreign_keys(SqliteConnection *connection, SqliteWatch *seen, const char **tail, const Step *step)
{
    sqlite3 *database = connection->database;
    int code = SQLITE_OK;
    if (!sqlite3_get_autocommit(database)) {
        if (sqlite_foreign_keys_may_slip(seen, connection->run.rest))
            code = sqlite_foreign_keys_count(&connection->foreign_keys, database);
        if (code == SQLITE_OK && seen->enforcement != ENFORCEMENT_UNTOUCHED)
            sqlite_foreign_keys_enforce(database, seen->enforcement == ENFORCEMENT_ON);
    }
    if (code == SQLITE_OK && seen->dropped != NULL)
        code = turn_enforcement_off(connection, seen, tail, step);
    return code;
}

static int bind_values(sqlite3_stmt *prepared, const Step *step)
{
    int code = SQLITE_OK;
    for (int i = 1; i <= sqlite3_bind_parameter_count(prepared) && code == SQLITE_OK; i++) {
        const char *name = sqlite3_bind_parameter_name(prepared, i); /* "$2" */
        size_t number = name == NULL ? 0 : strtoul(name + 1, NULL, 10);
        if (number >= 1 && number <= step->value_count)
            code = sqlite3_bind_text(prepared, i, step->values[number - 1], -1, SQLITE_STATIC);
    }
    return code;
}

static bool begin_statement(SqliteConnection *connection, const Step *step, Answer *answer)
{
    SqliteRun *run = &connection->run;
    const char *tail = NULL;
    SqliteWatch seen = {0};

    int code = prepare(connection, &seen, &tail, step);
    if (seen.refused != NULL)
        return refuse_transaction_control(connection, seen.refused, answer);
    if (code == SQLITE_OK)
        code = prepare_foreign_keys(connection, &seen, &tail, step);
    if (code == SQLITE_OK)
        code = bind_values(run->prepared, step);
    if (!check(connection, step, code, answer))
        return false;

    run->rest = text_slice(run->rest, (size_t)(tail - run->rest.data), run->rest.length);
    return true;
}

static void read_row(SqliteConnection *connection, Answer *answer)
{
    SqliteRun *run = &connection->run;
    size_t count = (size_t)sqlite3_column_count(run->prepared);
    if (count > run->field_capacity) {
        run->fields = arena_allocate_array(&connection->batch, count, sizeof *run->fields);
        run->field_capacity = count;
    }

    for (size_t i = 0; i < count; i++)
        run->fields[i] = (const char *)sqlite3_column_text(run->prepared, (int)i);
    answer->kind = ANSWER_ROW;
    answer->fields = run->fields;
    answer->field_count = count;
}

void sqlite_run_next(SqliteConnection *connection, const Step *step, Answer *answer)
{
    SqliteRun *run = &connection->run;
    if (!run->is_begun)
        begin(connection, step);

    for (;;) {
        if (run->prepared == NULL) {
            bool found;
            if (!next_statement(&found, run, step, &answer->error)) {
                answer->kind = ANSWER_ERROR;
                answer->statement = run->index;
                return;
            }
            if (!found)
                break;
            /* Small statements end before the progress handler is ever asked. */
            if (!check(connection, step, sqlite_database_is_cancelled(connection) ? SQLITE_INTERRUPT : SQLITE_OK, answer))
                return;
            if (!begin_statement(connection, step, answer))
                return;
        }

        int code = run->prepared == NULL ? SQLITE_DONE : sqlite3_step(run->prepared);
        if (!check(connection, step, code, answer))
            return;
        if (code == SQLITE_ROW && !step->is_script) {
            read_row(connection, answer);
            return;
        }
        if (code == SQLITE_DONE)
            finish_statement(connection);
    }

    answer->kind = ANSWER_DONE;
    answer->affected = sqlite3_total_changes64(connection->database) - run->changes;
    sqlite_run_stop(connection);
}
