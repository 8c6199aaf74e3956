#include "sql/statement.h"

#include "sql/shape.h"

void statement_reader_init(StatementReader *reader, SqlDialect dialect, Text sql)
{
    lexer_init(&reader->lexer, dialect, sql);
}

void statement_read_copy_data(SqlStatement *statement, Lexer *lexer)
{
    Token data = lexer_next(lexer);
    statement->copy_data = data.text;
    statement->copy_offset = data.offset;
    statement->unclosed = data.unclosed;
    if (data.unclosed)
        return;

    Text lines = data.text;
    if (text_ends_with(lines, TEXT("\n")))
        lines.length--;
    if (text_ends_with(lines, TEXT("\r")))
        lines.length--;
    statement->copy_data.length = lines.length - TEXT("\\.").length;
}

/* Up to where the statement ends; first is its first token. */
static void read_statement(SqlStatement *statement, Lexer *lexer, Token first)
{
    size_t end = first.offset;
    Token token = first;
    for (; token.kind != TOKEN_END && token.kind != TOKEN_MARKER; token = lexer_next(lexer)) {
        end = token.offset + token.text.length;
        statement->unclosed |= token.unclosed;
        statement->copies = lexer->state == SHAPE_COPY_STDIN || lexer->state == SHAPE_COPY_DATA;
        if (token.kind == TOKEN_SEMICOLON)
            break;
    }

    statement->unclosed |= token.unclosed;
    statement->offset = first.offset;
    statement->text = text_slice(lexer->sql, first.offset, end - first.offset);
}

bool statement_next(SqlStatement *statement, StatementReader *reader)
{
    Lexer *lexer = &reader->lexer;
    Token token = lexer_next(lexer);
    while (token.kind == TOKEN_SEMICOLON || token.kind == TOKEN_MARKER || token.kind == TOKEN_COMMENT)
        token = lexer_next(lexer);
    if (token.kind == TOKEN_END)
        return false;

    SqlStatement read = {0};
    read_statement(&read, lexer, token);
    if (lexer->state == SHAPE_COPY_DATA)
        statement_read_copy_data(&read, lexer);
    read.next = lexer->offset;

    *statement = read;
    return true;
}

bool statement_at(SqlStatement *statement, SqlDialect dialect, Text sql, size_t index)
{
    StatementReader reader;
    statement_reader_init(&reader, dialect, sql);

    SqlStatement read;
    for (size_t i = 0; statement_next(&read, &reader); i++) {
        if (i == index) {
            *statement = read;
            return true;
        }
    }

    return false;
}

size_t statement_count(SqlDialect dialect, Text sql)
{
    StatementReader reader;
    statement_reader_init(&reader, dialect, sql);

    size_t count = 0;
    for (SqlStatement statement; statement_next(&statement, &reader);)
        count++;

    return count;
}

bool statement_sets_session(SqlDialect dialect, Text statement)
{
    static const Text words[] = {
        TEXT("SET"),    TEXT("RESET"), TEXT("PRAGMA"),  TEXT("ATTACH"),  TEXT("DETACH"),
        TEXT("LISTEN"), TEXT("LOAD"),  TEXT("PREPARE"), TEXT("DISCARD"), TEXT("DEALLOCATE"),
    };
    Lexer lexer;
    lexer_init(&lexer, dialect, statement);
    Text first = lexer_next(&lexer).text;
    for (size_t i = 0; i < COUNT(words); i++) {
        if (text_equals_ignoring_case(first, words[i]))
            return true;
    }
    return false;
}
