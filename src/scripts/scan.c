/* Scan: a long script, cut in portions; of its sections only those that are small are kept in memory. */

#include <string.h>

#include "base/cleanup.h"
#include "scripts/cutter.h"
#include "scripts/place.h"

static bool take_portion(Cutter *cutter, const Portion *portion, DbaltError *error)
{
    size_t begin;
    Text text = portion_in_context(&begin, portion);
    Scan *scan = cutter->scan;
    cutter->text = text;
    cutter->base = portion->raw_offset - begin;
    cutter->lines += scan->lines;
    scan->lines = place_count_lines(text, text.length > 0 ? text.length - 1 : 0);
    scan->fed = begin;
    scan->statement_count += portion->statement_count;
    if (portion->is_copy_data ? !cutter_take_copy_data(cutter, portion, begin, error) : !cutter_take(cutter, begin, portion->copies, error))
        return false;

    cutter_feed(cutter, text.length);
    return true;
}

bool script_refuse_change(DbaltError *error, const char *path)
{
    fail(error, DBALT_ERROR_SCRIPT, "the file changed while it was read");
    error_set(error->script, sizeof error->script, "%s", path);
    return fail_hint(error, "run the command again when nobody writes the file any more");
}

/* Reads a section that is to be in memory, unless it changed since it was checked. */
static bool hold_section(Section *section, Scan *scan, const char *path, DbaltError *error)
{
    char *bytes = arena_allocate(scan->arena, section->text.length + 1);
    size_t got;
    if (!source_read(&got, &scan->source, bytes, section->text.length, section->offset - scan->source.begin, error))
        return false;

    section->text = (Text){.data = bytes, .length = got};
    digest_begin(scan->digest);
    digest_add(scan->digest, section->text);
    if (strcmp(digest_end(scan->digest, scan->arena), section->sha256) == 0)
        return true;

    return script_refuse_change(error, path);
}

bool script_scan(Script *script, Arena *arena, const char *path, SqlDialect dialect, Source source, size_t size, DbaltError *error)
{
    char begin[3];
    size_t got;
    if (!source_read(&got, &source, begin, sizeof begin, 0, error))
        return false;
    size_t mark = got - script_without_mark((Text){.data = begin, .length = got}).length;
    if (mark > 0)
        source = source_slice(source, mark, SIZE_MAX);

    CLEANUP(portion_reader_done) PortionReader reader;
    portion_reader_init(&reader, dialect, source, size);
    CLEANUP(digest_done) Digest digest;
    digest_init(&digest);
    digest_begin(&digest);

    Scan scan = {.arena = arena, .source = source, .digest = &digest};
    Cutter cutter = {.script = {.path = path, .dialect = dialect}, .scan = &scan, .section = SECTION_UP};
    for (Portion portion = {0}; !portion.is_last;) {
        if (!portion_next(&reader, &portion, error) || !take_portion(&cutter, &portion, error))
            return false;
    }
    cutter_end(&cutter);

    cutter.script.file_length = source.begin + cutter.base + cutter.text.length;
    for (SectionKind kind = 0; kind < SECTION_COUNT; kind++) {
        Section *section = &cutter.script.sections[kind];
        section->is_streamed = kind == SECTION_UP && section->text.length > size;
        if (section->present && !section->is_streamed && !hold_section(section, &scan, path, error))
            return false;
    }

    *script = cutter.script;
    return true;
}
