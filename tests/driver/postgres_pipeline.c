/* drivers/postgres: batches that are sent ahead of the answers to those before them. */

#include "support/test.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "driver/postgres_fixture.h"

static void create_history(Fixture *fixture)
{
    client_history(&fixture->client, HISTORY_CREATE, NULL, 0);
    assert_true(client_run(&fixture->client).ok);
}

static void take_lock(Fixture *fixture)
{
    bool taken = false;
    DbaltError error;
    assert_true(driver_postgres.lock_try(fixture->client.connection, &taken, &error) && taken);
}

/* The values of the guard must live until the answers. */
static void queue_deploy(Client *client, const char **values, const char *identity, const char *follows, const char *script)
{
    const char *const all[] = {identity, "1.0.0", "a", "sql", NULL, "hash", NULL, NULL, NULL, NULL, "ada", "build-7", "0.1.0", follows};
    memcpy(values, all, sizeof all);
    client_step(client, STEP_BEGIN);
    client_history(client, HISTORY_GUARD_DEPLOY, values, COUNT(all));
    client_script(client, script);
}

static void send_deploy(Client *client, const char **values, const char *identity, const char *follows, const char *script)
{
    queue_deploy(client, values, identity, follows, script);
    client_step(client, STEP_SETTLE);
    client_step(client, STEP_COMMIT);
    driver_postgres.send(client->connection);
}

static void send_alone(Client *client, const char *script)
{
    client_step(client, STEP_BEGIN);
    client_script(client, script);
    client_step(client, STEP_SETTLE);
    client_step(client, STEP_COMMIT);
    driver_postgres.send(client->connection);
}

static void answers_batches_in_the_order_in_which_they_were_sent(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    send_alone(client, "CREATE TABLE t (id int)");
    send_alone(client, "INSERT INTO t VALUES (1), (2); SELECT * FROM t; INSERT INTO t VALUES (3)");
    send_alone(client, "");

    Result first = client_run(client);
    Result second = client_run(client);
    Result third = client_run(client);
    assert_true(first.ok && second.ok && third.ok);
    assert_int_equal(first.done, 4);
    assert_int_equal(first.statements, 0);
    assert_int_equal(second.done, 4);
    assert_int_equal(second.statements, 2);
    assert_string_equal(second.rows, "");
    assert_string_equal(fixture_query(fixture, "SELECT id FROM t ORDER BY id"), "1\n2\n3\n");

    assert_true(client_alter(client, "INSERT INTO t VALUES (4)").ok);
    assert_string_equal(client_query(client, "SELECT count(*) FROM t").rows, "4\n");
}

/* What is blocked is not answered; what is behind it has left all the same. */
static void a_batch_travels_before_the_one_ahead_of_it_is_answered(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    Client other;
    assert_true(client_open(&other, fixture->url, CLIENT_WRITES));
    client_own(&other, "SELECT pg_advisory_lock(7)", NULL, 0);
    assert_true(client_run(&other).ok);

    send_alone(client, "SELECT pg_advisory_xact_lock(7)");
    send_alone(client, "CREATE TABLE behind (id int)");
    client_own(&other, "SELECT pg_advisory_unlock(7)", NULL, 0);
    assert_true(client_run(&other).ok);

    /* Nobody reads the answer to the first, and still the second comes to pass. */
    assert_true(fixture_becomes(fixture, "SELECT count(*) FROM pg_tables WHERE tablename = 'behind'", "1\n"));
    assert_true(client_run(client).ok);
    assert_true(client_run(client).ok);
    client_close(&other);
}

static void a_failure_takes_those_behind_it_along(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    send_alone(client, "CREATE TABLE t (id int PRIMARY KEY)");
    send_alone(client, "INSERT INTO t VALUES (1);\n\nINSERT INTO t VALUES (2), (1); INSERT INTO t VALUES (3)");
    send_alone(client, "INSERT INTO t VALUES (4)");
    send_alone(client, "INSERT INTO t VALUES (5)");

    assert_true(client_run(client).ok);
    Result result = client_run(client);
    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_OTHER);
    assert_int_equal(result.step, 1);
    assert_int_equal(result.statement, 1); /* one message could not tell */
    assert_string_equal(fixture_query(fixture, "SELECT count(*) FROM t"), "0\n");

    Result next = client_run(client);
    assert_int_equal(next.done, 0); /* the queue is empty */
    assert_true(client_alter(client, "INSERT INTO t VALUES (6)").ok);
    send_alone(client, "INSERT INTO t VALUES (7)");
    assert_true(client_run(client).ok);
    assert_string_equal(fixture_query(fixture, "SELECT id FROM t ORDER BY id"), "6\n7\n");
}

static void names_the_byte_at_which_an_error_is(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    static const char script[] = "SELECT 'zwölf';\n/* ü */ SELECT 'é', missing FROM pg_class;\nSELECT 1";
    send_alone(client, script);
    Result result = client_run(client);
    assert_false(result.ok);
    assert_int_equal(result.statement, 1);
    assert_int_equal(result.offset, strstr(script, "missing") - script);
}

/* A deferred constraint, which nothing checks before COMMIT. */
static void behind_a_commit_that_fails_nothing_is_deployed(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    create_history(fixture);
    take_lock(fixture);
    assert_true(client_alter(client, "CREATE TABLE t (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)").ok);

    const char *values[4][14];
    send_deploy(client, values[0], "1-a", "", "INSERT INTO t VALUES (1)");
    queue_deploy(client, values[1], "2-b", "1-a", "INSERT INTO t VALUES (1)");
    client_step(client, STEP_COMMIT);
    driver_postgres.send(client->connection);
    send_deploy(client, values[2], "3-c", "2-b", "CREATE TABLE c (id int)");
    send_deploy(client, values[3], "4-d", "3-c", "CREATE TABLE d (id int)");

    assert_true(client_run(client).ok);
    Result result = client_run(client);
    assert_false(result.ok);
    assert_int_equal(result.step, 3);
    assert_string_equal(fixture_query(fixture, "SELECT identity FROM dbalt_suite.alteration"), "1-a\n");
    assert_string_equal(fixture_query(fixture, "SELECT count(*) FROM pg_tables WHERE tablename IN ('c', 'd')"), "0\n");
    assert_true(client_alter(client, "SELECT 1").ok);
}

static void send_rollback(Client *client, const char *const *values, const char *script, bool settles)
{
    client_step(client, STEP_BEGIN);
    client_history(client, HISTORY_GUARD_ROLLBACK, values, 5);
    client_script(client, script);
    if (settles)
        client_step(client, STEP_SETTLE);
    client_step(client, STEP_COMMIT);
    driver_postgres.send(client->connection);
}

static void behind_a_commit_that_fails_nothing_is_rolled_back(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    create_history(fixture);
    take_lock(fixture);
    assert_true(client_alter(client, "CREATE TABLE t (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)").ok);
    const char *values[3][14];
    send_deploy(client, values[0], "1-a", "", "CREATE TABLE a ()");
    send_deploy(client, values[1], "2-b", "1-a", "CREATE TABLE b ()");
    send_deploy(client, values[2], "3-c", "2-b", "CREATE TABLE c ()");
    for (size_t i = 0; i < 3; i++)
        assert_true(client_run(client).ok);

    send_rollback(client, (const char *const[]){"3-c", "bob", "h", "0", ""}, "DROP TABLE c", true);
    send_rollback(client, (const char *const[]){"2-b", "bob", "h", "0", "3-c"}, "DROP TABLE b; INSERT INTO t VALUES (1), (1)", false);
    send_rollback(client, (const char *const[]){"1-a", "bob", "h", "0", "2-b"}, "DROP TABLE a", true);
    assert_true(client_run(client).ok);
    assert_false(client_run(client).ok);
    assert_string_equal(fixture_query(fixture, "SELECT identity FROM dbalt_suite.alteration ORDER BY 1"), "1-a\n2-b\n");
    assert_string_equal(fixture_query(fixture, "SELECT count(*) FROM pg_tables WHERE tablename IN ('a', 'b')"), "2\n");
}

static void without_the_lock_nothing_goes_in_behind_another(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    create_history(fixture);
    const char *values[2][14];
    send_deploy(client, values[0], "1-a", "", "CREATE TABLE a ()");
    send_deploy(client, values[1], "2-b", "1-a", "CREATE TABLE b ()");
    assert_true(client_run(client).ok);
    Result result = client_run(client);
    assert_int_equal(result.fault, FAULT_NOT_NULL);
    assert_int_equal(result.step, 1);
    assert_string_equal(fixture_query(fixture, "SELECT identity FROM dbalt_suite.alteration"), "1-a\n");
    assert_string_equal(fixture_query(fixture, "SELECT count(*) FROM pg_tables WHERE tablename = 'b'"), "0\n");
}

/* Either way it was the haste: by itself it may do so. */
static void a_script_that_leaves_a_prepared_statement_or_drops_those_of_dbalt_runs_by_itself(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    static const char *const hasty[] = {"PREPARE p AS SELECT 1", "SELECT 1; DEALLOCATE ALL"};
    create_history(fixture);
    take_lock(fixture);
    const char *values[4][14];

    for (size_t i = 0; i < COUNT(hasty); i++) {
        send_deploy(client, values[0], "1-a", "", "CREATE TABLE a ()");
        send_deploy(client, values[1], "2-b", "1-a", "CREATE TABLE b ()"); /* the second time dbalt prepares its own */
        send_deploy(client, values[2], "3-c", "2-b", hasty[i]);
        send_deploy(client, values[3], "4-d", "3-c", "CREATE TABLE d ()");
        assert_true(client_run(client).ok);
        assert_true(client_run(client).ok);
        assert_int_equal(client_run(client).fault, FAULT_AHEAD);
        assert_true(client_alter(client, hasty[i]).ok);
        assert_string_equal(client_query(client, "SELECT count(*) FROM pg_prepared_statements").rows, "0\n");
        assert_string_equal(fixture_query(fixture, "SELECT identity FROM dbalt_suite.alteration"), "1-a\n2-b\n");

        client_own(client, "DELETE FROM dbalt_suite.alteration", NULL, 0);
        client_own(client, "DROP TABLE a, b", NULL, 0);
        assert_true(client_run(client).ok);
    }
}

static void what_fails_by_its_own_fault_is_not_due_to_the_haste(void **state)
{
    Client *client = &((Fixture *)*state)->client;
    send_alone(client, "DEALLOCATE nobodys");
    assert_int_equal(client_run(client).fault, FAULT_OTHER);
    send_alone(client, "SELECT 1/0");
    assert_int_equal(client_run(client).fault, FAULT_OTHER);
    send_alone(client, "SELEC 1");
    assert_int_equal(client_run(client).fault, FAULT_AHEAD); /* it may have been cut at the wrong place */
}

/* Else the server plans them anew each time. */
static void statements_of_dbalt_stay_prepared(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    send_alone(client, "SELECT 1");
    send_alone(client, "SELECT 1");
    send_alone(client, "SELECT 1");
    send_alone(client, "CREATE TABLE seen AS SELECT FROM pg_prepared_statements WHERE prepare_time < now()");
    for (size_t i = 0; i < 4; i++)
        assert_true(client_run(client).ok);
    assert_string_equal(fixture_query(fixture, "SELECT count(*) > 10 FROM seen"), "t\n");
}

/* The server planned it for a history that has grown since. */
static void what_is_prepared_is_dropped_now_and_then(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    for (size_t i = 0; i < 103; i++) {
        send_alone(client, "SELECT 1");
        assert_true(client_run(client).ok);
    }
    send_alone(client, "CREATE TABLE seen AS SELECT name FROM pg_prepared_statements WHERE prepare_time < now()");
    assert_true(client_run(client).ok);
    assert_string_equal(fixture_query(fixture, "SELECT count(*) > 10, bool_and(name LIKE 'dbalt\\_%\\_1\\_%') FROM seen"), "t|t\n");
}

static void a_cancel_ends_what_runs_and_what_is_behind_it(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    send_alone(client, "CREATE TABLE a ()");
    send_alone(client, "SELECT pg_sleep(60)");
    send_alone(client, "CREATE TABLE b ()");
    assert_true(client_run(client).ok);
    fixture_cancel_after(client, 200);
    Result result = client_run(client);
    assert_int_equal(result.fault, FAULT_CANCELLED);
    assert_string_equal(fixture_query(fixture, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"), "a\n");
}

/* The one at work bears the cancel; those behind it would be over before the next request. */
static void a_cancel_that_a_script_bears_bars_those_behind_it(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    create_history(fixture);
    take_lock(fixture);
    static const char *const numbers[] = {"1", "2", "3", "4", "5"};
    const char *values[COUNT(numbers)][14];
    send_deploy(client, values[0], "1", "", "DO $$ BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END $$");
    for (size_t i = 1; i < COUNT(numbers); i++)
        send_deploy(client, values[i], numbers[i], numbers[i - 1], "SELECT 1");
    fixture_cancel_after(client, 200);
    assert_true(client_run(client).ok);
    Result result = client_run(client);
    assert_int_equal(result.fault, FAULT_NOT_NULL);
    assert_int_equal(result.step, 1);
    assert_string_equal(fixture_query(fixture, "SELECT identity FROM dbalt_suite.alteration"), "1\n");

    /* Nobody else's meanwhile, free behind it. */
    Client rival;
    bool taken = true;
    DbaltError error;
    assert_true(client_open(&rival, fixture->url, CLIENT_WRITES));
    assert_true(driver_postgres.lock_is_held(client->connection));
    assert_true(driver_postgres.lock_try(rival.connection, &taken, &error) && !taken);
    driver_postgres.lock_release(client->connection);
    assert_true(driver_postgres.lock_try(rival.connection, &taken, &error) && taken);
    client_close(&rival);
}

static void a_connection_that_is_lost_is_told(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    send_alone(client, "CREATE TABLE a ()");
    send_alone(client, "SELECT pg_terminate_backend(pg_backend_pid())");
    send_alone(client, "CREATE TABLE b ()");
    assert_true(client_run(client).ok);
    assert_int_equal(client_run(client).fault, FAULT_CONNECTION);
    assert_string_equal(fixture_query(fixture, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"), "a\n");
    assert_false(client_alter(client, "SELECT 1").ok);
    send_alone(client, "SELECT 1");
    assert_int_equal(client_run(client).fault, FAULT_CONNECTION);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        DATABASE_TEST(answers_batches_in_the_order_in_which_they_were_sent),
        DATABASE_TEST(a_batch_travels_before_the_one_ahead_of_it_is_answered),
        DATABASE_TEST(a_failure_takes_those_behind_it_along),
        DATABASE_TEST(names_the_byte_at_which_an_error_is),
        DATABASE_TEST(behind_a_commit_that_fails_nothing_is_deployed),
        DATABASE_TEST(behind_a_commit_that_fails_nothing_is_rolled_back),
        DATABASE_TEST(without_the_lock_nothing_goes_in_behind_another),
        DATABASE_TEST(a_script_that_leaves_a_prepared_statement_or_drops_those_of_dbalt_runs_by_itself),
        DATABASE_TEST(what_fails_by_its_own_fault_is_not_due_to_the_haste),
        DATABASE_TEST(statements_of_dbalt_stay_prepared),
        DATABASE_TEST(what_is_prepared_is_dropped_now_and_then),
        DATABASE_TEST(a_cancel_ends_what_runs_and_what_is_behind_it),
        DATABASE_TEST(a_cancel_that_a_script_bears_bars_those_behind_it),
        DATABASE_TEST(a_connection_that_is_lost_is_told),
    };
    return cmocka_run_group_tests_name("drivers/postgres pipeline", tests, NULL, NULL);
}
