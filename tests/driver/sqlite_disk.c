/* Full and failing disks under the SQLite driver, and databases in WAL mode. */

#include "support/test.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/sqlite_faulty_disk.h"
#include "driver/sqlite_fixture.h"

static const char fill_sql[] = "CREATE TABLE blob (data);"
                               "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 4000)"
                               " INSERT INTO blob SELECT randomblob(1000) FROM n";

static int set_up_delete(void **state)
{
    faulty_disk_install();
    if (sqlite_set_up(state) != 0)
        return -1;
    assert_alters(*state, "CREATE TABLE item (id INTEGER PRIMARY KEY); INSERT INTO item VALUES (1)");
    return 0;
}

static int set_up_wal(void **state)
{
    if (set_up_delete(state) != 0)
        return -1;
    sqlite_run_plainly(*state, "PRAGMA journal_mode = WAL");
    return 0;
}

static int tear_down(void **state)
{
    faulty_disk_fails(FAULTY_NONE, 0, 0);
    return sqlite_tear_down(state);
}

/* As a program that comes later finds it. */
static void assert_kept(SqliteFixture *fixture, const char *sql, const char *rows)
{
    client_close(&fixture->client);
    assert_true(client_open(&fixture->client, fixture->url, CLIENT_WRITES));
    assert_rows(fixture, "PRAGMA integrity_check", "ok\n");
    assert_rows(fixture, sql, rows);
}

static void assert_untouched_and_usable(SqliteFixture *fixture)
{
    assert_alters(fixture, "INSERT INTO item VALUES (2)");
    assert_kept(fixture, "SELECT id FROM item", "1\n2\n");
    assert_rows(fixture, "SELECT count(*) FROM sqlite_master", "1\n");
}

static void a_full_disk_keeps_nothing_and_says_so(void **state)
{
    SqliteFixture *fixture = *state;
    static const int kinds[] = {SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_MAIN_JOURNAL};
    static const char *const scripts[] = {"CREATE TABLE other (id)", fill_sql};

    for (size_t i = 0; i < COUNT(kinds) * COUNT(scripts); i++) {
        faulty_disk_fails(FAULTY_WRITE, kinds[i / 2], SQLITE_FULL);
        Result result = client_alter(&fixture->client, scripts[i % 2]);
        faulty_disk_fails(FAULTY_NONE, 0, 0);

        assert_false(result.ok);
        assert_int_equal(result.fault, FAULT_OTHER);
        assert_int_equal(result.error.code, DBALT_ERROR_FAILED);
        assert_string_equal(result.error.message, "database or disk is full");
        assert_non_null(strstr(result.error.hint, "free space on the disk"));
        assert_rows(fixture, "SELECT count(*) FROM sqlite_master", "1\n");
    }
    assert_untouched_and_usable(fixture);
}

static void a_full_disk_under_wal_keeps_nothing(void **state)
{
    SqliteFixture *fixture = *state;
    faulty_disk_fails(FAULTY_WRITE, SQLITE_OPEN_WAL, SQLITE_FULL);
    Result result = client_alter(&fixture->client, fill_sql);
    faulty_disk_fails(FAULTY_NONE, 0, 0);

    assert_false(result.ok);
    assert_int_equal(result.error.code, DBALT_ERROR_FAILED);
    assert_string_equal(result.error.message, "database or disk is full");
    assert_untouched_and_usable(fixture);
}

static void an_error_of_the_disk_in_a_script_keeps_nothing(void **state)
{
    SqliteFixture *fixture = *state;
    faulty_disk_fails(FAULTY_WRITE, SQLITE_OPEN_MAIN_DB, SQLITE_IOERR_WRITE);
    Result result = client_alter(&fixture->client, fill_sql);
    faulty_disk_fails(FAULTY_NONE, 0, 0);

    assert_false(result.ok);
    assert_int_equal(result.step, 1);
    assert_int_equal(result.statement, 1);
    assert_int_equal(result.fault, FAULT_OTHER);
    assert_int_equal(result.error.code, DBALT_ERROR_FAILED);
    assert_string_equal(result.error.message, "disk I/O error");
    assert_non_null(strstr(result.error.hint, "look at the disk"));
    assert_untouched_and_usable(fixture);
}

/* Nothing of an alteration ran yet: it is the database that cannot be used. */
static void an_error_of_the_disk_before_a_script_is_one_of_the_database(void **state)
{
    SqliteFixture *fixture = *state;
    faulty_disk_fails(FAULTY_READ, SQLITE_OPEN_MAIN_DB, SQLITE_IOERR_READ);
    Result result = client_alter(&fixture->client, "CREATE TABLE other (id)");
    faulty_disk_fails(FAULTY_NONE, 0, 0);

    assert_false(result.ok);
    assert_int_equal(result.step, 0);
    assert_int_equal(result.error.code, DBALT_ERROR_DATABASE);
    assert_untouched_and_usable(fixture);
}

static void an_error_of_the_disk_at_commit_leaves_it_to_be_found_out(void **state)
{
    SqliteFixture *fixture = *state;
    static const int kinds[] = {SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_MAIN_JOURNAL};

    for (size_t i = 0; i < COUNT(kinds); i++) {
        faulty_disk_fails(FAULTY_SYNC, kinds[i], SQLITE_IOERR_FSYNC);
        Result result = client_alter(&fixture->client, "CREATE TABLE other (id)");
        faulty_disk_fails(FAULTY_NONE, 0, 0);

        assert_false(result.ok);
        assert_int_equal(result.step, 3);
        assert_int_equal(result.fault, FAULT_CONNECTION);
        assert_kept(fixture, "SELECT count(*) FROM sqlite_master", "1\n");
    }
    assert_untouched_and_usable(fixture);
}

static void a_file_that_cannot_be_read_is_an_error_of_the_database(void **state)
{
    SqliteFixture *fixture = *state;
    Client client;
    faulty_disk_fails(FAULTY_READ, SQLITE_OPEN_MAIN_DB, SQLITE_IOERR_READ);
    bool is_open = client_open(&client, fixture->url, CLIENT_READS);
    faulty_disk_fails(FAULTY_NONE, 0, 0);
    client_close(&client);

    assert_false(is_open);
    assert_int_equal(client.error.code, DBALT_ERROR_DATABASE);
    assert_non_null(strstr(client.error.message, "a shop.db\": disk I/O error"));
}

/* In a child: the limit cannot be lifted again. */
static void fill_up_to_a_limit(SqliteFixture *fixture)
{
    const struct rlimit limit = {.rlim_cur = 256 * 1024, .rlim_max = 256 * 1024};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);

    Client client;
    if (!client_open(&client, fixture->url, CLIENT_WRITES))
        _exit(1);
    Result result = client_alter(&client, fill_sql);
    if (result.ok || result.error.code != DBALT_ERROR_FAILED || result.error.hint[0] == '\0')
        _exit(2);
    if (!client_alter(&client, "INSERT INTO item VALUES (2)").ok)
        _exit(3);
    client_close(&client);
    _exit(0);
}

static void a_file_that_may_not_grow_keeps_nothing(void **state)
{
    SqliteFixture *fixture = *state;
    int status;
    pid_t child = fork();
    if (child == 0)
        fill_up_to_a_limit(fixture);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_kept(fixture, "SELECT id FROM item", "1\n2\n");
    assert_rows(fixture, "SELECT count(*) FROM sqlite_master", "1\n");
}

static void wal_stays_and_alterations_come_through(void **state)
{
    SqliteFixture *fixture = *state;
    assert_alters(fixture, fill_sql);
    assert_alters(fixture, "CREATE TEMP TABLE scratch AS SELECT * FROM item; INSERT INTO item SELECT id + 1 FROM scratch");
    assert_refused(fixture, "INSERT INTO item VALUES (3); INSERT INTO item VALUES (1)", "UNIQUE constraint failed");

    assert_kept(fixture, "SELECT id FROM item", "1\n2\n");
    assert_rows(fixture, "SELECT count(*) FROM blob", "4000\n");
    assert_rows(fixture, "PRAGMA journal_mode", "wal\n");
}

/* SQLite calls it locked, but nobody else holds the lock: to try again would be in vain. */
static void what_only_the_transaction_itself_locks_is_not_tried_again(void **state)
{
    SqliteFixture *fixture = *state;
    Result result = client_alter(&fixture->client, "INSERT INTO item VALUES (2); PRAGMA wal_checkpoint");
    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_OTHER);
    assert_int_equal(result.error.code, DBALT_ERROR_FAILED);
}

static void readers_of_wal_hinder_no_alteration(void **state)
{
    SqliteFixture *fixture = *state;
    Client reader;
    assert_true(client_open(&reader, fixture->url, CLIENT_READS));
    client_step(&reader, STEP_BEGIN);
    client_own(&reader, "SELECT count(*) FROM item", NULL, 0);
    assert_string_equal(client_run(&reader).rows, "1\n");

    assert_alters(fixture, "PRAGMA case_sensitive_like = 1; INSERT INTO item VALUES (2)");
    assert_alters(fixture, "INSERT INTO item VALUES (3)");
    assert_string_equal(client_query(&reader, "SELECT count(*) FROM item").rows, "1\n");
    client_step(&reader, STEP_COMMIT);
    client_own(&reader, "SELECT count(*) FROM item", NULL, 0);
    assert_string_equal(client_run(&reader).rows, "3\n");
    client_close(&reader);
}

static void a_section_outside_a_transaction_may_change_the_journal_mode(void **state)
{
    SqliteFixture *fixture = *state;
    static const char *const modes[] = {"wal", "delete"};
    for (size_t i = 0; i < COUNT(modes); i++) {
        char script[64], rows[16];
        snprintf(script, sizeof script, "PRAGMA journal_mode = %s", modes[i]);
        snprintf(rows, sizeof rows, "%s\n", modes[i]);

        client_script(&fixture->client, script);
        client_step(&fixture->client, STEP_SETTLE);
        assert_true(client_run(&fixture->client).ok);
        assert_kept(fixture, "PRAGMA journal_mode", rows);
    }
}

#define TEST_ON(mode, function) cmocka_unit_test_setup_teardown(function, set_up_##mode, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(delete, a_full_disk_keeps_nothing_and_says_so),
        TEST_ON(wal, a_full_disk_under_wal_keeps_nothing),
        TEST_ON(delete, an_error_of_the_disk_in_a_script_keeps_nothing),
        TEST_ON(delete, an_error_of_the_disk_before_a_script_is_one_of_the_database),
        TEST_ON(delete, an_error_of_the_disk_at_commit_leaves_it_to_be_found_out),
        TEST_ON(delete, a_file_that_cannot_be_read_is_an_error_of_the_database),
        TEST_ON(delete, a_file_that_may_not_grow_keeps_nothing),
        TEST_ON(wal, a_file_that_may_not_grow_keeps_nothing),
        TEST_ON(wal, wal_stays_and_alterations_come_through),
        TEST_ON(wal, what_only_the_transaction_itself_locks_is_not_tried_again),
        TEST_ON(wal, readers_of_wal_hinder_no_alteration),
        TEST_ON(delete, a_section_outside_a_transaction_may_change_the_journal_mode),
    };
    return cmocka_run_group_tests_name("driver/sqlite-disk", tests, NULL, NULL);
}
