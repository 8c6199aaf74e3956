#include "scripts/place.h"

/* Room for "..." and for a character that the cut may break. */
#define CUT_MARGIN 8

static bool ends_line(Text text, size_t offset)
{
    if (text.data[offset] == '\n')
        return true;

    return text.data[offset] == '\r' && (offset + 1 == text.length || text.data[offset + 1] != '\n');
}

size_t place_count_lines(Text text, size_t offset)
{
    size_t count = 0;
    for (size_t i = 0; i < offset; i++)
        count += ends_line(text, i);

    return count;
}

static Text line_around(Text text, size_t *begin, size_t offset)
{
    *begin = offset;
    while (*begin > 0 && !ends_line(text, *begin - 1))
        --*begin;

    size_t end = offset;
    while (end < text.length && text.data[end] != '\n' && text.data[end] != '\r')
        end++;

    return text_slice(text, *begin, end - *begin);
}

void place_fill(DbaltError *error, const char *path, Text text, size_t first_line, size_t offset)
{
    if (offset > text.length)
        offset = text.length;

    size_t begin;
    Text line = line_around(text, &begin, offset);
    error_set(error->script, sizeof(error->script), "%s", path);
    error->line = (int)(first_line + place_count_lines(text, offset));
    error->column = (int)text_count_characters(text_slice(text, begin, offset - begin)) + 1;

    bool is_shown = text_invalid_utf8(line) == line.length && offset - begin < sizeof(error->statement) - CUT_MARGIN;
    Text shown = text_slice(line, 0, is_shown ? sizeof(error->statement) : 0);
    error_set(error->statement, sizeof(error->statement), "%.*s", TEXT_ARGUMENTS(shown));
}
