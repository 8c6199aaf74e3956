#include "scripts/place.h"

#include "base/arena.h"
#include "base/cleanup.h"

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

/* A place on its way through a source. */
typedef struct Walk {
    size_t at;
    size_t line;  /* line ends passed */
    size_t begin; /* of the line */
} Walk;

/* Passes over the bytes of a part, but for the last of a part that is not the end: what follows it is not known. */
static void walk_over(Walk *walk, Text part, bool is_end, size_t offset, size_t *lines)
{
    size_t count = is_end ? part.length : part.length - 1;
    for (size_t i = 0; i < count && (walk->at < offset || *lines > 0); i++, walk->at++) {
        *lines -= walk->at >= offset && part.data[i] == '\n';
        if (!ends_line(part, i))
            continue;
        walk->line++;
        walk->begin = walk->at + 1;
    }
}

void place_find(DbaltError *error, const char *path, const Source *source, size_t first_line, size_t offset, size_t lines)
{
    CLEANUP(arena_done) Arena arena = {0};
    enum { PART = 64 * 1024 };
    char *bytes = arena_allocate(&arena, PART);
    Walk walk = {0};
    DbaltError ignored; /* the failure whose place is looked for is what counts */
    size_t got = PART;

    error_set(error->script, sizeof(error->script), "%s", path);
    while (got == PART && (walk.at < offset || lines > 0)) {
        if (!source_read(&got, source, bytes, PART, walk.at, &ignored))
            return;
        walk_over(&walk, (Text){.data = bytes, .length = got}, got < PART, offset, &lines);
    }

    size_t room = walk.at - walk.begin + sizeof(error->statement) + CUT_MARGIN;
    bytes = arena_allocate(&arena, room);
    if (!source_read(&got, source, bytes, room, walk.begin, &ignored))
        return;

    /* A character that the end of what was read broke is no mistake of the script. */
    size_t invalid = text_invalid_utf8((Text){.data = bytes, .length = got});
    if (got == room && invalid + 4 > got)
        got = invalid;
    place_fill(error, path, (Text){.data = bytes, .length = got}, first_line + walk.line, walk.at - walk.begin);
}
