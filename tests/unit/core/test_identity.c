/* core/identity: timestamps and names. */

#include "support/test.h"

#include "base/cleanup.h"
#include "core/identity.h"

static Timestamp timestamp(const char *text)
{
    Timestamp parsed;
    assert_true(timestamp_parse(&parsed, text_of(text)));
    return parsed;
}

static Identity identity(Arena *arena, const char *text)
{
    Identity parsed;
    assert_true(identity_parse(&parsed, arena, text_of(text)));
    return parsed;
}

static void refuses_what_is_no_timestamp(void **state)
{
    (void)state;
    static const char *const malformed[] = {"",   ".",  "1.", ".5",  "1.5.2", "1a",          "a",          "-1",
                                            "+1", " 1", "1 ", "1e3", "1.x",   "12345678901", "00000000001"};

    for (size_t i = 0; i < COUNT(malformed); i++) {
        Timestamp untouched = {.seconds = 42};
        assert_false(timestamp_parse(&untouched, text_of(malformed[i])));
        assert_int_equal(untouched.seconds, 42);
    }
}

static void writes_a_timestamp_in_one_way(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const struct {
        const char *text, *formatted;
    } cases[] = {
        {"1663923770", "1663923770"},
        {"9999999999", "9999999999"},
        {"0", "0"},
        {"000", "0"},
        {"007", "7"},
        {"1.50", "1.5"},
        {"1.000", "1"},
        {"1.05", "1.05"},
        {"0.0", "0"},
        {"01.10", "1.1"},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(timestamp_format(&arena, timestamp(cases[i].text)), cases[i].formatted);
}

/* Each earlier than those behind it. */
static const char *const ordered[] = {
    "0",
    "0.000000000000000000000000000000000000000000000001",
    "0.1",
    "0.12",
    "0.9",
    "9",
    "10",
    "999999999",
    "1663923770",
    "1663923770.05",
    "1663923770.1",
    "1663923770.10000000000000000000001",
    "1663923770.10000000000000000000002",
    "1663923770.9",
    "1663923771",
};

static void compares_timestamps_as_exact_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ordered); i++) {
        assert_int_equal(timestamp_compare(timestamp(ordered[i]), timestamp(ordered[i])), 0);
        for (size_t j = i + 1; j < COUNT(ordered); j++) {
            assert_true(timestamp_compare(timestamp(ordered[i]), timestamp(ordered[j])) < 0);
            assert_true(timestamp_compare(timestamp(ordered[j]), timestamp(ordered[i])) > 0);
        }
    }
}

static void takes_equal_numbers_for_equal(void **state)
{
    (void)state;
    assert_int_equal(timestamp_compare(timestamp("1.5"), timestamp("01.500")), 0);
    assert_int_equal(timestamp_compare(timestamp("1"), timestamp("1.0")), 0);
}

static void refuses_what_is_no_identity(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const malformed[] = {"", "1", "1-", "-a", "a-1", "1.-a", "next-1-a", "12345678901-a"};

    for (size_t i = 0; i < COUNT(malformed); i++) {
        Identity untouched = {.text = "untouched"};
        assert_false(identity_parse(&untouched, &arena, text_of(malformed[i])));
        assert_string_equal(untouched.text, "untouched");
    }
}

static void takes_everything_behind_the_timestamp_for_the_name(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const names[] = {"a", "add-users", "-", "a.b", "1-2", "Ä b\t\xff", "x'y\"z", "next"};

    for (size_t i = 0; i < COUNT(names); i++) {
        const char *text = arena_format(&arena, "1663923770.25-%s", names[i]);
        assert_true(text_equals(identity(&arena, text).name, text_of(names[i])));
        assert_string_equal(identity(&arena, text).text, text);
    }
}

static void writes_equal_identities_alike(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};

    assert_string_equal(identity(&arena, "007.50-a").text, "7.5-a");
    assert_int_equal(identity_compare(identity(&arena, "007.50-a"), identity(&arena, "7.5-a")), 0);
}

static void orders_by_timestamp_then_by_name(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const identities[] = {"9-z", "10-a", "10-ab", "10-b", "10.5-a"};

    for (size_t i = 1; i < COUNT(identities); i++) {
        assert_true(identity_compare(identity(&arena, identities[i - 1]), identity(&arena, identities[i])) < 0);
        assert_true(identity_compare(identity(&arena, identities[i]), identity(&arena, identities[i - 1])) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_timestamp),         cmocka_unit_test(writes_a_timestamp_in_one_way),
        cmocka_unit_test(compares_timestamps_as_exact_numbers), cmocka_unit_test(takes_equal_numbers_for_equal),
        cmocka_unit_test(refuses_what_is_no_identity),          cmocka_unit_test(takes_everything_behind_the_timestamp_for_the_name),
        cmocka_unit_test(writes_equal_identities_alike),        cmocka_unit_test(orders_by_timestamp_then_by_name),
    };
    return cmocka_run_group_tests_name("core/identity", tests, NULL, NULL);
}
