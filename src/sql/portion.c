#include "sql/portion.h"

#include <stdlib.h>
#include <string.h>

#include "sql/shape.h"
#include "sql/statement.h"

static bool next(SqlReader *reader, Portion *portion, DbaltError *error)
{
    return portion_next((PortionReader *)reader, portion, error);
}

void portion_reader_init(PortionReader *reader, SqlDialect dialect, Source source, size_t size)
{
    *reader = (PortionReader){.reader = {.next = next}, .dialect = dialect, .source = source, .size = size};
}

void portion_reader_done(PortionReader *reader)
{
    free(reader->bytes);
    reader->bytes = NULL;
}

/* Forgets what was handed out, but for its last byte. */
static void forget_used(PortionReader *reader)
{
    if (reader->used <= 1)
        return;

    size_t gone = reader->used - 1;
    memmove(reader->bytes, reader->bytes + gone, reader->length - gone);
    reader->at += gone;
    reader->length -= gone;
    reader->used = 1;
}

/* Sees to it that so many bytes have been read that were not handed out yet, unless the source ends before. */
static bool fill(PortionReader *reader, size_t wanted, DbaltError *error)
{
    wanted += reader->used;
    if (reader->source_ended || reader->length >= wanted)
        return true;
    if (wanted > reader->room) {
        reader->room = wanted;
        reader->bytes = realloc(reader->bytes, wanted);
        if (reader->bytes == NULL)
            abort();
    }

    size_t got;
    if (!source_read(&got, &reader->source, reader->bytes + reader->length, wanted - reader->length, reader->at + reader->length, error))
        return false;

    reader->length += got;
    reader->source_ended = reader->length < wanted;
    return true;
}

static Lexer lexer_at(const PortionReader *reader, size_t offset)
{
    Lexer lexer;
    lexer_init(&lexer, reader->dialect, (Text){.data = reader->bytes, .length = reader->length});
    lexer.offset = offset;
    return lexer;
}

/* text and raw begin at begin and at what is used; raw ends at end. */
static void hand_out(Portion *portion, PortionReader *reader, size_t begin, size_t length, size_t end)
{
    portion->text = (Text){.data = reader->bytes + begin, .length = length};
    portion->offset = reader->at + begin;
    portion->raw = (Text){.data = reader->bytes + reader->used, .length = end - reader->used};
    portion->raw_offset = reader->at + reader->used;
    portion->is_last = reader->source_ended && end == reader->length;
    reader->used = end;
}

/* Behind the line of a marker, or 0 when what is read may not be all of that line. */
static size_t end_of_marker(const PortionReader *reader, const Lexer *lexer)
{
    size_t end = lexer->offset;
    if (reader->length < end + 2 && !reader->source_ended)
        return 0;

    bool has_both = text_starts_with(text_slice(lexer->sql, end, 2), TEXT("\r\n"));
    return has_both ? end + 2 : end + (end < reader->length);
}

/*
 * What a semicolon or a marker ends is whole, whatever comes behind it. False when there is nothing like that yet.
 */
static bool take_statements(PortionReader *reader, Portion *portion)
{
    Lexer lexer = lexer_at(reader, reader->used);
    size_t end = 0;   /* of what is whole */
    size_t count = 0; /* of statements, the present one with them */
    size_t whole = 0; /* of those before end */
    bool is_within = false;
    bool copies = false;
    Token token;
    do {
        token = lexer_next(&lexer);
        bool is_begin = token.kind != TOKEN_SEMICOLON && token.kind != TOKEN_MARKER && token.kind != TOKEN_COMMENT;
        if (!is_within && is_begin && token.kind != TOKEN_END)
            count++;
        is_within = is_begin;
        if (token.kind == TOKEN_SEMICOLON || token.kind == TOKEN_MARKER) {
            size_t behind = token.kind == TOKEN_MARKER ? end_of_marker(reader, &lexer) : lexer.offset;
            end = behind > 0 ? behind : end;
            whole = behind > 0 ? count : whole;
        }
        copies = lexer.state == SHAPE_COPY_DATA;
    } while (token.kind != TOKEN_END && token.kind != TOKEN_MARKER && !copies);

    if (token.kind == TOKEN_END && reader->source_ended) {
        end = reader->length;
        whole = count;
    }
    if (end == 0 && !reader->source_ended)
        return false;

    *portion = (Portion){.statement_count = whole, .copies = copies};
    hand_out(portion, reader, reader->used, end - reader->used, end);
    reader->copy = copies ? COPY_BEGINS : COPY_NONE;
    portion->is_last &= !copies;
    return true;
}

/* Whole lines, up to the line "\."; the rest of the line of the COPY itself is passed over. */
static bool take_copy_data(PortionReader *reader, Portion *portion)
{
    Lexer lexer = lexer_at(reader, reader->used - (reader->copy == COPY_GOES_ON));
    lexer.state = SHAPE_COPY_DATA;
    SqlStatement copy = {0};
    statement_read_copy_data(&copy, &lexer);
    size_t begin = copy.copy_offset;
    size_t length = copy.copy_data.length;
    size_t end = lexer.offset;

    bool is_end = reader->source_ended || (!copy.unclosed && reader->bytes[end - 1] == '\n');
    if (!is_end) {
        end = reader->length;
        while (end > begin && reader->bytes[end - 1] != '\n')
            end--;
        if (end <= begin)
            return false;
        length = end - begin;
    }

    *portion = (Portion){.is_copy_data = true, .ends_copy = is_end, .unclosed = is_end && copy.unclosed};
    hand_out(portion, reader, begin, length, end);
    reader->copy = is_end ? COPY_NONE : COPY_GOES_ON;
    return true;
}

bool portion_next(PortionReader *reader, Portion *portion, DbaltError *error)
{
    forget_used(reader);
    for (size_t wanted = reader->size;; wanted *= 2) {
        if (!fill(reader, wanted, error))
            return false;
        if (reader->copy == COPY_NONE ? take_statements(reader, portion) : take_copy_data(reader, portion))
            return true;
    }
}

Text portion_in_context(size_t *offset, const Portion *portion)
{
    *offset = portion->raw_offset > 0 ? 1 : 0;
    return (Text){.data = portion->raw.data - *offset, .length = portion->raw.length + *offset};
}
