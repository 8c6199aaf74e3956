/* The history's statements: what they keep, in which columns and formats. */

#include "driver/suite.h"

#include <regex.h>

static const char *const deploy_values[] = {"1700000000-a", "1.0.0", "a",   "sql", "hash-bu", "hash-u", "hash-d",
                                            "hash-bd",      "DOWN;", "BD;", "ada", "build-7", "0.1.0",  ""};

static void create_history(SuiteFixture *fixture)
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
    client_history(client, HISTORY_FINISH_DEPLOY, (const char *const[]){identity, "1.0.0", "hash-u", "ada", "build-7", "0.1.0"}, 6);
    client_step(client, STEP_COMMIT);
    return client_run(client);
}

static Result roll_back(Client *client, const char *identity)
{
    client_step(client, STEP_BEGIN);
    client_history(client, HISTORY_GUARD_ROLLBACK, (const char *const[]){identity, "bob", "build-8", "0.2.0", ""}, 5);
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
    SuiteFixture *fixture = *state;
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
    SuiteFixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
    create_history(fixture);

    assert_string_equal(history_rows(&fixture->client, HISTORY_READ_LAYOUT, NULL, 0).rows, "1|1\n");
    assert_matches(history_rows(&fixture->client, HISTORY_READ, NULL, 0).rows, "^1700000000-a\\|");
}

static void reads_every_column_of_a_deployment(void **state)
{
    SuiteFixture *fixture = *state;
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
    SuiteFixture *fixture = *state;
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
    SuiteFixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);

    Result second = deploy(&fixture->client, "1700000000-a", NULL);
    assert_false(second.ok);
    assert_int_equal(second.step, 1);
    assert_int_equal(second.fault, FAULT_DUPLICATE);
}

static void does_not_finish_what_is_not_in_the_history(void **state)
{
    SuiteFixture *fixture = *state;
    create_history(fixture);

    client_step(&fixture->client, STEP_BEGIN);
    client_history(&fixture->client, HISTORY_FINISH_DEPLOY, (const char *const[]){"1700000000-a", "1.0.0", NULL, "ada", "build-7", "0.1.0"},
                   6);
    client_step(&fixture->client, STEP_COMMIT);
    Result result = client_run(&fixture->client);
    assert_false(result.ok);
    assert_int_equal(result.step, 1);
    assert_int_equal(result.fault, FAULT_NOT_NULL);
}

static void the_event_of_a_deploy_has_its_hash(void **state)
{
    SuiteFixture *fixture = *state;
    bool is_sqlite = fixture->client.connection->driver->traits.dialect == SQL_SQLITE;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
    assert_committed(fixture,
                     is_sqlite ? "SELECT kind, identity, release, sha256, done_by, host, version FROM dbalt_event"
                               : "SELECT kind, identity, release, sha256, done_by, host, version FROM dbalt_suite.event",
                     "deploy|1700000000-a|1.0.0|hash-u|ada|build-7|0.1.0\n");
}

static void guards_against_a_second_rollback(void **state)
{
    SuiteFixture *fixture = *state;
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
    SuiteFixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
    assert_true(roll_back(&fixture->client, "1700000000-a").ok);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
}

static void corrects_a_release(void **state)
{
    SuiteFixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
    history_rows(&fixture->client, HISTORY_RELEASE, (const char *const[]){"1700000000-a", "2.0.0"}, 2);
    assert_matches(history_rows(&fixture->client, HISTORY_READ, NULL, 0).rows, "^1700000000-a\\|[0-9]+\\|2\\.0\\.0\\|");
}

static void accepts_other_hashes(void **state)
{
    SuiteFixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
    static const char *const values[] = {"1700000000-a", NULL, "U", "D", NULL, "new down", NULL};
    history_rows(&fixture->client, HISTORY_ACCEPT, values, COUNT(values));

    assert_matches(history_rows(&fixture->client, HISTORY_READ, NULL, 0).rows, "\\|sql\\|NULL\\|U\\|D\\|NULL\\|1\\|");
    assert_string_equal(history_rows(&fixture->client, HISTORY_READ_STORED, values, 1).rows, "new down|NULL\n");
}

static void forgets(void **state)
{
    SuiteFixture *fixture = *state;
    create_history(fixture);
    assert_true(deploy(&fixture->client, "1700000000-a", NULL).ok);
    history_rows(&fixture->client, HISTORY_FORGET, (const char *const[]){"1700000000-a"}, 1);
    assert_string_equal(history_rows(&fixture->client, HISTORY_READ, NULL, 0).rows, "");
}

static void write_step(SuiteFixture *fixture, const char *kind, const char *identity, const char *section, const char *step)
{
    const char *const values[] = {kind, identity, "1.0.0", section, step, "hash", "message", "ada", "build-7", "0.1.0", ""};
    history_rows(&fixture->client, HISTORY_EVENT, values, COUNT(values));
}

static void reads_the_steps_since_the_last_deploy_or_rollback(void **state)
{
    SuiteFixture *fixture = *state;
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
    SuiteFixture *fixture = *state;
    create_history(fixture);
    assert_string_equal(history_rows(&fixture->client, HISTORY_READ_HOLDER, NULL, 0).rows, "");

    history_rows(&fixture->client, HISTORY_HOLD, (const char *const[]){"ada", "build-7", "42", "backend 1"}, 4);
    history_rows(&fixture->client, HISTORY_HOLD, (const char *const[]){"bob", "build-8", "43", NULL}, 4);
    assert_matches(history_rows(&fixture->client, HISTORY_READ_HOLDER, NULL, 0).rows, "^ada\\|build-7\\|42\\|" TIME "\\|backend 1\n$");

    history_rows(&fixture->client, HISTORY_RELEASE_HOLD, (const char *const[]){"build-8", "43"}, 2);
    assert_string_not_equal(history_rows(&fixture->client, HISTORY_READ_HOLDER, NULL, 0).rows, "");
    history_rows(&fixture->client, HISTORY_RELEASE_HOLD, (const char *const[]){"build-7", "42"}, 2);
    assert_string_equal(history_rows(&fixture->client, HISTORY_READ_HOLDER, NULL, 0).rows, "");
}

static const struct CMUnitTest tests[] = {
    TEST(tells_that_there_is_no_history),
    TEST(creates_the_history_once),
    TEST(reads_every_column_of_a_deployment),
    TEST(keeps_the_stored_way_back),
    TEST(guards_against_a_second_deploy),
    TEST(does_not_finish_what_is_not_in_the_history),
    TEST(the_event_of_a_deploy_has_its_hash),
    TEST(guards_against_a_second_rollback),
    TEST(deploys_again_what_was_rolled_back),
    TEST(corrects_a_release),
    TEST(accepts_other_hashes),
    TEST(forgets),
    TEST(reads_the_steps_since_the_last_deploy_or_rollback),
    TEST(says_who_holds_the_lock),
};

const SuiteTests suite_history = {.rows = tests, .count = COUNT(tests)};
