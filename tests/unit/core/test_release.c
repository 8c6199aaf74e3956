/* core/release: reading and ordering of releases. */

#include "support/test.h"

#include "base/cleanup.h"
#include "core/release.h"

static Release release(const char *text)
{
    Release parsed;
    DbaltError error;
    assert_true(release_parse(&parsed, text, &error));
    return parsed;
}

static const char *const malformed[] = {
    "",        "1",        "1.2",      "1.2.3.4",  "1..2",       ".1.2.3",     "1.2.",    "01.2.3",    "1.02.3",     "1.2.03",
    "1.2.3-",  "1.2.3-01", "1.2.3-a.", "1.2.3-.a", "1.2.3-a..b", "1.2.3-a.01", "1.2.3-ä", "1.2.3+",    "1.2.3+a..b", "1.2.3+a+b",
    "1.2.3-+", "1.2.3-a+", " 1.2.3",   "1.2.3 ",   "latest",     "next1",      "next-1",  "nex",       "vnext",      "vv1.2.3",
    "v",       "1.2.3a",   "a.b.c",    "-1.2.3",   "1.-2.3",     "1,2,3",      "1.2.3_a", "1.2.3-a_b", "1.2.x",      "*",
};

static void refuses_what_is_no_semver(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(malformed); i++) {
        Release untouched = {.major = TEXT("42")};
        DbaltError error;

        assert_false(release_parse(&untouched, malformed[i], &error));
        assert_int_equal(error.code, DBALT_ERROR_TARGET);
        assert_non_null(strstr(error.message, malformed[i]));
        assert_true(text_equals(untouched.major, TEXT("42")));
    }
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"1.0", "\"1.0\" is no release: a release has three numbers, as in \"1.2.0\""},
        {"1.0.01", "\"1.0.01\" is no release: one of its numbers begins with 0"},
        {"1.0.0-", "\"1.0.0-\" is no release: a part of its pre-release is empty"},
        {"1.0.0-01", "\"1.0.0-01\" is no release: a number in its pre-release begins with 0"},
        {"1.0.0-a_b", "\"1.0.0-a_b\" is no release: its pre-release has other characters than letters, digits, dots and hyphens"},
        {"1.0.0+", "\"1.0.0+\" is no release: a part of its build metadata is empty"},
        {"1.0.0+a_b", "\"1.0.0+a_b\" is no release: its build metadata has other characters than letters, digits, dots and hyphens"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        Release parsed;
        DbaltError error;
        assert_false(release_parse(&parsed, cases[i].text, &error));
        assert_string_equal(error.message, cases[i].message);
    }
}

static void reads_every_part(void **state)
{
    (void)state;
    Release parsed = release("v1.20.300-beta.10.x-y+build.007");

    assert_false(parsed.is_next);
    assert_true(text_equals(parsed.major, TEXT("1")));
    assert_true(text_equals(parsed.minor, TEXT("20")));
    assert_true(text_equals(parsed.patch, TEXT("300")));
    assert_true(text_equals(parsed.prerelease, TEXT("beta.10.x-y")));
    assert_true(text_equals(parsed.build, TEXT("build.007")));
}

static void takes_a_leading_v_for_nothing(void **state)
{
    (void)state;
    assert_int_equal(release_compare(release("v1.0.0"), release("1.0.0")), 0);
    assert_int_equal(release_compare(release("V1.0.0-a"), release("1.0.0-a")), 0);
}

static void reads_next_in_any_case(void **state)
{
    (void)state;
    static const char *const texts[] = {"next", "Next", "NEXT"};

    for (size_t i = 0; i < COUNT(texts); i++)
        assert_true(release(texts[i]).is_next);
}

/* Each older than those behind it. */
static const char *const ordered[] = {
    "0.0.0-0",
    "0.0.0",
    "0.0.9",
    "0.0.10",
    "0.9.0",
    "1.0.0-0",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0--",
    "1.0.0-0a",
    "1.0.0-A",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.1.0",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.9.0",
    "1.10.0",
    "2.0.0",
    "10.0.0",
    "99999999999999999999.0.0",
    "100000000000000000000.0.0",
    "next",
};

static void orders_by_precedence_not_by_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ordered); i++) {
        assert_int_equal(release_compare(release(ordered[i]), release(ordered[i])), 0);
        for (size_t j = i + 1; j < COUNT(ordered); j++) {
            assert_true(release_compare(release(ordered[i]), release(ordered[j])) < 0);
            assert_true(release_compare(release(ordered[j]), release(ordered[i])) > 0);
        }
    }
}

static void gives_build_metadata_no_weight(void **state)
{
    (void)state;
    assert_int_equal(release_compare(release("1.0.0+a"), release("1.0.0+b")), 0);
    assert_int_equal(release_compare(release("1.0.0+a"), release("1.0.0")), 0);
}

static void writes_what_it_read(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const struct {
        const char *text, *formatted, *file_name;
    } cases[] = {
        {"1.0.0", "1.0.0", "1.0.0"},
        {"v1.0.0-beta.10", "1.0.0-beta.10", "1.0.0_beta.10"},
        {"1.0.0-x-y+b-1", "1.0.0-x-y+b-1", "1.0.0_x_y+b_1"},
        {"1.0.0+b", "1.0.0+b", "1.0.0+b"},
        {"NEXT", "next", "next"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(release_format(&arena, release(cases[i].text)), cases[i].formatted);
        assert_string_equal(release_format_file_name(&arena, release(cases[i].text)), cases[i].file_name);
    }
}

static void reads_file_names_as_it_writes_them(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const texts[] = {"1.0.0", "1.0.0-beta.10", "1.0.0-x-y+b-1", "1.0.0+b", "next"};

    for (size_t i = 0; i < COUNT(texts); i++) {
        Release parsed;
        assert_true(release_parse_file_name(&parsed, &arena, text_of(release_format_file_name(&arena, release(texts[i])))));
        assert_string_equal(release_format(&arena, parsed), texts[i]);
    }
}

static void is_stricter_with_file_names(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const refused[] = {"v1.0.0", "V1.0.0", "Next", "NEXT", "next1", "latest", "1_0_0", "1.0.0_", "1.0", ""};

    for (size_t i = 0; i < COUNT(refused); i++) {
        Release untouched = {.major = TEXT("42")};
        assert_false(release_parse_file_name(&untouched, &arena, text_of(refused[i])));
        assert_true(text_equals(untouched.major, TEXT("42")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_semver),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(reads_every_part),
        cmocka_unit_test(takes_a_leading_v_for_nothing),
        cmocka_unit_test(reads_next_in_any_case),
        cmocka_unit_test(orders_by_precedence_not_by_text),
        cmocka_unit_test(gives_build_metadata_no_weight),
        cmocka_unit_test(writes_what_it_read),
        cmocka_unit_test(reads_file_names_as_it_writes_them),
        cmocka_unit_test(is_stricter_with_file_names),
    };
    return cmocka_run_group_tests_name("core/release", tests, NULL, NULL);
}
