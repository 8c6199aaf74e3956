/* terminal/progress: one line, drawn over itself. */

#include "support/test.h"

#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "terminal/progress.h"
#include "terminal/terminal.h"

static void is_cut_to_the_width_of_the_window(void **state)
{
    (void)state;
    int screen, program;
    assert_int_equal(openpty(&screen, &program, NULL, NULL, &(struct winsize){.ws_row = 10, .ws_col = 20}), 0);
    FILE *out = fdopen(program, "w");
    Progress progress = {.out = out, .utf8 = true};

    progress_show(&progress, "[1/2] 1.0.0-1663923770-customers.sql up");
    progress_clear(&progress);
    progress_clear(&progress);

    static const char expected[] = "\r[1/2] 1.0.0-166392…\033[K\r\033[K";
    char drawn[200] = "";
    for (size_t length = 0; length < strlen(expected); length = strlen(drawn))
        assert_true(read(screen, drawn + length, sizeof(drawn) - 1 - length) > 0);
    assert_string_equal(drawn, expected);
    fclose(out);
    close(screen);
}

static void shows_nothing_without_a_terminal(void **state)
{
    (void)state;
    Progress progress = {.out = NULL};
    progress_show(&progress, "[1/2]");
    progress_clear(&progress);
    assert_false(progress.is_shown);
}

int main(void)
{
    terminal_locale();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_cut_to_the_width_of_the_window),
        cmocka_unit_test(shows_nothing_without_a_terminal),
    };
    return cmocka_run_group_tests_name("terminal/progress", tests, NULL, NULL);
}
