#include "scripts/script.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "scripts/digest.h"
#include "scripts/place.h"
#include "sql/marker.h"
#include "sql/portion.h"
#include "sql/statement.h"

/* What a script that is read in portions takes besides. */
typedef struct Scan {
    Arena *arena;
    Source source;
    Digest *digest;         /* of the section being read */
    size_t statement_count; /* of it, so far */
    size_t fed;             /* offset in the text that the digest has come to */
    size_t lines;           /* line ends in the text but for its last byte, which the next begins with */
    size_t copy_data;       /* offset in the source of the data of the present COPY */
} Scan;

/* A script being cut. */
typedef struct Cutter {
    Script script;
    Text text;    /* all of it, or a portion */
    size_t base;  /* of text in all of it */
    size_t lines; /* line ends before base */
    Scan *scan;   /* NULL = text is all of it */
    Lexer lexer;
    Token last;          /* TOKEN_END before the first */
    bool has_marker;     /* one was read */
    bool has_preamble;   /* SQL stands before the first marker */
    size_t preamble;     /* where it begins, in all of it */
    SectionKind section; /* being read, when has_marker */
    size_t begin;        /* of its text, in all of it */
} Cutter;

/* Names the place of a refusal, by its offset in all of the text; returns false. */
static bool refused_in_all(DbaltError *error, const Cutter *cutter, size_t offset)
{
    if (cutter->scan == NULL)
        place_fill(error, cutter->script.path, cutter->text, 1, offset);
    else
        place_find(error, cutter->script.path, &cutter->scan->source, 1, offset, 0);
    return false;
}

static bool refused_at(DbaltError *error, const Cutter *cutter, size_t offset)
{
    return refused_in_all(error, cutter, cutter->base + offset);
}

static bool check_bytes(const Cutter *cutter, DbaltError *error)
{
    Text text = cutter->text;
    size_t invalid = text_invalid_utf8(text);
    size_t nul = text_find(text, TEXT("\0"));
    if (nul < text.length && nul < invalid) {
        fail(error, DBALT_ERROR_SCRIPT, "NUL byte in the script");
        fail_hint(error, "save the file as UTF-8 text");
        return refused_at(error, cutter, nul);
    }

    if (invalid < text.length) {
        fail(error, DBALT_ERROR_SCRIPT, "the script is not UTF-8: byte 0x%02X", (unsigned char)text.data[invalid]);
        fail_hint(error, "save the file as UTF-8 text");
        return refused_at(error, cutter, invalid);
    }

    return true;
}

static size_t without_line_end(Text text, size_t offset)
{
    if (text_starts_with(text_slice(text, offset, 2), TEXT("\r\n")))
        return offset + 2;

    return offset < text.length ? offset + 1 : offset;
}

static void feed_digest(Scan *scan, Text text, size_t offset)
{
    digest_add(scan->digest, text_slice(text, scan->fed, offset - scan->fed));
    scan->fed = offset;
}

static void end_section(Cutter *cutter, size_t offset)
{
    Scan *scan = cutter->scan;
    Section *section = &cutter->script.sections[cutter->section];
    if (scan == NULL) {
        section->text = text_slice(cutter->text, cutter->begin, offset - cutter->begin);
        return;
    }

    feed_digest(scan, cutter->text, offset);
    section->text.length = cutter->base + offset - cutter->begin;
    section->offset = scan->source.begin + cutter->begin;
    section->statement_count = scan->statement_count;
    section->sha256 = digest_end(scan->digest, scan->arena);
}

static void begin_section(Cutter *cutter, SectionKind kind, size_t line, size_t offset)
{
    cutter->section = kind;
    cutter->begin = cutter->base + offset;
    cutter->script.sections[kind] = (Section){.present = true, .line = line};
    if (cutter->scan == NULL)
        return;

    digest_begin(cutter->scan->digest);
    cutter->scan->statement_count = 0;
    cutter->scan->fed = offset;
}

static bool refuse_marker(const Cutter *cutter, Token marker, Text name, MarkerSpelling spelling, DbaltError *error)
{
    Text line = text_trim(marker.text);
    size_t dashes = marker.offset + (size_t)(line.data - marker.text.data);
    if (spelling == MARKER_EXACT) {
        fail(error, DBALT_ERROR_SCRIPT, "the marker \"%.*s\" is not on a line of its own", TEXT_ARGUMENTS(line));
        fail_hint(error, "put it on a line of its own, or change the comment");
    } else if (name.length > 0) {
        fail(error, DBALT_ERROR_SCRIPT, "misspelt marker \"%.*s\"", TEXT_ARGUMENTS(line));
        fail_hint(error, "write \"-- dbalt: %.*s\"", TEXT_ARGUMENTS(name));
    } else {
        fail(error, DBALT_ERROR_SCRIPT, "unknown marker \"%.*s\"", TEXT_ARGUMENTS(line));
        fail_hint(error, "there are \"-- dbalt: before-up\", \"-- dbalt: up\", \"-- dbalt: down\" and \"-- dbalt: before-down\"");
    }

    return refused_at(error, cutter, dashes);
}

static bool begins_line(Text text, size_t offset)
{
    return offset == 0 || text.data[offset - 1] == '\n' || text.data[offset - 1] == '\r';
}

static bool take_marker(Cutter *cutter, Token marker, DbaltError *error)
{
    if (cutter->has_preamble) {
        fail(error, DBALT_ERROR_SCRIPT, "SQL before the first marker");
        fail_hint(error, "put it below \"-- dbalt: up\"; only comments may stand before the first marker");
        return refused_in_all(error, cutter, cutter->preamble);
    }

    Text name;
    MarkerSpelling spelling = marker_read(&name, text_trim(marker.text));
    if (spelling != MARKER_EXACT || !begins_line(cutter->text, marker.offset))
        return refuse_marker(cutter, marker, name, spelling, error);

    SectionKind kind = section_named(name);
    const Section *section = &cutter->script.sections[kind];
    if (section->present) {
        fail(error, DBALT_ERROR_SCRIPT, "the marker \"-- dbalt: %s\" is there twice: first in line %zu", section_name(kind),
             section->line - 1);
        fail_hint(error, "put all of \"%s\" into one section", section_name(kind));
        return refused_at(error, cutter, marker.offset);
    }

    if (cutter->has_marker)
        end_section(cutter, marker.offset);
    cutter->has_marker = true;
    begin_section(cutter, kind, cutter->lines + place_count_lines(cutter->text, marker.offset) + 2,
                  without_line_end(cutter->text, marker.offset + marker.text.length));

    return true;
}

static bool refuse_unclosed(const Cutter *cutter, Token token, DbaltError *error)
{
    static const char *const names[] = {
        [TOKEN_QUOTED] = "quoted name", [TOKEN_STRING] = "string", [TOKEN_COMMENT] = "comment", [TOKEN_COPY_DATA] = "COPY data"};
    static const char *const remedies[] = {
        [TOKEN_QUOTED] = "close it with the quote that began it",
        [TOKEN_STRING] = "close it with the quote that began it",
        [TOKEN_COMMENT] = "close it with \"*/\"",
        [TOKEN_COPY_DATA] = "end the data with a line \"\\.\"",
    };

    fail(error, DBALT_ERROR_SCRIPT, "%s without end", names[token.kind]);
    fail_hint(error, "%s", remedies[token.kind]);
    return refused_at(error, cutter, token.offset);
}

/* psql would read the data first, and then go on in the line of the COPY: from behind it to its data. */
static bool check_copy_line(const Cutter *cutter, size_t behind, size_t data, DbaltError *error)
{
    Text between = text_trim(text_slice(cutter->text, behind, data - behind));
    if (between.length == 0 || text_starts_with(between, TEXT("--")))
        return true;

    fail(error, DBALT_ERROR_SCRIPT, "SQL behind COPY ... FROM STDIN on the same line");
    fail_hint(error, "begin it on the line behind the data");
    return refused_at(error, cutter, (size_t)(between.data - cutter->text.data));
}

static bool begins_statement(const Cutter *cutter)
{
    TokenKind last = cutter->last.kind;
    return last == TOKEN_END || last == TOKEN_SEMICOLON || last == TOKEN_MARKER || last == TOKEN_COPY_DATA;
}

/* \connect, \i ... of psql; .read, .mode ... of the sqlite3 shell. */
static bool is_shell_command(const Cutter *cutter, Token token)
{
    if (token.kind != TOKEN_SYMBOL)
        return false;
    if (cutter->script.dialect == SQL_POSTGRES)
        return token.text.data[0] == '\\';

    return token.text.data[0] == '.' && begins_statement(cutter);
}

static bool refuse_shell_command(const Cutter *cutter, Token token, DbaltError *error)
{
    Text rest = text_slice(cutter->text, token.offset, cutter->text.length);
    size_t length = 1;
    while (length < rest.length && strchr(" \t\r\n;", rest.data[length]) == NULL)
        length++;

    const char *shell = cutter->script.dialect == SQL_POSTGRES ? "psql" : "sqlite3";
    Text command = text_slice(rest, 0, length);
    fail(error, DBALT_ERROR_SCRIPT, "%s command \"%.*s\" is no SQL", shell, TEXT_ARGUMENTS(command));
    fail_hint(error, "remove it: a script holds what the database itself understands");
    return refused_at(error, cutter, token.offset);
}

static bool take_token(Cutter *cutter, Token token, DbaltError *error)
{
    if (token.kind == TOKEN_MARKER)
        return take_marker(cutter, token, error);
    if (token.kind == TOKEN_COPY_DATA && !check_copy_line(cutter, cutter->last.offset + cutter->last.text.length, token.offset, error))
        return false;
    if (token.unclosed)
        return refuse_unclosed(cutter, token, error);
    if (token.kind == TOKEN_COPY_DATA)
        return true;
    if (is_shell_command(cutter, token))
        return refuse_shell_command(cutter, token, error);

    if (!cutter->has_marker && !cutter->has_preamble) {
        cutter->has_preamble = true;
        cutter->preamble = cutter->base + token.offset;
    }

    return true;
}

/* copies: it ends with a COPY whose data are in the next portion. */
static bool take_tokens(Cutter *cutter, size_t offset, bool copies, DbaltError *error)
{
    lexer_init(&cutter->lexer, cutter->script.dialect, cutter->text);
    cutter->lexer.offset = offset;
    for (;;) {
        if (copies && cutter->lexer.offset == cutter->text.length)
            return true;

        Token token = lexer_next(&cutter->lexer);
        if (token.kind == TOKEN_END)
            return true;
        if (!take_token(cutter, token, error))
            return false;
        cutter->last = token;
    }
}

/* A file without a marker is all "up". */
static void end_script(Cutter *cutter)
{
    if (!cutter->has_marker)
        cutter->script.sections[SECTION_UP] = (Section){.present = true, .line = 1};
    end_section(cutter, cutter->text.length);
}

static const Text byte_order_mark = TEXT("\xEF\xBB\xBF");

Text script_without_mark(Text text)
{
    return text_starts_with(text, byte_order_mark) ? text_slice(text, byte_order_mark.length, text.length) : text;
}

bool script_parse(Script *script, const char *path, SqlDialect dialect, Text text, DbaltError *error)
{
    Cutter cutter = {.script = {.path = path, .dialect = dialect}, .text = script_without_mark(text), .section = SECTION_UP};
    if (!check_bytes(&cutter, error) || !take_tokens(&cutter, 0, false, error))
        return false;

    end_script(&cutter);
    *script = cutter.script;
    return true;
}

static bool take_copy_data(Cutter *cutter, const Portion *portion, size_t begin, DbaltError *error)
{
    if (cutter->last.kind != TOKEN_COPY_DATA)
        cutter->scan->copy_data = portion->offset;
    cutter->last = (Token){.kind = portion->ends_copy ? TOKEN_SEMICOLON : TOKEN_COPY_DATA};
    if (!check_copy_line(cutter, begin, portion->offset - cutter->base, error))
        return false;
    if (!portion->unclosed)
        return true;

    refuse_unclosed(cutter, (Token){.kind = TOKEN_COPY_DATA}, error);
    return refused_in_all(error, cutter, cutter->scan->copy_data);
}

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
    if (!check_bytes(cutter, error) ||
        !(portion->is_copy_data ? take_copy_data(cutter, portion, begin, error) : take_tokens(cutter, begin, portion->copies, error)))
        return false;

    feed_digest(scan, text, text.length);
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
    if (text_starts_with((Text){.data = begin, .length = got}, byte_order_mark))
        source = source_slice(source, byte_order_mark.length, SIZE_MAX);

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
    end_script(&cutter);

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
