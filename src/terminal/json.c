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

/* What jansson would refuse: a database can answer in any encoding. */
static const char *valid_utf8(Arena *arena, Text text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *valid = arena_allocate(arena, text.length * (sizeof(replacement) - 1) + 1);
    char *end = valid;

    for (size_t at = 0, length = 0; at < text.length; at += length) {
        bool is_valid = text_character(text_slice(text, at, text.length), &length) >= 0;
        Text character = is_valid ? text_slice(text, at, length) : text_of(replacement);
        for (size_t i = 0; i < character.length; i++)
            *end++ = character.data[i];
    }

    return valid;
}

void json_line_text(JsonLine *line, const char *key, const char *value)
{
    CLEANUP(arena_done) Arena arena = {0};
    json_object_set_new(line, key, value == NULL ? json_null() : json_string(valid_utf8(&arena, text_of(value))));
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
