#include "cli/environment_file.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

typedef struct Reader {
    Text rest;
    int line;
} Reader;

static char peek(const Reader *reader)
{
    return reader->rest.length > 0 ? reader->rest.data[0] : '\n';
}

static void skip(Reader *reader, size_t count)
{
    for (size_t i = 0; i < count && i < reader->rest.length; i++)
        reader->line += reader->rest.data[i] == '\n';

    reader->rest = text_slice(reader->rest, count, SIZE_MAX);
}

static void skip_blanks(Reader *reader)
{
    while (peek(reader) == ' ' || peek(reader) == '\t')
        skip(reader, 1);
}

static Text line_of(const Reader *reader)
{
    return text_slice(reader->rest, 0, text_find(reader->rest, TEXT("\n")));
}

static Text read_key(Reader *reader)
{
    skip_blanks(reader);
    if (text_starts_with(reader->rest, TEXT("export ")) || text_starts_with(reader->rest, TEXT("export\t")))
        skip(reader, sizeof("export"));

    skip_blanks(reader);
    size_t length = 0;
    while (length < reader->rest.length && (isalnum((unsigned char)reader->rest.data[length]) || reader->rest.data[length] == '_'))
        length++;

    Text key = text_slice(reader->rest, 0, length);
    skip(reader, length);
    skip_blanks(reader);

    return key;
}

/* Up to the end of the line, or to a comment, which a blank sets apart. */
static const char *read_bare(Reader *reader, Arena *arena)
{
    Text line = line_of(reader);
    size_t length = 0;
    while (length < line.length && !(line.data[length] == '#' && (length == 0 || isspace((unsigned char)line.data[length - 1]))))
        length++;

    return arena_copy_text(arena, text_trim(text_slice(line, 0, length)));
}

/* What stands in quotes, over lines too; NULL when they never end, and then nothing is taken. */
static const char *read_quoted(Reader *reader, Arena *arena, char quote)
{
    static const char escapes[] = "nrt\"\\$";
    static const char meanings[] = "\n\r\t\"\\$";
    Text rest = text_slice(reader->rest, 1, SIZE_MAX);
    char *value = arena_allocate(arena, rest.length + 1);
    char *end = value;

    for (size_t i = 0; i < rest.length; i++) {
        if (rest.data[i] == quote) {
            skip(reader, i + 2);
            return value;
        }

        const char *escape = quote == '"' && rest.data[i] == '\\' && i + 1 < rest.length ? strchr(escapes, rest.data[i + 1]) : NULL;
        *end++ = escape == NULL || *escape == '\0' ? rest.data[i] : meanings[escape - escapes];
        i += escape != NULL && *escape != '\0';
    }

    return NULL;
}

bool environment_file_parse(const char **value, Arena *arena, Text text, const char *path, const char *key, DbaltError *error)
{
    Reader reader = {.rest = text, .line = 1};
    const char *found = NULL;

    if (text_starts_with(reader.rest, TEXT("\xef\xbb\xbf")))
        skip(&reader, 3);

    for (; reader.rest.length > 0; skip(&reader, line_of(&reader).length + 1)) {
        Text name = read_key(&reader);
        if (name.length == 0 || peek(&reader) != '=')
            continue;

        skip(&reader, 1);
        skip_blanks(&reader);
        int line = reader.line;
        char quote = peek(&reader);
        bool is_quoted = quote == '"' || quote == '\'';
        const char *read = is_quoted ? read_quoted(&reader, arena, quote) : read_bare(&reader, arena);
        if (!text_equals(name, text_of(key)))
            continue;
        if (read == NULL)
            return fail(error, DBALT_ERROR_USAGE, "the quote in line %d of \"%s\", after %s=, never ends", line, path, key);

        found = read;
    }

    *value = found == NULL || *found == '\0' ? NULL : found;
    return true;
}

bool environment_file_find(const char **value, Arena *arena, const char *path, const char *key, bool must_exist, DbaltError *error)
{
    /* ".env" is also what people call the folder of a Python environment. */
    struct stat status;
    if (!must_exist && (stat(path, &status) != 0 || !S_ISREG(status.st_mode))) {
        *value = NULL;
        return true;
    }

    Text text;
    if (!file_read_path(&text, arena, path, DBALT_ERROR_USAGE, error))
        return false;

    return environment_file_parse(value, arena, text, path, key, error);
}
