/* What scripts may do on SQLite, and what they leave behind. */

#include "support/test.h"

#include <stdio.h>

#include "driver/sqlite_fixture.h"

static void refuses_transaction_control_in_scripts(void **state)
{
    SqliteFixture *fixture = *state;
    static const char *const words[] = {"BEGIN", "COMMIT", "END", "ROLLBACK"};
    for (size_t i = 0; i < COUNT(words); i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "CREATE TABLE item (id);\n%s", words[i]);
        Result result = client_alter(&fixture->client, sql);
        assert_false(result.ok);
        assert_int_equal(result.statement, 1);
        assert_int_equal(result.offset, strlen("CREATE TABLE item (id);\n"));
        assert_non_null(strstr(result.error.message, "cannot stand in a script"));
        assert_rows(fixture, "SELECT count(*) FROM sqlite_master", "0\n");
    }
}

static void lets_scripts_use_savepoints(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(
        fixture, "CREATE TABLE item (id); SAVEPOINT a; INSERT INTO item VALUES (1); ROLLBACK TO a; RELEASE a; INSERT INTO item VALUES (2)");
    assert_rows(fixture, "SELECT id FROM item", "2\n");
}

static void refuses_a_savepoint_that_would_begin_a_transaction(void **state)
{
    SqliteFixture *fixture = *state;
    client_script(&fixture->client, "SAVEPOINT a");
    Result result = client_run(&fixture->client);
    assert_false(result.ok);
    assert_non_null(strstr(result.error.message, "SAVEPOINT cannot stand in a script"));
}

static void has_no_copy(void **state)
{
    SqliteFixture *fixture = *state;
    client_step(&fixture->client, STEP_COPY_DATA);
    Result result = client_run(&fixture->client);
    assert_false(result.ok);
    assert_string_equal(result.error.message, "SQLite has no COPY");
}

static void keeps_triggers_whole(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, "CREATE TABLE item (id); CREATE TABLE log (text);"
                           "CREATE TRIGGER t AFTER INSERT ON item BEGIN INSERT INTO log VALUES ('a;b'); SELECT CASE WHEN 1 THEN 2 END; END;"
                           "INSERT INTO item VALUES (1)");
    assert_rows(fixture, "SELECT text FROM log", "a;b\n");
}

/* What a script leaves in the connection, and how it would be seen by the next one. */
static void nothing_leaks_into_the_next_alteration(void **state)
{
    SqliteFixture *fixture = *state;
    static const struct {
        const char *script, *query, *rows;
    } cases[] = {
        {"CREATE TEMP TABLE scratch (id)", "SELECT count(*) FROM sqlite_temp_master", "0\n"},
        {"CREATE TABLE temp.scratch AS SELECT 1", "SELECT count(*) FROM sqlite_temp_master", "0\n"},
        {"CREATE TEMP VIEW scratch AS SELECT 1", "SELECT count(*) FROM sqlite_temp_master", "0\n"},
        {"CREATE TEMP TRIGGER scratch AFTER INSERT ON item BEGIN SELECT 1; END", "SELECT count(*) FROM sqlite_temp_master", "0\n"},
        {"CREATE VIRTUAL TABLE temp.scratch USING fts5(a)", "SELECT count(*) FROM sqlite_temp_master", "0\n"},
        {"ATTACH ':memory:' AS other", "SELECT count(*) FROM pragma_database_list WHERE name = 'other'", "0\n"},
        {"PRAGMA foreign_keys = 0", "PRAGMA foreign_keys", "1\n"},
        {"PRAGMA recursive_triggers = 0", "PRAGMA recursive_triggers", "1\n"},
        {"PRAGMA case_sensitive_like = 1", "SELECT 'A' LIKE 'a'", "1\n"},
        {"PRAGMA legacy_alter_table = 1", "PRAGMA legacy_alter_table", "0\n"},
        {"PRAGMA writable_schema = 1", "PRAGMA writable_schema", "0\n"},
        {"PRAGMA ignore_check_constraints = 1", "PRAGMA ignore_check_constraints", "0\n"},
        {"PRAGMA defer_foreign_keys = 1", "PRAGMA defer_foreign_keys", "0\n"},
    };

    assert_alters(fixture, "CREATE TABLE item (id)");
    /* SQLite's default for this one is set when it is built. */
    Result recursive = client_query(&fixture->client, "PRAGMA recursive_triggers");
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool is_recursive = strstr(cases[i].script, "recursive_triggers") != NULL;
        assert_alters(fixture, cases[i].script);
        client_step(&fixture->client, STEP_BEGIN);
        client_own(&fixture->client, cases[i].query, NULL, 0);
        client_step(&fixture->client, STEP_COMMIT);
        Result result = client_run(&fixture->client);
        if (!result.ok || strcmp(result.rows, is_recursive ? recursive.rows : cases[i].rows) != 0)
            fail_msg("%s leaks: %s", cases[i].script, result.rows);
    }
}

static void a_leak_of_a_failed_script_ends_too(void **state)
{
    SqliteFixture *fixture = *state;
    assert_refused(fixture, "PRAGMA case_sensitive_like = 1; nonsense", "syntax error");
    client_step(&fixture->client, STEP_BEGIN);
    client_own(&fixture->client, "SELECT 'A' LIKE 'a'", NULL, 0);
    client_step(&fixture->client, STEP_COMMIT);
    assert_string_equal(client_run(&fixture->client).rows, "1\n");
}

static void the_lock_outlives_the_end_of_leaks(void **state)
{
    SqliteFixture *fixture = *state;
    const Driver *driver = fixture->client.connection->driver;
    bool taken = false;
    DbaltError error;
    assert_true(driver->lock_try(fixture->client.connection, &taken, &error));
    assert_true(taken);
    assert_alters(fixture, "CREATE TEMP TABLE scratch (id)");
    assert_alters(fixture, "CREATE TABLE item (id)");

    Client other;
    assert_true(client_open(&other, fixture->url, CLIENT_WRITES));
    assert_true(driver->lock_try(other.connection, &taken, &error));
    client_close(&other);
    assert_false(taken);
    assert_true(driver->lock_is_held(fixture->client.connection));
}

static void own_statements_do_not_take_temporary_tables_for_the_history(void **state)
{
    SqliteFixture *fixture = *state;
    client_step(&fixture->client, STEP_BEGIN);
    client_history(&fixture->client, HISTORY_CREATE, NULL, 0);
    client_script(&fixture->client, "CREATE TEMP TABLE dbalt_event (id)");
    client_history(&fixture->client, HISTORY_EVENT, (const char *const[]){"fail", "1-a", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},
                   10);
    client_step(&fixture->client, STEP_COMMIT);
    assert_true(client_run(&fixture->client).ok);
    assert_rows(fixture, "SELECT identity FROM main.dbalt_event", "1-a\n");
}

static void a_conflict_that_rolls_back_by_itself_is_borne(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, "CREATE TABLE item (id INTEGER PRIMARY KEY)");
    Result result = client_alter(&fixture->client, "INSERT INTO item VALUES (1); INSERT OR ROLLBACK INTO item VALUES (1)");
    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_DUPLICATE);
    assert_rows(fixture, "SELECT count(*) FROM item", "0\n");
    assert_alters(fixture, "INSERT INTO item VALUES (2)");
}

static void says_in_one_line_what_sqlite_quotes(void **state)
{
    SqliteFixture *fixture = *state;
    Result result = client_alter(&fixture->client, "CREATE TABLE item (a 'x\ny\r\nz)");
    assert_false(result.ok);
    assert_null(strpbrk(result.error.message, "\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refuses_transaction_control_in_scripts),
        TEST(lets_scripts_use_savepoints),
        TEST(refuses_a_savepoint_that_would_begin_a_transaction),
        TEST(has_no_copy),
        TEST(keeps_triggers_whole),
        TEST(nothing_leaks_into_the_next_alteration),
        TEST(a_leak_of_a_failed_script_ends_too),
        TEST(the_lock_outlives_the_end_of_leaks),
        TEST(own_statements_do_not_take_temporary_tables_for_the_history),
        TEST(a_conflict_that_rolls_back_by_itself_is_borne),
        TEST(says_in_one_line_what_sqlite_quotes),
    };
    return cmocka_run_group_tests_name("driver/sqlite-scripts", tests, NULL, NULL);
}
