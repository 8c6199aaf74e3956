/* drivers/postgres: what PostgreSQL alone does, on a real server (DBALT_TEST_POSTGRES_URL). */

#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "driver/postgres_fixture.h"

static void submit_data(Client *client, Text data)
{
    client->connection->driver->submit(client->connection, &(Step){.kind = STEP_COPY_DATA, .sql = data, .is_script = true});
}

static void a_comment_without_line_end_swallows_nothing(void **state)
{
    Fixture *fixture = *state;
    assert_true(client_alter(&fixture->client, "CREATE TABLE t (id int); -- the end").ok);
    assert_true(client_alter(&fixture->client, "INSERT INTO t VALUES (1) -- the end").ok);
    assert_true(client_alter(&fixture->client, "-- nothing but this").ok);
    assert_true(client_alter(&fixture->client, "").ok);
    assert_string_equal(fixture_query(fixture, "SELECT count(*) FROM t"), "1\n");
}

static void a_syntax_error_is_found_in_its_own_step(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    client_step(client, STEP_BEGIN);
    client_own(client, "SELECT $1, $2", (const char *const[]){"zwölf", "it's \\ 数"}, 2);
    client_script(client, "CREATE TABLE ä (id int); CREATE TABLE b (id int)");
    client_script(client, "CREATE TABLE c (id int);\nCREATE TABEL d (id int)");
    client_step(client, STEP_COMMIT);
    Result result = client_run(client);

    assert_false(result.ok);
    assert_int_equal(result.done, 0);
    assert_int_equal(result.step, 3);
    assert_int_equal(result.offset, strlen("CREATE TABLE c (id int);\nCREATE "));
    assert_string_equal(result.error.sqlstate, "42601");
}

static void an_error_at_the_end_stays_inside_the_script(void **state)
{
    Fixture *fixture = *state;
    Result result = client_alter(&fixture->client, "CREATE TABLE t (");
    assert_false(result.ok);
    assert_int_equal(result.step, 1);
    assert_int_equal(result.offset, strlen("CREATE TABLE t ("));
}

static void an_error_in_a_function_says_where(void **state)
{
    Fixture *fixture = *state;
    Result result =
        client_alter(&fixture->client, "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN\nPERFORM 1 / 0;\nEND $$;\n"
                                       "SELECT f()");
    assert_false(result.ok);
    assert_int_equal(result.statement, 1);
    assert_int_equal(result.offset, -1);
    assert_string_equal(result.error.message, "division by zero");
    assert_non_null(strstr(result.error.detail, "PL/pgSQL function f() line 2 at PERFORM"));
}

static void takes_copy_data_between_statements(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    client_step(client, STEP_BEGIN);
    client_script(client, "CREATE TABLE t (id int, name text); COPY t FROM STDIN;");
    submit_data(client, TEXT("1\tone\n2\t\\N\n"));
    client_script(client, "UPDATE t SET id = id + 10; COPY t FROM STDIN (FORMAT csv)");
    submit_data(client, TEXT("3,\"a \"\"quoted\"\"\nname\"\n"));
    client_script(client, "COPY t FROM STDIN");
    submit_data(client, TEXT(""));
    client_step(client, STEP_SETTLE);
    client_step(client, STEP_COMMIT);
    Result result = client_run(client);

    assert_true(result.ok);
    assert_int_equal(result.done, 9);
    assert_string_equal(fixture_query(fixture, "SELECT id, coalesce(name, 'none') FROM t ORDER BY id"),
                        "3|a \"quoted\"\nname\n11|one\n12|none\n");
}

static void takes_more_copy_data_than_buffers_hold(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    static char data[8 * 1024 * 1024];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = i % 8 == 7 ? '\n' : '7';

    assert_true(client_alter(client, "CREATE TABLE t (id int)").ok);
    client_script(client, "COPY t FROM STDIN");
    submit_data(client, (Text){.data = data, .length = sizeof(data)});
    assert_true(client_run(client).ok);
    assert_string_equal(fixture_query(fixture, "SELECT count(*) FROM t"), "1048576\n");
}

static void names_the_line_of_bad_copy_data(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    client_step(client, STEP_BEGIN);
    client_script(client, "CREATE TABLE t (id int); COPY t FROM STDIN");
    submit_data(client, TEXT("1\n2\nthree, line 9\n4\n"));
    client_script(client, "SELECT 1");
    client_step(client, STEP_COMMIT);
    Result result = client_run(client);

    assert_false(result.ok);
    assert_int_equal(result.step, 2);
    assert_int_equal(result.offset, strlen("1\n2\n"));
    assert_string_equal(fixture_query(fixture, "SELECT to_regclass('t') IS NULL"), "t\n");
}

static void a_copy_without_data_fails(void **state)
{
    Fixture *fixture = *state;
    Result result = client_alter(&fixture->client, "CREATE TABLE t (id int); COPY t FROM STDIN; SELECT 1");
    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_OTHER);
    assert_non_null(strstr(result.error.message, "no data"));
}

static void passes_over_what_a_script_puts_out(void **state)
{
    Fixture *fixture = *state;
    Result result = client_alter(&fixture->client, "COPY (SELECT repeat('x', 100) FROM generate_series(1, 20000)) TO STDOUT;\n"
                                                   "SELECT repeat('y', 100) FROM generate_series(1, 20000); CREATE TABLE t (id int)");
    assert_true(result.ok);
    assert_string_equal(result.rows, "");
    assert_string_equal(fixture_query(fixture, "SELECT to_regclass('t')"), "t\n");
}

static void a_statement_alone_may_refuse_transactions(void **state)
{
    Fixture *fixture = *state;
    static const char *const scripts[] = {"CREATE TABLE t (id int);", "CREATE INDEX CONCURRENTLY t_id ON t (id); -- while in use",
                                          "VACUUM t"};
    for (size_t i = 0; i < COUNT(scripts); i++) {
        client_script(&fixture->client, scripts[i]);
        assert_true(client_run(&fixture->client).ok);
    }
}

static void steps_outside_a_transaction_commit_singly(void **state)
{
    Fixture *fixture = *state;
    client_script(&fixture->client, "CREATE TABLE t (id int)");
    client_script(&fixture->client, "SELECT 1 / 0");
    client_script(&fixture->client, "CREATE TABLE u (id int)");
    Result result = client_run(&fixture->client);

    assert_int_equal(result.step, 1);
    assert_string_equal(fixture_query(fixture, "SELECT to_regclass('t'), to_regclass('u') IS NULL"), "t|t\n");
}

/* The same script as a reader hands it out, in one transaction. */
static Result alter_by_portions(Client *client, const char *script)
{
    CLEANUP(portion_reader_done) PortionReader reader;
    portion_reader_init(&reader, SQL_POSTGRES, source_of(text_of(script)), PORTION_SIZE);
    client_step(client, STEP_BEGIN);
    client->connection->driver->submit(client->connection, &(Step){.kind = STEP_SQL, .reader = &reader.reader, .is_script = true});
    client_step(client, STEP_SETTLE);
    client_step(client, STEP_COMMIT);
    return client_run(client);
}

/* 100,000 statements of 100 bytes: more than goes in one message. The one named says "missing". */
static char *long_script(size_t missing)
{
    enum { STATEMENT = 100, STATEMENTS = 100000 };
    char *script = malloc(STATEMENT * STATEMENTS + 1);
    for (size_t i = 0; i < STATEMENTS; i++)
        snprintf(script + i * STATEMENT, STATEMENT + 1, "INSERT INTO t (%s) VALUES ('%062zu');\n", i == missing ? "missing " : "label_é",
                 i);

    return script;
}

static void a_long_script_is_one_transaction_still(void **state)
{
    Fixture *fixture = *state;
    assert_true(client_alter(&fixture->client, "CREATE TABLE t (label_é text)").ok);

    char *bad = long_script(95000);
    Result result = alter_by_portions(&fixture->client, bad);
    assert_false(result.ok);
    assert_int_equal(result.step, 1);
    assert_int_equal(result.statement, 95000);
    assert_int_equal(result.offset, strstr(bad, "missing") - bad);
    free(bad);
    assert_string_equal(fixture_query(fixture, "SELECT count(*) FROM t"), "0\n");

    char *good = long_script(SIZE_MAX);
    assert_true(alter_by_portions(&fixture->client, good).ok);
    free(good);
    assert_string_equal(fixture_query(fixture, "SELECT count(*) FROM t"), "100000\n");
}

static void nothing_of_an_alteration_is_left_in_the_session(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    fixture_query(fixture, "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'leak') THEN CREATE ROLE leak; END IF; END $$");
    assert_true(client_alter(client, "PREPARE p AS SELECT 1; CREATE TEMP TABLE scratch AS SELECT 1; LISTEN news;\n"
                                     "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM scratch; SELECT pg_advisory_lock(7);\n"
                                     "SELECT pg_catalog.set_config('search_path', '', false); SET lock_timeout = '1min';\n"
                                     "SET SESSION AUTHORIZATION leak; SET ROLE leak")
                    .ok);

    Result result = client_query(client, "SELECT (SELECT count(*) FROM pg_prepared_statements), to_regclass('pg_temp.scratch') IS NULL,"
                                         " (SELECT count(*) FROM pg_listening_channels()), (SELECT count(*) FROM pg_cursors),"
                                         " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),"
                                         " current_setting('search_path'), current_setting('lock_timeout'), current_user, session_user");
    assert_string_equal(result.rows, "0|t|0|0|0|\"$user\", public|0|postgres|postgres\n");
}

static void what_is_deferred_fails_before_the_commit(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    assert_true(client_alter(client, "CREATE TABLE a (id int PRIMARY KEY);"
                                     "CREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
                    .ok);
    Result result = client_alter(client, "INSERT INTO b VALUES (1)");

    assert_false(result.ok);
    assert_int_equal(result.step, 2);
    assert_string_equal(result.error.sqlstate, "23503");
    assert_non_null(strstr(result.error.detail, "Key (a)=(1) is not present"));
}

static void values_do_not_depend_on_settings(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    client_script(client, "SET standard_conforming_strings = off; SET backslash_quote = on");
    assert_true(client_run(client).ok);

    client_own(client, "SELECT $2, $1, $2, '$1', \"$1\" FROM (SELECT 1 AS \"$1\") AS s", (const char *const[]){"\\'; DROP\\", "''\\"}, 2);
    Result result = client_run(client);
    assert_true(result.ok);
    assert_string_equal(result.rows, "''\\|\\'; DROP\\|''\\|$1|1\n");
}

static void refuses_values_that_are_no_utf8(void **state)
{
    Fixture *fixture = *state;
    client_step(&fixture->client, STEP_BEGIN);
    client_own(&fixture->client, "SELECT $1", (const char *const[]){"\xff\xfe"}, 1);
    Result result = client_run(&fixture->client);
    assert_false(result.ok);
    assert_int_equal(result.error.code, DBALT_ERROR_FAILED);
    assert_true(client_alter(&fixture->client, "SELECT 1").ok);
}

static void any_name_will_do_for_the_schema_of_the_history(void **state)
{
    Fixture *fixture = *state;
    DbaltError error;
    ConnectOptions options = {
        .url = fixture->url, .history_schema = "Odd \"$1' :schema\\", .timeout = 10000, .wait = &fixture->client.wait};
    Client odd = {.wait = fixture->client.wait};
    assert_true(driver_postgres.connect(&odd.connection, &options, &error));

    client_step(&odd, STEP_BEGIN);
    client_history(&odd, HISTORY_CREATE, NULL, 0);
    client_step(&odd, STEP_COMMIT);
    bool created = client_run(&odd).ok;
    client_history(&odd, HISTORY_EVENT, (const char *const[]){"k", "i", NULL, NULL, "1", NULL, NULL, "b", "h", "v"}, 10);
    bool written = client_run(&odd).ok;
    bool taken = false;
    bool locked = driver_postgres.lock_try(odd.connection, &taken, &error);
    driver_postgres.close(odd.connection);

    assert_true(created && written && locked && taken);
    assert_string_equal(fixture_query(fixture, "SELECT kind, identity FROM \"Odd \"\"$1' :schema\\\".event"), "k|i\n");
}

/* Collects the notices of a batch, a line each. */
static void read_notices(Client *client, char *text, size_t size)
{
    Answer answer;
    text[0] = '\0';
    do {
        client->connection->driver->next(client->connection, &answer);
        if (answer.kind == ANSWER_NOTICE) {
            strncat(text, answer.message, size - strlen(text) - 1);
            strncat(text, "\n", size - strlen(text) - 1);
        }
    } while (answer.kind != ANSWER_END);
}

static void tells_the_notices_of_scripts_alone(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    char notices[512];

    client_step(client, STEP_BEGIN);
    client_script(client, "DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING E'two\\nlines'; END $$; DROP TABLE IF EXISTS t");
    client_step(client, STEP_COMMIT);
    read_notices(client, notices, sizeof(notices));
    assert_string_equal(notices, "NOTICE: one\nWARNING: two lines\nNOTICE: table \"t\" does not exist, skipping\n");

    client_own(client, "DROP TABLE IF EXISTS nowhere", NULL, 0);
    client_step(client, STEP_COMMIT);
    read_notices(client, notices, sizeof(notices));
    assert_string_equal(notices, "");
}

static void a_limit_of_the_server_is_no_cancel(void **state)
{
    Fixture *fixture = *state;
    Result result = client_alter(&fixture->client, "SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(60)");
    assert_string_equal(result.error.sqlstate, "57014");
    assert_int_equal(result.fault, FAULT_OTHER);
    assert_int_equal(result.error.code, DBALT_ERROR_FAILED);
}

static void hints_at_the_privilege_that_is_missing(void **state)
{
    Fixture *fixture = *state;
    fixture_query(fixture, "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'Poor')"
                           " THEN CREATE ROLE \"Poor\" LOGIN; END IF; END $$; CREATE TABLE rich (id int); CREATE SCHEMA shut");
    static const struct {
        const char *sql;
        const char *hint;
    } cases[] = {
        {"CREATE SCHEMA s", "GRANT CREATE ON DATABASE "},
        {"CREATE TABLE shut.t (id int)", "GRANT USAGE, CREATE ON SCHEMA \"shut\" TO \"Poor\""},
        {"INSERT INTO rich VALUES (1)",
         "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON TABLE \"rich\" TO \"Poor\""},
        {"ALTER TABLE rich ADD name text", "run as its owner, or GRANT the role that owns it TO \"Poor\""},
    };

    Client poor;
    assert_true(client_open(&poor, fixture_url("Poor", fixture->database), CLIENT_WRITES));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Result result = client_alter(&poor, cases[i].sql);
        assert_int_equal(result.fault, FAULT_DENIED);
        assert_memory_equal(result.error.hint, cases[i].hint, strlen(cases[i].hint));
    }
    client_close(&poor);
}

static void a_read_only_database_denies(void **state)
{
    Fixture *fixture = *state;
    Result result = client_alter(&fixture->client, "SET TRANSACTION READ ONLY; CREATE TABLE t (id int)");
    assert_int_equal(result.fault, FAULT_DENIED);
    assert_string_equal(result.error.sqlstate, "25006");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DATABASE_TEST(a_comment_without_line_end_swallows_nothing),
        DATABASE_TEST(a_syntax_error_is_found_in_its_own_step),
        DATABASE_TEST(an_error_at_the_end_stays_inside_the_script),
        DATABASE_TEST(an_error_in_a_function_says_where),
        DATABASE_TEST(takes_copy_data_between_statements),
        DATABASE_TEST(takes_more_copy_data_than_buffers_hold),
        DATABASE_TEST(names_the_line_of_bad_copy_data),
        DATABASE_TEST(a_copy_without_data_fails),
        DATABASE_TEST(passes_over_what_a_script_puts_out),
        DATABASE_TEST(a_statement_alone_may_refuse_transactions),
        DATABASE_TEST(steps_outside_a_transaction_commit_singly),
        DATABASE_TEST(a_long_script_is_one_transaction_still),
        DATABASE_TEST(nothing_of_an_alteration_is_left_in_the_session),
        DATABASE_TEST(what_is_deferred_fails_before_the_commit),
        DATABASE_TEST(values_do_not_depend_on_settings),
        DATABASE_TEST(refuses_values_that_are_no_utf8),
        DATABASE_TEST(any_name_will_do_for_the_schema_of_the_history),
        DATABASE_TEST(tells_the_notices_of_scripts_alone),
        DATABASE_TEST(a_limit_of_the_server_is_no_cancel),
        DATABASE_TEST(hints_at_the_privilege_that_is_missing),
        DATABASE_TEST(a_read_only_database_denies),
    };
    return cmocka_run_group_tests_name("driver/postgres", tests, NULL, NULL);
}
