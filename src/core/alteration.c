#include "core/alteration.h"

#include <stdlib.h>

static const struct {
    const char *ending;
    Kind kind;
} endings[] = {
    {".sql", KIND_SQL},
    {".js", KIND_JAVASCRIPT},
    {".mjs", KIND_JAVASCRIPT},
    {".ts", KIND_JAVASCRIPT},
};

/* What compilers and editors leave beside an alteration, and what people write about it. */
static const Text foreign_endings[] = {TEXT(".map"), TEXT(".d.ts"), TEXT(".d.mts"), TEXT("~"),     TEXT(".bak"), TEXT(".orig"),
                                       TEXT(".rej"), TEXT(".swp"),  TEXT(".tmp"),   TEXT(".json"), TEXT(".md"),  TEXT(".txt")};

static const char *const kind_names[] = {
    [KIND_SQL] = "sql",
    [KIND_JAVASCRIPT] = "javascript",
};

/* A file name, taken apart. */
typedef struct Parts {
    Text release;
    Text timestamp;
    Text name;
    Text ending; /* with its dot */
} Parts;

const char *kind_name(Kind kind)
{
    return kind_names[kind];
}

/* From the last dot on; empty when there is none. */
static Text ending_of(Text text)
{
    for (size_t i = text.length; i > 0; i--) {
        if (text.data[i - 1] == '.')
            return text_slice(text, i - 1, text.length);
    }

    return (Text){0};
}

static Parts take_apart(Text file)
{
    size_t first = text_find(file, TEXT("-"));
    Text rest = text_slice(file, first + 1, file.length);
    size_t second = text_find(rest, TEXT("-"));

    Parts parts = {.release = text_slice(file, 0, first), .timestamp = text_slice(rest, 0, second)};
    bool has_name = second < rest.length;
    Text name = has_name ? text_slice(rest, second + 1, rest.length) : rest;
    parts.ending = ending_of(name);
    name.length -= parts.ending.length;
    if (has_name)
        parts.name = name;
    else
        parts.timestamp = name;

    return parts;
}

/* What is wrong with the release, or NULL when it was read; likewise below. */
static const char *read_release(Release *result, Arena *arena, Text release)
{
    if (release_parse_file_name(result, arena, release))
        return NULL;

    /* What a command would take as a release is wrong here for its looks alone. */
    Release read;
    DbaltError error;
    if (!release_parse(&read, arena_copy_text(arena, release), &error))
        return arena_copy_string(arena, error.message);
    if (read.is_next)
        return arena_format(arena, "\"%.*s\" is no release: \"next\" is written in lower case", TEXT_ARGUMENTS(release));

    return arena_format(arena, "\"%.*s\" is no release: file names have no \"v\" before it", TEXT_ARGUMENTS(release));
}

static const char *complain_of_timestamp(Arena *arena, Text text)
{
    Timestamp read;
    if (timestamp_parse(&read, text))
        return NULL;
    if (text.length == 0)
        return "it has no timestamp behind the release";
    if (text_is_number(text))
        return arena_format(arena, "\"%.*s\" is no timestamp: Unix seconds have at most 10 digits", TEXT_ARGUMENTS(text));

    return arena_format(arena, "\"%.*s\" is no timestamp: Unix seconds go behind the release, and \"_\" before a pre-release",
                        TEXT_ARGUMENTS(text));
}

static bool find_kind(Kind *kind, Text ending)
{
    for (size_t i = 0; i < COUNT(endings); i++) {
        if (text_equals(ending, text_of(endings[i].ending))) {
            *kind = endings[i].kind;
            return true;
        }
    }

    return false;
}

static bool is_known_ending(Text ending)
{
    for (size_t i = 0; i < COUNT(endings); i++) {
        if (text_equals_ignoring_case(ending, text_of(endings[i].ending)))
            return true;
    }

    return false;
}

/* Everything before the ending. */
static const char *read_head(Alteration *alteration, Arena *arena, Parts parts)
{
    const char *complaint = read_release(&alteration->release, arena, parts.release);
    if (complaint != NULL)
        return complaint;

    Text identity = {.data = parts.timestamp.data, .length = parts.timestamp.length + 1 + parts.name.length};
    if (parts.name.length > 0 && identity_parse(&alteration->identity, arena, identity))
        return NULL;

    complaint = complain_of_timestamp(arena, parts.timestamp);
    return complaint != NULL ? complaint : "it has no name behind the timestamp";
}

static const char *complain_of_ending(Arena *arena, Text ending)
{
    if (is_known_ending(ending))
        return arena_format(arena, "\"%.*s\" must be in lower case", TEXT_ARGUMENTS(ending));

    return "it ends neither in \".sql\" nor in \".js\", \".mjs\" or \".ts\"";
}

static bool is_foreign(Text file)
{
    for (size_t i = 0; i < COUNT(foreign_endings); i++) {
        if (text_ends_with(file, foreign_endings[i]))
            return true;
    }

    return text_starts_with(file, TEXT("."));
}

static bool is_digit_at(Text text, size_t offset)
{
    return text_is_number(text_slice(text, offset, 1));
}

/* Whether somebody meant an alteration: it begins as a release does, or holds what can only be a timestamp. */
static bool looks_meant(Text file)
{
    if (is_digit_at(file, 0))
        return true;
    if (text_equals_ignoring_case(text_slice(file, 0, 1), TEXT("v")) && is_digit_at(file, 1))
        return true;
    if (text_equals_ignoring_case(text_slice(file, 0, 4), TEXT("next"))) {
        Text behind = text_slice(file, 4, 1);
        if (text_equals(behind, TEXT("-")) || text_equals(behind, TEXT("_")) || text_is_number(behind))
            return true;
    }

    for (size_t i = 0, digits = 0; i < file.length; i++) {
        digits = is_digit_at(file, i) ? digits + 1 : 0;
        if (digits == 8)
            return true;
    }

    return false;
}

/* The name goes into the history and onto terminals. */
static bool is_printable(Text file)
{
    for (size_t at = 0, length = 1; at < file.length; at += length) {
        if (file.data[at] >= ' ' && file.data[at] <= '~') { /* nearly all are */
            length = 1;
            continue;
        }
        int32_t character = text_character(text_slice(file, at, file.length), &length);
        if (character < 0 || text_is_harmful(character))
            return false;
    }

    return true;
}

FileNameVerdict alteration_parse(Alteration *alteration, Arena *arena, const char *file, const char **reason)
{
    if (is_foreign(text_of(file)))
        return FILE_NAME_OTHER;

    const char *kept = arena_copy_string(arena, file);
    Parts parts = take_apart(text_of(kept));
    Alteration read = {.file = kept};
    const char *complaint = read_head(&read, arena, parts);
    if (complaint != NULL) {
        if (!is_known_ending(ending_of(text_of(kept))) || !looks_meant(text_of(kept)))
            return FILE_NAME_OTHER;
        *reason = complaint;
        return FILE_NAME_MISSPELT;
    }

    if (!is_printable(text_of(kept))) {
        *reason = "its name is no UTF-8, or has characters that cannot be seen";
        return FILE_NAME_MISSPELT;
    }
    if (!find_kind(&read.kind, parts.ending)) {
        *reason = complain_of_ending(arena, parts.ending);
        return FILE_NAME_MISSPELT;
    }

    *alteration = read;
    return FILE_NAME_ALTERATION;
}

static int compare_alterations(const void *a, const void *b)
{
    return identity_compare(((const Alteration *)a)->identity, ((const Alteration *)b)->identity);
}

bool alteration_set_build(AlterationSet *set, Alteration *rows, size_t count, DbaltError *error)
{
    if (count > 1)
        qsort(rows, count, sizeof(*rows), compare_alterations);

    for (size_t i = 1; i < count; i++) {
        if (compare_alterations(&rows[i - 1], &rows[i]) != 0)
            continue;

        fail(error, DBALT_ERROR_FOLDER, "\"%s\" and \"%s\" are one alteration, \"%s\"", rows[i - 1].file, rows[i].file,
             rows[i].identity.text);
        return fail_hint(error, "remove one of the two files, or give it another timestamp or name");
    }

    *set = (AlterationSet){.rows = rows, .count = count};
    return true;
}

size_t alteration_set_find(AlterationSet set, Identity identity)
{
    size_t first = 0;
    size_t end = set.count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        int order = identity_compare(set.rows[middle].identity, identity);
        if (order == 0)
            return middle;
        if (order < 0)
            first = middle + 1;
        else
            end = middle;
    }

    return set.count;
}

bool alteration_set_latest(Release *release, AlterationSet set)
{
    const Release *latest = NULL;
    for (size_t i = 0; i < set.count; i++) {
        const Release *candidate = &set.rows[i].release;
        if (!candidate->is_next && (latest == NULL || release_compare(*candidate, *latest) > 0))
            latest = candidate;
    }

    if (latest != NULL)
        *release = *latest;

    return latest != NULL;
}
