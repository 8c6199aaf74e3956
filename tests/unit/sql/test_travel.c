/* sql/travel: what may not be sent ahead. */

#include "support/test.h"

#include "base/cleanup.h"
#include "sql/travel.h"

static void sees_what_must_not_travel(void **state)
{
    (void)state;
    static const struct {
        const char *statement;
        bool stays;
    } cases[] = {
        {"set client_encoding = 'latin1'", true},
        {"SET LOCAL Client_Encoding TO latin1", true},
        {"reset client_encoding", true},
        {"set \"client_encoding\" to default", true},
        {"select pg_catalog.set_config('client_encoding', 'latin1', true)", true},
        {"set names 'latin1'", true},
        {"Set /* so */ Session\tNames 'latin1'", true},
        {"do $$ begin execute 'set names ''latin1'''; end $$", true},
        {"prepare p as select 1", true},
        {"Deallocate\nAll", true},
        {"do $$ begin execute 'prepare p as select 1'; end $$", true},
        {"set search_path to a", false},
        {"create table names (id int)", false},
        {"update client set encoding = 'latin1'", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (statement_may_travel(SQL_POSTGRES, text_of(cases[i].statement)) == cases[i].stays)
            fail_msg("%s", cases[i].statement);
    }
}

static void of_sqlite_all_may(void **state)
{
    (void)state;
    assert_true(statement_may_travel(SQL_SQLITE, TEXT("select 'set client_encoding'")));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_what_must_not_travel),
        cmocka_unit_test(of_sqlite_all_may),
    };
    return cmocka_run_group_tests_name("sql/travel", tests, NULL, NULL);
}
