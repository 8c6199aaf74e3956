/* sql/outline: what is shown of other people's statements. */

#include "support/test.h"

#include "base/cleanup.h"
#include "sql/outline.h"

static void hides_what_may_be_secret_and_keeps_to_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *outline;
    } cases[] = {
        {"", ""},
        {"select 1", "select 1"},
        {"  select\n\t*\r\nfrom a ;", "select * from a"},
        {"select 1;\n;", "select 1"},
        {"select 1; select 2;", "select 1; select 2"},
        {"select a/* why */+-- not\n1", "select a + 1"},
        {"alter role ada password 'secret'", "alter role ada password '...'"},
        {"alter role a password 'sec''ret' valid until 'x'", "alter role a password '...' valid until '...'"},
        {"alter role ada password E'secret'", "alter role ada password '...'"},
        {"alter role ada password $x$secret$x$", "alter role ada password '...'"},
        {"alter role ada password 'secr", "alter role ada password '...'"},
        {"select 'it\\'s secret'", "select '...'..."},
        {"select 1 /* secret", "select 1"},
        {"update \"Users\" set n = 12.5 where id = $1", "update \"Users\" set n = 12.5 where id = $1"},
        {"select \"\x1b[31mred\"", "select \" [31mred\""},
        {"select a23456789, b23456789, c23456789, d23456789", "select a23456789, b23456789, c23456789, d2345..."},
        {"select a23456789, b23456789, c23456789, 1234\xc3\xa4", "select a23456789, b23456789, c23456789, 1234..."},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        assert_string_equal(outline_of(&arena, SQL_POSTGRES, text_of(cases[i].sql), 45), cases[i].outline);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_what_may_be_secret_and_keeps_to_one_line),
    };
    return cmocka_run_group_tests_name("sql/outline", tests, NULL, NULL);
}
