/* app/plan, app/run, app/whole: roll backs through the public API, on SQLite. */

#include "pair.h"

static void rolls_back_in_reverse_order_of_deployment(void **state)
{
    Sandbox *sandbox = *state;
    DbaltResult result;
    DbaltError error;
    sandbox_write(sandbox, "1.0.0-100-a.sql", "-- dbalt: up\n-- dbalt: down\n" LOG("-a"));
    sandbox_write(sandbox, "1.1.0-300-c.sql", "-- dbalt: up\n-- dbalt: down\n" LOG("-c"));
    assert_deploys(sandbox, "latest", 2);
    sandbox_write(sandbox, "1.1.0-200-b.sql", "-- dbalt: up\n-- dbalt: down\n" LOG("-b"));
    assert_true(sandbox_deploy(sandbox, "latest", &(DbaltRunOptions){.out_of_order = true}, NULL, &error));

    assert_true(sandbox_rollback(sandbox, "1.0.0", NULL, &result, &error));
    assert_int_equal(result.done, 2);
    assert_string_equal(logged(sandbox), "-b -c");
    assert_string_equal(sandbox_query(sandbox, "select group_concat(identity) from dbalt_alteration"), "100-a");
}

static void rolls_back_to_a_timestamp(void **state)
{
    Sandbox *sandbox = *state;
    DbaltPlan *plan = NULL;
    DbaltError error;
    write_pair(sandbox, "1.0.0-100-a.sql", "a");
    write_pair(sandbox, "1.0.0-100.5-b.sql", "b");
    assert_deploys(sandbox, "latest", 2);

    assert_false(dbalt_plan_rollback_to_timestamp(&plan, sandbox->project, "yesterday", NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_TARGET);
    assert_true(dbalt_plan_rollback_to_timestamp(&plan, sandbox->project, "100.50", NULL, &error));
    assert_int_equal(dbalt_plan_entries(plan).count, 0);
    dbalt_plan_free(plan);
    assert_true(dbalt_plan_rollback_to_timestamp(&plan, sandbox->project, "100", NULL, &error));
    assert_true(dbalt_run(plan, NULL, &error));
    dbalt_plan_free(plan);
    assert_string_equal(logged(sandbox), "a");
}

static void refuses_a_roll_back_without_a_way_back_before_the_first_step(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    sandbox_write(sandbox, "1.1.0-100-a.sql", "-- dbalt: up\n" LOG("a"));
    write_pair(sandbox, "1.1.0-200-b.sql", "b");
    assert_deploys(sandbox, "latest", 2);

    assert_false(sandbox_rollback(sandbox, "1.0.0", NULL, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_NO_WAY_BACK);
    assert_string_equal(logged(sandbox), "a b");

    sandbox_remove(sandbox, "1.1.0-100-a.sql");
    assert_false(sandbox_rollback(sandbox, "1.0.0", NULL, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_NO_WAY_BACK);
    assert_non_null(strstr(error.hint, "repair --forget 100-a"));
    assert_string_equal(logged(sandbox), "a b");
}

static void takes_the_stored_way_back_when_the_file_is_gone(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    write_pair(sandbox, "1.0.0-100-a.sql", "a");
    assert_deploys(sandbox, "latest", 1);
    sandbox_remove(sandbox, "1.0.0-100-a.sql");

    assert_true(sandbox_rollback(sandbox, "0.9.0", NULL, NULL, &error));
    assert_string_equal(logged(sandbox), "");
}

static void roll_back_as_another(Sandbox *sandbox)
{
    Sandbox other = *sandbox;
    DbaltError error;
    other.warned = NULL;
    other.project = sandbox_open_project(&other);
    if (!sandbox_rollback(&other, "1.0.0", &(DbaltRunOptions){.stored = true}, NULL, &error))
        fail_msg("%s", error.message);
    dbalt_close(other.project);
}

static void what_another_rolls_back_before_its_stored_way_back_is_read_is_left_out(void **state)
{
    Sandbox *sandbox = *state;
    DbaltPlan *plan = NULL;
    DbaltResult result;
    DbaltError error;
    write_pair(sandbox, "0.9.0-100-a.sql", "a");
    write_pair(sandbox, "1.1.0-200-b.sql", "b");
    write_pair(sandbox, "1.1.0-300-c.sql", "c");
    write_pair(sandbox, "1.1.0-400-d.sql", "d");
    assert_deploys(sandbox, "latest", 4);
    sandbox_remove(sandbox, "0.9.0-100-a.sql");
    sandbox_remove(sandbox, "1.1.0-200-b.sql");
    sandbox_remove(sandbox, "1.1.0-300-c.sql");

    /* The history is listed; d is looked at first, and warned of. */
    sandbox_write(sandbox, "1.1.0-400-d.sql", "-- dbalt: up\n" LOG("d") "-- dbalt: down\n" LOG("by file"));
    sandbox->warned = roll_back_as_another;
    if (!dbalt_plan_rollback(&plan, sandbox->project, "0.8.0", NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(dbalt_plan_entries(plan).count, 2);
    assert_string_equal(dbalt_plan_entries(plan).rows[0].identity, "400-d");
    assert_string_equal(dbalt_plan_entries(plan).rows[1].identity, "100-a");
    if (!dbalt_run(plan, &result, &error))
        fail_msg("%s", error.message);
    dbalt_plan_free(plan);
    assert_int_equal(result.planned, 1);
    assert_int_equal(result.done, 1);
    assert_string_equal(logged(sandbox), "");
    assert_string_equal(sandbox_query(sandbox, "select count(*) from dbalt_event where kind = 'rollback'"), "4");
}

static void takes_the_file_before_the_stored_way_back_and_warns(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    write_pair(sandbox, "1.0.0-100-a.sql", "a");
    write_pair(sandbox, "1.0.0-200-b.sql", "b");
    assert_deploys(sandbox, "latest", 2);
    sandbox_write(sandbox, "1.0.0-200-b.sql", "-- dbalt: up\n" LOG("b") "-- dbalt: down\n" LOG("by file"));

    assert_true(sandbox_rollback(sandbox, "0.9.0", &(DbaltRunOptions){.stored = true}, NULL, &error));
    assert_string_equal(logged(sandbox), "");

    write_pair(sandbox, "1.0.0-200-b.sql", "b");
    assert_deploys(sandbox, "latest", 2);
    sandbox_write(sandbox, "1.0.0-200-b.sql", "-- dbalt: up\n" LOG("b") "-- dbalt: down\n" LOG("by file"));
    assert_true(sandbox_rollback(sandbox, "0.9.0", NULL, NULL, &error));
    assert_string_equal(logged(sandbox), "b by file");
    assert_int_equal(sandbox->told[DBALT_EVENT_WARNING], 1);
}

static void a_file_without_down_offers_the_stored_one(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    write_pair(sandbox, "1.0.0-100-a.sql", "a");
    assert_deploys(sandbox, "latest", 1);
    sandbox_write(sandbox, "1.0.0-100-a.sql", "-- dbalt: up\n" LOG("a"));

    assert_false(sandbox_rollback(sandbox, "0.9.0", NULL, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_NO_WAY_BACK);
    assert_non_null(strstr(error.hint, "--stored"));
    assert_true(sandbox_rollback(sandbox, "0.9.0", &(DbaltRunOptions){.stored = true}, NULL, &error));
}

static void a_failing_down_leaves_the_alteration_deployed(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    sandbox_write(sandbox, "1.0.0-100-a.sql", "-- dbalt: up\n" LOG("a") "-- dbalt: down\ndelete from log;\nselect 1 from nowhere;\n");
    assert_deploys(sandbox, "latest", 1);

    assert_false(sandbox_rollback(sandbox, "0.9.0", NULL, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_FAILED);
    assert_int_equal(error.line, 5);
    assert_string_equal(logged(sandbox), "a");
    assert_int_equal(sandbox_status(sandbox, "a")->state, DBALT_DEPLOYED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rolls_back_in_reverse_order_of_deployment),
        TEST(rolls_back_to_a_timestamp),
        TEST(refuses_a_roll_back_without_a_way_back_before_the_first_step),
        TEST(takes_the_stored_way_back_when_the_file_is_gone),
        TEST(what_another_rolls_back_before_its_stored_way_back_is_read_is_left_out),
        TEST(takes_the_file_before_the_stored_way_back_and_warns),
        TEST(a_file_without_down_offers_the_stored_one),
        TEST(a_failing_down_leaves_the_alteration_deployed),
    };
    return cmocka_run_group_tests_name("app/rollback", tests, NULL, NULL);
}
