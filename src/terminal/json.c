#include "terminal/json.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "terminal/display.h"

JsonLine *json_line_new(const char *type)
{
    JsonLine *line = json_object();
    json_line_text(line, "type", type);
    return line;
}

void json_line_text(JsonLine *line, const char *key, const char *value)
{
    CLEANUP(arena_done) Arena arena = {0};
    json_object_set_new(line, key, value == NULL ? json_null() : json_string(arena_copy_valid(&arena, text_of(value))));
}

void json_line_number(JsonLine *line, const char *key, int64_t value)
{
    json_object_set_new(line, key, json_integer(value));
}

void json_line_text_or_null(JsonLine *line, const char *key, const char *value)
{
    json_line_text(line, key, value == NULL || *value == '\0' ? NULL : value);
}

void json_line_number_or_null(JsonLine *line, const char *key, int64_t value)
{
    json_object_set_new(line, key, value < 0 ? json_null() : json_integer(value));
}

void json_line_bool(JsonLine *line, const char *key, bool value)
{
    json_object_set_new(line, key, json_boolean(value));
}

void json_line_print(JsonLine *line, FILE *out)
{
    char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
    if (text == NULL)
        abort(); /* no memory */

    /* The one control character that jansson lets through. */
    for (const char *c = text; *c != '\0'; c++)
        if (*c == '\x7f')
            fputs("\\u007f", out);
        else
            fputc(*c, out);
    fputc('\n', out);

    free(text);
    json_decref(line);
}
