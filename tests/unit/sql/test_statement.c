/* sql/statement: where statements end. */

#include "support/test.h"

#include "sql/statement.h"

/* SQL, and its statements as they should be cut. */
typedef struct Case {
    const char *sql;
    const char *statements[6]; /* NULL-terminated */
} Case;

static void check(SqlDialect dialect, const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        StatementReader reader;
        statement_reader_init(&reader, dialect, text_of(cases[i].sql));

        size_t found = 0;
        for (SqlStatement statement; statement_next(&statement, &reader); found++) {
            assert_non_null(cases[i].statements[found]);
            assert_int_equal(statement.text.length, strlen(cases[i].statements[found]));
            assert_memory_equal(statement.text.data, cases[i].statements[found], statement.text.length);
            assert_ptr_equal(statement.text.data, cases[i].sql + statement.offset);
            assert_false(statement.unclosed);
            assert_false(statement.copies);
        }
        assert_null(cases[i].statements[found]);
    }
}

static void cuts_at_semicolons(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"", {NULL}},
        {";; -- a;\n/* ; */ ;", {NULL}},
        {"a;b", {"a;", "b"}},
        {"-- x\n a 1 /* ; */ ; ;\n b ';' ; -- end", {"a 1 /* ; */ ;", "b ';' ;"}},
        {"a -- last", {"a"}},
        {"a\n-- dbalt: down\nb;", {"a", "b;"}},
        {"create table t(a int); select 1;", {"create table t(a int);", "select 1;"}},
    };
    check(SQL_POSTGRES, cases, COUNT(cases));
    check(SQL_SQLITE, cases, COUNT(cases));
}

static void keeps_rules_and_quoted_bodies_whole(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"create rule r as on insert to t do also (insert into a values(1); delete from b); x;",
         {"create rule r as on insert to t do also (insert into a values(1); delete from b);", "x;"}},
        {"do $$begin a; b; end$$; x", {"do $$begin a; b; end$$;", "x"}},
        {"create function f() returns int language plpgsql as $f$ begin return 1; end; $f$; x",
         {"create function f() returns int language plpgsql as $f$ begin return 1; end; $f$;", "x"}},
    };
    check(SQL_POSTGRES, cases, COUNT(cases));
}

#define WHOLE(sql)    \
    {                 \
        sql " x;",    \
        {             \
            sql, "x;" \
        }             \
    }

static void keeps_begin_atomic_bodies_whole(void **state)
{
    (void)state;
    static const Case cases[] = {
        WHOLE("create function f() returns int begin atomic select 1; select 2; end;"),
        WHOLE("CREATE OR REPLACE PROCEDURE s.p(a int) LANGUAGE sql BEGIN ATOMIC INSERT INTO t VALUES (a); END;"),
        WHOLE("create function f() returns int begin atomic select case when true then 1 else 2 end; end;"),
        WHOLE("create function f() returns int begin atomic select case a when case 1 when 2 then 3 end then 1 end; select 2; end;"),
        WHOLE("create function f() returns int begin atomic select (case when true then 1 end); select 2; end;"),
        WHOLE("create function f() returns int begin /* a; */ atomic end;"),
        WHOLE("create function f() returns int begin atomic select t.end, 1 as end, t.case from t; select 2; end;"),
        WHOLE("create function f() returns int begin atomic select \"end\", 'end' from t; end;"),
        WHOLE("create function f() returns int return 1;"),
        /* What only looks like one. */
        WHOLE("create function begin() returns int return 1;"),
        WHOLE("create function f(begin int) returns int return 1;"),
        WHOLE("create table begin (atomic int);"),
        WHOLE("create view v as select begin atomic from t;"),
        WHOLE("create function f() returns int begin atom;"),
        WHOLE("begin;"),
    };
    check(SQL_POSTGRES, cases, COUNT(cases));

    static const Case sqlite[] = {{"create function f begin atomic a; end;", {"create function f begin atomic a;", "end;"}}};
    check(SQL_SQLITE, sqlite, COUNT(sqlite));
}

static void keeps_triggers_of_sqlite_whole(void **state)
{
    (void)state;
    static const Case cases[] = {
        WHOLE("create trigger t after insert on a begin update b set c = 1; delete from d; end;"),
        WHOLE("CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;"),
        WHOLE("create temporary trigger if not exists t after insert on a begin select 1; end ;"),
        WHOLE("create trigger t after insert on a when case new.x when 1 then 1 end begin select case when 1 then 2 end; end;"),
        WHOLE("create trigger t after insert on a begin update b set end = 1; update b set begin = end; end;"),
        WHOLE("create trigger t after insert on a begin select ';END;'; /* ;end; */ select 2; end;"),
        WHOLE("create trigger [t;] after insert on a begin select 1; --;\nend;"),
        WHOLE("create table trigger (a);"),
    };
    check(SQL_SQLITE, cases, COUNT(cases));

    static const Case postgres[] = {{"create trigger t begin a; end;", {"create trigger t begin a;", "end;"}}};
    check(SQL_POSTGRES, postgres, COUNT(postgres));
}

static void tells_copies_with_their_data(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *statement, *data, *behind;
    } cases[] = {
        {"copy t from stdin;\n1\n2\n\\.\nx;", "copy t from stdin;", "1\n2\n", "x;"},
        {"COPY \"a;b\".\"from\" (x, \"y\") FROM STDIN WITH (FORMAT csv, NULL ';');\r\n1\r\n\\.\r\nx;",
         "COPY \"a;b\".\"from\" (x, \"y\") FROM STDIN WITH (FORMAT csv, NULL ';');", "1\r\n", "x;"},
        {"copy public.t (a) from stdin with csv; -- data\n\\.\nx;", "copy public.t (a) from stdin with csv;", "", "x;"},
        {"copy t from stdin where a > 1;\n1\n\\.", "copy t from stdin where a > 1;", "1\n", ""},
        {"copy stdin from stdin;\n\\\\.\n\n\\.\nx;", "copy stdin from stdin;", "\\\\.\n\n", "x;"},
        {"copy t from stdout;\n1\n\\.\nx;", "copy t from stdout;", "1\n", "x;"},
        {"copy t from stdin", "copy t from stdin", "", ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        StatementReader reader;
        statement_reader_init(&reader, SQL_POSTGRES, text_of(cases[i].sql));

        SqlStatement statement;
        assert_true(statement_next(&statement, &reader));
        assert_true(statement.copies);
        assert_false(statement.unclosed);
        assert_true(text_equals(statement.text, text_of(cases[i].statement)));
        assert_true(text_equals(statement.copy_data, text_of(cases[i].data)));
        if (statement.copy_data.length > 0)
            assert_ptr_equal(statement.copy_data.data, cases[i].sql + statement.copy_offset);
        assert_string_equal(cases[i].sql + statement.next, cases[i].behind);
    }
}

static void tells_other_copies_from_those_with_data(void **state)
{
    (void)state;
    static const Case cases[] = {
        WHOLE("copy t from '/file';"),
        WHOLE("copy t to stdout;"),
        WHOLE("copy t from program 'stdin';"),
        WHOLE("copy (select * from stdin) to stdout;"),
        WHOLE("copy t from \"stdin\";"),
        WHOLE("select copy from stdin;"),
        WHOLE("insert into t select 1 from stdin;"),
    };
    check(SQL_POSTGRES, cases, COUNT(cases));

    static const Case sqlite[] = {WHOLE("copy t from stdin;")};
    check(SQL_SQLITE, sqlite, COUNT(sqlite));
}

static void tells_what_the_end_cut_off(void **state)
{
    (void)state;
    static const struct {
        SqlDialect dialect;
        const char *sql;
    } cases[] = {
        {SQL_POSTGRES, "select 'a"},
        {SQL_POSTGRES, "select 1 /* a"},
        {SQL_POSTGRES, "create function f() returns int begin atomic select 1;"},
        {SQL_POSTGRES, "create function f() returns int begin atomic select 1;\n-- dbalt: down\n"},
        {SQL_POSTGRES, "copy t from stdin;\n1\n"},
        {SQL_SQLITE, "create trigger t after insert on a begin select 1;"},
        {SQL_SQLITE, "select [a"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        StatementReader reader;
        statement_reader_init(&reader, cases[i].dialect, text_of(cases[i].sql));

        SqlStatement statement;
        assert_true(statement_next(&statement, &reader));
        assert_true(statement.unclosed);
    }
}

static void finds_a_statement_by_its_index(void **state)
{
    (void)state;
    static const char sql[] = "a; copy t from stdin;\n;x;y;\n\\.\n;; b;";

    SqlStatement statement;
    assert_true(statement_at(&statement, SQL_POSTGRES, text_of(sql), 2));
    assert_true(text_equals(statement.text, TEXT("b;")));
    assert_true(statement_at(&statement, SQL_POSTGRES, text_of(sql), 0));
    assert_true(text_equals(statement.text, TEXT("a;")));
    assert_false(statement_at(&statement, SQL_POSTGRES, text_of(sql), 3));
    assert_true(text_equals(statement.text, TEXT("a;")));
}

static void tells_what_sets_the_session(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        bool sets;
    } cases[] = {
        {"SET search_path = app;", true},
        {"/* set */ reset all", true},
        {"select set_config('search_path', 'app', false);", true},
        {"Select pg_catalog.SET_CONFIG ('search_path', 'app', false)", true},
        {"select 1, (select set_config /* a */ ('role', 'r', false))", true},
        {"select 'set_config(a)' -- set_config(b)\n, $$set_config(c)$$ /* set_config(d) */", false},
        {"select set_config from t where (a)", false},
        {"insert into t select set_config('a.b', 'c', false)", false},
        {"do $$ begin perform set_config('a.b', 'c', false); end $$", false},
        {"\"set\" a", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(statement_sets_session(SQL_POSTGRES, text_of(cases[i].sql)), cases[i].sets);

    assert_true(statement_sets_session(SQL_SQLITE, TEXT("pragma foreign_keys = off")));
}

static void tells_behind_what_more_may_stand(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        bool may;
    } cases[] = {
        {"", true},
        {"select 1", true},
        {"select 1; -- end", true},
        {"select '/*', $$'$$; insert into t values (';')", true},
        {"select 'a", false},
        {"select 1; select $a$ x $b$", false},
        {"select \"a", false},
        {"select 1 /* x", false},
        {"/* x", false},
        {"create function f() returns int begin atomic select 1;", false},
        {"set standard_conforming_strings = off", false},
        {"select 1; set local client_encoding = latin1; select 2", false},
        {"select set_config('x.y', '1', true)", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(statement_may_be_followed(SQL_POSTGRES, text_of(cases[i].sql)), cases[i].may);
}

static void tells_what_makes_something_temporary(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        bool makes;
    } cases[] = {
        {"create temp table t (a int);", true},
        {"CREATE TEMPORARY SEQUENCE s", true},
        {"create global temporary table t ()", true},
        {"create local temp table t ()", true},
        {"create or replace /* a */ temp view v as select 1", true},
        {"create table temp (a int)", false},
        {"create table t as select temp from u", false},
        {"create \"temp\" table t ()", false},
        {"drop table temp", false},
        {"create", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(statement_makes_temporary(SQL_POSTGRES, text_of(cases[i].sql)), cases[i].makes);

    assert_true(statement_makes_temporary(SQL_SQLITE, TEXT("create temp trigger t after insert on a begin select 1; end;")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_at_semicolons),
        cmocka_unit_test(keeps_rules_and_quoted_bodies_whole),
        cmocka_unit_test(keeps_begin_atomic_bodies_whole),
        cmocka_unit_test(keeps_triggers_of_sqlite_whole),
        cmocka_unit_test(tells_copies_with_their_data),
        cmocka_unit_test(tells_other_copies_from_those_with_data),
        cmocka_unit_test(tells_what_the_end_cut_off),
        cmocka_unit_test(finds_a_statement_by_its_index),
        cmocka_unit_test(tells_what_sets_the_session),
        cmocka_unit_test(tells_behind_what_more_may_stand),
        cmocka_unit_test(tells_what_makes_something_temporary),
    };
    return cmocka_run_group_tests_name("sql/statement", tests, NULL, NULL);
}
