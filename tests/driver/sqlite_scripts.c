/* What scripts may do on SQLite, and what they leave behind. */

#include "support/test.h"

#include <stdio.h>
#include <unistd.h>

#include "driver/sqlite_fixture.h"
#include "drivers/sqlite/connection.h"

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

static void give_up(WaitGuest *guest)
{
    wait_cancel(guest->context);
    guest->serve_at = WAIT_FOREVER;
}

/* Its connection keeps everybody else out, the next one of the driver too, as long as it is open. */
static void an_exclusive_lock_ends_with_its_script(void **state)
{
    SqliteFixture *fixture = *state;
    static const StepKind ends[] = {STEP_COMMIT, STEP_ROLLBACK, STEP_SETTLE};
    Wait *wait = &fixture->client.wait;
    WaitGuest guest = {.descriptor = -1, .serve_at = wait_now() + 5000, .serve = give_up, .context = wait};
    wait_admit(wait, &guest); /* should it wait for itself */

    assert_alters(fixture, "CREATE TABLE item (id)");
    for (size_t i = 0; i < COUNT(ends); i++) {
        if (ends[i] != STEP_SETTLE)
            client_step(&fixture->client, STEP_BEGIN);
        client_script(&fixture->client, "PRAGMA locking_mode = EXCLUSIVE; INSERT INTO item VALUES (1)");
        client_step(&fixture->client, ends[i]);
        assert_true(client_run(&fixture->client).ok);

        Client other;
        assert_true(client_open_patiently(&other, fixture->url, CLIENT_READS, 0));
        assert_true(client_query(&other, "SELECT * FROM item").ok);
        client_close(&other);
        assert_alters(fixture, "INSERT INTO item VALUES (2)");
    }
}

static void goes_on_when_a_database_that_was_gone_is_back(void **state)
{
    SqliteFixture *fixture = *state;
    char elsewhere[128];
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere.db", fixture->folder);

    assert_alters(fixture, "CREATE TABLE item (id); PRAGMA case_sensitive_like = 1");
    assert_int_equal(rename(fixture->file, elsewhere), 0);
    for (int i = 0; i < 2; i++) {
        Result result = client_alter(&fixture->client, "INSERT INTO item VALUES (1)");
        assert_false(result.ok);
        assert_int_equal(result.error.code, DBALT_ERROR_DATABASE);
        assert_non_null(strstr(result.error.message, "unable to open database file"));
        assert_int_equal(access(fixture->file, F_OK), -1);
    }
    assert_int_equal(rename(elsewhere, fixture->file), 0);
    assert_alters(fixture, "INSERT INTO item VALUES (1)");
    assert_rows(fixture, "SELECT id FROM item", "1\n");
}

static Result run_outside(SqliteFixture *fixture, const char *sql)
{
    client_script(&fixture->client, sql);
    client_step(&fixture->client, STEP_SETTLE);
    return client_run(&fixture->client);
}

static void attaches_a_file_that_is_not_there_yet(void **state)
{
    SqliteFixture *fixture = *state;
    char script[256];
    snprintf(script, sizeof script, "ATTACH '%s/other.db' AS o; CREATE TABLE o.item (id)", fixture->folder);
    assert_true(run_outside(fixture, script).ok);
    snprintf(script, sizeof script, "ATTACH 'file:%s/other.db?mode=ro' AS o; CREATE TABLE item AS SELECT * FROM o.item", fixture->folder);
    assert_alters(fixture, script);
    assert_rows(fixture, "SELECT name FROM sqlite_master", "item\n");
}

static void errors_of_an_attached_file_speak_of_that_one(void **state)
{
    SqliteFixture *fixture = *state;
    static const struct {
        const char *before, *after; /* the folder */
        const char *message, *detail, *hint;
    } cases[] = {
        {"ATTACH '", "/none/o.db' AS o", "/none/o.db\": unable to open database", "/none/o.db\": No such file", "not its folder"},
        {"ATTACH '", "/letter' AS o", "cannot attach \"", "", "the path of what is attached"},
        {"ATTACH ltrim('", "/none/o.db') AS o", "unable to open database: ", "No such file", "not its folder"},
        {"ATTACH 'file:", "/o.db?mode=ro' AS o; CREATE TABLE o.item (id)", "readonly database", "", "an attached database"},
    };

    char file[128];
    snprintf(file, sizeof file, "%s/letter", fixture->folder);
    sqlite_write_file(file, "This is a letter and not a database, however long it may be.\n", 0600);
    snprintf(file, sizeof file, "%s/o.db", fixture->folder);
    sqlite_write_file(file, "", 0600);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char script[256];
        snprintf(script, sizeof script, "%s%s%s", cases[i].before, fixture->folder, cases[i].after);
        Result result = run_outside(fixture, script);
        assert_false(result.ok);
        assert_int_equal(result.error.code, DBALT_ERROR_FAILED);
        if (strstr(result.error.message, cases[i].message) == NULL || strstr(result.error.detail, cases[i].detail) == NULL ||
            strstr(result.error.hint, cases[i].hint) == NULL || strstr(result.error.detail, "a shop.db") != NULL)
            fail_msg("%s: %s / %s / %s", script, result.error.message, result.error.detail, result.error.hint);
    }
}

static void a_script_that_forbids_itself_to_write_is_told_so(void **state)
{
    SqliteFixture *fixture = *state;
    Result result = client_alter(&fixture->client, "PRAGMA query_only = 1; CREATE TABLE item (id)");
    assert_false(result.ok);
    assert_int_equal(result.error.code, DBALT_ERROR_FAILED);
    assert_non_null(strstr(result.error.hint, "PRAGMA query_only"));
}

static void a_script_cannot_forbid_dbalt_to_write(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, "CREATE TABLE item (id)");
    client_step(&fixture->client, STEP_BEGIN);
    client_script(&fixture->client, "PRAGMA query_only = 1");
    client_step(&fixture->client, STEP_SETTLE);
    client_own(&fixture->client, "INSERT INTO item VALUES (1)", NULL, 0);
    client_step(&fixture->client, STEP_COMMIT);
    assert_true(client_run(&fixture->client).ok);

    client_script(&fixture->client, "PRAGMA query_only = 1");
    client_own(&fixture->client, "INSERT INTO item VALUES (2)", NULL, 0);
    assert_true(client_run(&fixture->client).ok);
    assert_rows(fixture, "SELECT id FROM item", "1\n2\n");
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

static void takes_nothing_of_others_for_the_history(void **state)
{
    SqliteFixture *fixture = *state;
    static const char *const tables[] = {"dbalt_alteration", "dbalt_event", "dbalt_holder", "dbalt_layout"};
    static const char *const kinds[] = {"TABLE", "VIEW"};
    for (size_t i = 0; i < COUNT(tables) * COUNT(kinds); i++) {
        char sql[64];
        const char *table = tables[i / 2];
        const char *kind = kinds[i % 2];
        snprintf(sql, sizeof sql, "CREATE %s %s AS SELECT 1 AS id", kind, table);
        assert_alters(fixture, sql);

        client_step(&fixture->client, STEP_BEGIN);
        client_history(&fixture->client, HISTORY_CREATE, NULL, 0);
        client_step(&fixture->client, STEP_COMMIT);
        Result result = client_run(&fixture->client);
        assert_false(result.ok);
        if (strstr(result.error.message, table) == NULL)
            fail_msg("\"%s\" does not name %s", result.error.message, table);

        assert_rows(fixture, "SELECT count(*) FROM sqlite_master", "1\n");
        snprintf(sql, sizeof sql, "DROP %s %s", kind, table);
        assert_alters(fixture, sql);
    }
}

static void a_conflict_that_rolls_back_by_itself_is_borne(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, "CREATE TABLE item (id INTEGER PRIMARY KEY)");
    Result result = client_alter(&fixture->client, "INSERT INTO item VALUES (1); INSERT OR ROLLBACK INTO item VALUES (1)");
    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_OTHER);
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

static int runs_of(const Client *client, const char *sql)
{
    sqlite3 *database = ((const SqliteConnection *)client->connection)->database;
    int runs = 0;
    for (sqlite3_stmt *statement = sqlite3_next_stmt(database, NULL); statement != NULL;
         statement = sqlite3_next_stmt(database, statement)) {
        if (strcmp(sqlite3_sql(statement), sql) == 0)
            runs += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_RUN, 0);
    }
    return runs;
}

static void prepares_its_own_statements_once(void **state)
{
    SqliteFixture *fixture = *state;
    Client *client = &fixture->client;
    static const char sql[] = "INSERT INTO item VALUES ($1)";
    assert_alters(fixture, "CREATE TABLE item (id UNIQUE)");

    for (char id[2] = "1"; *id < '4'; ++*id) {
        client_own(client, sql, (const char *const[]){id}, 1);
        assert_true(client_run(client).ok);
        assert_alters(fixture, "CREATE TABLE more (id); DROP TABLE more");
    }
    client_own(client, sql, (const char *const[]){"1"}, 1);
    assert_int_equal(client_run(client).fault, FAULT_OTHER);
    assert_true(runs_of(client, sql) >= 4); /* more: where the schema has changed SQLite begins anew */
    assert_rows(fixture, "SELECT id FROM item", "1\n2\n3\n");

    assert_alters(fixture, "PRAGMA cache_size = 10"); /* leaves something: the session ends */
    client_own(client, sql, (const char *const[]){"4"}, 1);
    assert_true(client_run(client).ok);
    assert_int_equal(runs_of(client, sql), 1);
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
        TEST(an_exclusive_lock_ends_with_its_script),
        TEST(goes_on_when_a_database_that_was_gone_is_back),
        TEST(attaches_a_file_that_is_not_there_yet),
        TEST(errors_of_an_attached_file_speak_of_that_one),
        TEST(a_script_that_forbids_itself_to_write_is_told_so),
        TEST(a_script_cannot_forbid_dbalt_to_write),
        TEST(own_statements_do_not_take_temporary_tables_for_the_history),
        TEST(takes_nothing_of_others_for_the_history),
        TEST(a_conflict_that_rolls_back_by_itself_is_borne),
        TEST(says_in_one_line_what_sqlite_quotes),
        TEST(prepares_its_own_statements_once),
    };
    return cmocka_run_group_tests_name("driver/sqlite-scripts", tests, NULL, NULL);
}
