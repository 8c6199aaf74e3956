/* cli/environment_file: the .env of an application. */

#include "support/test.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/environment_file.h"

static void reads_what_people_write(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"", NULL},
        {"OTHER=x\n", NULL},
        {"XDB_URL=x\nDB_URLX=y\n", NULL},
        {"# DB_URL=x\n", NULL},
        {"DB_URL=\n", NULL},
        {"DB_URL=''\n", NULL},
        {"DB_URL\n", NULL},
        {"DB_URL=sqlite:a.db", "sqlite:a.db"},
        {"\xef\xbb\xbf"
         "DB_URL=sqlite:a.db\n",
         "sqlite:a.db"},
        {"A=1\r\nDB_URL=sqlite:a.db\r\nB=2\r\n", "sqlite:a.db"},
        {"  export DB_URL = sqlite:a.db  \n", "sqlite:a.db"},
        {"DB_URL=sqlite:a.db # the shop\n", "sqlite:a.db"},
        {"DB_URL=sqlite:a#b.db\n", "sqlite:a#b.db"},
        {"DB_URL='sqlite:a b#c\\n.db' # x\n", "sqlite:a b#c\\n.db"},
        {"DB_URL=\"a\\n\\\"b\\\\ \\$HOME \\x\"\n", "a\n\"b\\ $HOME \\x"},
        {"DB_URL=${HOME}/a.db\n", "${HOME}/a.db"},
        {"DB_URL=first\nDB_URL=second\n", "second"},
        {"KEY=\"-----BEGIN\nDB_URL=inside\n-----END\"\nDB_URL=outside\n", "outside"},
        {"NAME=it's\nDB_URL=x\n", "x"},
        {"NAME='it is\nDB_URL=x\n", "x"},
        {"what is this\nDB_URL=x\n", "x"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        const char *value = "untouched";
        DbaltError error;
        assert_true(environment_file_parse(&value, &arena, text_of(cases[i].text), ".env", "DB_URL", &error));
        if (cases[i].value == NULL)
            assert_null(value);
        else
            assert_string_equal(value, cases[i].value);
    }
}

static void refuses_a_quote_that_never_ends(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    const char *value = "untouched";
    DbaltError error;

    assert_false(environment_file_parse(&value, &arena, TEXT("A=1\nDB_URL=\"sqlite:a.db\n"), ".env", "DB_URL", &error));
    assert_int_equal(error.code, DBALT_ERROR_USAGE);
    assert_non_null(strstr(error.message, "line 2 of \".env\""));
    assert_string_equal(value, "untouched");
}

static void misses_only_a_file_that_was_named(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    const char *value = "untouched";
    DbaltError error;

    assert_true(environment_file_find(&value, &arena, "/nonexistent/.env", "DB_URL", false, &error));
    assert_null(value);
    assert_true(environment_file_find(&value, &arena, "/", "DB_URL", false, &error));
    assert_false(environment_file_find(&value, &arena, "/nonexistent/.env", "DB_URL", true, &error));
    assert_int_equal(error.code, DBALT_ERROR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_people_write),
        cmocka_unit_test(refuses_a_quote_that_never_ends),
        cmocka_unit_test(misses_only_a_file_that_was_named),
    };
    return cmocka_run_group_tests_name("cli/environment_file", tests, NULL, NULL);
}
