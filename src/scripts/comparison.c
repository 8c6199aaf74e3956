#include "scripts/comparison.h"

#include <stdlib.h>
#include <string.h>

#include "scripts/script.h"
#include "sql/marker.h"
#include "sql/portion.h"

/* A text, cut at the lines that are markers. */
typedef struct Cut {
    Text sections[SECTION_COUNT]; /* no data: absent */
    bool is_clear;                /* no marker comes twice, and before the first are only comments */
} Cut;

void comparison_init(Comparison *comparison)
{
    /* One byte more tells a file that is longer. Pages that no file reaches cost nothing. */
    *comparison = (Comparison){.bytes = malloc(PORTION_SIZE + 1)};
    if (comparison->bytes == NULL)
        abort();
    digest_init(&comparison->digest);
}

void comparison_done(Comparison *comparison)
{
    digest_done(&comparison->digest);
    free(comparison->bytes);
}

static Text cut_line(Text *rest)
{
    const char *end = memchr(rest->data, '\n', rest->length);
    Text line = text_slice(*rest, 0, end == NULL ? rest->length : (size_t)(end - rest->data));
    *rest = text_slice(*rest, line.length + 1, rest->length);
    return line;
}

/* A carriage return by itself ends comments and data, but no line of ours. */
static bool has_lone_return(Text text)
{
    for (size_t at = 0; (at += text_find(text_slice(text, at, text.length), TEXT("\r"))) < text.length; at++) {
        if (at + 1 == text.length || text.data[at + 1] != '\n')
            return true;
    }
    return false;
}

/* What may stand before the first marker. It is in no hash, so that it may be what is no text. */
static bool is_clear(Text line, MarkerSpelling spelling)
{
    bool is_comment = text_starts_with(line, TEXT("--")) && spelling == MARKER_NONE;
    bool is_text = text_invalid_utf8(line) == line.length && text_find(line, TEXT("\0")) == line.length;
    return is_text && (is_comment || text_trim(line).length == 0);
}

static Cut cut_at_markers(Text text)
{
    Cut cut = {.is_clear = !has_lone_return(text)};
    Text *section = NULL;
    bool is_preamble_clear = true;
    for (Text rest = text; rest.length > 0;) {
        Text line = cut_line(&rest);
        Text name;
        MarkerSpelling spelling = text_starts_with(line, TEXT("--")) ? marker_read(&name, text_trim(line)) : MARKER_NONE;
        if (spelling != MARKER_EXACT) {
            is_preamble_clear &= section != NULL || is_clear(line, spelling);
            continue;
        }

        if (section != NULL)
            section->length = (size_t)(line.data - section->data);
        section = &cut.sections[section_named(name)];
        cut.is_clear &= is_preamble_clear && section->data == NULL;
        *section = rest;
    }

    if (section == NULL)
        cut.sections[SECTION_UP] = text;
    return cut;
}

/*
 * Who reads the SQL finds the same where this is what was deployed: each section is, line ends apart, one that was read from a marker to
 * its end before. Nothing is left open at that end, so that the next marker is one, and not text in a string.
 */
bool comparison_read(Fingerprint *fingerprint, Arena *arena, Comparison *comparison, Text text, Kind kind)
{
    Cut cut = {.sections = {[SECTION_UP] = text}, .is_clear = true};
    if (kind == KIND_SQL)
        cut = cut_at_markers(script_without_mark(text));
    if (!cut.is_clear)
        return false;

    *fingerprint = (Fingerprint){0};
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        if (cut.sections[i].data == NULL)
            continue;
        char *digits = arena_allocate(arena, DIGEST_DIGITS + 1);
        digest_whole(digits, &comparison->digest, cut.sections[i]);
        fingerprint->sections[i] = digits;
    }
    return true;
}

bool comparison_read_file(Fingerprint *fingerprint, Arena *arena, Comparison *comparison, const Folder *folder,
                          const Alteration *alteration)
{
    Text text;
    return folder_peek(&text, folder, alteration->file, comparison->bytes, PORTION_SIZE + 1) &&
           comparison_read(fingerprint, arena, comparison, text, alteration->kind);
}
