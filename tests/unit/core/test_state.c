/* core/state: how each alteration stands. */

#include "world.h"

#include "base/cleanup.h"

#define MOST 8

/* What is in the folder, what was deployed, and the states that follow, in order of identity. */
typedef struct Case {
    const char *files[MOST];
    const char *deployed[MOST];
    const char *expected[MOST];
} Case;

static void assert_states(const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Standings standings = world_resolve(&arena, cases[i].files, cases[i].deployed);

        assert_int_equal(standings.count, world_count(cases[i].expected));
        for (size_t j = 0; j < standings.count; j++) {
            const Standing *standing = &standings.rows[j];
            assert_string_equal(arena_format(&arena, "%s %s", standing->identity.text, state_name(standing->state)), cases[i].expected[j]);
        }
    }
}

static void tells_deployed_from_undeployed(void **state)
{
    (void)state;
    static const Case cases[] = {
        {{NULL}, {NULL}, {NULL}},
        {{"1.0.0-1-a.sql"}, {NULL}, {"1-a undeployed"}},
        {{"1.0.0-1-a.sql"}, {"1.0.0-1-a.sql"}, {"1-a deployed"}},
        {{"1.0.0-1-a.sql", "1.1.0-2-a.sql", "next-3-a.sql"}, {"1.0.0-1-a.sql"}, {"1-a deployed", "2-a undeployed", "3-a undeployed"}},
    };
    assert_states(cases, COUNT(cases));
}

static void takes_a_late_merge_for_missed(void **state)
{
    (void)state;
    static const Case cases[] = {
        /* of the same release */
        {{"1.0.0-1-a.sql", "1.0.0-2-a.sql"}, {"1.0.0-2-a.sql"}, {"1-a missed", "2-a deployed"}},
        /* of an older release */
        {{"1.0.0-1-a.sql", "1.1.0-2-a.sql"}, {"1.1.0-2-a.sql"}, {"1-a missed", "2-a deployed"}},
        /* next beside next */
        {{"next-1-a.sql", "next-2-a.sql"}, {"next-2-a.sql"}, {"1-a missed", "2-a deployed"}},
        /* behind the last deployed one, nothing is missed */
        {{"1.0.0-1-a.sql", "1.0.0-2-a.sql", "1.0.0-3-a.sql"}, {"1.0.0-2-a.sql"}, {"1-a missed", "2-a deployed", "3-a undeployed"}},
        /* the fraction counts */
        {{"1.0.0-1.2-a.sql", "1.0.0-1.10-a.sql"}, {"1.0.0-1.2-a.sql"}, {"1.1-a missed", "1.2-a deployed"}},
    };
    assert_states(cases, COUNT(cases));
}

static void takes_one_of_the_same_second_for_undeployed(void **state)
{
    (void)state;
    static const Case cases[] = {
        {{"1.0.0-1-a.sql", "1.0.0-1-b.sql"}, {"1.0.0-1-b.sql"}, {"1-a undeployed", "1-b deployed"}},
        {{"1.0.0-1-a.sql", "1.0.0-1-b.sql"}, {"1.0.0-1-a.sql"}, {"1-a deployed", "1-b undeployed"}},
    };
    assert_states(cases, COUNT(cases));
}

static void knows_hotfix_trains(void **state)
{
    (void)state;
    static const Case cases[] = {
        /* A hotfix written after 1.1.0 was deployed. */
        {{"1.0.0-1-a.sql", "1.1.0-2-a.sql", "1.0.1-3-a.sql"},
         {"1.0.0-1-a.sql", "1.1.0-2-a.sql"},
         {"1-a deployed", "2-a deployed", "3-a undeployed"}},
        /* 1.1.0, begun before the hotfix that is deployed: on its way, not late. */
        {{"1.0.0-1-a.sql", "1.1.0-2-a.sql", "1.0.1-3-a.sql"},
         {"1.0.0-1-a.sql", "1.0.1-3-a.sql"},
         {"1-a deployed", "2-a undeployed", "3-a deployed"}},
        /* A hotfix that 1.1.0 went past. */
        {{"1.0.0-1-a.sql", "1.0.1-2-a.sql", "1.1.0-3-a.sql"},
         {"1.0.0-1-a.sql", "1.1.0-3-a.sql"},
         {"1-a deployed", "2-a missed", "3-a deployed"}},
        /* A later deployed hotfix does not hide what a newer release makes late. */
        {{"1.1.0-1-a.sql", "1.2.0-2-a.sql", "1.0.1-3-a.sql"},
         {"1.2.0-2-a.sql", "1.0.1-3-a.sql"},
         {"1-a missed", "2-a deployed", "3-a deployed"}},
        /* Unreleased work does not wait for releases. */
        {{"next-1-a.sql", "1.0.1-2-a.sql"}, {"1.0.1-2-a.sql"}, {"1-a undeployed", "2-a deployed"}},
        /* A pre-release is older than its release. */
        {{"1.1.0_rc.1-1-a.sql", "1.1.0-2-a.sql"}, {"1.1.0-2-a.sql"}, {"1-a missed", "2-a deployed"}},
        {{"1.1.0-1-a.sql", "1.1.0_rc.1-2-a.sql"}, {"1.1.0_rc.1-2-a.sql"}, {"1-a undeployed", "2-a deployed"}},
    };
    assert_states(cases, COUNT(cases));
}

static void takes_the_file_for_the_release_of_what_is_deployed(void **state)
{
    (void)state;
    static const Case cases[] = {
        /* Deployed as next, released as 1.0.0 since: what 1.1.0 brings is not late. */
        {{"1.1.0-1-a.sql", "1.0.0-2-a.sql"}, {"next-2-a.sql"}, {"1-a undeployed", "2-a deployed"}},
        {{"1.1.0-1-a.sql", "next-2-a.sql"}, {"1.0.0-2-a.sql"}, {"1-a missed", "2-a deployed"}},
    };
    assert_states(cases, COUNT(cases));
}

static void counts_unknown_ones_as_deployed(void **state)
{
    (void)state;
    static const Case cases[] = {
        {{"1.0.0-1-a.sql"}, {"1.1.0-2-a.sql"}, {"1-a missed", "2-a unknown"}},
        {{"1.1.0-1-a.sql"}, {"1.0.0-2-a.sql"}, {"1-a undeployed", "2-a unknown"}},
    };
    assert_states(cases, COUNT(cases));
}

static void finds_what_is_gone_from_the_folder(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const files[] = {"1.0.0-1-a.sql", NULL};
    static const char *const deployed[] = {"1.0.0-1-a.sql", "1.1.0-2-b.sql", NULL};

    Standing gone = world_resolve(&arena, files, deployed).rows[1];

    assert_int_equal(gone.state, DBALT_UNKNOWN);
    assert_null(gone.alteration);
    assert_non_null(gone.deployment);
    assert_string_equal(gone.identity.text, "2-b");
    assert_string_equal(release_format(&arena, gone.release), "1.1.0");
}

static void tells_unknown_ones_newer_than_the_folder_from_those_amid_it(void **state)
{
    (void)state;
    static const struct {
        const char *files[MOST];
        const char *unknown;
        bool expected;
    } cases[] = {
        {{"1.0.0-1-a.sql", "1.1.0-3-a.sql"}, "1.2.0-4-a.sql", true},
        {{"1.0.0-1-a.sql", "1.1.0-3-a.sql"}, "1.1.0-4-a.sql", true},
        {{"1.0.0-1-a.sql", "1.1.0-3-a.sql"}, "1.1.0-3-b.sql", true},
        {{"1.0.0-1-a.sql", "1.1.0-3-b.sql"}, "1.1.0-3-a.sql", false},
        {{"1.0.0-1-a.sql", "1.1.0-3-a.sql"}, "1.0.0-2-a.sql", false},
        {{"1.0.0-1-a.sql", "1.1.0-3-a.sql"}, "1.1.0-2-a.sql", false},
        {{"1.0.0-1-a.sql", "1.1.0-3-a.sql"}, "0.9.0-0-a.sql", false},
        /* 1.1.0 was begun before the hotfix 1.0.1: an instance of 1.0.1 restarts while 1.1.0 is being deployed */
        {{"1.0.0-1-a.sql", "1.0.1-3-a.sql"}, "1.1.0-2-a.sql", true},
        {{"1.0.0-1-a.sql", "next-3-a.sql"}, "1.1.0-2-a.sql", false},
        {{NULL}, "1.0.0-1-a.sql", true},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Standings standings = world_resolve(&arena, cases[i].files, (const char *[]){cases[i].unknown, NULL});
        for (size_t j = 0; j < standings.count; j++)
            assert_int_equal(standings.rows[j].newer_than_folder, standings.rows[j].state == DBALT_UNKNOWN && cases[i].expected);
    }
}

static void notices_a_file_that_was_renamed(void **state)
{
    (void)state;
    static const struct {
        const char *file, *deployed, *release;
        bool expected;
    } cases[] = {
        {"1.3.0-1-a.sql", "next-1-a.sql", "1.3.0", true},  /* next has become a release */
        {"1.3.1-1-a.sql", "1.3.0-1-a.sql", "1.3.1", true}, /* moved to another release */
        {"next-1-a.sql", "1.3.0-1-a.sql", "next", true},   /* taken out of one */
        {"1.3.0+b-1-a.sql", "1.3.0-1-a.sql", "1.3.0+b", true},
        {"1.3.0-1-a.sql", "1.3.0-1-a.sql", "1.3.0", false},
        {"next-1-a.sql", "next-1-a.sql", "next", false},
        {"1.3.0-01.0-a.sql", "1.3.0-1-a.sql", "1.3.0", false}, /* the same number, written otherwise */
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Standings standings = world_resolve(&arena, (const char *[]){cases[i].file, NULL}, (const char *[]){cases[i].deployed, NULL});

        assert_int_equal(standings.count, 1);
        assert_int_equal(standings.rows[0].state, DBALT_DEPLOYED);
        assert_int_equal(standings.rows[0].release_changed, cases[i].expected);
        assert_string_equal(release_format(&arena, standings.rows[0].release), cases[i].release);
    }
}

static void takes_a_file_with_another_name_for_another_alteration(void **state)
{
    (void)state;
    static const Case cases[] = {
        {{"1.0.0-1-b.sql"}, {"1.0.0-1-a.sql"}, {"1-a unknown", "1-b undeployed"}},
        {{"1.0.0-2-a.sql"}, {"1.0.0-1-a.sql"}, {"1-a unknown", "2-a undeployed"}},
    };
    assert_states(cases, COUNT(cases));
}

static void compares_fingerprints_section_by_section(void **state)
{
    (void)state;
    static const struct {
        Fingerprint present, deployed;
        DbaltState state;
        bool down_changed;
    } cases[] = {
        {{{"b", "u", "d", "e"}}, {{"b", "u", "d", "e"}}, DBALT_DEPLOYED, false},
        {{{NULL, "u", NULL, NULL}}, {{NULL, "u", NULL, NULL}}, DBALT_DEPLOYED, false},
        {{{NULL, "x", "d", NULL}}, {{NULL, "u", "d", NULL}}, DBALT_CHANGED, false},
        {{{"x", "u", "d", NULL}}, {{"b", "u", "d", NULL}}, DBALT_CHANGED, false},
        {{{"b", "u", "d", NULL}}, {{NULL, "u", "d", NULL}}, DBALT_CHANGED, false},
        {{{NULL, "u", "d", NULL}}, {{"b", "u", "d", NULL}}, DBALT_CHANGED, false},
        {{{NULL, NULL, "d", NULL}}, {{NULL, "u", "d", NULL}}, DBALT_CHANGED, false},
        {{{NULL, "x", "y", NULL}}, {{NULL, "u", "d", NULL}}, DBALT_CHANGED, false},
        {{{NULL, "u", "x", NULL}}, {{NULL, "u", "d", NULL}}, DBALT_DEPLOYED, true},
        {{{NULL, "u", "d", NULL}}, {{NULL, "u", NULL, NULL}}, DBALT_DEPLOYED, true},
        {{{NULL, "u", NULL, NULL}}, {{NULL, "u", "d", NULL}}, DBALT_DEPLOYED, true},
        {{{NULL, "u", "d", "x"}}, {{NULL, "u", "d", "e"}}, DBALT_DEPLOYED, true},
        {{{NULL, "u", "d", NULL}}, {{NULL, "u", "d", "e"}}, DBALT_DEPLOYED, true},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        AlterationSet set = world_set(&arena, (const char *[]){"1.0.0-1-a.sql", NULL});
        Deployment row = world_history(&arena, (const char *[]){"1.0.0-1-a.sql", NULL}).rows[0];
        row.fingerprint = cases[i].deployed;
        const Fingerprint *present[] = {&cases[i].present};

        Standings standings = state_resolve(&arena, set, present, (Deployments){.rows = &row, .count = 1});

        assert_int_equal(standings.rows[0].state, cases[i].state);
        assert_int_equal(standings.rows[0].down_changed, cases[i].down_changed);
    }
}

static void takes_a_file_that_was_not_read_for_unchanged(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const files[] = {"1.0.0-1-a.sql", "1.0.0-2-a.sql", NULL};
    Fingerprint other = FINGERPRINT([SECTION_BEFORE_UP] = "other");
    const Fingerprint *present[] = {NULL, &other};

    Standings standings = state_resolve(&arena, world_set(&arena, files), present, world_history(&arena, files));

    assert_int_equal(standings.rows[0].state, DBALT_DEPLOYED);
    assert_int_equal(standings.rows[1].state, DBALT_CHANGED);
}

static void counts_a_changed_one_as_deployed(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    AlterationSet set = world_set(&arena, (const char *[]){"1.0.0-1-a.sql", "1.0.0-2-a.sql", NULL});
    Fingerprint other = FINGERPRINT([SECTION_BEFORE_UP] = "other");
    const Fingerprint *present[] = {NULL, &other};

    Standings standings = state_resolve(&arena, set, present, world_history(&arena, (const char *[]){"1.0.0-2-a.sql", NULL}));

    assert_int_equal(standings.rows[0].state, DBALT_MISSED);
    assert_int_equal(standings.rows[1].state, DBALT_CHANGED);
}

static void is_quick_with_many(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    enum { MANY = 50000 };
    const char **files = arena_allocate_array(&arena, MANY + 1, sizeof(*files));
    const char **deployed = arena_allocate_array(&arena, MANY / 2 + 1, sizeof(*deployed));
    for (size_t i = 0; i < MANY; i++) {
        files[i] = arena_format(&arena, "1.%zu.0-%zu-a.sql", i / 100, i);
        if (i % 2 == 1)
            deployed[i / 2] = files[i];
    }

    /* All pairs would take minutes: the time limit of the suite is the assertion. */
    Standings standings = world_resolve(&arena, files, deployed);

    assert_int_equal(standings.count, MANY);
    for (size_t i = 0; i < standings.count; i++)
        assert_int_equal(standings.rows[i].state, i % 2 == 1 ? DBALT_DEPLOYED : DBALT_MISSED);
}

static void names_states_and_sections(void **state)
{
    (void)state;
    assert_string_equal(state_name(DBALT_MISSED), "missed");
    assert_string_equal(section_name(SECTION_BEFORE_UP), "before-up");
    assert_string_equal(section_name(SECTION_UP), "up");
    assert_string_equal(section_name(SECTION_DOWN), "down");
    assert_string_equal(section_name(SECTION_BEFORE_DOWN), "before-down");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_deployed_from_undeployed),
        cmocka_unit_test(takes_a_late_merge_for_missed),
        cmocka_unit_test(takes_one_of_the_same_second_for_undeployed),
        cmocka_unit_test(knows_hotfix_trains),
        cmocka_unit_test(takes_the_file_for_the_release_of_what_is_deployed),
        cmocka_unit_test(counts_unknown_ones_as_deployed),
        cmocka_unit_test(finds_what_is_gone_from_the_folder),
        cmocka_unit_test(tells_unknown_ones_newer_than_the_folder_from_those_amid_it),
        cmocka_unit_test(notices_a_file_that_was_renamed),
        cmocka_unit_test(takes_a_file_with_another_name_for_another_alteration),
        cmocka_unit_test(compares_fingerprints_section_by_section),
        cmocka_unit_test(takes_a_file_that_was_not_read_for_unchanged),
        cmocka_unit_test(counts_a_changed_one_as_deployed),
        cmocka_unit_test(is_quick_with_many),
        cmocka_unit_test(names_states_and_sections),
    };
    return cmocka_run_group_tests_name("core/state", tests, NULL, NULL);
}
