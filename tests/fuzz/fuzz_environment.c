/* Any bytes as a .env file, and as a value in one: what is written in quotes reads the same. */

#include <assert.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/environment_file.h"
#include "fuzz/target.h"

static const char *in_double_quotes(Arena *arena, Text value)
{
    char *quoted = arena_allocate(arena, 2 * value.length + 1);
    char *end = quoted;
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] == '"' || value.data[i] == '\\')
            *end++ = '\\';
        *end++ = value.data[i];
    }

    return quoted;
}

static void check_value(Arena *arena, Text value)
{
    const char *file = arena_format(arena, "A='b\n'\nexport DB_URL = \"%s\" # comment\nB=\"", in_double_quotes(arena, value));
    const char *read = NULL;
    DbaltError error;
    assert(environment_file_parse(&read, arena, text_of(file), ".env", "DB_URL", &error));
    assert(value.length == 0 ? read == NULL : text_equals(text_of(read), value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_done) Arena arena = {0};
    Text text = {.data = (const char *)data, .length = size};

    const char *value = NULL;
    DbaltError error;
    if (environment_file_parse(&value, &arena, text, ".env", "DB_URL", &error))
        assert(value == NULL || (*value != '\0' && strlen(value) < size));
    else
        assert(error.code == DBALT_ERROR_USAGE && error.message[0] != '\0');

    if (size == 0 || memchr(data, '\0', size) == NULL)
        check_value(&arena, text);

    return 0;
}
