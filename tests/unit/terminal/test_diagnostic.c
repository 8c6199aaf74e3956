/* terminal/diagnostic: errors that show the place. */

#include "support/test.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "terminal/diagnostic.h"
#include "terminal/display.h"
#include "terminal/terminal.h"

static const char *render(Arena *arena, const DbaltError *error, size_t width)
{
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    diagnostic_print_error(out, error, &(DiagnosticStyle){.width = width, .utf8 = true});
    fclose(out);

    const char *text = arena_copy_string(arena, printed);
    free(printed);
    return text;
}

static DbaltError error_at(const char *statement, int column)
{
    DbaltError error;
    fail(&error, DBALT_ERROR_FAILED, "relation \"x\" does not exist");
    error_set(error.script, sizeof(error.script), "a.sql");
    error_set(error.statement, sizeof(error.statement), "%s", statement);
    error.line = 12;
    error.column = column;

    return error;
}

static void shows_all_that_is_known(void **state)
{
    (void)state;
    DbaltError error = error_at("drop table x;", 12);
    fail_detail(&error, "first\nsecond");
    fail_hint(&error, "create it");
    error_set(error.sqlstate, sizeof(error.sqlstate), "42P01");

    CLEANUP(arena_done) Arena arena = {0};
    const char *text = render(&arena, &error, 0);
    assert_string_equal(text, "[error] relation \"x\" does not exist\n"
                              " --> a.sql:12:12\n"
                              " 12 | drop table x;\n"
                              "    |            ^\n"
                              "  detail: first\n"
                              "          second\n"
                              "  hint: create it\n"
                              "  SQLSTATE 42P01\n");
}

static void begins_our_own_messages_with_a_capital(void **state)
{
    (void)state;
    DbaltError error;
    fail(&error, DBALT_ERROR_USAGE, "missing command");

    CLEANUP(arena_done) Arena arena = {0};
    const char *text = render(&arena, &error, 0);
    assert_string_equal(text, "[error] Missing command\n");
}

/* The column of the caret, and what stands in the line above it there. */
static void puts_the_caret_under_its_character(void **state)
{
    (void)state;
    static const struct {
        const char *statement;
        int column;
        const char *lines;
    } cases[] = {
        {"select x", 1, " 12 | select x\n    | ^\n"},
        {"select x", 8, " 12 | select x\n    |        ^\n"},
        {"\tselect x", 2, " 12 |     select x\n    |     ^\n"},
        {"a\tx", 3, " 12 | a   x\n    |     ^\n"},
        {"'日本' x", 6, " 12 | '日本' x\n    |        ^\n"},
        {"select", 7, " 12 | select\n    |       ^\n"},
        {"select", 99, " 12 | select\n"},
        {"select", 0, " 12 | select\n"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        DbaltError error = error_at(cases[i].statement, cases[i].column);
        CLEANUP(arena_done) Arena arena = {0};
        const char *text = render(&arena, &error, 0);
        const char *excerpt = strstr(text, " 12 |");
        assert_non_null(excerpt);
        assert_string_equal(excerpt, cases[i].lines);
    }
}

/* The "X" of the line stands above the caret, and both are in sight. */
static void check_excerpt(const char *line, size_t width)
{
    const char *caret = strchr(line, '\n') + 1;
    size_t mark = strcspn(line, "X");

    assert_true(display_width((Text){line, strcspn(line, "\n")}) <= width);
    assert_int_equal(display_width((Text){line, mark}), strcspn(caret, "^"));
}

static void cuts_a_long_line_around_the_caret(void **state)
{
    (void)state;
    for (int column = 1; column < 400; column += 13) {
        char statement[400] = "";
        memset(statement, 'a', sizeof(statement) - 1);
        statement[column - 1] = 'X';

        DbaltError error = error_at(statement, column);
        CLEANUP(arena_done) Arena arena = {0};
        const char *text = render(&arena, &error, 40);
        check_excerpt(strstr(text, " 12 | "), 40);
    }
}

static void makes_control_characters_visible(void **state)
{
    (void)state;
    DbaltError error = error_at("select '\033[2J'", 8);
    fail_hint(&error, "\033]0;title\007");
    CLEANUP(arena_done) Arena arena = {0};
    const char *text = render(&arena, &error, 0);
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "\\x1b[2J"));
}

int main(void)
{
    terminal_locale();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_all_that_is_known),
        cmocka_unit_test(begins_our_own_messages_with_a_capital),
        cmocka_unit_test(puts_the_caret_under_its_character),
        cmocka_unit_test(cuts_a_long_line_around_the_caret),
        cmocka_unit_test(makes_control_characters_visible),
    };
    return cmocka_run_group_tests_name("terminal/diagnostic", tests, NULL, NULL);
}
