/* cli/password: nothing of a password stays. */

#include "support/test.h"

#include <stdio.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/password.h"

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
        char *arguments[] = {string};

        password_hide_in_arguments(1, arguments);

        assert_string_equal(string, cases[i].after);
        /* Not behind its end either: "ps" reads on. */
        for (size_t at = strlen(string); at < strlen(cases[i].before); at++)
            assert_int_equal(string[at], '\0');
    }
}

static void hides_them_in_errors(void **state)
{
    (void)state;
    DbaltError error;
    fail(&error, DBALT_ERROR_TARGET, "\"postgres://ann:secret@host/shop\" is no release, nor is ann@example.org");
    fail_hint(&error, "password=secret is no option");

    password_hide_in_error(&error);

    assert_string_equal(error.message, "\"postgres://ann:***@host/shop\" is no release, nor is ann@example.org");
    assert_string_equal(error.hint, "password=*** is no option");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_passwords_wherever_they_stand),
        cmocka_unit_test(hides_them_in_errors),
    };
    return cmocka_run_group_tests_name("cli/password", tests, NULL, NULL);
}
