#include "driver/sqlite_fixture.h"

#include "support/test.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int sqlite_make_folder(void **state)
{
    SqliteFixture *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    strcpy(fixture->folder, "/tmp/dbalt-sqlite-XXXXXX");
    if (mkdtemp(fixture->folder) == NULL)
        return -1;

    snprintf(fixture->file, sizeof fixture->file, "%s/a shop.db", fixture->folder);
    snprintf(fixture->url, sizeof fixture->url, "sqlite:%s", fixture->file);
    return 0;
}

int sqlite_set_up(void **state)
{
    if (sqlite_make_folder(state) != 0)
        return -1;
    SqliteFixture *fixture = *state;
    return client_open(&fixture->client, fixture->url, CLIENT_CREATES) ? 0 : -1;
}

int sqlite_tear_down(void **state)
{
    SqliteFixture *fixture = *state;
    client_close(&fixture->client);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", fixture->folder);
    int code = system(command);
    free(fixture);
    return code;
}

void sqlite_write_file(const char *path, const char *text, mode_t mode)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
    close(descriptor);
}

void sqlite_run_plainly(const SqliteFixture *fixture, const char *sql)
{
    sqlite3 *database;
    char *message = NULL;
    assert_int_equal(sqlite3_open(fixture->file, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    sqlite3_close(database);
}

void assert_alters(SqliteFixture *fixture, const char *sql)
{
    Result result = client_alter(&fixture->client, sql);
    if (!result.ok)
        fail_msg("%s: %s", sql, result.error.message);
}

void assert_rows(SqliteFixture *fixture, const char *sql, const char *rows)
{
    Result result = client_query(&fixture->client, sql);
    if (!result.ok)
        fail_msg("%s: %s", sql, result.error.message);
    assert_string_equal(result.rows, rows);
}

void assert_refused(SqliteFixture *fixture, const char *sql, const char *part)
{
    Result result = client_alter(&fixture->client, sql);
    assert_false(result.ok);
    if (strstr(result.error.message, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, result.error.message);
}
