/* app/repair and app/author. */

#include <stdio.h>
#include <unistd.h>

#include "support/sandbox.h"
#include "support/test.h"

static const char *const one[] = {"100-a"};

static void deploy_a(Sandbox *sandbox)
{
    DbaltError error;
    sandbox_write(sandbox, "1.0.0-100-a.sql", "-- dbalt: up\ninsert into log values ('a');\n-- dbalt: down\ndelete from log;\n");
    if (!sandbox_deploy(sandbox, "latest", NULL, NULL, &error))
        fail_msg("%s", error.message);
}

static void shows_how_the_file_differs(void **state)
{
    Sandbox *sandbox = *state;
    DbaltDifferences differences;
    DbaltError error;
    deploy_a(sandbox);
    assert_true(dbalt_repair_differences(sandbox->project, one, 1, &differences, &error));
    assert_int_equal(differences.count, 0);

    sandbox_write(sandbox, "1.0.0-100-a.sql", "-- dbalt: up\nselect 1;\n-- dbalt: down\nselect 2;\n-- dbalt: before-down\nselect 3;\n");
    assert_true(dbalt_repair_differences(sandbox->project, one, 1, &differences, &error));
    assert_int_equal(differences.count, 3);
    assert_string_equal(differences.rows[0].section, "up");
    assert_memory_equal(differences.rows[0].stored, "sha256:", 7);
    assert_string_equal(differences.rows[0].present, "select 1;\n");
    assert_string_equal(differences.rows[1].section, "down");
    assert_string_equal(differences.rows[1].stored, "delete from log;\n");
    assert_string_equal(differences.rows[2].section, "before-down");
    assert_null(differences.rows[2].stored);
}

static void accepts_the_file_as_what_was_deployed(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    deploy_a(sandbox);
    sandbox_write(sandbox, "1.0.0-100-a.sql", "-- dbalt: up\nselect 1;\n-- dbalt: down\ninsert into log values ('new way back');\n");
    assert_int_equal(sandbox_status(sandbox, "a")->state, DBALT_CHANGED);

    assert_true(dbalt_repair_accept(sandbox->project, one, 1, NULL, &error));
    assert_int_equal(sandbox_status(sandbox, "a")->state, DBALT_DEPLOYED);
    assert_string_equal(sandbox_query(sandbox, "select count(*) from log"), "1");
    assert_string_equal(sandbox_query(sandbox, "select count(*) from dbalt_event where kind = 'repair' and done_by = 'tester'"), "1");

    sandbox_remove(sandbox, "1.0.0-100-a.sql");
    assert_true(sandbox_rollback(sandbox, "0.1.0", NULL, NULL, &error));
    assert_string_equal(sandbox_query(sandbox, "select group_concat(what) from log"), "a,new way back");
}

static void forgets_without_running_anything(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    deploy_a(sandbox);

    assert_true(dbalt_repair_forget(sandbox->project, (const char *[]){"1.0.0-100-a.sql"}, 1, NULL, &error));
    assert_int_equal(sandbox_status(sandbox, "a")->state, DBALT_UNDEPLOYED);
    assert_string_equal(sandbox_query(sandbox, "select count(*) from log"), "1");
}

static void refuses_what_cannot_be_repaired_and_changes_nothing(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    deploy_a(sandbox);
    sandbox_write(sandbox, "1.0.0-200-b.sql", "-- dbalt: up\n");

    const char *const undeployed[] = {"100-a", "200-b"};
    const char *const absent[] = {"300-c"};
    const char *const nonsense[] = {"a"};
    const char *const twice[] = {"100-a", "1.0.0-100-a.sql"};
    assert_false(dbalt_repair_forget(sandbox->project, undeployed, 2, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_USAGE);
    assert_false(dbalt_repair_forget(sandbox->project, absent, 1, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_USAGE);
    assert_false(dbalt_repair_forget(sandbox->project, nonsense, 1, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_USAGE);
    assert_false(dbalt_repair_forget(sandbox->project, twice, 2, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_USAGE);
    assert_false(dbalt_repair_accept(sandbox->project, NULL, 0, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_USAGE);
    assert_int_equal(sandbox_status(sandbox, "a")->state, DBALT_DEPLOYED);

    sandbox_remove(sandbox, "1.0.0-100-a.sql");
    assert_false(dbalt_repair_accept(sandbox->project, one, 1, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_USAGE);
}

static void writes_a_new_alteration_with_both_sections(void **state)
{
    Sandbox *sandbox = *state;
    const char *path;
    DbaltEntries entries;
    DbaltError error;

    assert_true(dbalt_new(sandbox->project, "add users", &path, &error));
    assert_non_null(strstr(path, "-add-users.sql"));
    assert_int_equal(access(path, R_OK), 0);
    assert_true(dbalt_list(sandbox->project, &entries, &error));
    assert_int_equal(entries.count, 1);
    assert_string_equal(entries.rows[0].release, "next");
    assert_string_equal(entries.rows[0].name, "add-users");
    assert_true(sandbox_deploy(sandbox, "next", NULL, NULL, &error));
    assert_true(sandbox_rollback(sandbox, "1.0.0", NULL, NULL, &error));
}

static void refuses_names_that_are_no_file_names(void **state)
{
    Sandbox *sandbox = *state;
    static const char *const names[] = {"", "  ", "a/b", "../a", "a\nb", "caf\xc3\xa9", "a;b"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *path = NULL;
        DbaltError error;
        assert_false(dbalt_new(sandbox->project, names[i], &path, &error));
        assert_int_equal(error.code, DBALT_ERROR_USAGE);
        assert_null(path);
    }
}

static void releases_what_is_next_and_keeps_identities(void **state)
{
    Sandbox *sandbox = *state;
    DbaltRenames renames;
    DbaltEntries entries;
    DbaltError error;
    sandbox_write(sandbox, "1.0.0-100-a.sql", "");
    sandbox_write(sandbox, "next-200-b.sql", "");
    sandbox_write(sandbox, "next-300.5-c.js", "");

    assert_true(dbalt_release(sandbox->project, "v1.1.0-rc.1", &renames, &error));
    assert_int_equal(renames.count, 2);
    assert_string_equal(renames.rows[1].from, "next-300.5-c.js");
    assert_string_equal(renames.rows[1].to, "1.1.0_rc.1-300.5-c.js");
    assert_true(dbalt_list(sandbox->project, &entries, &error));
    assert_string_equal(entries.rows[1].identity, "200-b");
    assert_string_equal(entries.rows[1].release, "1.1.0-rc.1");
}

static void releases_all_or_nothing(void **state)
{
    Sandbox *sandbox = *state;
    DbaltRenames renames;
    DbaltEntries entries;
    DbaltError error;
    sandbox_write(sandbox, "next-200-b.sql", "");
    sandbox_write(sandbox, "next-300-c.sql", "");

    char path[256];
    snprintf(path, sizeof path, "%s/1.1.0-300-c.sql", sandbox->alterations);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_false(dbalt_release(sandbox->project, "1.1.0", &renames, &error));
    assert_int_equal(error.code, DBALT_ERROR_FOLDER);
    unlink(path);
    assert_true(dbalt_list(sandbox->project, &entries, &error));
    assert_string_equal(entries.rows[0].file, "next-200-b.sql");

    assert_false(dbalt_release(sandbox->project, "next", &renames, &error));
    assert_int_equal(error.code, DBALT_ERROR_TARGET);
    assert_false(dbalt_release(sandbox->project, "1.1", &renames, &error));
    assert_int_equal(error.code, DBALT_ERROR_TARGET);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shows_how_the_file_differs),
        TEST(accepts_the_file_as_what_was_deployed),
        TEST(forgets_without_running_anything),
        TEST(refuses_what_cannot_be_repaired_and_changes_nothing),
        TEST(writes_a_new_alteration_with_both_sections),
        TEST(refuses_names_that_are_no_file_names),
        TEST(releases_what_is_next_and_keeps_identities),
        TEST(releases_all_or_nothing),
    };
    return cmocka_run_group_tests_name("app/repair", tests, NULL, NULL);
}
