/* terminal/table: columns that fit the window. */

#include "support/test.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "terminal/display.h"
#include "terminal/table.h"
#include "terminal/terminal.h"

static const Column columns[] = {
    {.header = "release", .narrowest = 8, .priority = 3},
    {.header = "name", .narrowest = 8, .priority = 2},
    {.header = "state", .priority = 4},
    {.header = "took", .to_the_right = true, .priority = 1},
};

static char *print_table(size_t width)
{
    CLEANUP(table_cleanup) Table *table = table_new(COUNT(columns), columns);
    table_add_row(table, (const char *[]){"1.0.0", "customers", "deployed", "35 ms"}, 2, COLOR_GREEN);
    table_add_row(table, (const char *[]){"next", "a-very-long-name-of-an-alteration", "undeployed", NULL}, 2, COLOR_YELLOW);

    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    table_print(table, &(TableStyle){.width = width, .utf8 = true}, out);
    fclose(out);

    return text;
}

static void prints_all_where_nothing_limits_it(void **state)
{
    (void)state;
    char *text = print_table(0);
    assert_string_equal(text, "release  name                               state        took\n"
                              "1.0.0    customers                          deployed    35 ms\n"
                              "next     a-very-long-name-of-an-alteration  undeployed\n");
    free(text);
}

static void cuts_the_widest_column_first(void **state)
{
    (void)state;
    char *text = print_table(40);
    assert_string_equal(text, "release  name          state        took\n"
                              "1.0.0    customers     deployed    35 ms\n"
                              "next     a-very-long…  undeployed\n");
    free(text);
}

static void leaves_the_least_important_column_out(void **state)
{
    (void)state;
    char *text = print_table(32);
    assert_string_equal(text, "release  name         state\n"
                              "1.0.0    customers    deployed\n"
                              "next     a-very-lon…  undeployed\n");
    free(text);
}

static void never_is_wider_than_the_window(void **state)
{
    (void)state;
    for (size_t width = 10; width < 70; width++) {
        char *text = print_table(width);
        for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
            assert_true(display_width(text_of(line)) <= width);
        free(text);
    }
}

static void makes_control_characters_of_cells_visible(void **state)
{
    (void)state;
    CLEANUP(table_cleanup) Table *table = table_new(1, columns);
    table_add_row(table, (const char *[]){"\033[31m"}, 0, COLOR_NONE);

    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    table_print(table, &(TableStyle){0}, out);
    fclose(out);

    assert_null(strchr(text, '\033'));
    free(text);
}

int main(void)
{
    terminal_locale();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_all_where_nothing_limits_it),        cmocka_unit_test(cuts_the_widest_column_first),
        cmocka_unit_test(leaves_the_least_important_column_out),     cmocka_unit_test(never_is_wider_than_the_window),
        cmocka_unit_test(makes_control_characters_of_cells_visible),
    };
    return cmocka_run_group_tests_name("terminal/table", tests, NULL, NULL);
}
