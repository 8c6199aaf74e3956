/* terminal/display: widths, cuts, and what must not reach a terminal raw. */

#include "support/test.h"

#include "base/cleanup.h"
#include "terminal/display.h"
#include "terminal/terminal.h"

static void counts_columns_not_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t width;
    } cases[] = {
        {"", 0}, {"abc", 3}, {"é", 1}, {"日本", 4}, {"e\xcc\x81", 1}, {"\xff", 1}, {"\xe6\x97", 2},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(display_width(text_of(cases[i].text)), cases[i].width);
}

static void never_cuts_a_character_in_two(void **state)
{
    (void)state;
    assert_int_equal(display_fit(text_of("日本"), 3), 3);
    assert_int_equal(display_fit(text_of("日本"), 1), 0);
    assert_int_equal(display_fit(text_of("e\xcc\x81x"), 1), 3);
}

static void writes_out_what_would_lead_the_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *text, *visible;
    } cases[] = {
        {"plain é 日本", "plain é 日本"},
        {"\033[2J", "\\x1b[2J"},
        {"a\tb\r\n", "a b\\x0d\\x0a"},
        {"\x7f", "\\x7f"},
        {"\xc2\x9b"
         "31m",
         "\\u{9b}31m"},
        {"\xe2\x80\xae"
         "cba",
         "\\u{202e}cba"},
        {"\xff\xfe", "\\xff\\xfe"},
    };

    CLEANUP(arena_done) Arena arena = {0};
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(display_visible(&arena, text_of(cases[i].text)), cases[i].visible);
}

static void cuts_with_an_ellipsis_inside_the_width(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t columns;
        const char *cut;
    } cases[] = {
        {"alteration", 0, "alteration"}, {"alteration", 10, "alteration"}, {"alteration", 5, "alte…"}, {"日本語", 4, "日…"}, {"ab", 1, "…"},
    };

    CLEANUP(arena_done) Arena arena = {0};
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(display_cut(&arena, cases[i].text, cases[i].columns, "…"), cases[i].cut);
}

int main(void)
{
    terminal_locale();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_columns_not_bytes),
        cmocka_unit_test(never_cuts_a_character_in_two),
        cmocka_unit_test(writes_out_what_would_lead_the_terminal),
        cmocka_unit_test(cuts_with_an_ellipsis_inside_the_width),
    };
    return cmocka_run_group_tests_name("terminal/display", tests, NULL, NULL);
}
