/* drivers/postgres: the deploy lock, and whose server processes are at work. */

#include "support/test.h"

#include <stdio.h>
#include <time.h>

#include "base/cleanup.h"
#include "driver/postgres_fixture.h"

static bool lock_try(Client *client)
{
    bool taken = false;
    DbaltError error;
    assert_true(client->connection->driver->lock_try(client->connection, &taken, &error));
    return taken;
}

static void the_lock_is_in_no_ones_way(void **state)
{
    Fixture *fixture = *state;
    assert_true(lock_try(&fixture->client));
    assert_string_equal(fixture_query(fixture, "SELECT a.backend_xmin IS NULL, a.backend_xid IS NULL, a.state FROM pg_locks AS l"
                                               " JOIN pg_stat_activity AS a USING (pid) WHERE l.locktype = 'advisory'"),
                        "t|t|idle in transaction\n");

    client_script(&fixture->client, "CREATE TABLE t (id int)");
    client_script(&fixture->client, "CREATE INDEX CONCURRENTLY t_id ON t (id)");
    client_script(&fixture->client, "REINDEX TABLE CONCURRENTLY t");
    assert_true(client_run(&fixture->client).ok);
    assert_true(driver_postgres.lock_is_held(fixture->client.connection));
}

static void a_lock_that_was_lost_is_told(void **state)
{
    Fixture *fixture = *state;
    assert_true(lock_try(&fixture->client));
    fixture_query(fixture, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
    assert_true(fixture_becomes(fixture, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", "0\n"));
    assert_false(driver_postgres.lock_is_held(fixture->client.connection));
    assert_true(client_alter(&fixture->client, "SELECT 1").ok);

    assert_true(lock_try(&fixture->client));
    assert_true(driver_postgres.lock_is_held(fixture->client.connection));
}

/* A role that sees little of others. */
static void open_stranger(Client *client, Fixture *fixture, ClientMode mode)
{
    fixture_query(fixture, "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stranger')"
                           " THEN CREATE ROLE stranger LOGIN; END IF; END $$");
    assert_true(client_open(client, fixture_url("stranger", fixture->database), mode));
}

static void tells_who_holds_the_lock(void **state)
{
    Fixture *fixture = *state;
    CLEANUP(arena_done) Arena arena = {0};
    assert_null(driver_postgres.lock_holder(fixture->client.connection, &arena).who);

    assert_true(lock_try(&fixture->client));
    LockHolder holder = driver_postgres.lock_holder(fixture->client.connection, &arena);
    assert_string_equal(holder.who, "user \"postgres\" from the server itself");
    assert_memory_equal(holder.since, "20", 2);
    assert_null(holder.task);

    Client stranger;
    open_stranger(&stranger, fixture, CLIENT_READS);
    holder = driver_postgres.lock_holder(stranger.connection, &arena);
    assert_string_equal(holder.who, "user \"postgres\"");
    assert_null(holder.since);

    /* What the holder is at may be seen by all, once it takes a while. */
    driver_postgres.lock_announce(fixture->client.connection, "1663923770-it's");
    int64_t deadline = wait_now() + 20000;
    const char *task = NULL;
    while (task == NULL && wait_now() < deadline && driver_postgres.lock_is_held(fixture->client.connection))
        task = driver_postgres.lock_holder(stranger.connection, &arena).task;
    assert_non_null(task);
    assert_string_equal(task, "1663923770-it's");
    client_close(&stranger);
}

/* A snapshot, short as it lives, may be the one that a concurrent build finds and waits for: then for the end of all. */
static void a_heartbeat_takes_no_snapshot(void **state)
{
    Fixture *fixture = *state;
    Client client;
    ConnectOptions options = {.url = fixture->url, .timeout = 10000, .limits = {.answer = 400}};
    assert_true(client_connect(&client, &options));
    assert_true(lock_try(&client));

    client_script(&client, "SELECT pg_sleep(0.5)");
    assert_true(client_run(&client).ok);
    assert_string_equal(fixture_query(fixture, "SELECT query FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory'"),
                        "SET LOCAL idle_in_transaction_session_timeout='30s';\n");
    client_close(&client);
}

typedef struct Orphan {
    Client client;
    char backend[64];
} Orphan;

static void open_orphan(Orphan *orphan, const char *url)
{
    assert_true(client_open(&orphan->client, url, CLIENT_WRITES));
    snprintf(orphan->backend, sizeof(orphan->backend), "%s", driver_postgres.backend(orphan->client.connection));
}

static bool orphan_is_busy(Client *client, const char *backend)
{
    bool busy = false;
    DbaltError error;
    assert_true(driver_postgres.end_orphan(client->connection, backend, &busy, &error));
    return busy;
}

/* One that was idle for a moment only may be between two of the alterations that were sent ahead. */
static bool orphan_becomes_idle(Client *client, const char *backend)
{
    for (int tries = 0; tries < 400; tries++) {
        if (!orphan_is_busy(client, backend))
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    return false;
}

static void ends_an_orphan_that_waits_for_its_client(void **state)
{
    Fixture *fixture = *state;
    Orphan orphan;
    open_orphan(&orphan, fixture->url);
    client_step(&orphan.client, STEP_BEGIN);
    assert_true(client_run(&orphan.client).ok);

    char reborn[80];
    snprintf(reborn, sizeof(reborn), "%s1", orphan.backend);
    assert_false(orphan_is_busy(&fixture->client, reborn));
    assert_true(orphan_becomes_idle(&fixture->client, orphan.backend));
    assert_int_equal(client_alter(&orphan.client, "SELECT 1").fault, FAULT_CONNECTION);
    client_close(&orphan.client);
}

static void waits_for_an_orphan_that_computes(void **state)
{
    Fixture *fixture = *state;
    Orphan orphan;
    open_orphan(&orphan, fixture->url);
    client_step(&orphan.client, STEP_BEGIN);
    client_script(&orphan.client, "DO $$ BEGIN LOOP END LOOP; END $$");
    driver_postgres.send(orphan.client.connection);
    assert_true(fixture_becomes(fixture, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %' AND wait_event IS NULL", "1\n"));

    for (int tries = 0; tries < 20; tries++)
        assert_true(orphan_is_busy(&fixture->client, orphan.backend));
    assert_string_equal(fixture_query(fixture, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'DO %'"), "t\n");
    assert_int_equal(client_run(&orphan.client).fault, FAULT_CONNECTION);
    client_close(&orphan.client);
}

static void waits_for_an_orphan_that_it_may_not_end(void **state)
{
    Fixture *fixture = *state;
    Client stranger;
    open_stranger(&stranger, fixture, CLIENT_WRITES);
    char backend[64];
    snprintf(backend, sizeof(backend), "%s", driver_postgres.backend(fixture->client.connection));

    assert_true(orphan_becomes_idle(&stranger, backend));
    client_step(&fixture->client, STEP_BEGIN);
    assert_true(client_run(&fixture->client).ok);
    assert_true(orphan_is_busy(&stranger, backend));
    client_step(&fixture->client, STEP_COMMIT);
    assert_true(client_run(&fixture->client).ok);
    assert_true(orphan_becomes_idle(&stranger, backend));
    client_close(&stranger);
}

/* Another role sees no more of it than the locks of its transactions, and those come and go. */
static void waits_for_an_orphan_between_two_transactions(void **state)
{
    Fixture *fixture = *state;
    Client stranger;
    Orphan orphan;
    open_stranger(&stranger, fixture, CLIENT_WRITES);
    open_orphan(&orphan, fixture->url);
    client_script(&orphan.client, "DO $$ BEGIN LOOP COMMIT; END LOOP; END $$");
    driver_postgres.send(orphan.client.connection);
    assert_true(fixture_becomes(fixture, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'", "1\n"));

    for (int tries = 0; tries < 40; tries++)
        assert_true(orphan_is_busy(&stranger, orphan.backend));
    fixture_query(fixture, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'DO %'");
    assert_int_equal(client_run(&orphan.client).fault, FAULT_CONNECTION);
    client_close(&orphan.client);
    client_close(&stranger);
}

/* A copy of a database has the holder's row too. */
static void is_no_orphan_of_another_database(void **state)
{
    Fixture *fixture = *state;
    Orphan orphan;
    open_orphan(&orphan, fixture_url("postgres", "postgres"));
    client_step(&orphan.client, STEP_BEGIN);
    assert_true(client_run(&orphan.client).ok);

    assert_false(orphan_is_busy(&fixture->client, orphan.backend));
    client_step(&orphan.client, STEP_ROLLBACK);
    assert_true(client_run(&orphan.client).ok);
    client_close(&orphan.client);
}

static void is_no_orphan_of_its_own(void **state)
{
    Fixture *fixture = *state;
    assert_false(orphan_is_busy(&fixture->client, driver_postgres.backend(fixture->client.connection)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DATABASE_TEST(the_lock_is_in_no_ones_way),
        DATABASE_TEST(a_lock_that_was_lost_is_told),
        DATABASE_TEST(a_heartbeat_takes_no_snapshot),
        DATABASE_TEST(tells_who_holds_the_lock),
        DATABASE_TEST(ends_an_orphan_that_waits_for_its_client),
        DATABASE_TEST(waits_for_an_orphan_that_computes),
        DATABASE_TEST(waits_for_an_orphan_that_it_may_not_end),
        DATABASE_TEST(waits_for_an_orphan_between_two_transactions),
        DATABASE_TEST(is_no_orphan_of_another_database),
        DATABASE_TEST(is_no_orphan_of_its_own),
    };
    return cmocka_run_group_tests_name("driver/postgres-lock", tests, NULL, NULL);
}
