/* Suite: what every driver must do, in tables of tests; suite.c runs them all on one database. */

#ifndef DRIVER_SUITE_H
#define DRIVER_SUITE_H

#include "support/test.h"

#include "driver/suite_client.h"

/* A database with an empty table item (id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE) and without history. */
typedef struct SuiteFixture {
    char folder[64];
    char url[1024];
    Client client;
} SuiteFixture;

typedef struct SuiteTests {
    const struct CMUnitTest *rows;
    size_t count;
} SuiteTests;

extern const SuiteTests suite_batches, suite_history, suite_locks;

/* For cmocka's setup and teardown: *state is the fixture. */
int suite_set_up(void **state);
int suite_tear_down(void **state);

/* As another connection sees it: what is committed. */
void assert_committed(SuiteFixture *fixture, const char *sql, const char *rows);

#define TEST(function) cmocka_unit_test_setup_teardown(function, suite_set_up, suite_tear_down)

#endif
