/* Copies of a SQLite database. */

#include "support/test.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "driver/sqlite_fixture.h"

static bool back_up(Backup *backup, Arena *arena, Client *client, const char *folder, DbaltError *error)
{
    return driver_sqlite.backup(client->connection, backup, arena, folder, "before-1.0.0-now", error);
}

/* Of files whose name has the label. */
static size_t count_backups(const char *folder)
{
    size_t count = 0;
    DIR *open = opendir(folder);
    assert_non_null(open);
    for (struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open))
        count += strstr(entry->d_name, "before-") != NULL;
    closedir(open);
    return count;
}

static void assert_value(const char *path, const char *sql, int value)
{
    sqlite3 *database;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), value);
    sqlite3_finalize(statement);
    sqlite3_close(database);
}

static void copies_a_database_of_many_pages(void **state)
{
    SqliteFixture *fixture = *state;
    CLEANUP(arena_done) Arena arena = {0};
    Backup backup;
    DbaltError error;
    assert_alters(fixture, "CREATE TABLE big (x); INSERT INTO big VALUES (randomblob(5000000))");
    assert_true(back_up(&backup, &arena, &fixture->client, fixture->folder, &error));
    assert_value(backup.path, "SELECT length(x) FROM big", 5000000);
    assert_int_equal(count_backups(fixture->folder), 1);

    /* The connection is as it was. */
    assert_alters(fixture, "INSERT INTO big VALUES (1)");
    assert_value(backup.path, "SELECT count(*) FROM big", 1);
    assert_false(back_up(&backup, &arena, &fixture->client, fixture->folder, &error));
    assert_non_null(strstr(error.message, "File exists"));
    assert_value(backup.path, "SELECT count(*) FROM big", 1);
    unlink(backup.path);
}

static void a_cancel_leaves_no_file(void **state)
{
    SqliteFixture *fixture = *state;
    CLEANUP(arena_done) Arena arena = {0};
    Backup backup;
    DbaltError error;
    assert_alters(fixture, "CREATE TABLE t (x)");
    wait_cancel(&fixture->client.wait);
    assert_false(back_up(&backup, &arena, &fixture->client, fixture->folder, &error));
    assert_int_equal(error.code, DBALT_ERROR_INTERRUPTED);
    assert_int_equal(count_backups(fixture->folder), 0);
}

static void tells_of_a_folder_that_is_gone(void **state)
{
    SqliteFixture *fixture = *state;
    CLEANUP(arena_done) Arena arena = {0};
    Backup backup;
    DbaltError error;
    assert_false(back_up(&backup, &arena, &fixture->client, "/nowhere", &error));
    assert_non_null(strstr(error.message, "cannot create \"/nowhere/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(copies_a_database_of_many_pages),
        TEST(a_cancel_leaves_no_file),
        TEST(tells_of_a_folder_that_is_gone),
    };
    return cmocka_run_group_tests_name("driver/sqlite_backup", tests, NULL, NULL);
}
