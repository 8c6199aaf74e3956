/* core/plan: what a deploy, a roll back and a check make of the states. */

#include "world.h"

#include "base/cleanup.h"
#include "core/plan.h"

#define MOST 10

static Target target(Arena *arena, const char *text, const char *const *files)
{
    Target resolved;
    DbaltError error;
    assert_true(target_resolve(&resolved, arena, text, world_set(arena, files), &error));
    return resolved;
}

static void assert_selected(Selection selection, const char *const *identities)
{
    assert_int_equal(selection.count, world_count(identities));
    for (size_t i = 0; i < selection.count; i++)
        assert_string_equal(selection.rows[i]->identity.text, identities[i]);
}

/* Everything that was deployed is in order with these. */
static const char *const shop[] = {
    "1.0.0-1-a.sql", "1.0.0-2-b.sql", "1.1.0-3-c.sql", "1.2.0_rc.1-4-d.sql", "1.2.0-5-e.sql", "1.1.1-6-f.sql", "next-7-g.sql", NULL,
};

static void deploys_what_the_target_covers_oldest_first(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        const char *expected[MOST];
    } cases[] = {
        {"0.9.0", {NULL}},
        {"1.0.0", {"2-b"}},
        {"1.1.0", {"2-b", "3-c"}},
        {"v1.1.5", {"2-b", "3-c", "6-f"}},
        {"1.2.0-rc.1", {"2-b", "3-c", "4-d", "6-f"}},
        {"latest", {"2-b", "3-c", "4-d", "5-e", "6-f"}},
        {"next", {"2-b", "3-c", "4-d", "5-e", "6-f", "7-g"}},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Standings standings = world_resolve(&arena, shop, (const char *[]){"1.0.0-1-a.sql", NULL});
        Selection selection;
        DbaltError error;

        assert_true(plan_deploy(&selection, &arena, standings, target(&arena, cases[i].target, shop), false, &error));
        assert_selected(selection, cases[i].expected);
    }
}

static void deploys_nothing_where_all_is_deployed(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Selection selection;
    DbaltError error;

    assert_true(plan_deploy(&selection, &arena, world_resolve(&arena, shop, shop), target(&arena, "next", shop), false, &error));
    assert_int_equal(selection.count, 0);
}

static void deploys_nothing_as_latest_of_a_folder_without_releases(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const files[] = {"next-1-a.sql", NULL};
    Standings standings = world_resolve(&arena, files, (const char *[]){NULL});
    Selection selection;
    DbaltError error;

    assert_true(plan_deploy(&selection, &arena, standings, target(&arena, "latest", files), false, &error));
    assert_int_equal(selection.count, 0);
}

/* 2-b was merged late. */
static const char *const late[] = {"1.0.0-1-a.sql", "1.1.0-2-b.sql", "1.1.0-3-c.sql", "1.2.0-4-d.sql", NULL};
static const char *const late_deployed[] = {"1.0.0-1-a.sql", "1.1.0-3-c.sql", NULL};

static void refuses_to_pass_over_what_was_missed(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Selection untouched = {.count = 42};
    DbaltError error;

    assert_false(
        plan_deploy(&untouched, &arena, world_resolve(&arena, late, late_deployed), target(&arena, "latest", late), false, &error));

    assert_int_equal(error.code, DBALT_ERROR_DISAGREE);
    assert_string_equal(error.message, "history and folder disagree on 1 alteration");
    assert_string_equal(error.detail, "1.1.0-2-b.sql (missed)");
    assert_non_null(strstr(error.hint, "--out-of-order"));
    assert_null(strstr(error.hint, "repair"));
    assert_int_equal(untouched.count, 42);
}

static void refuses_it_even_when_nothing_else_is_to_be_done(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Selection selection;
    DbaltError error;

    assert_false(plan_deploy(&selection, &arena, world_resolve(&arena, late, late_deployed), target(&arena, "1.1.0", late), false, &error));
    assert_int_equal(error.code, DBALT_ERROR_DISAGREE);
}

static void does_not_mind_missed_ones_beyond_the_target(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Selection selection;
    DbaltError error;

    assert_true(plan_deploy(&selection, &arena, world_resolve(&arena, late, late_deployed), target(&arena, "1.0.0", late), false, &error));
    assert_int_equal(selection.count, 0);
}

static void deploys_missed_ones_out_of_order_when_told(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        const char *expected[MOST];
    } cases[] = {{"1.0.0", {NULL}}, {"1.1.0", {"2-b"}}, {"latest", {"2-b", "4-d"}}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Standings standings = world_resolve(&arena, late, late_deployed);
        Selection selection;
        DbaltError error;

        assert_true(plan_deploy(&selection, &arena, standings, target(&arena, cases[i].target, late), true, &error));
        assert_selected(selection, cases[i].expected);
    }
}

/* 1-a was changed after it was deployed. */
static Standings one_changed(Arena *arena)
{
    static const char *const files[] = {"1.0.0-1-a.sql", "1.1.0-2-b.sql", NULL};
    Fingerprint *other = arena_allocate(arena, sizeof(*other));
    *other = FINGERPRINT([SECTION_BEFORE_UP] = "other");
    const Fingerprint **present = arena_allocate_array(arena, 2, sizeof(const Fingerprint *));
    present[0] = other;

    return state_resolve(arena, world_set(arena, files), present, world_history(arena, (const char *[]){"1.0.0-1-a.sql", NULL}));
}

static void refuses_to_deploy_upon_a_changed_one(void **state)
{
    (void)state;
    static const char *const targets[] = {"0.1.0", "1.0.0", "next"};

    for (size_t i = 0; i < COUNT(targets); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Selection selection;
        DbaltError error;

        assert_false(plan_deploy(&selection, &arena, one_changed(&arena), target(&arena, targets[i], shop), true, &error));

        assert_int_equal(error.code, DBALT_ERROR_DISAGREE);
        assert_string_equal(error.detail, "1.0.0-1-a.sql (changed)");
        assert_non_null(strstr(error.hint, "restore"));
        assert_non_null(strstr(error.hint, "dbalt repair --accept 1-a"));
        assert_null(strstr(error.hint, "--out-of-order"));
    }
}

static void does_not_mind_a_changed_way_back(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const files[] = {"1.0.0-1-a.sql", NULL};
    Fingerprint other = {.sections = {[SECTION_UP] = "up", [SECTION_DOWN] = "other"}};
    const Fingerprint *present[] = {&other};
    Standings standings = state_resolve(&arena, world_set(&arena, files), present, world_history(&arena, files));
    Selection selection;
    DbaltError error;

    assert_true(plan_deploy(&selection, &arena, standings, target(&arena, "next", files), false, &error));
}

static void refuses_to_deploy_where_a_known_one_is_gone(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const files[] = {"1.0.0-1-a.sql", "1.0.0-3-c.sql", "1.1.0-4-d.sql", NULL};
    static const char *const deployed[] = {"1.0.0-1-a.sql", "1.0.0-2-b.sql", "1.0.0-3-c.sql", NULL};
    Selection selection;
    DbaltError error;

    assert_false(plan_deploy(&selection, &arena, world_resolve(&arena, files, deployed), target(&arena, "latest", files), true, &error));

    assert_string_equal(error.detail, "1.0.0-2-b (unknown)");
    assert_non_null(strstr(error.hint, "checkout"));
    assert_non_null(strstr(error.hint, "dbalt repair --forget 2-b"));
}

static void is_never_stopped_by_unknown_ones_newer_than_the_folder(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const files[] = {"1.0.0-1-a.sql", "1.0.1-3-c.sql", NULL};
    static const char *const deployed[] = {"1.0.0-1-a.sql", "1.1.0-2-b.sql", "1.1.0-4-d.sql", "next-5-e.sql", NULL};
    Selection selection;
    DbaltError error;

    assert_true(plan_deploy(&selection, &arena, world_resolve(&arena, files, deployed), target(&arena, "1.0.0", files), false, &error));
    assert_int_equal(selection.count, 0);
}

static void lists_all_that_disagrees_and_every_remedy(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const files[] = {"1.0.0-1-a.sql", "1.0.0-2-b.sql", "1.0.0-5-e.sql", "1.0.0-6-f.sql", NULL};
    static const char *const deployed[] = {"1.0.0-2-b.sql", "1.0.0_beta.1-3-c.sql", "next-4-d.sql", "1.0.0-5-e.sql", NULL};
    Fingerprint other = FINGERPRINT([SECTION_BEFORE_UP] = "other");
    const Fingerprint *present[] = {NULL, &other, &other, NULL};
    Standings standings = state_resolve(&arena, world_set(&arena, files), present, world_history(&arena, deployed));
    Selection selection;
    DbaltError error;

    assert_false(plan_deploy(&selection, &arena, standings, target(&arena, "latest", files), false, &error));

    assert_string_equal(error.message, "history and folder disagree on 4 alterations");
    assert_string_equal(error.detail, "1.0.0-1-a.sql (missed)\n"
                                      "1.0.0-2-b.sql (changed)\n"
                                      "1.0.0_beta.1-3-c (unknown)\n"
                                      "1.0.0-5-e.sql (changed)");
    assert_non_null(strstr(error.hint, "--out-of-order"));
    assert_non_null(strstr(error.hint, "repair --accept IDENTITY"));
    assert_non_null(strstr(error.hint, "repair --forget 3-c"));
}

static void rolls_back_what_is_newer_in_reverse_order_of_deployment(void **state)
{
    (void)state;
    static const char *const deployed[] = {"1.0.0-2-b.sql", "1.0.0-1-a.sql", "1.1.0-3-c.sql", "1.2.0-5-e.sql",
                                           "next-7-g.sql",  "1.1.1-6-f.sql", "2.0.0-9-z.sql", NULL};
    static const struct {
        const char *release;
        const char *expected[MOST];
    } cases[] = {
        {"1.2.0", {"9-z", "7-g"}},
        {"1.1.0", {"9-z", "6-f", "7-g", "5-e"}},
        {"1.0.0", {"9-z", "6-f", "7-g", "5-e", "3-c"}},
        {"0.0.1", {"9-z", "6-f", "7-g", "5-e", "3-c", "1-a", "2-b"}},
        {"3.0.0", {"7-g"}},
        {"next", {NULL}},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        assert_selected(plan_rollback(&arena, world_resolve(&arena, shop, deployed), world_release(cases[i].release)), cases[i].expected);
    }
}

static void rolls_back_by_the_release_of_the_file(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const files[] = {"1.3.0-1-a.sql", "1.4.0-2-b.sql", NULL};
    static const char *const deployed[] = {"next-1-a.sql", "next-2-b.sql", NULL};

    assert_selected(plan_rollback(&arena, world_resolve(&arena, files, deployed), world_release("1.3.0")), (const char *[]){"2-b", NULL});
}

static void rolls_back_to_a_timestamp(void **state)
{
    (void)state;
    static const struct {
        const char *timestamp;
        const char *expected[MOST];
    } cases[] = {
        {"7", {NULL}},
        {"5", {"7-g", "6-f"}},
        {"4.999", {"7-g", "6-f", "5-e"}},
        {"0", {"7-g", "6-f", "5-e", "4-d", "3-c", "2-b", "1-a"}},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Timestamp timestamp;
        assert_true(timestamp_parse(&timestamp, text_of(cases[i].timestamp)));
        assert_selected(plan_rollback_to_timestamp(&arena, world_resolve(&arena, shop, shop), timestamp), cases[i].expected);
    }
}

static void checks_for_what_the_target_covers(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const files[] = {"1.0.0-1-a.sql", "1.1.0-2-b.sql", "1.1.0-3-c.sql", "1.2.0-6-f.sql", "next-7-g.sql", NULL};
    static const char *const deployed[] = {"1.0.0-1-a.sql", "1.1.0-3-c.sql", "1.1.0-4-d.sql", "1.1.0-8-h.sql", NULL};
    static const struct {
        const char *target;
        bool strict;
        const char *undeployed[MOST], *disagreeing[MOST], *unknown[MOST];
    } cases[] = {
        {"1.0.0", false, {NULL}, {"4-d"}, {"8-h"}},
        {"1.1.0", false, {NULL}, {"2-b", "4-d"}, {"8-h"}},
        {"latest", false, {"6-f"}, {"2-b", "4-d"}, {"8-h"}},
        {"next", false, {"6-f", "7-g"}, {"2-b", "4-d"}, {"8-h"}},
        {"latest", true, {"6-f"}, {"2-b", "4-d", "8-h"}, {NULL}},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        Standings standings = world_resolve(&arena, files, deployed);
        Verdict verdict = plan_check(&arena, standings, target(&arena, cases[i].target, files), cases[i].strict);

        assert_selected(verdict.undeployed, cases[i].undeployed);
        assert_selected(verdict.disagreeing, cases[i].disagreeing);
        assert_selected(verdict.unknown, cases[i].unknown);
    }
}

static void checks_for_changed_ones_whatever_the_target(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Verdict verdict = plan_check(&arena, one_changed(&arena), target(&arena, "0.1.0", shop), false);

    assert_selected(verdict.disagreeing, (const char *[]){"1-a", NULL});
    assert_int_equal(verdict.undeployed.count, 0);
}

static void offers_each_undeployed_release_once_newest_first(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const files[] = {"1.9.0-1-a.sql", "1.10.0-2-a.sql", "1.9.0-3-a.sql", "1.10.0_rc.1-4-a.sql",
                                        "next-5-a.sql",  "next-6-a.sql",   "1.0.0-0-a.sql", NULL};
    static const char *const expected[] = {"next", "1.10.0", "1.10.0-rc.1", "1.9.0"};
    const Release *releases;

    size_t count = plan_targets(&releases, &arena, world_resolve(&arena, files, (const char *[]){"1.0.0-0-a.sql", NULL}));

    assert_int_equal(count, COUNT(expected));
    for (size_t i = 0; i < count; i++)
        assert_string_equal(release_format(&arena, releases[i]), expected[i]);
}

static void offers_nothing_where_all_is_deployed(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    const Release *releases;

    assert_int_equal(plan_targets(&releases, &arena, world_resolve(&arena, shop, shop)), 0);
}

/* A selection of so many undeployed ones, with names of this length. */
static Selection selection_of(Arena *arena, size_t count, int name_length)
{
    const char **files = arena_allocate_array(arena, count + 1, sizeof(*files));
    for (size_t i = 0; i < count; i++)
        files[i] = arena_format(arena, "1.0.0-%zu-%0*d.sql", i, name_length, 0);

    Standings standings = world_resolve(arena, files, (const char *[]){NULL});
    return plan_check(arena, standings, target(arena, "latest", files), false).undeployed;
}

static void describes_nothing_with_nothing(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    assert_string_equal(plan_describe(&arena, (Selection){0}), "");
}

static void describes_some_and_counts_the_rest(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        int name_length;
        const char *end;
    } cases[] = {
        {20, 1, "\n1.0.0-19-0.sql (undeployed)"},
        {21, 1, "\nand 1 more"},
        {10000, 1, "\nand 9980 more"},
        {10000, 230, "\nand 9993 more"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        DbaltError error;
        const char *text = plan_describe(&arena, selection_of(&arena, cases[i].count, cases[i].name_length));

        assert_true(text_ends_with(text_of(text), text_of(cases[i].end)));
        assert_true(strlen(text) < sizeof(error.detail));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deploys_what_the_target_covers_oldest_first),
        cmocka_unit_test(deploys_nothing_where_all_is_deployed),
        cmocka_unit_test(deploys_nothing_as_latest_of_a_folder_without_releases),
        cmocka_unit_test(refuses_to_pass_over_what_was_missed),
        cmocka_unit_test(refuses_it_even_when_nothing_else_is_to_be_done),
        cmocka_unit_test(does_not_mind_missed_ones_beyond_the_target),
        cmocka_unit_test(deploys_missed_ones_out_of_order_when_told),
        cmocka_unit_test(refuses_to_deploy_upon_a_changed_one),
        cmocka_unit_test(does_not_mind_a_changed_way_back),
        cmocka_unit_test(refuses_to_deploy_where_a_known_one_is_gone),
        cmocka_unit_test(is_never_stopped_by_unknown_ones_newer_than_the_folder),
        cmocka_unit_test(lists_all_that_disagrees_and_every_remedy),
        cmocka_unit_test(rolls_back_what_is_newer_in_reverse_order_of_deployment),
        cmocka_unit_test(rolls_back_by_the_release_of_the_file),
        cmocka_unit_test(rolls_back_to_a_timestamp),
        cmocka_unit_test(checks_for_what_the_target_covers),
        cmocka_unit_test(checks_for_changed_ones_whatever_the_target),
        cmocka_unit_test(offers_each_undeployed_release_once_newest_first),
        cmocka_unit_test(offers_nothing_where_all_is_deployed),
        cmocka_unit_test(describes_nothing_with_nothing),
        cmocka_unit_test(describes_some_and_counts_the_rest),
    };
    return cmocka_run_group_tests_name("core/plan", tests, NULL, NULL);
}
