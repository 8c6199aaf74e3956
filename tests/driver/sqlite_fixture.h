/* SqliteFixture: a database file in a folder of its own, and a client of the driver on it. */

#ifndef DRIVER_SQLITE_FIXTURE_H
#define DRIVER_SQLITE_FIXTURE_H

#include <sys/stat.h>

#include "driver/suite_client.h"

typedef struct SqliteFixture {
    char folder[64];
    char file[96];
    char url[112];
    Client client; /* not open after sqlite_make_folder() */
} SqliteFixture;

/* For cmocka's setup and teardown: *state is the fixture. The first makes the folder alone, the second the database too. */
int sqlite_make_folder(void **state);
int sqlite_set_up(void **state);
int sqlite_tear_down(void **state);

void sqlite_write_file(const char *path, const char *text, mode_t mode);

/* SQL as another program would run it, without the driver and without foreign keys. */
void sqlite_run_plainly(const SqliteFixture *fixture, const char *sql);

/* Each fails the test when it is otherwise. refused: the script fails, and its message has that part. */
void assert_alters(SqliteFixture *fixture, const char *sql);
void assert_rows(SqliteFixture *fixture, const char *sql, const char *rows);
void assert_refused(SqliteFixture *fixture, const char *sql, const char *part);

#define TEST(function) cmocka_unit_test_setup_teardown(function, sqlite_set_up, sqlite_tear_down)
#define TEST_WITHOUT_FILE(function) cmocka_unit_test_setup_teardown(function, sqlite_make_folder, sqlite_tear_down)

#endif
