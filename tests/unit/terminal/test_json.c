/* terminal/json: one object, one line. */

#include "support/test.h"

#include <stdlib.h>

#include "terminal/json.h"

static void prints_one_line_in_the_order_of_the_keys(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    JsonLine *line = json_line_new("event");
    json_line_text(line, "message", "two\nlines \"quoted\"");
    json_line_text(line, "file", NULL);
    json_line_number(line, "count", 12);
    json_line_number_or_null(line, "took", -1);
    json_line_text_or_null(line, "hint", "");
    json_line_bool(line, "done", true);
    json_line_print(line, out);
    fclose(out);

    assert_string_equal(text, "{\"type\":\"event\",\"message\":\"two\\nlines \\\"quoted\\\"\",\"file\":null,\"count\":12,\"took\":null,"
                              "\"hint\":null,\"done\":true}\n");
    free(text);
}

static void replaces_what_is_no_utf8(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    JsonLine *line = json_line_new("event");
    json_line_text(line, "message",
                   "Stra\xdf"
                   "e é");
    json_line_print(line, out);
    fclose(out);

    assert_string_equal(text, "{\"type\":\"event\",\"message\":\"Stra\\uFFFDe \\u00E9\"}\n");
    free(text);
}

static void writes_nothing_that_would_lead_a_terminal(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    JsonLine *line = json_line_new("event");
    json_line_text(line, "message", "\033[2J\x7f\xc2\x9b\xe2\x80\xae");
    json_line_print(line, out);
    fclose(out);

    assert_string_equal(text, "{\"type\":\"event\",\"message\":\"\\u001B[2J\\u007f\\u009B\\u202E\"}\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_one_line_in_the_order_of_the_keys),
        cmocka_unit_test(replaces_what_is_no_utf8),
        cmocka_unit_test(writes_nothing_that_would_lead_a_terminal),
    };
    return cmocka_run_group_tests_name("terminal/json", tests, NULL, NULL);
}
