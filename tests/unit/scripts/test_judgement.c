/* scripts/judgement: what cannot run in the section it stands in. */

#include "support/test.h"

#include "base/cleanup.h"
#include "scripts/script.h"

static Script parse(SqlDialect dialect, const char *text)
{
    Script script;
    DbaltError error;
    assert_true(script_parse(&script, "in/a.sql", dialect, text_of(text), &error));
    return script;
}

static void accepts_what_fits_its_section(void **state)
{
    (void)state;
    static const struct {
        SqlDialect dialect;
        const char *text;
        SectionKind section;
    } cases[] = {
        {SQL_POSTGRES, "create table a (); savepoint s; rollback to s;", SECTION_UP},
        {SQL_POSTGRES, "do $$ begin commit; end $$;", SECTION_UP},
        {SQL_POSTGRES, "copy a from stdin;\ncommit;\n\\.\n", SECTION_UP},
        {SQL_POSTGRES, "-- dbalt: before-up\nvacuum; copy a from stdin;\n\\.\n", SECTION_BEFORE_UP},
        {SQL_POSTGRES, "-- dbalt: before-down\ndrop index concurrently i;", SECTION_BEFORE_DOWN},
        {SQL_POSTGRES, "create table a ();", SECTION_DOWN},
        {SQL_SQLITE, "create trigger t after insert on a begin select 1; end;", SECTION_UP},
        {SQL_SQLITE, "-- dbalt: before-up\npragma journal_mode = wal;", SECTION_BEFORE_UP},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Script script = parse(cases[i].dialect, cases[i].text);
        const char *warning = "untouched";
        DbaltError error;
        assert_true(script_judge(&warning, &arena, &script, cases[i].section, &error));
        assert_null(warning);
    }
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    static const struct {
        SqlDialect dialect;
        const char *text;
        SectionKind section;
        int line, column;
        const char *message, *hint, *statement;
    } cases[] = {
        {SQL_POSTGRES, "-- dbalt: up\na;\n  Commit;", SECTION_UP, 3, 3, "COMMIT in \"up\"", "remove it", "  Commit;"},
        {SQL_POSTGRES, "-- dbalt: down\nbegin; a;", SECTION_DOWN, 2, 1, "BEGIN in \"down\"", "remove it", "begin; a;"},
        {SQL_POSTGRES, "-- dbalt: before-up\nbegin;", SECTION_BEFORE_UP, 2, 1, "BEGIN in \"before-up\"", "\"up\"", "begin;"},
        {SQL_POSTGRES, "-- dbalt: before-down\nrollback;", SECTION_BEFORE_DOWN, 2, 1, "ROLLBACK in \"before-down\"", "\"down\"",
         "rollback;"},
        {SQL_POSTGRES, "create index\nconcurrently i on a (b);", SECTION_UP, 1, 1, "CREATE INDEX CONCURRENTLY cannot run in a transaction",
         "\"-- dbalt: before-up\"", "create index"},
        {SQL_POSTGRES, "-- dbalt: down\ndrop index concurrently i;", SECTION_DOWN, 2, 1, "DROP INDEX CONCURRENTLY cannot run",
         "\"-- dbalt: before-down\"", "drop index concurrently i;"},
        {SQL_SQLITE, "select 'ä'; vacuum;", SECTION_UP, 1, 13, "VACUUM cannot run in a transaction", "\"-- dbalt: before-up\"",
         "select 'ä'; vacuum;"},
        {SQL_SQLITE, "end;", SECTION_UP, 1, 1, "END in \"up\"", "remove it", "end;"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Script script = parse(cases[i].dialect, cases[i].text);
        const char *warning = "untouched";
        DbaltError error;
        assert_false(script_judge(&warning, &arena, &script, cases[i].section, &error));
        assert_int_equal(error.code, DBALT_ERROR_SCRIPT);
        assert_non_null(strstr(error.message, cases[i].message));
        assert_non_null(strstr(error.hint, cases[i].hint));
        assert_string_equal(error.script, "in/a.sql");
        assert_int_equal(error.line, cases[i].line);
        assert_int_equal(error.column, cases[i].column);
        assert_string_equal(error.statement, cases[i].statement);
        assert_string_equal(warning, "untouched");
    }
}

static void warns_of_grammar_it_does_not_know(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Script script = parse(SQL_POSTGRES, "-- dbalt: up\na;\nreindex novelty n;\nvacuum novelty vacuum;\n"
                                        "-- dbalt: before-up\nreindex novelty n;\n");

    const char *warning = NULL;
    DbaltError error;
    assert_true(script_judge(&warning, &arena, &script, SECTION_UP, &error));
    assert_non_null(warning);
    assert_ptr_equal(strstr(warning, "in/a.sql:3: "), warning);
    assert_non_null(strstr(warning, "REINDEX"));

    assert_true(script_judge(&warning, &arena, &script, SECTION_BEFORE_UP, &error));
    assert_null(warning);
}

static void warns_of_a_lock_timeout_of_its_own_once(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *warning;
        SectionKind section;
    } cases[] = {
        {"SET lock_timeout = 0;\nselect 1;\nSET lock_timeout = 1;",
         "in/a.sql:1: SET lock_timeout takes the place of --lock-timeout in the rest of \"up\"", SECTION_UP},
        {"-- dbalt: before-up\n\nreset all;\n", "in/a.sql:3: RESET ALL takes the place of --lock-timeout in the rest of \"before-up\"",
         SECTION_BEFORE_UP},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Script script;
        DbaltError error;
        const char *warning = NULL;
        assert_true(script_parse(&script, "in/a.sql", SQL_POSTGRES, text_of(cases[i].sql), &error));
        assert_true(script_judge(&warning, &arena, &script, cases[i].section, &error));
        assert_non_null(warning);
        assert_string_equal(warning, cases[i].warning);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_fits_its_section),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(warns_of_grammar_it_does_not_know),
        cmocka_unit_test(warns_of_a_lock_timeout_of_its_own_once),
    };
    return cmocka_run_group_tests_name("scripts/judgement", tests, NULL, NULL);
}
