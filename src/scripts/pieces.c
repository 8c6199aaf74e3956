/* Pieces of a script: what of a section is sent in one. */

#include <string.h>

#include "scripts/script.h"
#include "sql/statement.h"
#include "sql/travel.h"

static void add_piece(Pieces *pieces, Piece **rows, size_t *capacity, Arena *arena, Piece piece)
{
    *rows = arena_grow(arena, *rows, pieces->count, capacity, sizeof(**rows));
    (*rows)[pieces->count++] = piece;
    pieces->rows = *rows;
    pieces->statement_count += piece.statement_count;
}

/* singly: each statement by itself; else as many as can be, up to a COPY that wants its data. */
static Pieces cut(Arena *arena, const Script *script, SectionKind section, bool singly)
{
    Text text = script->sections[section].text;
    StatementReader reader;
    statement_reader_init(&reader, script->dialect, text);

    Pieces pieces = {0};
    Piece *rows = NULL;
    size_t capacity = 0;
    size_t begin = 0;
    size_t count = 0;
    for (SqlStatement statement; statement_next(&statement, &reader);) {
        count++;
        pieces.copies |= text_equals_ignoring_case(text_slice(statement.text, 0, strlen("COPY")), TEXT("COPY"));
        pieces.stays |= !statement_may_travel(script->dialect, statement.text);
        if (!singly && !statement.copies)
            continue;

        size_t from = singly ? statement.offset : begin;
        Text sql = text_slice(text, from, statement.offset + statement.text.length - from);
        add_piece(&pieces, &rows, &capacity, arena, (Piece){.text = sql, .statement_count = count});
        if (statement.copies)
            add_piece(&pieces, &rows, &capacity, arena, (Piece){.text = statement.copy_data, .is_copy_data = true});
        begin = statement.next;
        count = 0;
    }

    if (count > 0)
        add_piece(&pieces, &rows, &capacity, arena, (Piece){.text = text_slice(text, begin, text.length), .statement_count = count});

    return pieces;
}

/* A module is one piece: what it does is known to itself alone. */
static Pieces whole_module(Arena *arena, const Script *script)
{
    Piece *row = arena_allocate(arena, sizeof *row);
    *row = (Piece){.text = script->sections[SECTION_UP].text, .statement_count = 1};
    return (Pieces){.rows = row, .count = 1, .statement_count = 1};
}

Pieces script_pieces(Arena *arena, const Script *script, SectionKind section)
{
    const Section *found = &script->sections[section];
    if (script_is_long(script, section)) {
        size_t count = found->is_streamed ? found->statement_count : statement_count(script->dialect, found->text);
        return (Pieces){.statement_count = count};
    }
    if (script->queries.count > 0)
        return script->queries;
    return script->is_module ? whole_module(arena, script) : cut(arena, script, section, false);
}

Pieces script_statements(Arena *arena, const Script *script, SectionKind section)
{
    return script->is_module ? whole_module(arena, script) : cut(arena, script, section, true);
}
