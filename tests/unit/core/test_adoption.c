/* core/adoption: what another program deployed, by one timestamp, laid over the history. */

#include "world.h"

#include "base/cleanup.h"
#include "core/adoption.h"

static const char *const folder[] = {"1.0.0-1-logto-config.js", "1.0.0-10-a.js", "1.0.0-20.1-b.js", "1.0.0-20.2-c.js",
                                     "1.0.0-20.3-d.js",         "1.1.0-30-e.js", "next-40-f.js",    NULL};

typedef struct Case {
    const char *history[9];
    const char *found;      /* Logto's timestamp; NULL = no row */
    const char *remembered; /* NULL = nothing */
    const char *deployed;   /* identities, as they stand with it */
    size_t added, removed;
} Case;

static Timestamp timestamp_of(const char *text)
{
    Timestamp timestamp = TIMESTAMP_ZERO;
    if (text != NULL)
        assert_true(timestamp_parse(&timestamp, text_of(text)));
    return timestamp;
}

static const char *join_identities(Arena *arena, Deployments deployments)
{
    const char *joined = "";
    for (size_t i = 0; i < deployments.count; i++)
        joined = arena_format(arena, "%s%s%s", joined, i == 0 ? "" : " ", deployments.rows[i].identity.text);
    return joined;
}

static void check_cases(const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CLEANUP(arena_done) Arena arena = {0};
        const ForeignState state = {
            .is_found = cases[i].found != NULL,
            .timestamp = timestamp_of(cases[i].found),
            .updated_at = "2026-11-21T21:40:08.123Z",
            .is_remembered = cases[i].remembered != NULL,
            .remembered = timestamp_of(cases[i].remembered),
        };
        Deployments history = world_history(&arena, cases[i].history);
        Adoption adoption = adoption_resolve(&arena, world_set(&arena, folder), history, state);

        assert_string_equal(join_identities(&arena, adoption.deployments), cases[i].deployed);
        assert_int_equal(adoption.added_count, cases[i].added);
        assert_int_equal(adoption.removed_count, cases[i].removed);
    }
}

static void takes_what_the_timestamp_covers_as_deployed(void **state)
{
    (void)state;
    static const Case cases[] = {
        {{NULL}, NULL, NULL, "", 0, 0},
        {{NULL}, "0", NULL, "", 0, 0},
        {{NULL}, "9", NULL, "1-logto-config", 1, 0},
        {{NULL}, "20.2", NULL, "1-logto-config 10-a 20.1-b 20.2-c", 4, 0},
        {{NULL}, "99", NULL, "1-logto-config 10-a 20.1-b 20.2-c 20.3-d 30-e 40-f", 7, 0},
        {{"1.0.0-10-a.js"}, "10", NULL, "1-logto-config 10-a", 1, 0},
    };
    check_cases(cases, COUNT(cases));
}

static void adopts_only_what_moved_since_it_wrote_itself(void **state)
{
    (void)state;
    static const Case cases[] = {
        {{"1.0.0-1-logto-config.js", "1.0.0-20.1-b.js"}, "20.1", "20.1", "1-logto-config 20.1-b", 0, 0},
        {{"1.0.0-1-logto-config.js", "1.0.0-20.1-b.js"}, "20.2", "20.1", "1-logto-config 20.1-b 20.2-c", 1, 0},
        {{NULL}, "10", "0", "1-logto-config 10-a", 2, 0},
        {{"1.0.0-1-logto-config.js", "1.1.0-30-e.js"}, "40", "30", "1-logto-config 30-e 40-f", 1, 0},
    };
    check_cases(cases, COUNT(cases));
}

static void adopts_what_was_rolled_back(void **state)
{
    (void)state;
    static const Case cases[] = {
        {{"1.0.0-1-logto-config.js", "1.0.0-10-a.js", "1.1.0-30-e.js"}, "29", "30", "1-logto-config 10-a", 0, 1},
        {{"1.0.0-1-logto-config.js", "1.0.0-10-a.js", "1.1.0-30-e.js"}, "9", "30", "1-logto-config", 0, 2},
        {{"1.0.0-10-a.js", "1.0.0-20.1-b.js", "1.0.0-20.2-c.js"}, "20.1", "20.2", "10-a 20.1-b", 0, 1},
    };
    check_cases(cases, COUNT(cases));
}

static void leaves_what_lies_within_the_second_before(void **state)
{
    (void)state;
    static const Case cases[] = {
        {{"1.0.0-10-a.js", "1.0.0-20.1-b.js", "1.0.0-20.2-c.js", "1.0.0-20.3-d.js"}, "19.3", "20.3", "10-a 20.1-b 20.2-c", 0, 1},
        {{"1.0.0-10-a.js", "1.0.0-20.1-b.js", "1.0.0-20.2-c.js", "1.0.0-20.3-d.js"}, "19.1", "20.3", "10-a", 0, 3},
    };
    check_cases(cases, COUNT(cases));
}

static void takes_a_row_that_is_gone_for_a_roll_back_of_everything(void **state)
{
    (void)state;
    static const Case cases[] = {
        {{"1.0.0-1-logto-config.js", "1.0.0-10-a.js"}, NULL, "10", "", 0, 2},
        {{"1.0.0-1-logto-config.js", "1.0.0-10-a.js"}, NULL, NULL, "1-logto-config 10-a", 0, 0},
        {{NULL}, NULL, "0", "", 0, 0},
    };
    check_cases(cases, COUNT(cases));
}

static void tells_who_deployed_it_and_when(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const history[] = {"1.0.0-1-logto-config.js", NULL};
    const ForeignState foreign = {.is_found = true, .timestamp = timestamp_of("10"), .updated_at = "2026-11-21T21:40:08.123Z"};
    Adoption adoption = adoption_resolve(&arena, world_set(&arena, folder), world_history(&arena, history), foreign);

    assert_int_equal(adoption.added_count, 1);
    assert_string_equal(adoption.added[0].by, "logto");
    assert_string_equal(adoption.added[0].deployed_at, "2026-11-21T21:40:08.123Z");
    assert_string_equal(adoption.added[0].kind, "javascript");
    assert_true(adoption.added[0].sequence > adoption.deployments.rows[0].sequence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_the_timestamp_covers_as_deployed),
        cmocka_unit_test(adopts_only_what_moved_since_it_wrote_itself),
        cmocka_unit_test(adopts_what_was_rolled_back),
        cmocka_unit_test(leaves_what_lies_within_the_second_before),
        cmocka_unit_test(takes_a_row_that_is_gone_for_a_roll_back_of_everything),
        cmocka_unit_test(tells_who_deployed_it_and_when),
    };
    return cmocka_run_group_tests_name("core/adoption", tests, NULL, NULL);
}
