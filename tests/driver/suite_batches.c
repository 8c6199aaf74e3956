/* Batches: steps and their answers, values, errors. */

#include "driver/suite.h"

#include <stdio.h>
#include <string.h>

static void runs_a_batch_in_one_transaction(void **state)
{
    SuiteFixture *fixture = *state;
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
    SuiteFixture *fixture = *state;
    Result result = client_run(&fixture->client);
    assert_true(result.ok);
    assert_int_equal(result.done, 0);
}

static void answers_the_rows_of_own_sql_in_order(void **state)
{
    SuiteFixture *fixture = *state;
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
    SuiteFixture *fixture = *state;
    Result result = client_alter(&fixture->client, "SELECT 1; SELECT 2");
    assert_true(result.ok);
    assert_string_equal(result.rows, "");
}

static void tells_how_many_rows_changed(void **state)
{
    SuiteFixture *fixture = *state;
    Client *client = &fixture->client;
    assert_true(client_alter(client, "INSERT INTO item VALUES (1, 'one'), (2, 'two')").ok);

    client_own(client, "DELETE FROM item WHERE id < 3", NULL, 0);
    assert_int_equal(client_run(client).affected, 2);
}

static void an_error_leaves_nothing_and_the_connection_usable(void **state)
{
    SuiteFixture *fixture = *state;
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
    SuiteFixture *fixture = *state;
    Client *client = &fixture->client;

    client_step(client, STEP_BEGIN);
    client_script(client, "INSERT INTO item VALUES (1, 'one')");
    client_step(client, STEP_ROLLBACK);
    assert_true(client_run(client).ok);
    assert_committed(fixture, "SELECT count(*) FROM item", "0\n");
}

static void keeps_a_transaction_open_from_batch_to_batch(void **state)
{
    SuiteFixture *fixture = *state;
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
    SuiteFixture *fixture = *state;
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
    SuiteFixture *fixture = *state;
    client_own(&fixture->client, "INSERT INTO item (id, label) VALUES ($1, $2)", (const char *const[]){"1", NULL}, 2);
    Result result = client_run(&fixture->client);
    assert_false(result.ok);
    assert_non_null(strstr(result.error.message, "label"));
}

static void tells_what_a_failure_means(void **state)
{
    SuiteFixture *fixture = *state;
    static const struct {
        const char *sql;
        Fault fault;
    } cases[] = {
        {"INSERT INTO item VALUES (1, 'a'), (1, 'b')", FAULT_OTHER},
        {"INSERT INTO item VALUES (1, 'a'), (2, 'a')", FAULT_OTHER},
        {"INSERT INTO item VALUES (1, NULL)", FAULT_OTHER},
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
    SuiteFixture *fixture = *state;
    Result result = client_alter(&fixture->client, "/* first */ INSERT INTO item VALUES (1, 'a;b');;\n-- and then; not yet\n"
                                                   "INSERT INTO item VALUES (1, 'c');\nSELECT 1");
    assert_false(result.ok);
    assert_int_equal(result.step, 1);
    assert_int_equal(result.statement, 1);
}

static void names_the_byte_at_which_an_error_is(void **state)
{
    SuiteFixture *fixture = *state;
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

static const struct CMUnitTest tests[] = {
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
};

const SuiteTests suite_batches = {.rows = tests, .count = COUNT(tests)};
