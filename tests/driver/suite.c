/* What every driver must do. usage: test-driver-suite sqlite|postgres (the latter with DBALT_TEST_POSTGRES_URL) */

#include "support/test.h"

#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/suite_client.h"

static bool is_postgres;

typedef struct Fixture {
    char folder[64];
    char url[1024];
    Client client;
} Fixture;

static const char table_sql[] = "CREATE TABLE item (id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE)";

static void remove_file(const char *folder, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    strcpy(fixture->folder, "/tmp/dbalt-suite-XXXXXX");
    if (mkdtemp(fixture->folder) == NULL)
        return -1;

    if (is_postgres)
        snprintf(fixture->url, sizeof fixture->url, "%s", getenv("DBALT_TEST_POSTGRES_URL"));
    else
        snprintf(fixture->url, sizeof fixture->url, "sqlite:%s/suite.db", fixture->folder);
    if (!client_open(&fixture->client, fixture->url, CLIENT_CREATES)) {
        print_error("%s\n", fixture->client.error.message);
        return -1;
    }

    if (is_postgres && !client_alter(&fixture->client, "DROP TABLE IF EXISTS item; DROP SCHEMA IF EXISTS dbalt_suite CASCADE").ok)
        return -1;
    return client_alter(&fixture->client, table_sql).ok ? 0 : -1;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    client_close(&fixture->client);
    remove_file(fixture->folder, "suite.db");
    remove_file(fixture->folder, "suite.db-journal");
    rmdir(fixture->folder);
    free(fixture);
    return 0;
}

/* As another connection sees it: what is committed. */
static void assert_committed(Fixture *fixture, const char *sql, const char *rows)
{
    Client other;
    assert_true(client_open(&other, fixture->url, CLIENT_READS));
    Result result = client_query(&other, sql);
    client_close(&other);
    assert_true(result.ok);
    assert_string_equal(result.rows, rows);
}

static void runs_a_batch_in_one_transaction(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;

    client_step(client, STEP_BEGIN);
    client_script(client, "INSERT INTO item VALUES (1, 'one'); INSERT INTO item VALUES (2, 'two')");
    client_step(client, STEP_SETTLE);
    client_step(client, STEP_COMMIT);
    Result result = client_run(client);

    assert_true(result.ok);
    assert_int_equal(result.done, 4);
    assert_committed(fixture, "SELECT id, label FROM item ORDER BY id", "1|one\n2|two\n");
}

static void ends_an_empty_batch_at_once(void **state)
{
    Fixture *fixture = *state;
    Result result = client_run(&fixture->client);
    assert_true(result.ok);
    assert_int_equal(result.done, 0);
}

static void answers_the_rows_of_own_sql_in_order(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    assert_true(client_alter(client, "INSERT INTO item VALUES (1, 'one'), (2, 'two'), (3, 'three')").ok);

    client_own(client, "SELECT label FROM item ORDER BY id DESC", NULL, 0);
    client_own(client, "SELECT NULL, count(*) FROM item", NULL, 0);
    Result result = client_run(client);

    assert_true(result.ok);
    assert_string_equal(result.rows, "three\ntwo\none\nNULL|3\n");
    assert_int_equal(result.done, 2);
}

static void keeps_the_rows_of_a_script_to_itself(void **state)
{
    Fixture *fixture = *state;
    Result result = client_alter(&fixture->client, "SELECT 1; SELECT 2");
    assert_true(result.ok);
    assert_string_equal(result.rows, "");
}

static void tells_how_many_rows_changed(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    assert_true(client_alter(client, "INSERT INTO item VALUES (1, 'one'), (2, 'two')").ok);

    client_own(client, "DELETE FROM item WHERE id < 3", NULL, 0);
    assert_int_equal(client_run(client).affected, 2);
}

static void an_error_leaves_nothing_and_the_connection_usable(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;

    client_step(client, STEP_BEGIN);
    client_script(client, "INSERT INTO item VALUES (1, 'one')");
    client_script(client, "INSERT INTO item VALUES (1, 'another')");
    client_script(client, "INSERT INTO item VALUES (2, 'two')");
    client_step(client, STEP_COMMIT);
    Result result = client_run(client);

    assert_false(result.ok);
    assert_int_equal(result.step, 2);
    assert_int_equal(result.error.code, DBALT_ERROR_FAILED);
    assert_committed(fixture, "SELECT count(*) FROM item", "0\n");

    assert_true(client_alter(client, "INSERT INTO item VALUES (3, 'three')").ok);
    assert_committed(fixture, "SELECT id FROM item", "3\n");
}

static void rolls_back_when_told(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;

    client_step(client, STEP_BEGIN);
    client_script(client, "INSERT INTO item VALUES (1, 'one')");
    client_step(client, STEP_ROLLBACK);
    assert_true(client_run(client).ok);
    assert_committed(fixture, "SELECT count(*) FROM item", "0\n");
}

static void keeps_a_transaction_open_from_batch_to_batch(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;

    client_step(client, STEP_BEGIN);
    client_script(client, "INSERT INTO item VALUES (1, 'one')");
    assert_true(client_run(client).ok);
    assert_committed(fixture, "SELECT count(*) FROM item", "0\n");

    client_step(client, STEP_COMMIT);
    assert_true(client_run(client).ok);
    assert_committed(fixture, "SELECT count(*) FROM item", "1\n");
}

static void binds_values_as_they_are(void **state)
{
    Fixture *fixture = *state;
    Client *client = &fixture->client;
    static const char *const values[] = {"",           "it's \"quoted\"", "back\\slash \\' $1 ?1",
                                         "zwölf 数 🐘", "two\nlines\r\n",  "; DROP TABLE item --"};

    for (size_t i = 0; i < COUNT(values); i++) {
        char id[8];
        snprintf(id, sizeof id, "%zu", i);
        client_own(client, "INSERT INTO item (id, label) VALUES ($1, $2)", (const char *const[]){id, values[i]}, 2);
        assert_true(client_run(client).ok);

        client_own(client, "SELECT label FROM item WHERE id = $1", (const char *const[]){id}, 1);
        Result result = client_run(client);
        char expected[64];
        snprintf(expected, sizeof expected, "%s\n", values[i]);
        assert_string_equal(result.rows, expected);
    }
}

static void binds_null(void **state)
{
    Fixture *fixture = *state;
    client_own(&fixture->client, "INSERT INTO item (id, label) VALUES ($1, $2)", (const char *const[]){"1", NULL}, 2);
    Result result = client_run(&fixture->client);
    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_NOT_NULL);
}

static void tells_what_a_failure_means(void **state)
{
    Fixture *fixture = *state;
    static const struct {
        const char *sql;
        Fault fault;
    } cases[] = {
        {"INSERT INTO item VALUES (1, 'a'), (1, 'b')", FAULT_DUPLICATE},
        {"INSERT INTO item VALUES (1, 'a'), (2, 'a')", FAULT_DUPLICATE},
        {"INSERT INTO item VALUES (1, NULL)", FAULT_NOT_NULL},
        {"SELECT * FROM nowhere", FAULT_ABSENT},
        {"SELECT missing FROM item", FAULT_OTHER},
        {"SELEC 1", FAULT_OTHER},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        Result result = client_alter(&fixture->client, cases[i].sql);
        assert_false(result.ok);
        assert_int_equal(result.fault, cases[i].fault);
        assert_int_equal(result.error.code, DBALT_ERROR_FAILED);
    }
}

static void names_the_statement_that_failed(void **state)
{
    Fixture *fixture = *state;
    Result result = client_alter(&fixture->client, "/* first */ INSERT INTO item VALUES (1, 'a;b');;\n-- and then; not yet\n"
                                                   "INSERT INTO item VALUES (1, 'c');\nSELECT 1");
    assert_false(result.ok);
    assert_int_equal(result.step, 1);
    assert_int_equal(result.statement, 1);
}

static void names_the_byte_at_which_an_error_is(void **state)
{
    Fixture *fixture = *state;
    static const char *const scripts[] = {
        "SELECT 'zwölf';\n\nSELECT 'é', missing FROM item;\nSELECT 1",
        "SELECT missing FROM item",
        "-- ünd\nINSERT INTO item (id, missing) VALUES (1, 2)",
    };

    for (size_t i = 0; i < COUNT(scripts); i++) {
        Result result = client_alter(&fixture->client, scripts[i]);
        assert_false(result.ok);
        /* SQLite knows no place for the columns of INSERT. */
        if (result.offset >= 0 || i < 2)
            assert_int_equal(result.offset, strstr(scripts[i], "missing") - scripts[i]);
    }
}

static const char *const deploy_values[] = {"1700000000-a", "1.0.0", "a",   "sql", "hash-bu", "hash-u", "hash-d",
                                            "hash-bd",      "DOWN;", "BD;", "ada", "build-7", "0.1.0"};

static void create_history(Fixture *fixture)
{
    client_step(&fixture->client, STEP_BEGIN);
    client_history(&fixture->client, HISTORY_CREATE, NULL, 0);
    client_step(&fixture->client, STEP_COMMIT);
    Result result = client_run(&fixture->client);
    if (!result.ok)
        print_error("%s\n", result.error.message);
    assert_true(result.ok);
}

static Result deploy(Client *client, const char *identity, const char *down)
{
    const char *values[COUNT(deploy_values)];
    memcpy(values, deploy_values, sizeof values);
    values[0] = identity;
    values[8] = down;

    client_step(client, STEP_BEGIN);
    client_history(client, HISTORY_GUARD_DEPLOY, values, COUNT(values));
    client_step(client, STEP_SETTLE);
    client_history(client, HISTORY_FINISH_DEPLOY, (const char *const[]){identity}, 1);
    client_step(client, STEP_COMMIT);
    return client_run(client);
}

static Result roll_back(Client *client, const char *identity)
{
    client_step(client, STEP_BEGIN);
    client_history(client, HISTORY_GUARD_ROLLBACK, (const char *const[]){identity, "bob", "build-8", "0.2.0"}, 4);
    client_step(client, STEP_COMMIT);
    return client_run(client);
}

static Result history_rows(Client *client, HistoryStatement statement, const char *const *values, size_t count)
{
    client_history(client, statement, values, count);
    Result result = client_run(client);
    assert_true(result.ok);
    return result;
}

static void assert_matches(const char *text, const char *pattern)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&regex, text, 0, NULL, 0) != 0)
        fail_msg("\"%s\" does not match \"%s\"", text, pattern);
    regfree(&regex);
}

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"

static void tells_that_there_is_no_history(void **state)
{
    Fixture *fixture = *state;
    Client reader;
    assert_true(client_open(&reader, fixture->url, CLIENT_READS));
    client_history(&reader, HISTORY_READ_LAYOUT, NULL, 0);
    client_history(&reader, HISTORY_READ, NULL, 0);
    Result result = client_run(&reader);
    client_close(&reader);

    assert_false(result.ok);
    assert_int_equal(result.step, 0);
    assert_int_equal(result.fault, FAULT_ABSENT);
}

static void creates_the_history_once(void **state)
{
    Fixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
    create_history(fixture);

    assert_string_equal(history_rows(&fixture->client, HISTORY_READ_LAYOUT, NULL, 0).rows, "1|1\n");
    assert_matches(history_rows(&fixture->client, HISTORY_READ, NULL, 0).rows, "^1700000000-a\\|");
}

static void reads_every_column_of_a_deployment(void **state)
{
    Fixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", "DOWN;").ok);
    assert_true(deploy(&fixture->client, "1700000001-b", NULL).ok);

    Result result = history_rows(&fixture->client, HISTORY_READ, NULL, 0);
    assert_matches(
        result.rows,
        "^1700000000-a\\|[0-9]+\\|1\\.0\\.0\\|sql\\|hash-bu\\|hash-u\\|hash-d\\|hash-bd\\|1\\|" TIME
        "\\|[0-9]+\\|ada\\|build-7\\|0\\.1\\.0\n1700000001-b\\|[0-9]+\\|1\\.0\\.0\\|sql\\|hash-bu\\|hash-u\\|hash-d\\|hash-bd\\|0\\|");
}

static void keeps_the_stored_way_back(void **state)
{
    Fixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", "").ok);
    assert_true(deploy(&fixture->client, "1700000001-b", NULL).ok);

    static const char *const empty[] = {"1700000000-a"};
    static const char *const none[] = {"1700000001-b"};
    assert_string_equal(history_rows(&fixture->client, HISTORY_READ_STORED, empty, 1).rows, "|BD;\n");
    assert_string_equal(history_rows(&fixture->client, HISTORY_READ_STORED, none, 1).rows, "NULL|BD;\n");
}

static void guards_against_a_second_deploy(void **state)
{
    Fixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);

    Result second = deploy(&fixture->client, "1700000000-a", NULL);
    assert_false(second.ok);
    assert_int_equal(second.step, 1);
    assert_int_equal(second.fault, FAULT_DUPLICATE);
}

static void guards_against_a_second_rollback(void **state)
{
    Fixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
    assert_true(roll_back(&fixture->client, "1700000000-a").ok);
    assert_string_equal(history_rows(&fixture->client, HISTORY_READ, NULL, 0).rows, "");

    Result second = roll_back(&fixture->client, "1700000000-a");
    assert_false(second.ok);
    assert_int_equal(second.step, 1);
    assert_int_equal(second.fault, FAULT_NOT_NULL);
}

static void deploys_again_what_was_rolled_back(void **state)
{
    Fixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
    assert_true(roll_back(&fixture->client, "1700000000-a").ok);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
}

static void corrects_a_release(void **state)
{
    Fixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
    history_rows(&fixture->client, HISTORY_RELEASE, (const char *const[]){"1700000000-a", "2.0.0"}, 2);
    assert_matches(history_rows(&fixture->client, HISTORY_READ, NULL, 0).rows, "^1700000000-a\\|[0-9]+\\|2\\.0\\.0\\|");
}

static void accepts_other_hashes(void **state)
{
    Fixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
    static const char *const values[] = {"1700000000-a", NULL, "U", "D", NULL, "new down", NULL};
    history_rows(&fixture->client, HISTORY_ACCEPT, values, COUNT(values));

    assert_matches(history_rows(&fixture->client, HISTORY_READ, NULL, 0).rows, "\\|sql\\|NULL\\|U\\|D\\|NULL\\|1\\|");
    assert_string_equal(history_rows(&fixture->client, HISTORY_READ_STORED, values, 1).rows, "new down|NULL\n");
}

static void forgets(void **state)
{
    Fixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
    history_rows(&fixture->client, HISTORY_FORGET, (const char *const[]){"1700000000-a"}, 1);
    assert_string_equal(history_rows(&fixture->client, HISTORY_READ, NULL, 0).rows, "");
}

static void write_step(Fixture *fixture, const char *kind, const char *identity, const char *section, const char *step)
{
    const char *const values[] = {kind, identity, "1.0.0", section, step, "hash", "message", "ada", "build-7", "0.1.0"};
    history_rows(&fixture->client, HISTORY_EVENT, values, COUNT(values));
}

static void reads_the_steps_since_the_last_deploy_or_rollback(void **state)
{
    Fixture *fixture = *state;
    static const char *const window[] = {"1700000000-a", "before-up"};
    create_history(fixture);

    write_step(fixture, "step-begun", "1700000000-a", "before-up", "1");
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
    assert_string_equal(history_rows(&fixture->client, HISTORY_READ_STEPS, window, 2).rows, "");

    write_step(fixture, "step-begun", "1700000000-a", "before-down", "7");
    assert_true(roll_back(&fixture->client, "1700000000-a").ok);
    write_step(fixture, "step-begun", "1700000000-a", "before-up", "1");
    write_step(fixture, "step-done", "1700000000-a", "before-up", "1");
    write_step(fixture, "step-begun", "1700000000-a", "before-down", "1");
    write_step(fixture, "step-begun", "1700000001-b", "before-up", "1");
    write_step(fixture, "fail", "1700000000-a", "before-up", NULL);
    write_step(fixture, "step-begun", "1700000000-a", "before-up", "12");

    assert_matches(history_rows(&fixture->client, HISTORY_READ_STEPS, window, 2).rows,
                   "^step-begun\\|1\\|hash\\|" TIME "\nstep-done\\|1\\|hash\\|" TIME "\nstep-begun\\|12\\|hash\\|" TIME "\n$");
}

static void says_who_holds_the_lock(void **state)
{
    Fixture *fixture = *state;
    create_history(fixture);
    assert_string_equal(history_rows(&fixture->client, HISTORY_READ_HOLDER, NULL, 0).rows, "");

    history_rows(&fixture->client, HISTORY_HOLD, (const char *const[]){"ada", "build-7", "42", "backend 1"}, 4);
    history_rows(&fixture->client, HISTORY_HOLD, (const char *const[]){"bob", "build-8", "43", NULL}, 4);
    assert_matches(history_rows(&fixture->client, HISTORY_READ_HOLDER, NULL, 0).rows, "^bob\\|build-8\\|43\\|" TIME "\\|NULL\n$");

    history_rows(&fixture->client, HISTORY_RELEASE_HOLD, NULL, 0);
    assert_string_equal(history_rows(&fixture->client, HISTORY_READ_HOLDER, NULL, 0).rows, "");
}

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
    Fixture *fixture = *state;
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
    Fixture *fixture = *state;
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
    Fixture *fixture = *state;
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
    Fixture *fixture = *state;
    wait_cancel(&fixture->client.wait);
    Result result = client_alter(&fixture->client, endless_sql);

    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_CANCELLED);
    assert_int_equal(result.error.code, DBALT_ERROR_INTERRUPTED);
    assert_committed(fixture, "SELECT count(*) FROM item", "0\n");
}

static Wait *to_cancel;

static void cancel_now(int signal)
{
    (void)signal;
    wait_cancel(to_cancel);
}

static void a_cancel_stops_a_running_statement(void **state)
{
    Fixture *fixture = *state;
    to_cancel = &fixture->client.wait;
    signal(SIGALRM, cancel_now);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_usec = 100000}}, NULL);
    Result result = client_alter(&fixture->client, endless_sql);

    assert_false(result.ok);
    assert_int_equal(result.fault, FAULT_CANCELLED);
    assert_int_equal(result.error.code, DBALT_ERROR_INTERRUPTED);
    assert_committed(fixture, "SELECT count(*) FROM item", "0\n");
}

static void a_cancelled_connection_can_still_tidy_up(void **state)
{
    Fixture *fixture = *state;
    wait_cancel(&fixture->client.wait);
    assert_false(client_alter(&fixture->client, endless_sql).ok);
    assert_true(client_alter(&fixture->client, "INSERT INTO item VALUES (1, 'one')").ok);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(int count, char **arguments)
{
    is_postgres = count == 2 && strcmp(arguments[1], "postgres") == 0;
    const struct CMUnitTest tests[] = {
        TEST(runs_a_batch_in_one_transaction),
        TEST(ends_an_empty_batch_at_once),
        TEST(answers_the_rows_of_own_sql_in_order),
        TEST(keeps_the_rows_of_a_script_to_itself),
        TEST(tells_how_many_rows_changed),
        TEST(an_error_leaves_nothing_and_the_connection_usable),
        TEST(rolls_back_when_told),
        TEST(keeps_a_transaction_open_from_batch_to_batch),
        TEST(binds_values_as_they_are),
        TEST(binds_null),
        TEST(tells_what_a_failure_means),
        TEST(names_the_statement_that_failed),
        TEST(names_the_byte_at_which_an_error_is),
        TEST(tells_that_there_is_no_history),
        TEST(creates_the_history_once),
        TEST(reads_every_column_of_a_deployment),
        TEST(keeps_the_stored_way_back),
        TEST(guards_against_a_second_deploy),
        TEST(guards_against_a_second_rollback),
        TEST(deploys_again_what_was_rolled_back),
        TEST(corrects_a_release),
        TEST(accepts_other_hashes),
        TEST(forgets),
        TEST(reads_the_steps_since_the_last_deploy_or_rollback),
        TEST(says_who_holds_the_lock),
        TEST(gives_the_lock_to_one_at_a_time),
        TEST(keeps_the_lock_through_transactions),
        TEST(the_lock_dies_with_its_holder),
        TEST(a_cancel_keeps_a_batch_from_running),
        TEST(a_cancel_stops_a_running_statement),
        TEST(a_cancelled_connection_can_still_tidy_up),
    };
    return cmocka_run_group_tests_name(is_postgres ? "driver/suite-postgres" : "driver/suite-sqlite", tests, NULL, NULL);
}
