/* cli/help: what fits a screen. */

#include "support/test.h"

#include <stdlib.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/help.h"

static void check_size(const char *text, size_t most_lines)
{
    size_t lines = 0;
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        assert_true(strcspn(line, "\n") <= 80);
        lines++;
    }
    assert_true(lines <= most_lines);
}

static void fits_a_screen(void **state)
{
    (void)state;
    for (size_t i = 0; i == 0 || commands[i - 1] != NULL; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        if (commands[i] == NULL)
            help_print(out);
        else
            help_print_command(commands[i], out);
        fclose(out);

        check_size(text, 40);
        free(text);
    }
}

static void names_every_command(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    help_print(out);
    fclose(out);

    for (size_t i = 0; commands[i] != NULL; i++)
        assert_non_null(strstr(text, commands[i]->name));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_a_screen),
        cmocka_unit_test(names_every_command),
    };
    return cmocka_run_group_tests_name("cli/help", tests, NULL, NULL);
}
