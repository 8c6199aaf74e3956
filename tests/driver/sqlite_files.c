/* What the SQLite driver makes of URLs and files. */

#include "support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/sqlite_fixture.h"

static void refuses_urls_that_name_no_file(void **state)
{
    (void)state;
    static const char *const urls[] = {"sqlite:", "sqlite://", "sqlite::memory:", "sqlite://host/shop.db", "sqlite:shop.db?mode=ro"};
    for (size_t i = 0; i < COUNT(urls); i++) {
        DbaltError error;
        assert_false(driver_sqlite.check_url(urls[i], &error));
        assert_int_equal(error.code, DBALT_ERROR_USAGE);
        assert_non_null(strstr(error.message, urls[i]));
        assert_non_null(strstr(error.hint, "sqlite:FILE"));
    }
}

static void reads_urls_of_files(void **state)
{
    (void)state;
    static const char *const urls[] = {"sqlite:shop.db", "sqlite:../a shop.db", "sqlite:/var/shop.db", "sqlite:///var/shop.db"};
    for (size_t i = 0; i < COUNT(urls); i++) {
        DbaltError error;
        assert_true(driver_sqlite.check_url(urls[i], &error));
    }
}

static void assert_cannot_open(const char *url, ClientMode mode, const char *message, const char *hint)
{
    Client client;
    bool is_open = client_open(&client, url, mode);
    client_close(&client);
    assert_false(is_open);
    assert_int_equal(client.error.code, DBALT_ERROR_DATABASE);
    if (strstr(client.error.message, message) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", message, client.error.message);
    assert_non_null(strstr(client.error.hint, hint));
}

static void does_not_make_a_file_unless_told(void **state)
{
    SqliteFixture *fixture = *state;
    assert_cannot_open(fixture->url, CLIENT_WRITES, "a shop.db\" does not exist", "`dbalt deploy --create`");
    assert_cannot_open(fixture->url, CLIENT_READS, "a shop.db\" does not exist", "`dbalt deploy --create`");
    assert_int_equal(access(fixture->file, F_OK), -1);
}

static void makes_a_database_for_its_owner_alone(void **state)
{
    SqliteFixture *fixture = *state;
    char header[16] = "";
    struct stat status;
    assert_true(client_open(&fixture->client, fixture->url, CLIENT_CREATES));

    assert_int_equal(stat(fixture->file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    int descriptor = open(fixture->file, O_RDONLY);
    assert_int_equal(read(descriptor, header, sizeof header), sizeof header);
    close(descriptor);
    assert_memory_equal(header, "SQLite format 3", 16);
}

static void takes_a_file_of_no_bytes_for_an_empty_database(void **state)
{
    SqliteFixture *fixture = *state;
    sqlite_write_file(fixture->file, "", 0600);
    assert_true(client_open(&fixture->client, fixture->url, CLIENT_WRITES));
    assert_rows(fixture, "SELECT count(*) FROM sqlite_master", "0\n");
}

static void opens_an_absolute_path_behind_three_slashes(void **state)
{
    SqliteFixture *fixture = *state;
    char url[128];
    sqlite_write_file(fixture->file, "", 0600);
    snprintf(url, sizeof url, "sqlite://%s", fixture->file);
    assert_true(client_open(&fixture->client, url, CLIENT_WRITES));
}

static void opens_a_file_whatever_its_name(void **state)
{
    SqliteFixture *fixture = *state;
    static const char *const names[] = {"50%25 off.db", "a#b&mode=ro.db", "\xc3\xa4 'b' \"c\".db", "latin\xff.db"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char file[128], url[160];
        snprintf(file, sizeof file, "%s/%s", fixture->folder, names[i]);
        snprintf(url, sizeof url, "sqlite:%s", file);
        Client client;
        assert_true(client_open(&client, url, CLIENT_CREATES));
        assert_true(client_alter(&client, "CREATE TABLE item (id)").ok);
        client_close(&client);

        struct stat status;
        assert_int_equal(stat(file, &status), 0);
        assert_true(status.st_size > 0);
    }
}

static void names_what_is_no_database(void **state)
{
    SqliteFixture *fixture = *state;
    char url[128];

    snprintf(url, sizeof url, "sqlite:%s", fixture->folder);
    assert_cannot_open(url, CLIENT_CREATES, "is a folder", "");
    snprintf(url, sizeof url, "sqlite:%s/none/shop.db", fixture->folder);
    assert_cannot_open(url, CLIENT_CREATES, "the folder of database file", "");
    snprintf(url, sizeof url, "sqlite:%s/pipe", fixture->folder);
    assert_int_equal(mkfifo(url + strlen("sqlite:"), 0600), 0);
    assert_cannot_open(url, CLIENT_WRITES, "no regular file", "");

    sqlite_write_file(fixture->file, "This is a letter and not a database, however long it may be.\n", 0600);
    assert_cannot_open(fixture->url, CLIENT_WRITES, "file is not a database", "check the path");
    assert_cannot_open(fixture->url, CLIENT_READS, "file is not a database", "check the path");
}

/* Runs in a child as an ordinary user: root may read and write everything. */
static void assert_denied(SqliteFixture *fixture, ClientMode mode, const char *message)
{
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(2);
        Client client;
        bool is_open = client_open(&client, fixture->url, mode);
        _exit(is_open || client.error.code != DBALT_ERROR_DATABASE || strstr(client.error.message, message) == NULL);
    }

    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void names_missing_permissions_before_anything_runs(void **state)
{
    SqliteFixture *fixture = *state;
    sqlite_write_file(fixture->file, "", 0600);

    chmod(fixture->folder, 0755);
    chmod(fixture->file, 0);
    assert_denied(fixture, CLIENT_READS, "cannot read database file");
    chmod(fixture->file, 0444);
    assert_denied(fixture, CLIENT_WRITES, "a shop.db\" is read-only");
    chmod(fixture->file, 0666);
    chmod(fixture->folder, 0555);
    assert_denied(fixture, CLIENT_WRITES, "the folder of database file");
    chmod(fixture->folder, 0755);
}

static void reads_a_file_that_is_read_only(void **state)
{
    SqliteFixture *fixture = *state;
    sqlite_run_plainly(fixture, "CREATE TABLE item (id)");
    chmod(fixture->file, 0444);
    assert_true(client_open(&fixture->client, fixture->url, CLIENT_READS));
    assert_rows(fixture, "SELECT count(*) FROM item", "0\n");
}

static void a_reader_cannot_write(void **state)
{
    SqliteFixture *fixture = *state;
    sqlite_run_plainly(fixture, "CREATE TABLE item (id)");
    assert_true(client_open(&fixture->client, fixture->url, CLIENT_READS));

    Result result = client_query(&fixture->client, "INSERT INTO item VALUES (1)");
    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_DENIED);
}

static void reads_what_a_killed_writer_left_half_done(void **state)
{
    SqliteFixture *fixture = *state;
    sqlite_run_plainly(fixture, "CREATE TABLE item (id); INSERT INTO item VALUES (1)");

    pid_t child = fork();
    if (child == 0) {
        sqlite3 *database;
        /* A cache of one page is written to the file before the commit. */
        sqlite3_open(fixture->file, &database);
        sqlite3_exec(database,
                     "PRAGMA cache_size = 1; BEGIN; DELETE FROM item; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT"
                     " 1000) INSERT INTO item SELECT randomblob(1000) FROM n",
                     NULL, NULL, NULL);
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);

    char journal[128];
    snprintf(journal, sizeof journal, "%s-journal", fixture->file);
    assert_int_equal(access(journal, F_OK), 0);
    assert_true(client_open(&fixture->client, fixture->url, CLIENT_READS));
    assert_rows(fixture, "SELECT id FROM item", "1\n");
}

static void a_reader_gives_up_on_a_writer_that_does_not_end(void **state)
{
    SqliteFixture *fixture = *state;
    sqlite_run_plainly(fixture, "CREATE TABLE item (id)");
    assert_true(client_open_patiently(&fixture->client, fixture->url, CLIENT_READS, 20));

    sqlite3 *writer;
    assert_int_equal(sqlite3_open(fixture->file, &writer), SQLITE_OK);
    assert_int_equal(sqlite3_exec(writer, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    Result result = client_query(&fixture->client, "SELECT * FROM item");
    sqlite3_close(writer);

    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_LOCK_TIMEOUT);
    assert_int_equal(result.error.code, DBALT_ERROR_DATABASE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_urls_that_name_no_file),
        cmocka_unit_test(reads_urls_of_files),
        TEST_WITHOUT_FILE(does_not_make_a_file_unless_told),
        TEST_WITHOUT_FILE(makes_a_database_for_its_owner_alone),
        TEST_WITHOUT_FILE(takes_a_file_of_no_bytes_for_an_empty_database),
        TEST_WITHOUT_FILE(opens_an_absolute_path_behind_three_slashes),
        TEST_WITHOUT_FILE(opens_a_file_whatever_its_name),
        TEST_WITHOUT_FILE(names_what_is_no_database),
        TEST_WITHOUT_FILE(names_missing_permissions_before_anything_runs),
        TEST_WITHOUT_FILE(reads_a_file_that_is_read_only),
        TEST_WITHOUT_FILE(a_reader_cannot_write),
        TEST_WITHOUT_FILE(reads_what_a_killed_writer_left_half_done),
        TEST_WITHOUT_FILE(a_reader_gives_up_on_a_writer_that_does_not_end),
    };
    return cmocka_run_group_tests_name("driver/sqlite-files", tests, NULL, NULL);
}
