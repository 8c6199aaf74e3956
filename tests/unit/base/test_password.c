/* base/password: nothing of a password stays. */

#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/password.h"

static void hides_passwords_wherever_they_stand(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"--db-url", "--db-url"},
        {"sqlite:shop.db", "sqlite:shop.db"},
        {"postgres://ann@host/shop", "postgres://ann@host/shop"},
        {"postgres://host:5432/shop", "postgres://host:5432/shop"},
        {"postgres://ann:secret@host/shop", "postgres://ann:***@host/shop"},
        {"--db-url=postgres://ann:secret@host:5432/shop", "--db-url=postgres://ann:***@host:5432/shop"},
        {"postgres://ann:se@cr/et@host/shop", "postgres://ann:***@host/shop"},
        {"postgres://ann:two words@host/shop", "postgres://ann:***@host/shop"},
        {"postgres://ann:x@host/shop", "postgres://ann:*@host/shop"},
        {"postgres://ann:@host/shop", "postgres://ann:@host/shop"},
        {"postgresql:///shop?password=secret&user=ann", "postgresql:///shop?password=***&user=ann"},
        {"postgresql:///shop?sslpassword=secret", "postgresql:///shop?sslpassword=***"},
        {"postgresql:///shop?p%61ssword=secret&user=ann", "postgresql:///shop?p%61ssword=***&user=ann"},
        {"host=shop password='two \\'words' user=ann", "host=shop password=***"},
        {"postgresql:///shop?password=two words", "postgresql:///shop?password=***"},
        {"host=shop PASSWORD = secret", "host=shop PASSWORD =***"},
        {"host=shop password='never ends", "host=shop password=***"},
        {"postgres://ann:secret@host/shop?password=secret", "postgres://ann:***@host/shop?password=***"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char string[200] = "";
        snprintf(string, sizeof(string), "%s", cases[i].before);

        password_hide(string);

        assert_string_equal(string, cases[i].after);
        /* Not behind its end either: "ps" reads on. */
        for (size_t at = strlen(string); at < strlen(cases[i].before); at++)
            assert_int_equal(string[at], '\0');
    }
}

static void hides_those_of_the_url_wherever_they_stand(void **state)
{
    (void)state;
    static const struct {
        const char *url, *before, *after;
    } cases[] = {
        {"postgres://ann:hunter2%21x@/shop", "it is hunter2!x", "it is ***"},
        {"postgres://ann:hunter2%21x@/shop", "hunter2!xhunter2%21x, hunter2!", "******, hunter2!"},
        {"postgres://ann:hunter2%21x@/shop", "postgres://ann:hunter2%21x@/shop", "postgres://ann:***@/shop"},
        {"postgres://ann:hunter2%21x@/shop", "a long text was cut at hunt...", "a long text was cut at ***..."},
        {"postgres://ann:hunter2%21x@/shop", "postgres://ann:hunter2%2...", "postgres://ann:***..."},
        {"postgres://ann:hunter2%21x@/shop", "hun... the hunter...", "hun... the ***..."},
        {"postgres:///shop?user=ann&password=hunter2%21x&port=1", "hunter2!x on port 1", "*** on port 1"},
        {"postgres:///shop?sslpassword=hunter2", "hunter2", "***"},
        {"postgres://ann:hunter2@/shop?options=a@b", "hunter2", "***"},
        {"postgres://ann:100%25%zz@/shop", "100%%zz", "***"},
        {"postgres://ann:s%C3%A4uren@/shop", "alle s\u00e4uren", "alle ***"},
        /* Too short to be sought. */
        {"postgres://ann:a%62c@/shop", "abc, abd, a%62c", "abc, abd, ***"},
        {"postgres://ann:abc@/shop", "postgres://bob:abc@/shop", "postgres://bob:***@/shop"},
        {"postgres://ann:@/shop", "nothing", "nothing"},
        /* A name that the URL shows. */
        {"postgres://logto:logto@/logto", "relation \"logto\"", "relation \"logto\""},
        {"postgres://logto:logto@/logto", "postgres://logto:logto@/logto", "postgres://logto:***@/logto"},
        {NULL, "hunter2", "hunter2"},
    };

    unsetenv("PGPASSWORD");
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        Passwords known = password_learn(&arena, cases[i].url);
        assert_string_equal(password_copy_hidden(&arena, cases[i].before, &known), cases[i].after);
    }
    assert_null(password_copy_hidden(NULL, NULL, NULL));
}

static void hides_that_of_the_environment(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};

    setenv("PGPASSWORD", "100%25", 1);
    Passwords known = password_learn(&arena, "postgres://ann@/shop");
    unsetenv("PGPASSWORD");

    assert_string_equal(password_copy_hidden(&arena, "100%25 is not 100%", &known), "*** is not 100%");
}

static void hides_them_in_errors(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    Passwords known = password_learn(&arena, "postgres://ann:hunter2@host/shop");
    DbaltError error;
    fail(&error, DBALT_ERROR_TARGET, "\"postgres://ann:secret@host/shop\" is no release, nor is ann@example.org");
    fail_hint(&error, "password=secret is no option");
    fail_detail(&error, "hunter2");
    error_set(error.statement, sizeof error.statement, "select 'hunter2'");

    password_hide_in_error(&error, &known);

    assert_string_equal(error.message, "\"postgres://ann:***@host/shop\" is no release, nor is ann@example.org");
    assert_string_equal(error.hint, "password=*** is no option");
    assert_string_equal(error.detail, "***");
    assert_string_equal(error.statement, "select '***'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_passwords_wherever_they_stand),
        cmocka_unit_test(hides_those_of_the_url_wherever_they_stand),
        cmocka_unit_test(hides_that_of_the_environment),
        cmocka_unit_test(hides_them_in_errors),
    };
    return cmocka_run_group_tests_name("base/password", tests, NULL, NULL);
}
