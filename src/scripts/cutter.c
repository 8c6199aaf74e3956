#include "scripts/cutter.h"

#include <string.h>

#include "scripts/place.h"
#include "sql/marker.h"

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

void cutter_feed(Cutter *cutter, size_t offset)
{
    Scan *scan = cutter->scan;
    digest_add(scan->digest, text_slice(cutter->text, scan->fed, offset - scan->fed));
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

    cutter_feed(cutter, offset);
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

bool cutter_take(Cutter *cutter, size_t offset, bool copies, DbaltError *error)
{
    if (!check_bytes(cutter, error))
        return false;

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

bool cutter_take_copy_data(Cutter *cutter, const Portion *portion, size_t begin, DbaltError *error)
{
    if (!check_bytes(cutter, error))
        return false;
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

void cutter_end(Cutter *cutter)
{
    if (!cutter->has_marker)
        cutter->script.sections[SECTION_UP] = (Section){.present = true, .line = 1};
    end_section(cutter, cutter->text.length);
}
