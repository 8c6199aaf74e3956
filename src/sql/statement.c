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

static bool is_one_of(Token token, const Text *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (token.kind == TOKEN_WORD && text_equals_ignoring_case(token.text, words[i]))
            return true;
    }
    return false;
}

static bool calls(Lexer *lexer, Text function)
{
    bool is_named = false;
    for (Token token = lexer_next(lexer); token.kind != TOKEN_END; token = lexer_next(lexer)) {
        if (is_named && text_equals(token.text, TEXT("(")))
            return true;
        is_named = is_one_of(token, &function, 1);
    }
    return false;
}

bool statement_sets_session(SqlDialect dialect, Text statement)
{
    static const Text words[] = {
        TEXT("SET"),    TEXT("RESET"), TEXT("PRAGMA"),  TEXT("ATTACH"),  TEXT("DETACH"),
        TEXT("LISTEN"), TEXT("LOAD"),  TEXT("PREPARE"), TEXT("DISCARD"), TEXT("DEALLOCATE"),
    };
    static const Text select = TEXT("SELECT");
    Lexer lexer;
    lexer_init(&lexer, dialect, statement);
    Token first = lexer_next(&lexer);
    return is_one_of(first, words, COUNT(words)) || (is_one_of(first, &select, 1) && calls(&lexer, TEXT("set_config")));
}

bool statement_may_be_followed(SqlDialect dialect, Text sql)
{
    Lexer lexer;
    lexer_init(&lexer, dialect, sql);
    for (Token token = lexer_next(&lexer);; token = lexer_next(&lexer)) {
        if (token.unclosed)
            return false;
        if (token.kind == TOKEN_END)
            break;
    }

    StatementReader reader;
    statement_reader_init(&reader, dialect, sql);
    for (SqlStatement statement; statement_next(&statement, &reader);)
        if (statement_sets_session(dialect, statement.text))
            return false;
    return true;
}

bool statement_makes_temporary(SqlDialect dialect, Text statement)
{
    static const Text create = TEXT("CREATE");
    static const Text between[] = {TEXT("OR"), TEXT("REPLACE"), TEXT("GLOBAL"), TEXT("LOCAL")};
    static const Text temporary[] = {TEXT("TEMP"), TEXT("TEMPORARY")};
    Lexer lexer;
    lexer_init(&lexer, dialect, statement);
    if (!is_one_of(lexer_next(&lexer), &create, 1))
        return false;

    Token token = lexer_next(&lexer);
    while (is_one_of(token, between, COUNT(between)))
        token = lexer_next(&lexer);
    return is_one_of(token, temporary, COUNT(temporary));
}
