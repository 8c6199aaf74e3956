/* sql/marker: comments that begin sections. */

#include "support/test.h"

#include "sql/marker.h"

static void reads_markers_that_are_spelt_well(void **state)
{
    (void)state;
    static const struct {
        const char *comment, *name;
    } cases[] = {
        {"-- dbalt: up", "up"}, {"-- dbalt: down", "down"}, {"-- dbalt: before-up", "before-up"}, {"-- dbalt: before-down", "before-down"},
        {"--dbalt: up", "up"},  {"-- dbalt:up", "up"},      {"--\t dbalt \t:  up \t", "up"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        Text name;
        assert_int_equal(marker_read(&name, text_of(cases[i].comment)), MARKER_EXACT);
        assert_true(text_equals(name, text_of(cases[i].name)));
    }
}

static void tells_misspelt_markers(void **state)
{
    (void)state;
    static const struct {
        const char *comment, *name;
    } cases[] = {
        {"-- Dbalt: up", "up"},
        {"-- DBALT: UP", "up"},
        {"-- dbalt: Up", "up"},
        {"-- dbalt up", "up"},
        {"-- dbalt-up", "up"},
        {"-- dbalt = down", "down"},
        {"-- dbalt up:", "up"},
        {"-- dbalt:: up", "up"},
        {"-- dbalt: up;", "up"},
        {"--- dbalt: up", "up"},
        {"---- dbalt: up ----", "up"},
        {"-- dbalt: before up", "before-up"},
        {"-- dbalt: before_down", "before-down"},
        {"-- dbalt before-up", "before-up"},
        {"-- dbalt: upp", ""},
        {"-- dbalt: up and down", ""},
        {"-- dbalt: ", ""},
        {"-- dbalt:", ""},
        {"-- dbalt: after-up", ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        Text name;
        assert_int_equal(marker_read(&name, text_of(cases[i].comment)), MARKER_MISSPELT);
        assert_true(text_equals(name, text_of(cases[i].name)));
    }
}

static void leaves_prose_alone(void **state)
{
    (void)state;
    static const char *const comments[] = {
        "--",
        "-- ",
        "-- up",
        "-- dbal: up",
        "-- dbalt",
        "-- dbalt runs this in a transaction",
        "-- dbaltup",
        "-- dbalter: up",
        "-- a dbalt: up",
        "-- for dbalt: up",
        "-- dbalt2 up",
        "-- dbalt, down to the ground",
    };

    for (size_t i = 0; i < COUNT(comments); i++) {
        Text name;
        assert_int_equal(marker_read(&name, text_of(comments[i])), MARKER_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_markers_that_are_spelt_well),
        cmocka_unit_test(tells_misspelt_markers),
        cmocka_unit_test(leaves_prose_alone),
    };
    return cmocka_run_group_tests_name("sql/marker", tests, NULL, NULL);
}
