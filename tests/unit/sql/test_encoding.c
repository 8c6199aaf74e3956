/* sql/encoding: what may change the encoding of what comes behind. */

#include "support/test.h"

#include "base/cleanup.h"
#include "sql/encoding.h"

static void sees_what_may_change_it(void **state)
{
    (void)state;
    static const struct {
        const char *statement;
        bool may_change;
    } cases[] = {
        {"set client_encoding = 'latin1'", true},
        {"SET LOCAL Client_Encoding TO latin1", true},
        {"reset client_encoding", true},
        {"set \"client_encoding\" to default", true},
        {"select pg_catalog.set_config('client_encoding', 'latin1', true)", true},
        {"set names 'latin1'", true},
        {"Set /* so */ Session\tNames 'latin1'", true},
        {"do $$ begin execute 'set names ''latin1'''; end $$", true},
        {"set search_path to a", false},
        {"create table names (id int)", false},
        {"update client set encoding = 'latin1'", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (encoding_may_change(SQL_POSTGRES, text_of(cases[i].statement)) != cases[i].may_change)
            fail_msg("%s", cases[i].statement);
    }
}

static void of_sqlite_nothing_does(void **state)
{
    (void)state;
    assert_false(encoding_may_change(SQL_SQLITE, TEXT("select 'set client_encoding'")));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_what_may_change_it),
        cmocka_unit_test(of_sqlite_nothing_does),
    };
    return cmocka_run_group_tests_name("sql/encoding", tests, NULL, NULL);
}
