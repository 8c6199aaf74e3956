/*
 * Any bytes as a script, in both dialects. What is checked besides memory:
 * tokens come in order; a section reads by itself as it did within its file; pieces and statements cover it, in order, with
 * the same statements in both; whatever is refused is refused with a place; read in portions of any size it is the same script,
 * with the same statements.
 */

#include <assert.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz/target.h"
#include "scripts/script.h"
#include "sql/portion.h"
#include "sql/statement.h"

/* libpg_query takes long for what is long: it has its own fuzzers. */
#define LONGEST_JUDGED 2048

static void check_tokens(SqlDialect dialect, Text text)
{
    Lexer lexer;
    lexer_init(&lexer, dialect, text);

    size_t end = 0;
    for (Token token = lexer_next(&lexer); token.kind != TOKEN_END; token = lexer_next(&lexer)) {
        assert(token.offset >= end && token.offset + token.text.length <= text.length);
        assert(token.text.length == 0 || token.text.data == text.data + token.offset);
        assert(token.text.length > 0 || token.kind == TOKEN_COPY_DATA);
        end = token.offset + token.text.length;
    }
}

static bool holds_a_statement(SqlDialect dialect, Text text)
{
    SqlStatement statement;
    return statement_at(&statement, dialect, text, 0);
}

/* What may lie between two pieces: the rest of the line of a COPY, or the line "\." behind its data. */
static void check_gap(const Piece *piece, Text gap)
{
    Text rest = text_trim(gap);
    if (piece->is_copy_data)
        assert(rest.length == 0 || text_starts_with(rest, TEXT("--")));
    else
        assert(text_equals(rest, TEXT("\\.")));
}

static void check_pieces(Pieces pieces, SqlDialect dialect, Text section)
{
    size_t end = 0;
    size_t count = 0;
    for (size_t i = 0; i < pieces.count; i++) {
        const Piece *piece = &pieces.rows[i];
        count += piece->statement_count;
        assert(piece->is_copy_data == (piece->statement_count == 0));
        if (piece->is_copy_data && piece->text.length == 0)
            continue;

        size_t begin = (size_t)(piece->text.data - section.data);
        assert(begin >= end && begin + piece->text.length <= section.length);
        if (i > 0 && pieces.rows[i - 1].text.length > 0)
            check_gap(piece, text_slice(section, end, begin - end));
        end = begin + piece->text.length;
    }

    assert(count == pieces.statement_count);
    assert(pieces.count > 0 || !holds_a_statement(dialect, section));
}

/* Statements are in the section in order, and each is one statement by itself too. */
static void check_statements(Pieces statements, SqlDialect dialect, Text section)
{
    size_t end = 0;
    for (size_t i = 0; i < statements.count; i++) {
        const Piece *piece = &statements.rows[i];
        if (piece->is_copy_data)
            continue;

        SqlStatement second;
        assert(piece->statement_count == 1);
        assert(!statement_at(&second, dialect, piece->text, 1));
        size_t begin = (size_t)(piece->text.data - section.data);
        assert(begin >= end);
        end = begin + piece->text.length;
    }
}

static void check_section(const Script *script, SectionKind kind)
{
    CLEANUP(arena_done) Arena arena = {0};
    Text text = script->sections[kind].text;

    Pieces pieces = script_pieces(&arena, script, kind);
    Pieces statements = script_statements(&arena, script, kind);
    check_pieces(pieces, script->dialect, text);
    check_statements(statements, script->dialect, text);
    assert(pieces.statement_count == statements.statement_count);

    /* A byte order mark is one at the begin of a file alone. */
    Script alone;
    DbaltError error;
    if (!text_starts_with(text, TEXT("\xEF\xBB\xBF"))) {
        assert(script_parse(&alone, "alone.sql", script->dialect, text, &error));
        assert(text_equals(alone.sections[SECTION_UP].text, text));
    }

    const char *warning;
    if (text.length <= LONGEST_JUDGED && !script_judge(&warning, &arena, script, kind, &error))
        assert(error.line >= (int)script->sections[kind].line && error.column > 0 && error.hint[0] != '\0');
}

/* In order, the statements and data of all portions are those of the whole section. */
static void check_portions(SqlDialect dialect, Text section, size_t size)
{
    CLEANUP(portion_reader_done) PortionReader reader;
    portion_reader_init(&reader, dialect, source_of(section), size);
    StatementReader whole;
    statement_reader_init(&whole, dialect, section);

    SqlStatement expected = {0};
    size_t data = 0; /* bytes of the present COPY's */
    size_t end = 0;
    DbaltError error;
    for (Portion portion = {0}; !portion.is_last;) {
        bool is_read = portion_next(&reader, &portion, &error);
        assert(is_read && portion.raw_offset == end && (portion.raw.length > 0 || portion.is_last));
        assert(text_equals(portion.raw, text_slice(section, end, portion.raw.length)));
        assert(text_equals(portion.text, text_slice(section, portion.offset, portion.text.length)));
        end += portion.raw.length;
        if (portion.is_copy_data) {
            assert(text_equals(portion.text, text_slice(expected.copy_data, data, portion.text.length)));
            data += portion.text.length;
            assert(!portion.ends_copy || (data == expected.copy_data.length && portion.unclosed == expected.unclosed));
            continue;
        }

        size_t count = 0;
        StatementReader statements;
        statement_reader_init(&statements, dialect, portion.text);
        for (SqlStatement statement; statement_next(&statement, &statements); count++) {
            bool is_there = statement_next(&expected, &whole);
            assert(is_there && text_equals(statement.text, expected.text) && portion.offset + statement.offset == expected.offset);
        }
        assert(count == portion.statement_count);
        data = 0;
    }
    assert(end == section.length && !statement_next(&expected, &whole));
}

/* Bytes are looked at portion by portion: something else may be found before what is no text. */
static bool is_of_bytes(const DbaltError *error)
{
    return text_starts_with(text_of(error->message), TEXT("NUL byte")) ||
           text_starts_with(text_of(error->message), TEXT("the script is not UTF-8"));
}

static void check_scan(SqlDialect dialect, Text text, const Script *script, const DbaltError *refusal, size_t size)
{
    CLEANUP(arena_done) Arena arena = {0};
    Script scanned;
    DbaltError error;
    bool is_fine = script_scan(&scanned, &arena, "a.sql", dialect, source_of(text), size, &error);
    assert(is_fine == (refusal == NULL));
    if (refusal != NULL) {
        assert(is_of_bytes(refusal) ||
               (strcmp(error.message, refusal->message) == 0 && strcmp(error.hint, refusal->hint) == 0 &&
                strcmp(error.statement, refusal->statement) == 0 && error.line == refusal->line && error.column == refusal->column));
        return;
    }

    Fingerprint expected = script_fingerprint(&arena, script);
    Fingerprint fingerprint = script_fingerprint(&arena, &scanned);
    for (SectionKind kind = 0; kind < SECTION_COUNT; kind++) {
        const Section *a = &script->sections[kind];
        const Section *b = &scanned.sections[kind];
        assert(a->present == b->present);
        if (!a->present)
            continue;
        assert(a->text.length == b->text.length && a->line == b->line && a->text.data == text.data + b->offset);
        assert(b->is_streamed || text_equals(a->text, b->text));
        assert(strcmp(expected.sections[kind], fingerprint.sections[kind]) == 0);
        assert(b->statement_count == statement_count(dialect, a->text));
        check_portions(dialect, a->text, size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const SqlDialect dialects[] = {SQL_POSTGRES, SQL_SQLITE};
    static const size_t sizes[] = {1, 2, 3, 7, 19, 64};
    Text text = {.data = (const char *)data, .length = size};
    for (size_t i = 0; i < COUNT(dialects); i++) {
        check_tokens(dialects[i], text);

        Script script;
        DbaltError error;
        bool is_fine = script_parse(&script, "a.sql", dialects[i], text, &error);
        for (size_t j = 0; j < COUNT(sizes); j++)
            check_scan(dialects[i], text, &script, is_fine ? NULL : &error, sizes[j]);
        if (!is_fine) {
            assert(error.code == DBALT_ERROR_SCRIPT && error.line > 0 && error.column > 0 && error.hint[0] != '\0');
            continue;
        }

        for (SectionKind kind = 0; kind < SECTION_COUNT; kind++) {
            if (script.sections[kind].present)
                check_section(&script, kind);
        }

        CLEANUP(arena_done) Arena arena = {0};
        script_fingerprint(&arena, &script);
    }

    return 0;
}
