/* sql/trace: what a statement may leave behind in the session. */

#include "support/test.h"

#include "base/cleanup.h"
#include "sql/trace.h"

static void knows_what_leaves_nothing(void **state)
{
    (void)state;
    static const char *const statements[] = {
        "create table a (id integer default f(1) check (g(id)), name varchar(20));",
        "CREATE TABLE IF NOT EXISTS \"As\" (\"where\" int)",
        "drop table a, b cascade",
        "comment on table a is 'as f(x) prepare'",
    };
    for (size_t i = 0; i < COUNT(statements); i++) {
        if (trace_of(SQL_POSTGRES, text_of(statements[i])) != TRACE_NOTHING)
            fail_msg("%s", statements[i]);
    }
}

static void everything_that_may_run_code_may_leave_something(void **state)
{
    (void)state;
    static const char *const statements[] = {
        "set search_path = a",
        "create index on a (id)",
        "alter table a add column price integer not null default 0",
        "create table U&\"pg\\005ftemp\".a (id int)",
        "create table PG_TEMP.a (id int)",
        "select f()",
        "insert into a values (1)",
        "do $$ begin end $$",
        "create table a as select f()",
        "create table pg_temp.a (id int)",
        "create table \"pg_temp\".a (id int)",
        "create temp table a (id int)",
        "create table a partition of b for values from (f()) to (2)",
        "create index on a (f(id))",
        "create index on a (id) where g(id)",
        "alter table a add column b int default f()",
        "alter table a alter column b type text using g(b)",
        "alter table a validate constraint c",
        "create function f() returns int language sql return 1",
    };
    for (size_t i = 0; i < COUNT(statements); i++) {
        if (trace_of(SQL_POSTGRES, text_of(statements[i])) != TRACE_ANY)
            fail_msg("%s", statements[i]);
    }
}

static void of_sqlite_it_knows_nothing(void **state)
{
    (void)state;
    assert_int_not_equal(trace_of(SQL_SQLITE, TEXT("create table a (id integer)")), TRACE_NOTHING);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_leaves_nothing),
        cmocka_unit_test(everything_that_may_run_code_may_leave_something),
        cmocka_unit_test(of_sqlite_it_knows_nothing),
    };
    return cmocka_run_group_tests_name("sql/trace", tests, NULL, NULL);
}
