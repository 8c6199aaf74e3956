/* cli/line_difference: two texts, line by line. */

#include "support/test.h"

#include <stdlib.h>

#include "base/text.h"
#include "cli/line_difference.h"

static void shows_what_differs_and_a_little_around_it(void **state)
{
    (void)state;
    static const struct {
        const char *old, *new, *shown;
    } cases[] = {
        {"", "", ""},
        {"a\n", "", "  - a\n"},
        {"", "a\nb", "  + a\n  + b\n"},
        {"a\nb\n", "a\r\nc\r\n", "    a\n  - b\n  + c\n"},
        {"1\n2\n3\n4\n5\n6\n7\n", "1\n2\n3\nx\n5\n6\n7\n", "    ...\n    2\n    3\n  - 4\n  + x\n    5\n    6\n    ...\n"},
        {"\033[2J", "", "  - \\x1b[2J\n"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        line_difference_print(cases[i].old, cases[i].new, false, out);
        fclose(out);
        assert_string_equal(text, cases[i].shown);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_differs_and_a_little_around_it),
    };
    return cmocka_run_group_tests_name("cli/line_difference", tests, NULL, NULL);
}
