/* scripts/pieces: what of a section is sent in one. */

#include "support/test.h"

#include "base/cleanup.h"
#include "scripts/script.h"

static Script script_with_up(const char *text)
{
    return (Script){
        .path = "a.sql",
        .dialect = SQL_POSTGRES,
        .sections = {[SECTION_UP] = {.present = true, .text = text_of(text), .line = 1}},
    };
}

typedef struct Case {
    const char *sql;
    size_t statement_count;
    struct {
        const char *text; /* NULL = the end */
        size_t statement_count;
        bool is_copy_data;
    } pieces[6];
} Case;

static void check(Pieces (*cut)(Arena *, const Script *, SectionKind), const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Script script = script_with_up(cases[i].sql);
        Pieces pieces = cut(&arena, &script, SECTION_UP);

        assert_int_equal(pieces.statement_count, cases[i].statement_count);
        for (size_t j = 0; j < pieces.count; j++) {
            assert_non_null(cases[i].pieces[j].text);
            assert_true(text_equals(pieces.rows[j].text, text_of(cases[i].pieces[j].text)));
            assert_int_equal(pieces.rows[j].statement_count, cases[i].pieces[j].statement_count);
            assert_int_equal(pieces.rows[j].is_copy_data, cases[i].pieces[j].is_copy_data);
        }
        assert_null(cases[i].pieces[pieces.count].text);
    }
}

static void sends_a_section_whole(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"", 0, {{NULL}}},
        {"-- nothing\n;\n", 0, {{NULL}}},
        {"-- a\na;\nb; -- c\n", 2, {{"-- a\na;\nb; -- c\n", 2, false}}},
        {"a", 1, {{"a", 1, false}}},
        {"create function f() returns int begin atomic select 1; end;",
         1,
         {{"create function f() returns int begin atomic select 1; end;", 1, false}}},
    };
    check(script_pieces, cases, COUNT(cases));
}

static void stops_for_copy_data(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"-- x\na;\ncopy t from stdin; -- y\n1\n\\.\n\nb;\nc;\n",
         4,
         {{"-- x\na;\ncopy t from stdin;", 2, false}, {"1\n", 0, true}, {"\nb;\nc;\n", 2, false}}},
        {"copy t from stdin;\n\\.\ncopy u from stdin;\n1\n\\.\n-- end\n",
         2,
         {{"copy t from stdin;", 1, false}, {"", 0, true}, {"copy u from stdin;", 1, false}, {"1\n", 0, true}}},
        {"copy t from stdin", 1, {{"copy t from stdin", 1, false}, {"", 0, true}}},
        {"copy t to stdout; copy t from 'file';", 2, {{"copy t to stdout; copy t from 'file';", 2, false}}},
    };
    check(script_pieces, cases, COUNT(cases));
}

static void sends_statements_singly(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"-- nothing\n;\n", 0, {{NULL}}},
        {"-- a\na;;\n/* b */ b", 2, {{"a;", 1, false}, {"b", 1, false}}},
        {"a; copy t from stdin;\n1\n\\.\nb;", 3, {{"a;", 1, false}, {"copy t from stdin;", 1, false}, {"1\n", 0, true}, {"b;", 1, false}}},
    };
    check(script_statements, cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_a_section_whole),
        cmocka_unit_test(stops_for_copy_data),
        cmocka_unit_test(sends_statements_singly),
    };
    return cmocka_run_group_tests_name("scripts/pieces", tests, NULL, NULL);
}
