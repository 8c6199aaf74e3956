/* The deploy lock, and cancelling. */

#include "driver/suite.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static bool lock_try(Client *client)
{
    bool taken = false;
    DbaltError error;
    if (!client->connection->driver->lock_try(client->connection, &taken, &error))
        fail_msg("%s", error.message);
    return taken;
}

static bool lock_comes(Client *client)
{
    int64_t deadline = wait_now() + 10000;
    while (!lock_try(client)) {
        if (wait_now() >= deadline)
            return false;
        wait_for(&client->wait, -1, 0, wait_now() + 10);
    }
    return true;
}

static void gives_the_lock_to_one_at_a_time(void **state)
{
    SuiteFixture *fixture = *state;
    Client *first = &fixture->client;
    Client second;
    assert_true(client_open(&second, fixture->url, CLIENT_WRITES));

    assert_true(lock_try(first));
    assert_true(first->connection->driver->lock_is_held(first->connection));
    assert_false(lock_try(&second));
    assert_false(second.connection->driver->lock_is_held(second.connection));

    first->connection->driver->lock_release(first->connection);
    assert_false(first->connection->driver->lock_is_held(first->connection));
    assert_true(lock_comes(&second));

    client_close(&second);
    assert_true(lock_comes(first));
}

static void keeps_the_lock_through_transactions(void **state)
{
    SuiteFixture *fixture = *state;
    Client other;
    assert_true(client_open(&other, fixture->url, CLIENT_WRITES));

    assert_true(lock_try(&fixture->client));
    assert_true(client_alter(&fixture->client, "INSERT INTO item VALUES (1, 'one')").ok);
    assert_false(client_alter(&fixture->client, "INSERT INTO item VALUES (1, 'one')").ok);
    assert_true(fixture->client.connection->driver->lock_is_held(fixture->client.connection));
    assert_false(lock_try(&other));
    client_close(&other);
}

static void hold_lock_until_killed(const char *url, int told)
{
    Client client;
    bool taken = false;
    DbaltError error;
    if (!client_open(&client, url, CLIENT_WRITES) || !client.connection->driver->lock_try(client.connection, &taken, &error) || !taken)
        _exit(1);
    if (write(told, "", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void the_lock_dies_with_its_holder(void **state)
{
    SuiteFixture *fixture = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);

    pid_t holder = fork();
    if (holder == 0)
        hold_lock_until_killed(fixture->url, ends[1]);
    close(ends[1]);
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    assert_false(lock_try(&fixture->client));

    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    assert_true(lock_comes(&fixture->client));
}

static const char endless_sql[] = "INSERT INTO item VALUES (1, 'one'); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE"
                                  " i < 2000000000) SELECT count(*) FROM n";

static void a_cancel_keeps_a_batch_from_running(void **state)
{
    SuiteFixture *fixture = *state;
    wait_cancel(&fixture->client.wait);
    Result result = client_alter(&fixture->client, endless_sql);

    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_CANCELLED);
    assert_int_equal(result.error.code, DBALT_ERROR_INTERRUPTED);
    assert_committed(fixture, "SELECT count(*) FROM item", "0\n");
}

static void a_cancel_stops_a_running_statement(void **state)
{
    SuiteFixture *fixture = *state;
    client_cancel_after(&fixture->client, 100);
    Result result = client_alter(&fixture->client, endless_sql);

    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_CANCELLED);
    assert_int_equal(result.error.code, DBALT_ERROR_INTERRUPTED);
    assert_committed(fixture, "SELECT count(*) FROM item", "0\n");
}

static void a_cancelled_connection_can_still_tidy_up(void **state)
{
    SuiteFixture *fixture = *state;
    wait_cancel(&fixture->client.wait);
    assert_false(client_alter(&fixture->client, endless_sql).ok);
    assert_true(client_alter(&fixture->client, "INSERT INTO item VALUES (1, 'one')").ok);
}

static const struct CMUnitTest tests[] = {
    TEST(gives_the_lock_to_one_at_a_time),     TEST(keeps_the_lock_through_transactions), TEST(the_lock_dies_with_its_holder),
    TEST(a_cancel_keeps_a_batch_from_running), TEST(a_cancel_stops_a_running_statement),  TEST(a_cancelled_connection_can_still_tidy_up),
};

const SuiteTests suite_locks = {.rows = tests, .count = COUNT(tests)};
