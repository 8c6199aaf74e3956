/* app/plan, app/run, app/whole, app/outside: deploys, and what goes for roll backs too, through the public API, on SQLite. */

#include "pair.h"

static void deploys_in_order_of_timestamp_up_to_the_target(void **state)
{
    Sandbox *sandbox = *state;
    write_pair(sandbox, "1.1.0-300-c.sql", "c");
    write_pair(sandbox, "1.0.0-100-a.sql", "a");
    write_pair(sandbox, "1.0.0-200.5-b2.sql", "b2");
    write_pair(sandbox, "1.0.0-200.25-b1.sql", "b1");
    write_pair(sandbox, "1.2.0-400-d.sql", "d");

    assert_deploys(sandbox, "v1.1.0", 4);
    assert_string_equal(logged(sandbox), "a b1 b2 c");
    assert_deploys(sandbox, "1.1.7", 0);
    assert_deploys(sandbox, "LATEST", 1);
    assert_int_equal(sandbox->told[DBALT_EVENT_DONE], 5);
}

static void a_plan_shows_what_it_will_run_and_changes_nothing(void **state)
{
    Sandbox *sandbox = *state;
    DbaltPlan *plan = NULL;
    DbaltError error;
    write_pair(sandbox, "1.0.0-100-a.sql", "a");
    write_pair(sandbox, "next-200-b.sql", "b");

    assert_true(dbalt_plan_deploy(&plan, sandbox->project, "Next", NULL, &error));
    assert_string_equal(dbalt_plan_target(plan), "next");
    assert_int_equal(dbalt_plan_entries(plan).count, 2);
    assert_string_equal(dbalt_plan_entries(plan).rows[1].file, "next-200-b.sql");
    assert_string_equal(sandbox_query(sandbox, "select count(*) from sqlite_schema where name like 'dbalt%'"), "0");

    assert_true(dbalt_run(plan, NULL, &error));
    assert_false(dbalt_run(plan, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_USAGE);
    dbalt_plan_free(plan);
}

static void what_others_did_between_plan_and_run_is_not_done_again(void **state)
{
    Sandbox *sandbox = *state;
    DbaltPlan *plan = NULL;
    DbaltResult result;
    DbaltError error;
    write_pair(sandbox, "1.0.0-100-a.sql", "a");
    write_pair(sandbox, "1.1.0-200-b.sql", "b");

    assert_true(dbalt_plan_deploy(&plan, sandbox->project, "latest", NULL, &error));
    Dbalt *mine = sandbox->project;
    sandbox->project = sandbox_open_project(sandbox);
    assert_deploys(sandbox, "1.0.0", 1);
    dbalt_close(sandbox->project);
    sandbox->project = mine;

    assert_true(dbalt_run(plan, &result, &error));
    assert_int_equal(result.planned, 1);
    assert_int_equal(result.done, 1);
    assert_string_equal(logged(sandbox), "a b");
    dbalt_plan_free(plan);
}

static void a_failure_keeps_what_was_done_and_nothing_of_itself(void **state)
{
    Sandbox *sandbox = *state;
    DbaltResult result;
    DbaltError error;
    write_pair(sandbox, "1.0.0-100-a.sql", "a");
    sandbox_write(sandbox, "1.0.0-200-b.sql", "-- dbalt: up\n" LOG("b") "insert into\n  nowhere values (1);\n");
    write_pair(sandbox, "1.0.0-300-c.sql", "c");

    assert_false(sandbox_deploy(sandbox, "latest", NULL, &result, &error));
    assert_int_equal(error.code, DBALT_ERROR_FAILED);
    assert_non_null(strstr(error.message, "nowhere"));
    assert_non_null(strstr(error.message, "1.0.0-200-b.sql"));
    assert_non_null(strstr(error.script, "1.0.0-200-b.sql"));
    assert_in_range(error.line, 3, 4);
    assert_int_equal(result.planned, 3);
    assert_int_equal(result.done, 1);
    assert_string_equal(logged(sandbox), "a");
    assert_string_equal(sandbox_query(sandbox, "select count(*) from dbalt_event where kind = 'fail' and identity = '200-b'"), "1");

    write_pair(sandbox, "1.0.0-200-b.sql", "b");
    assert_deploys(sandbox, "latest", 2);
    assert_string_equal(logged(sandbox), "a b c");
}

static void a_released_file_keeps_its_identity_and_corrects_the_history(void **state)
{
    Sandbox *sandbox = *state;
    write_pair(sandbox, "next-100-a.sql", "a");
    assert_deploys(sandbox, "next", 1);
    sandbox_remove(sandbox, "next-100-a.sql");
    write_pair(sandbox, "1.3.0-100-a.sql", "a");

    assert_string_equal(sandbox_status(sandbox, "a")->release, "1.3.0");
    assert_string_equal(sandbox_query(sandbox, "select release from dbalt_alteration"), "next");
    assert_deploys(sandbox, "latest", 0);
    assert_string_equal(sandbox_query(sandbox, "select release from dbalt_alteration"), "1.3.0");
    assert_string_equal(logged(sandbox), "a");
}

static void steps_outside_go_on_where_they_stopped(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    const char *broken = "-- dbalt: before-up\n" LOG("1") LOG("2") "insert into nowhere values (3);\n"
                                                                   "-- dbalt: up\n" LOG("up");
    sandbox_write(sandbox, "1.0.0-100-a.sql", broken);

    assert_false(sandbox_deploy(sandbox, "latest", NULL, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_FAILED);
    assert_int_equal(error.line, 4);
    assert_non_null(strstr(error.detail, "statements 1 to 2 of 3"));
    assert_string_equal(logged(sandbox), "1 2");

    sandbox_write(sandbox, "1.0.0-100-a.sql", "-- dbalt: before-up\n" LOG("1") LOG("2") LOG("3") "-- dbalt: up\n" LOG("up"));
    assert_deploys(sandbox, "latest", 1);
    assert_string_equal(logged(sandbox), "1 2 3 up");
}

static void a_step_outside_that_never_ended_is_not_repeated_unasked(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    sandbox_write(sandbox, "1.0.0-100-a.sql", "-- dbalt: before-up\n" LOG("1") LOG("2") "-- dbalt: up\nselect 1 from nowhere;\n");
    assert_false(sandbox_deploy(sandbox, "latest", NULL, NULL, &error));
    sandbox_query(sandbox, "delete from dbalt_event where kind = 'step-done' and step = 2");
    sandbox_write(sandbox, "1.0.0-100-a.sql", "-- dbalt: before-up\n" LOG("1") LOG("2") "-- dbalt: up\n" LOG("up"));

    assert_false(sandbox_deploy(sandbox, "latest", NULL, NULL, &error));
    assert_non_null(strstr(error.message, "not known how it ended"));
    assert_non_null(strstr(error.hint, "--resume=retry"));
    assert_int_equal(error.line, 3);
    assert_string_equal(logged(sandbox), "1 2");

    assert_true(sandbox_deploy(sandbox, "latest", &(DbaltRunOptions){.resume = DBALT_RESUME_SKIP}, NULL, &error));
    assert_string_equal(logged(sandbox), "1 2 up");
    assert_string_equal(sandbox_query(sandbox, "select count(*) from dbalt_event where kind = 'step-skipped'"), "1");
}

static void a_step_outside_whose_text_changed_is_asked_about(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    sandbox_write(sandbox, "1.0.0-100-a.sql", "-- dbalt: before-up\n" LOG("1") "-- dbalt: up\nselect 1 from nowhere;\n");
    assert_false(sandbox_deploy(sandbox, "latest", NULL, NULL, &error));
    sandbox_write(sandbox, "1.0.0-100-a.sql", "-- dbalt: before-up\n" LOG("one") "-- dbalt: up\n" LOG("up"));

    assert_false(sandbox_deploy(sandbox, "latest", NULL, NULL, &error));
    assert_non_null(strstr(error.message, "its text is another now"));
    assert_true(sandbox_deploy(sandbox, "latest", &(DbaltRunOptions){.resume = DBALT_RESUME_RETRY}, NULL, &error));
    assert_string_equal(logged(sandbox), "1 one up");
}

static void before_down_runs_outside_and_is_stored(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    sandbox_write(sandbox, "1.0.0-100-a.sql", "-- dbalt: up\n-- dbalt: down\n" LOG("down") "-- dbalt: before-down\n" LOG("before"));
    assert_deploys(sandbox, "latest", 1);
    sandbox_remove(sandbox, "1.0.0-100-a.sql");

    assert_true(sandbox_rollback(sandbox, "0.9.0", NULL, NULL, &error));
    assert_string_equal(logged(sandbox), "before down");
}

static void the_row_of_a_killed_holder_is_in_nobodys_way(void **state)
{
    Sandbox *sandbox = *state;
    write_pair(sandbox, "1.0.0-100-a.sql", "a");
    assert_deploys(sandbox, "latest", 1);
    write_pair(sandbox, "1.0.0-200-b.sql", "b");
    sandbox_query(sandbox,
                  "insert into dbalt_holder (held_by, host, pid, since) values ('ada', 'host-7', '42', '2026-01-01T00:00:00.000Z')");

    assert_deploys(sandbox, "latest", 1);
    assert_string_equal(sandbox_query(sandbox, "select count(*) from dbalt_holder"), "0");
}

static void a_cancelled_handle_runs_nothing(void **state)
{
    Sandbox *sandbox = *state;
    DbaltPlan *plan = NULL;
    DbaltError error;
    write_pair(sandbox, "1.0.0-100-a.sql", "a");
    assert_true(dbalt_plan_deploy(&plan, sandbox->project, "latest", NULL, &error));

    dbalt_cancel(sandbox->project);
    assert_false(dbalt_run(plan, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_INTERRUPTED);
    dbalt_plan_free(plan);
    assert_string_equal(logged(sandbox), "");
}

static void refuses_targets_that_make_no_sense(void **state)
{
    Sandbox *sandbox = *state;
    static const char *const targets[] = {"", "1.0", "newest", "1.0.0-", "next1"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        DbaltError error;
        assert_false(sandbox_deploy(sandbox, targets[i], NULL, NULL, &error));
        assert_int_equal(error.code, DBALT_ERROR_TARGET);
        assert_false(sandbox_rollback(sandbox, targets[i], NULL, NULL, &error));
        assert_int_equal(error.code, DBALT_ERROR_TARGET);
    }
}

static void reads_every_script_of_the_plan_before_it_runs_one(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    write_pair(sandbox, "1.0.0-100-a.sql", "a");
    sandbox_write(sandbox, "1.0.0-200-b.sql", "-- dbalt: up\n" LOG("b") "commit;\n");

    assert_false(sandbox_deploy(sandbox, "latest", NULL, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_SCRIPT);
    assert_int_equal(error.line, 3);
    assert_string_equal(logged(sandbox), "");

    sandbox_remove(sandbox, "1.0.0-200-b.sql");
    sandbox_write(sandbox, "1.0.0-200-b.js", "export default {}");
    assert_false(sandbox_deploy(sandbox, "latest", NULL, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_SCRIPT);
    assert_string_equal(logged(sandbox), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(deploys_in_order_of_timestamp_up_to_the_target),
        TEST(a_plan_shows_what_it_will_run_and_changes_nothing),
        TEST(what_others_did_between_plan_and_run_is_not_done_again),
        TEST(a_failure_keeps_what_was_done_and_nothing_of_itself),
        TEST(a_released_file_keeps_its_identity_and_corrects_the_history),
        TEST(steps_outside_go_on_where_they_stopped),
        TEST(a_step_outside_that_never_ended_is_not_repeated_unasked),
        TEST(a_step_outside_whose_text_changed_is_asked_about),
        TEST(before_down_runs_outside_and_is_stored),
        TEST(the_row_of_a_killed_holder_is_in_nobodys_way),
        TEST(a_cancelled_handle_runs_nothing),
        TEST(refuses_targets_that_make_no_sense),
        TEST(reads_every_script_of_the_plan_before_it_runs_one),
    };
    return cmocka_run_group_tests_name("app/run", tests, NULL, NULL);
}
