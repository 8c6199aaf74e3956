/* scripts/script: cutting a script into sections, and what is refused. */

#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "scripts/script.h"

static Script parse(SqlDialect dialect, Text text)
{
    Script script;
    DbaltError error;
    if (!script_parse(&script, "a.sql", dialect, text, &error))
        fail_msg("%d:%d: %s", error.line, error.column, error.message);

    return script;
}

static void assert_section(const Script *script, SectionKind kind, const char *text, size_t line)
{
    const Section *section = &script->sections[kind];
    assert_int_equal(section->present, text != NULL);
    if (text == NULL)
        return;

    assert_true(text_equals(section->text, text_of(text)));
    assert_int_equal(section->line, line);
}

static void takes_a_file_without_marker_as_up(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n", "select 1", "-- a comment\nselect 1;\n", "/*\n-- dbalt: up\n*/ select 1;"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        Script script = parse(SQL_POSTGRES, text_of(texts[i]));
        assert_section(&script, SECTION_UP, texts[i], 1);
        assert_section(&script, SECTION_DOWN, NULL, 0);
        assert_section(&script, SECTION_BEFORE_UP, NULL, 0);
        assert_section(&script, SECTION_BEFORE_DOWN, NULL, 0);
    }
}

static void cuts_all_sections_in_any_order(void **state)
{
    (void)state;
    Script script = parse(SQL_POSTGRES, TEXT("/* what\n it is for */\n-- dbalt: before-down\nvacuum;\n"
                                             "  --dbalt:up  \ncreate table a ();\n\n-- dbalt: before-up\n-- dbalt: down\ndrop table a;"));

    assert_section(&script, SECTION_BEFORE_DOWN, "vacuum;\n", 4);
    assert_section(&script, SECTION_UP, "create table a ();\n\n", 6);
    assert_section(&script, SECTION_BEFORE_UP, "", 9);
    assert_section(&script, SECTION_DOWN, "drop table a;", 10);
}

static void tells_absent_sections_from_empty_ones(void **state)
{
    (void)state;
    Script script = parse(SQL_SQLITE, TEXT("-- dbalt: up\n-- dbalt: down"));
    assert_section(&script, SECTION_UP, "", 2);
    assert_section(&script, SECTION_DOWN, "", 3);
    assert_section(&script, SECTION_BEFORE_UP, NULL, 0);

    script = parse(SQL_SQLITE, TEXT("-- dbalt: down\n"));
    assert_section(&script, SECTION_UP, NULL, 0);
    assert_section(&script, SECTION_DOWN, "", 2);
}

static void reads_line_ends_of_all_systems(void **state)
{
    (void)state;
    static const struct {
        const char *text, *up, *down;
    } cases[] = {
        {"-- dbalt: up\r\na;\r\n-- dbalt: down\r\nb;\r\n", "a;\r\n", "b;\r\n"},
        {"-- dbalt: up\ra;\r-- dbalt: down\rb;", "a;\r", "b;"},
        {"\n-- dbalt: up\na;\n-- dbalt: down\nb;", "a;\n", "b;"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        Script script = parse(SQL_POSTGRES, text_of(cases[i].text));
        size_t first = cases[i].text[0] == '\n' ? 3 : 2;
        assert_section(&script, SECTION_UP, cases[i].up, first);
        assert_section(&script, SECTION_DOWN, cases[i].down, first + 2);
    }
}

static void passes_over_a_byte_order_mark(void **state)
{
    (void)state;
    Script script = parse(SQL_POSTGRES, TEXT("\xEF\xBB\xBF-- dbalt: up\na;"));
    assert_section(&script, SECTION_UP, "a;", 2);

    script = parse(SQL_POSTGRES, TEXT("\xEF\xBB\xBF"
                                      "a;"));
    assert_section(&script, SECTION_UP, "a;", 1);

    DbaltError error;
    assert_false(script_parse(&script, "a.sql", SQL_POSTGRES, TEXT("\xEF\xBB\xBF'a"), &error));
    assert_int_equal(error.column, 1);
}

static void takes_markers_in_quotes_and_data_as_text(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "select '\n-- dbalt: up\n';",
        "/*\n-- dbalt: up\n*/",
        "do $$\n-- dbalt: up\n$$;",
        "copy a from stdin;\n-- dbalt: up\n\\.\n",
        "select 1; -- dbalt is prose\n-- dbalt does it\n",
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Script script = parse(SQL_POSTGRES, text_of(arena_format(&arena, "-- dbalt: up\n%s", texts[i])));
        assert_section(&script, SECTION_UP, texts[i], 2);
    }
}

typedef struct Refusal {
    const char *text;
    int line, column;
    const char *message; /* a part of it */
    const char *hint;    /* a part of it */
    const char *statement;
} Refusal;

static void check_refusal(SqlDialect dialect, Text text, const Refusal *expected)
{
    Script script = {.path = "untouched"};
    DbaltError error;
    assert_false(script_parse(&script, "in/a.sql", dialect, text, &error));
    assert_int_equal(error.code, DBALT_ERROR_SCRIPT);
    assert_string_equal(error.script, "in/a.sql");
    if (strstr(error.message, expected->message) == NULL || strstr(error.hint, expected->hint) == NULL)
        fail_msg("\"%s\" (%s) is not \"%s\" (%s)", error.message, error.hint, expected->message, expected->hint);
    assert_int_equal(error.line, expected->line);
    assert_int_equal(error.column, expected->column);
    assert_string_equal(error.statement, expected->statement);
    assert_string_equal(script.path, "untouched");
}

static void check_refusals(SqlDialect dialect, const Refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_refusal(dialect, text_of(cases[i].text), &cases[i]);
}

static void refuses_what_is_no_utf8(void **state)
{
    (void)state;
    static const Refusal cases[] = {
        {"-- dbalt: up\nselect 'é', '\xE9';", 2, 14, "not UTF-8: byte 0xE9", "UTF-8", ""},
        {"\xFF\xFEs", 1, 1, "not UTF-8: byte 0xFF", "UTF-8", ""},
    };
    check_refusals(SQL_POSTGRES, cases, COUNT(cases));
    check_refusals(SQL_SQLITE, cases, COUNT(cases));
}

static void refuses_nul_bytes(void **state)
{
    (void)state;
    static const Refusal expected = {NULL, 2, 4, "NUL byte", "UTF-8", "äb "};
    check_refusal(SQL_POSTGRES, TEXT("a\näb \0c\n\xFF"), &expected);
    check_refusal(SQL_SQLITE, TEXT("a\näb \0c"), &expected);
}

static void refuses_a_marker_twice(void **state)
{
    (void)state;
    static const Refusal cases[] = {
        {"\n-- dbalt: up\na;\n-- dbalt: down\n-- dbalt: up\n", 5, 1, "\"-- dbalt: up\" is there twice: first in line 2", "one section",
         "-- dbalt: up"},
        {"-- dbalt: down\n--dbalt:down", 2, 1, "\"-- dbalt: down\" is there twice: first in line 1", "one section", "--dbalt:down"},
    };
    check_refusals(SQL_POSTGRES, cases, COUNT(cases));
}

static void refuses_unknown_and_misspelt_markers(void **state)
{
    (void)state;
    static const Refusal cases[] = {
        {"-- dbalt: up\na;\n  -- dbalt: after\nb;", 3, 3, "unknown marker \"-- dbalt: after\"", "\"-- dbalt: before-down\"",
         "  -- dbalt: after"},
        {"-- dbalt:\n", 1, 1, "unknown marker \"-- dbalt:\"", "\"-- dbalt: up\"", "-- dbalt:"},
        {"-- Dbalt: up\na;", 1, 1, "misspelt marker \"-- Dbalt: up\"", "write \"-- dbalt: up\"", "-- Dbalt: up"},
        {"-- dbalt: up\na;\n-- dbalt down\nb;", 3, 1, "misspelt marker \"-- dbalt down\"", "write \"-- dbalt: down\"", "-- dbalt down"},
        {"-- dbalt: up\na; -- dbalt: down\nb;", 2, 4, "\"-- dbalt: down\" is not on a line of its own", "line of its own",
         "a; -- dbalt: down"},
    };
    check_refusals(SQL_POSTGRES, cases, COUNT(cases));
    check_refusals(SQL_SQLITE, cases, COUNT(cases));
}

static void refuses_sql_before_the_first_marker(void **state)
{
    (void)state;
    static const Refusal cases[] = {
        {"-- intro\n/* x */ set a = 1;\n-- dbalt: up\na;", 2, 9, "SQL before the first marker", "only comments", "/* x */ set a = 1;"},
    };
    check_refusals(SQL_POSTGRES, cases, COUNT(cases));
    check_refusals(SQL_SQLITE, cases, COUNT(cases));
}

static void refuses_what_is_left_open(void **state)
{
    (void)state;
    static const Refusal both[] = {
        {"-- dbalt: up\nselect 'a;\n-- dbalt: down\nb;", 2, 8, "string without end", "close it", "select 'a;"},
        {"select \"a", 1, 8, "quoted name without end", "close it", "select \"a"},
        {"a;\n/* b\n-- dbalt: down\n", 2, 1, "comment without end", "*/", "/* b"},
    };
    check_refusals(SQL_POSTGRES, both, COUNT(both));
    check_refusals(SQL_SQLITE, both, COUNT(both));

    static const Refusal postgres[] = {
        {"do $a$\nb; $$", 1, 4, "string without end", "close it", "do $a$"},
        {"copy a from stdin;\n1\n-- dbalt: down\nb;", 2, 1, "COPY data without end", "\"\\.\"", "1"},
        {"copy a from stdin;", 1, 19, "COPY data without end", "\"\\.\"", "copy a from stdin;"},
    };
    check_refusals(SQL_POSTGRES, postgres, COUNT(postgres));
}

static void refuses_sql_behind_copy_on_its_line(void **state)
{
    (void)state;
    static const Refusal cases[] = {
        {"copy a from stdin; select 1;\n1\n\\.\n", 1, 20, "SQL behind COPY", "behind the data", "copy a from stdin; select 1;"},
    };
    check_refusals(SQL_POSTGRES, cases, COUNT(cases));
}

static void refuses_commands_of_the_shells(void **state)
{
    (void)state;
    static const Refusal postgres[] = {
        {"select 1;\n\\connect db it's\n", 2, 1, "psql command \"\\connect\" is no SQL", "remove it", "\\connect db it's"},
        {"select 1 \\g", 1, 10, "psql command \"\\g\" is no SQL", "remove it", "select 1 \\g"},
    };
    check_refusals(SQL_POSTGRES, postgres, COUNT(postgres));

    static const Refusal sqlite[] = {
        {"-- dbalt: up\n.read it's.sql\n", 2, 1, "sqlite3 command \".read\" is no SQL", "remove it", ".read it's.sql"},
    };
    check_refusals(SQL_SQLITE, sqlite, COUNT(sqlite));
}

static void loads_a_file_of_the_folder(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    char path[] = "/tmp/dbalt-script-XXXXXX";
    assert_non_null(mkdtemp(path));
    const char *sql = arena_format(&arena, "%s/1.0.0-1-a.sql", path);
    const char *javascript = arena_format(&arena, "%s/1.0.0-2-b.js", path);
    DbaltError error;
    assert_true(file_create(sql, TEXT("-- dbalt: down\nb;"), 0644, DBALT_ERROR_FAILED, &error));
    assert_true(file_create(javascript, TEXT("export const up = 1"), 0644, DBALT_ERROR_FAILED, &error));

    Folder folder = {0};
    Script script, untouched = {.path = "untouched"};
    assert_true(folder_open(&folder, &arena, path, &error));
    assert_true(script_load(&script, &arena, &folder, &folder.set.rows[0], SQL_SQLITE, &error));
    assert_string_equal(script.path, sql);
    assert_section(&script, SECTION_DOWN, "b;", 2);

    assert_true(script_load(&script, &arena, &folder, &folder.set.rows[1], SQL_SQLITE, &error));
    assert_true(script.is_module);
    assert_string_equal(script.path, javascript);
    assert_section(&script, SECTION_UP, "export const up = 1", 1);

    assert_int_equal(unlink(sql), 0);
    assert_false(script_load(&untouched, &arena, &folder, &folder.set.rows[0], SQL_SQLITE, &error));
    assert_int_equal(error.code, DBALT_ERROR_SCRIPT);
    assert_string_equal(untouched.path, "untouched");

    folder_close(&folder);
    assert_int_equal(unlink(javascript), 0);
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_file_without_marker_as_up),
        cmocka_unit_test(cuts_all_sections_in_any_order),
        cmocka_unit_test(tells_absent_sections_from_empty_ones),
        cmocka_unit_test(reads_line_ends_of_all_systems),
        cmocka_unit_test(passes_over_a_byte_order_mark),
        cmocka_unit_test(takes_markers_in_quotes_and_data_as_text),
        cmocka_unit_test(refuses_what_is_no_utf8),
        cmocka_unit_test(refuses_nul_bytes),
        cmocka_unit_test(refuses_a_marker_twice),
        cmocka_unit_test(refuses_unknown_and_misspelt_markers),
        cmocka_unit_test(refuses_sql_before_the_first_marker),
        cmocka_unit_test(refuses_what_is_left_open),
        cmocka_unit_test(refuses_sql_behind_copy_on_its_line),
        cmocka_unit_test(refuses_commands_of_the_shells),
        cmocka_unit_test(loads_a_file_of_the_folder),
    };
    return cmocka_run_group_tests_name("scripts/script", tests, NULL, NULL);
}
