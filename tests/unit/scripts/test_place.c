/* scripts/place: naming the place of an error. */

#include "support/test.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "scripts/script.h"

/* Where the text behind "|" is, after that mark is taken out. */
static DbaltError locate(const char *head, const char *marked, const char *line_end)
{
    CLEANUP(arena_done) Arena arena = {0};
    const char *mark = strchr(marked, '|');
    const char *up = arena_format(&arena, "%.*s%s", (int)(mark - marked), marked, mark + 1);
    const char *text = arena_format(&arena, "%s%s%s", head, up, line_end);

    Script script;
    DbaltError error;
    assert_true(script_parse(&script, "in/a.sql", SQL_POSTGRES, text_of(text), &error));
    fail(&error, DBALT_ERROR_FAILED, "of the database");
    script_locate(&error, &script, SECTION_UP, mark - marked, 0);
    assert_string_equal(error.message, "of the database");
    assert_string_equal(error.script, "in/a.sql");

    return error;
}

static void finds_line_and_column_of_an_offset(void **state)
{
    (void)state;
    static const struct {
        const char *head, *marked;
        int line, column;
        const char *statement;
    } cases[] = {
        {"", "|a", 1, 1, "a"},
        {"", "a|", 1, 2, "a"},
        {"-- dbalt: up\n", "|a", 2, 1, "a"},
        {"-- dbalt: up\n", "a;\n  b |c;\nd", 3, 5, "  b c;"},
        {"-- dbalt: up\r\n", "a;\r\nb |c;\r\nd", 3, 3, "b c;"},
        {"-- dbalt: up\r", "a;\rb |c;\rd", 3, 3, "b c;"},
        {"-- dbalt: up\n", "a;|\nb", 2, 3, "a;"},
        {"-- dbalt: down\nx;\n-- dbalt: up\n", "'größe' |b", 4, 9, "'größe' b"},
        {"\xEF\xBB\xBF", "a |b", 1, 3, "a b"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        DbaltError error = locate(cases[i].head, cases[i].marked, "");
        assert_int_equal(error.line, cases[i].line);
        assert_int_equal(error.column, cases[i].column);
        assert_string_equal(error.statement, cases[i].statement);
    }
}

static void cuts_long_lines_where_the_caret_allows(void **state)
{
    (void)state;
    char tail[2001];
    memset(tail, 'x', sizeof(tail) - 1);
    tail[sizeof(tail) - 1] = '\0';

    DbaltError error = locate("", "abc |", tail);
    assert_int_equal(error.column, 5);
    assert_ptr_equal(strstr(error.statement, "abc xxx"), error.statement);
    assert_string_equal(error.statement + strlen(error.statement) - 5, "xx...");

    error = locate("", "abc |", "\nb");
    assert_string_equal(error.statement, "abc ");

    tail[1500] = '|';
    error = locate("", tail, "");
    assert_int_equal(error.column, 1501);
    assert_string_equal(error.statement, "");
}

static void finds_a_statement_by_its_index(void **state)
{
    (void)state;
    Script script;
    DbaltError error;
    assert_true(script_parse(&script, "in/a.sql", SQL_POSTGRES, TEXT("-- dbalt: up\n-- x\na;\n b;\n"), &error));

    fail(&error, DBALT_ERROR_FAILED, "x");
    script_locate(&error, &script, SECTION_UP, -1, 1);
    assert_int_equal(error.line, 4);
    assert_int_equal(error.column, 2);
    assert_string_equal(error.statement, " b;");

    fail(&error, DBALT_ERROR_FAILED, "x");
    script_locate(&error, &script, SECTION_UP, -1, 2);
    assert_string_equal(error.script, "in/a.sql");
    assert_int_equal(error.line, 0);
    assert_int_equal(error.column, 0);
    assert_string_equal(error.statement, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_line_and_column_of_an_offset),
        cmocka_unit_test(cuts_long_lines_where_the_caret_allows),
        cmocka_unit_test(finds_a_statement_by_its_index),
    };
    return cmocka_run_group_tests_name("scripts/place", tests, NULL, NULL);
}
