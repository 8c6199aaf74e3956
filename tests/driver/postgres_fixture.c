#include "support/test.h"

#include "driver/postgres_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

const char *fixture_url(const char *user, const char *database)
{
    static char url[512];
    const char *server = getenv("DBALT_TEST_POSTGRES_URL");
    assert_non_null(server);

    const char *parameters = strchr(server, '?');
    assert_non_null(parameters);
    snprintf(url, sizeof(url), "postgres://%s@/%s%s", user, database, parameters);
    return url;
}

static void append_rows(char *text, size_t size, const PGresult *result)
{
    size_t used = 0;
    for (int row = 0; row < PQntuples(result); row++)
        for (int column = 0; column < PQnfields(result); column++) {
            const char *end = column + 1 == PQnfields(result) ? "\n" : "|";
            used += (size_t)snprintf(text + used, size - used, "%s%s", PQgetvalue(result, row, column), end);
            assert_true(used < size);
        }
}

static const char *query(const char *url, const char *sql)
{
    static char rows[8192];
    rows[0] = '\0';

    PGconn *libpq = PQconnectdb(url);
    PGresult *result = PQexec(libpq, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        print_error("%s\n%s\n", sql, PQerrorMessage(libpq));
    append_rows(rows, sizeof(rows), result);
    PQclear(result);
    PQfinish(libpq);
    assert_true(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK);
    return rows;
}

const char *fixture_query(const Fixture *fixture, const char *sql)
{
    return query(fixture->url, sql);
}

bool fixture_becomes(const Fixture *fixture, const char *sql, const char *rows)
{
    for (int tries = 0; tries < 400; tries++) {
        if (strcmp(fixture_query(fixture, sql), rows) == 0)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    return false;
}

int fixture_setup(void **state)
{
    static int number;
    Fixture *fixture = calloc(1, sizeof(*fixture));
    *state = fixture;
    snprintf(fixture->database, sizeof(fixture->database), "driver_%d_%d", (int)getpid(), ++number);

    char sql[64];
    snprintf(sql, sizeof(sql), "CREATE DATABASE %s", fixture->database);
    query(fixture_url("postgres", "postgres"), sql);
    snprintf(fixture->url, sizeof(fixture->url), "%s", fixture_url("postgres", fixture->database));
    if (client_open(&fixture->client, fixture->url, CLIENT_WRITES))
        return 0;

    print_error("%s\n", fixture->client.error.message);
    return -1;
}

int fixture_teardown(void **state)
{
    Fixture *fixture = *state;
    client_close(&fixture->client);

    char sql[96];
    snprintf(sql, sizeof(sql), "DROP DATABASE %s WITH (FORCE)", fixture->database);
    query(fixture_url("postgres", "postgres"), sql);
    free(fixture);
    return 0;
}

static Wait *to_cancel;

static void cancel_now(int signal)
{
    (void)signal;
    wait_cancel(to_cancel);
}

void fixture_cancel_after(Client *client, int milliseconds)
{
    to_cancel = &client->wait;
    signal(SIGALRM, cancel_now);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_usec = milliseconds * 1000L}}, NULL);
}
