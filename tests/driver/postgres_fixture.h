/* A database of each test's own on the throw-away server, and a connection of the driver to it. */

#ifndef DRIVER_POSTGRES_FIXTURE_H
#define DRIVER_POSTGRES_FIXTURE_H

#include <libpq-fe.h>

#include "driver/suite_client.h"

typedef struct Fixture {
    char database[32];
    char url[512];
    Client client;
} Fixture;

/* For cmocka: *state is the Fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

#define DATABASE_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

/* The test server's URL with another user and database. Static buffer. */
const char *fixture_url(const char *user, const char *database);

/* What psql would see in the fixture's database: the rows of SQL, "a|b\n" each. It fails the test when SQL fails. Static buffer. */
const char *fixture_query(const Fixture *fixture, const char *sql);

/* Polls for at most 20 seconds until the query gives these rows. */
bool fixture_becomes(const Fixture *fixture, const char *sql, const char *rows);

/* How many other sessions of the database are at a statement. */
#define SLEEPERS "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"

/* Cancels the client's work after some milliseconds. */
void fixture_cancel_after(Client *client, int milliseconds);

#endif
