#include "scripts/script.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "scripts/cutter.h"
#include "scripts/place.h"
#include "sql/statement.h"

static const Text byte_order_mark = TEXT("\xEF\xBB\xBF");

Text script_without_mark(Text text)
{
    return text_starts_with(text, byte_order_mark) ? text_slice(text, byte_order_mark.length, text.length) : text;
}

bool script_parse(Script *script, const char *path, SqlDialect dialect, Text text, DbaltError *error)
{
    Cutter cutter = {.script = {.path = path, .dialect = dialect}, .text = script_without_mark(text), .section = SECTION_UP};
    if (!cutter_take(&cutter, 0, false, error))
        return false;

    cutter_end(&cutter);
    *script = cutter.script;
    return true;
}

Source script_source(const Script *script, SectionKind section, int descriptor)
{
    const Section *found = &script->sections[section];
    if (!found->is_streamed)
        return source_of(found->text);
    return (Source){.descriptor = descriptor, .begin = found->offset, .length = found->text.length, .path = script->path};
}

bool script_is_long(const Script *script, SectionKind section)
{
    return !script->is_module && script->sections[section].text.length > PORTION_SIZE;
}

static bool scan_file(Script *script, Arena *arena, const Folder *folder, const char *file, const char *path, SqlDialect dialect,
                      DbaltError *error)
{
    CLEANUP(descriptor_cleanup) int descriptor = -1;
    if (!folder_open_file(&descriptor, folder, file, error))
        return false;

    Source source = {.descriptor = descriptor, .length = SIZE_MAX, .path = path};
    if (!script_scan(script, arena, path, dialect, source, PORTION_SIZE, error))
        return false;

    script->folder = folder;
    script->file = file;
    return true;
}

bool script_load(Script *script, Arena *arena, const Folder *folder, const Alteration *alteration, SqlDialect dialect, DbaltError *error)
{
    const char *path = folder_file_path(arena, folder, alteration->file);
    bool is_sql = alteration->kind == KIND_SQL;
    Text text;
    if (!folder_read_file(&text, arena, folder, alteration->file, is_sql ? PORTION_SIZE : SIZE_MAX, error))
        return false;
    if (text.data == NULL)
        return scan_file(script, arena, folder, alteration->file, path, dialect, error);
    if (is_sql)
        return script_parse(script, path, dialect, text, error);

    *script = (Script){.path = path, .is_module = true, .sections = {[SECTION_UP] = {.present = true, .text = text, .line = 1}}};
    return true;
}

void script_locate_line(DbaltError *error, const Script *script, SectionKind section, size_t offset, size_t lines)
{
    const Section *place = &script->sections[section];
    CLEANUP(descriptor_cleanup) int descriptor = -1;
    DbaltError ignored; /* a file that is gone has no place in it */
    error_set(error->script, sizeof(error->script), "%s", script->path);
    if (place->is_streamed && !folder_open_file(&descriptor, script->folder, script->file, &ignored))
        return;

    Source source = script_source(script, section, descriptor);
    place_find(error, script->path, &source, place->line, offset, lines);
}

void script_locate(DbaltError *error, const Script *script, SectionKind section, long offset, size_t statement)
{
    const Section *place = &script->sections[section];
    SqlStatement found;
    if (offset >= 0)
        script_locate_line(error, script, section, (size_t)offset, 0);
    else if (!place->is_streamed && statement_at(&found, script->dialect, place->text, statement))
        place_fill(error, script->path, place->text, place->line, found.offset);
    else
        error_set(error->script, sizeof(error->script), "%s", script->path);
}
