/* base/error: filling a DbaltError. */

#include "support/test.h"

#include <errno.h>

#include "base/error.h"
#include "base/text.h"

static void clears_all_that_stood_in_it(void **state)
{
    (void)state;
    DbaltError error;
    memset(&error, 'x', sizeof(error));

    assert_false(fail(&error, DBALT_ERROR_TARGET, "no release %d", 7));

    assert_int_equal(error.code, DBALT_ERROR_TARGET);
    assert_string_equal(error.message, "no release 7");
    assert_string_equal(error.detail, "");
    assert_string_equal(error.hint, "");
    assert_string_equal(error.sqlstate, "");
    assert_string_equal(error.script, "");
    assert_string_equal(error.statement, "");
    assert_int_equal(error.line, 0);
    assert_int_equal(error.column, 0);
}

static void says_what_the_system_said(void **state)
{
    (void)state;
    DbaltError error;
    errno = ENOENT;

    assert_false(fail_errno(&error, DBALT_ERROR_FOLDER, "cannot open \"%s\"", "x"));

    assert_string_equal(error.message, "cannot open \"x\": No such file or directory");
    assert_int_equal(errno, ENOENT);
}

static void adds_context_hint_and_detail_to_a_filled_error(void **state)
{
    (void)state;
    DbaltError error;
    fail(&error, DBALT_ERROR_SCRIPT, "a marker twice");

    assert_false(fail_context(&error, "%s", "a.sql"));
    assert_false(fail_hint(&error, "remove %s", "one"));
    assert_false(fail_detail(&error, "line %d", 3));

    assert_int_equal(error.code, DBALT_ERROR_SCRIPT);
    assert_string_equal(error.message, "a.sql: a marker twice");
    assert_string_equal(error.hint, "remove one");
    assert_string_equal(error.detail, "line 3");
}

static void takes_its_own_text_as_an_argument(void **state)
{
    (void)state;
    DbaltError error;
    fail(&error, DBALT_ERROR_FAILED, "inner");

    fail(&error, DBALT_ERROR_DATABASE, "outer (%s)", error.message);
    assert_string_equal(error.message, "outer (inner)");

    error_set(error.message, sizeof(error.message), "%s, %s", error.message, error.message);
    assert_string_equal(error.message, "outer (inner), outer (inner)");
}

static void cuts_visibly_what_is_too_long(void **state)
{
    (void)state;
    char buffer[10];

    error_set(buffer, sizeof(buffer), "123456789");
    assert_string_equal(buffer, "123456789");
    error_set(buffer, sizeof(buffer), "1234567890");
    assert_string_equal(buffer, "123456...");
}

static void cuts_between_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text, *cut;
    } cases[] = {
        {"12345\xc3\xa4 789", "12345..."},
        {"1234\xc3\xa4 7890", "1234\xc3\xa4..."},
        {"123\xf0\x9f\x98\x80 890", "123..."},
        {"12\xf0\x9f\x98\x80 7890", "12\xf0\x9f\x98\x80..."},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char buffer[10];
        error_set(buffer, sizeof(buffer), "%s", cases[i].text);
        assert_string_equal(buffer, cases[i].cut);
    }
}

static void cuts_what_is_longer_than_any_buffer(void **state)
{
    (void)state;
    DbaltError error;

    fail(&error, DBALT_ERROR_FAILED, "%*d", 1000000, 7);
    fail_context(&error, "%*d", 1000000, 7);

    assert_int_equal(strlen(error.message), sizeof(error.message) - 1);
    assert_string_equal(error.message + sizeof(error.message) - 4, "...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clears_all_that_stood_in_it),
        cmocka_unit_test(says_what_the_system_said),
        cmocka_unit_test(adds_context_hint_and_detail_to_a_filled_error),
        cmocka_unit_test(takes_its_own_text_as_an_argument),
        cmocka_unit_test(cuts_visibly_what_is_too_long),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(cuts_what_is_longer_than_any_buffer),
    };
    return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
