/* app/look: list, status, targets and check change nothing and tell the truth. */

#include <stdio.h>

#include "support/sandbox.h"
#include "support/test.h"

static void write_alteration(const Sandbox *sandbox, const char *file, const char *up, const char *down)
{
    char text[512];
    snprintf(text, sizeof text, "-- dbalt: up\n%s\n-- dbalt: down\n%s\n", up, down);
    sandbox_write(sandbox, file, text);
}

static void deploy(Sandbox *sandbox, const char *target)
{
    DbaltError error;
    if (!sandbox_deploy(sandbox, target, NULL, NULL, &error))
        fail_msg("%s: %s", error.message, error.detail);
}

static DbaltErrorCode check_code(Sandbox *sandbox, const DbaltCheckOptions *options)
{
    DbaltError error = {.code = DBALT_OK};
    return dbalt_check(sandbox->project, options, NULL, &error) ? DBALT_OK : error.code;
}

static void lists_files_in_order_and_warns_of_misspelt_ones(void **state)
{
    Sandbox *sandbox = *state;
    DbaltEntries entries;
    DbaltError error;
    write_alteration(sandbox, "next-300-c.sql", "", "");
    write_alteration(sandbox, "1.0.0_beta.1-100-a.sql", "", "");
    write_alteration(sandbox, "1.0.0-200-b.sql", "", "");
    write_alteration(sandbox, "next1-400-d.sql", "", "");

    assert_true(dbalt_list(sandbox->project, &entries, &error));
    assert_int_equal(entries.count, 3);
    assert_string_equal(entries.rows[0].file, "1.0.0_beta.1-100-a.sql");
    assert_string_equal(entries.rows[0].release, "1.0.0-beta.1");
    assert_string_equal(entries.rows[2].release, "next");
    assert_int_equal(sandbox->told[DBALT_EVENT_WARNING], 1);
    assert_non_null(strstr(sandbox->last_told, "next1-400-d.sql"));
}

static void looking_creates_nothing(void **state)
{
    Sandbox *sandbox = *state;
    DbaltEntries entries;
    DbaltTargets targets;
    DbaltError error;
    write_alteration(sandbox, "1.0.0-100-a.sql", "", "");

    assert_true(dbalt_status(sandbox->project, &entries, &error));
    assert_true(dbalt_targets(sandbox->project, &targets, &error));
    assert_int_equal(check_code(sandbox, NULL), DBALT_ERROR_UNDEPLOYED);
    assert_string_equal(sandbox_query(sandbox, "select count(*) from sqlite_schema"), "1");
}

static void shows_who_deployed_what_and_when(void **state)
{
    Sandbox *sandbox = *state;
    write_alteration(sandbox, "1.0.0-100-a.sql", "", "");
    deploy(sandbox, "latest");

    const DbaltEntry *entry = sandbox_status(sandbox, "a");
    assert_int_equal(entry->state, DBALT_DEPLOYED);
    assert_string_equal(entry->by, "tester");
    assert_string_equal(entry->version, dbalt_version());
    assert_string_equal(entry->kind, "sql");
    assert_int_equal(strlen(entry->deployed_at), strlen("2026-11-21T21:40:08.123Z"));
    assert_true(entry->took >= 0);
    assert_true(entry->host[0] != '\0');
}

static void tells_what_changed_since(void **state)
{
    Sandbox *sandbox = *state;
    write_alteration(sandbox, "1.0.0-100-a.sql", "select 1;", "select 2;");
    write_alteration(sandbox, "1.0.0-200-b.sql", "select 1;", "select 2;");
    write_alteration(sandbox, "1.0.0-300-c.sql", "select 1;", "select 2;");
    write_alteration(sandbox, "1.0.0-400-d.sql", "select 1;", "select 2;");
    deploy(sandbox, "latest");
    write_alteration(sandbox, "1.0.0-100-a.sql", "select 9;", "select 2;");
    write_alteration(sandbox, "1.0.0-200-b.sql", "select 1;", "select 9;");
    write_alteration(sandbox, "1.0.0-300-c.sql", "select 1;\r", "select 2;\r");
    sandbox_remove(sandbox, "1.0.0-400-d.sql");

    assert_int_equal(sandbox_status(sandbox, "a")->state, DBALT_CHANGED);
    assert_int_equal(sandbox_status(sandbox, "b")->state, DBALT_DEPLOYED);
    assert_true(sandbox_status(sandbox, "b")->down_changed);
    assert_int_equal(sandbox_status(sandbox, "c")->state, DBALT_DEPLOYED);
    assert_false(sandbox_status(sandbox, "c")->down_changed);
    assert_int_equal(sandbox_status(sandbox, "d")->state, DBALT_UNKNOWN);
    assert_null(sandbox_status(sandbox, "d")->file);
    assert_int_equal(check_code(sandbox, NULL), DBALT_ERROR_DISAGREE);
}

static void check_passes_up_to_its_target(void **state)
{
    Sandbox *sandbox = *state;
    write_alteration(sandbox, "1.0.0-100-a.sql", "", "");
    write_alteration(sandbox, "1.1.0-200-b.sql", "", "");
    write_alteration(sandbox, "next-300-c.sql", "", "");
    deploy(sandbox, "1.0.0");

    assert_int_equal(check_code(sandbox, &(DbaltCheckOptions){.target = "1.0.0"}), DBALT_OK);
    assert_int_equal(check_code(sandbox, NULL), DBALT_ERROR_UNDEPLOYED);
    deploy(sandbox, "latest");
    assert_int_equal(check_code(sandbox, NULL), DBALT_OK);
    assert_int_equal(check_code(sandbox, &(DbaltCheckOptions){.target = "next"}), DBALT_ERROR_UNDEPLOYED);
    assert_int_equal(check_code(sandbox, &(DbaltCheckOptions){.target = "soon"}), DBALT_ERROR_TARGET);
}

static void check_says_what_it_found(void **state)
{
    Sandbox *sandbox = *state;
    DbaltCheck check;
    DbaltError error;
    write_alteration(sandbox, "1.0.0-100-a.sql", "", "");
    write_alteration(sandbox, "1.1.0-200-b.sql", "", "");
    deploy(sandbox, "1.0.0");

    assert_false(dbalt_check(sandbox->project, NULL, &check, &error));
    assert_string_equal(error.message, "Found undeployed database alterations");
    assert_string_equal(error.hint, "run \"dbalt deploy 1.1.0\"");
    assert_string_equal(check.target, "1.1.0");
    assert_int_equal(check.undeployed.count, 1);
    assert_string_equal(check.undeployed.rows[0].name, "b");
}

static void a_newer_database_is_borne_unless_strict(void **state)
{
    Sandbox *sandbox = *state;
    DbaltCheck check;
    DbaltError error;
    write_alteration(sandbox, "1.0.0-100-a.sql", "", "");
    write_alteration(sandbox, "1.1.0-200-b.sql", "", "");
    deploy(sandbox, "latest");
    sandbox_remove(sandbox, "1.1.0-200-b.sql");

    assert_true(dbalt_check(sandbox->project, NULL, &check, &error));
    assert_int_equal(check.unknown.count, 1);
    assert_int_equal(check_code(sandbox, &(DbaltCheckOptions){.strict = true}), DBALT_ERROR_DISAGREE);
}

static void missed_alterations_stop_check_and_deploy(void **state)
{
    Sandbox *sandbox = *state;
    DbaltError error;
    write_alteration(sandbox, "1.0.0-200-b.sql", "", "");
    deploy(sandbox, "latest");
    write_alteration(sandbox, "1.0.0-100-a.sql", "", "");

    assert_int_equal(sandbox_status(sandbox, "a")->state, DBALT_MISSED);
    assert_int_equal(check_code(sandbox, NULL), DBALT_ERROR_DISAGREE);
    assert_false(sandbox_deploy(sandbox, "latest", NULL, NULL, &error));
    assert_int_equal(error.code, DBALT_ERROR_DISAGREE);
    assert_non_null(strstr(error.detail, "1.0.0-100-a.sql"));
    assert_non_null(strstr(error.hint, "--out-of-order"));
}

static void waiting_ends_at_its_limit(void **state)
{
    Sandbox *sandbox = *state;
    write_alteration(sandbox, "1.0.0-100-a.sql", "", "");
    assert_int_equal(check_code(sandbox, &(DbaltCheckOptions){.wait = true, .wait_seconds = 1}), DBALT_ERROR_UNDEPLOYED);
    assert_int_equal(sandbox->told[DBALT_EVENT_WAITING], 1);
}

static void offers_targets_newest_first(void **state)
{
    Sandbox *sandbox = *state;
    DbaltTargets targets;
    DbaltError error;
    write_alteration(sandbox, "1.0.0-100-a.sql", "", "");
    write_alteration(sandbox, "1.9.0-200-b.sql", "", "");
    write_alteration(sandbox, "1.10.0-300-c.sql", "", "");
    write_alteration(sandbox, "next-400-d.sql", "", "");
    deploy(sandbox, "1.0.0");

    assert_true(dbalt_targets(sandbox->project, &targets, &error));
    assert_int_equal(targets.count, 3);
    assert_string_equal(targets.names[0], "next");
    assert_string_equal(targets.names[1], "1.10.0");
    assert_string_equal(targets.names[2], "1.9.0");
}

static void tells_what_is_in_its_way(void **state)
{
    Sandbox *sandbox = *state;
    DbaltEntries entries;
    DbaltError error;
    write_alteration(sandbox, "1.0.0-100-a.sql", "", "");
    deploy(sandbox, "latest");
    sandbox_query(sandbox, "update dbalt_layout set version = 9, oldest_reader = 9");

    assert_false(dbalt_status(sandbox->project, &entries, &error));
    assert_int_equal(error.code, DBALT_ERROR_DATABASE);
    assert_non_null(strstr(error.message, "layout 9"));

    Dbalt *folderless = NULL;
    assert_true(dbalt_open(&folderless, &(DbaltOptions){.size = sizeof(DbaltOptions), .directory = "/nowhere"}, &error));
    assert_false(dbalt_list(folderless, &entries, &error));
    assert_int_equal(error.code, DBALT_ERROR_FOLDER);
    dbalt_close(folderless);

    assert_true(dbalt_open(&folderless, &(DbaltOptions){.size = sizeof(DbaltOptions), .directory = sandbox->alterations}, &error));
    assert_false(dbalt_status(folderless, &entries, &error));
    assert_int_equal(error.code, DBALT_ERROR_USAGE);
    dbalt_close(folderless);
}

static void refuses_to_open_what_makes_no_sense(void **state)
{
    (void)state;
    static const char *const urls[] = {"", "shop.db", "mysql://localhost/shop", "sqlite:", "oracle:x"};
    Dbalt *project = NULL;
    DbaltError error;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        assert_false(dbalt_open(&project, &(DbaltOptions){.size = sizeof(DbaltOptions), .url = urls[i]}, &error));
        assert_int_equal(error.code, DBALT_ERROR_USAGE);
    }
    assert_false(dbalt_open(&project, &(DbaltOptions){.size = 4}, &error));
    assert_int_equal(error.code, DBALT_ERROR_USAGE);
    assert_null(project);
}

static void names_states_and_codes(void **state)
{
    (void)state;
    static const struct {
        DbaltErrorCode code;
        int exit_code;
        const char *name;
    } codes[] = {
        {DBALT_OK, 0, "ok"},
        {DBALT_ERROR_FAILED, 1, "failed"},
        {DBALT_ERROR_USAGE, 2, "usage"},
        {DBALT_ERROR_NO_WAY_BACK, 2, "no-way-back"},
        {DBALT_ERROR_UNDEPLOYED, 3, "undeployed"},
        {DBALT_ERROR_DISAGREE, 4, "disagree"},
        {DBALT_ERROR_LOCKED, 5, "locked"},
        {DBALT_ERROR_DATABASE, 6, "database"},
        {DBALT_ERROR_INTERRUPTED, 130, "interrupted"},
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        assert_int_equal(dbalt_exit_code(codes[i].code), codes[i].exit_code);
        assert_string_equal(dbalt_error_name(codes[i].code), codes[i].name);
    }
    assert_string_equal(dbalt_state_name(DBALT_MISSED), "missed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lists_files_in_order_and_warns_of_misspelt_ones),
        TEST(looking_creates_nothing),
        TEST(shows_who_deployed_what_and_when),
        TEST(tells_what_changed_since),
        TEST(check_passes_up_to_its_target),
        TEST(check_says_what_it_found),
        TEST(a_newer_database_is_borne_unless_strict),
        TEST(missed_alterations_stop_check_and_deploy),
        TEST(waiting_ends_at_its_limit),
        TEST(offers_targets_newest_first),
        TEST(tells_what_is_in_its_way),
        cmocka_unit_test(refuses_to_open_what_makes_no_sense),
        cmocka_unit_test(names_states_and_codes),
    };
    return cmocka_run_group_tests_name("app/look", tests, NULL, NULL);
}
