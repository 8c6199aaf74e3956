/* core/target: where a deploy goes. */

#include "world.h"

#include "base/cleanup.h"
#include "core/target.h"

static const char *const files[] = {"1.0.0-1-a.sql", "1.10.0-2-a.sql", "1.9.0-3-a.sql", "next-4-a.sql", NULL};

static void echoes_the_target_as_resolved(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    AlterationSet set = world_set(&arena, files);
    static const struct {
        const char *text, *echo;
    } cases[] = {
        {"latest", "1.10.0"}, {"LaTeSt", "1.10.0"}, {"next", "next"},         {"NEXT", "next"},
        {"1.9.0", "1.9.0"},   {"v1.9.0", "1.9.0"},  {"42.0.0-a", "42.0.0-a"}, /* no file bears it */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        Target target;
        DbaltError error;
        assert_true(target_resolve(&target, &arena, cases[i].text, set, &error));
        assert_string_equal(target.text, cases[i].echo);
        assert_false(target.is_empty);
    }
}

static void covers_every_release_that_is_not_newer(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    AlterationSet set = world_set(&arena, files);
    static const struct {
        const char *target, *release;
        bool expected;
    } cases[] = {
        {"1.9.0", "1.9.0", true},  {"1.9.0", "1.0.0", true},  {"1.9.0", "1.9.0-rc.1", true},  {"1.9.0", "1.10.0", false},
        {"1.9.0", "next", false},  {"v1.9.0", "1.9.0", true}, {"1.9.0-rc.1", "1.9.0", false}, {"latest", "1.10.0", true},
        {"latest", "next", false}, {"next", "next", true},    {"next", "99.0.0", true},       {"1.9.0+a", "1.9.0+b", true},
        {"0.0.1", "1.0.0", false},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        Target target;
        DbaltError error;
        assert_true(target_resolve(&target, &arena, cases[i].target, set, &error));
        assert_int_equal(target_covers(target, world_release(cases[i].release)), cases[i].expected);
    }
}

static void takes_nothing_for_the_latest_of_a_folder_without_releases(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    AlterationSet set = world_set(&arena, (const char *[]){"next-1-a.sql", NULL});
    Target target;
    DbaltError error;

    assert_true(target_resolve(&target, &arena, "Latest", set, &error));

    assert_true(target.is_empty);
    assert_string_equal(target.text, "latest");
    assert_false(target_covers(target, world_release("0.0.0-0")));
    assert_false(target_covers(target, world_release("next")));
}

static void refuses_what_is_no_target(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const malformed[] = {"", "1.0", "next1", "newest", "latest ", "1.0.0.0"};

    for (size_t i = 0; i < COUNT(malformed); i++) {
        Target untouched = {.text = "untouched"};
        DbaltError error;

        assert_false(target_resolve(&untouched, &arena, malformed[i], (AlterationSet){0}, &error));

        assert_int_equal(error.code, DBALT_ERROR_TARGET);
        assert_non_null(strstr(error.hint, "\"latest\""));
        assert_string_equal(untouched.text, "untouched");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echoes_the_target_as_resolved),
        cmocka_unit_test(covers_every_release_that_is_not_newer),
        cmocka_unit_test(takes_nothing_for_the_latest_of_a_folder_without_releases),
        cmocka_unit_test(refuses_what_is_no_target),
    };
    return cmocka_run_group_tests_name("core/target", tests, NULL, NULL);
}
