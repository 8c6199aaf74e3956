#include "sql/lexer.h"

#include <string.h>

#include "sql/marker.h"
#include "sql/shape.h"

typedef enum ByteClass {
    BYTE_OTHER,
    BYTE_SPACE,
    BYTE_LETTER, /* of a name: also "_" and all of what is not ASCII */
    BYTE_DIGIT,
    BYTE_DOLLAR,
    BYTE_STRING,
    BYTE_QUOTED,
    BYTE_SQLITE_QUOTED, /* "`" and "[": operators and array brackets on PostgreSQL */
    BYTE_DASH,
    BYTE_SLASH,
    BYTE_SEMICOLON,
    BYTE_BRACKET,
} ByteClass;

static const unsigned char byte_classes[256] = {
    [' '] = BYTE_SPACE,          ['\t' ... '\r'] = BYTE_SPACE, ['a' ... 'z'] = BYTE_LETTER,
    ['A' ... 'Z'] = BYTE_LETTER, ['_'] = BYTE_LETTER,          [0x80 ... 0xFF] = BYTE_LETTER,
    ['0' ... '9'] = BYTE_DIGIT,  ['$'] = BYTE_DOLLAR,          ['\''] = BYTE_STRING,
    ['"'] = BYTE_QUOTED,         ['`'] = BYTE_SQLITE_QUOTED,   ['['] = BYTE_SQLITE_QUOTED,
    ['-'] = BYTE_DASH,           ['/'] = BYTE_SLASH,           [';'] = BYTE_SEMICOLON,
    ['('] = BYTE_BRACKET,        [')'] = BYTE_BRACKET,
};

/* What a token turns out to be. */
typedef struct Extent {
    size_t end;
    bool unclosed;
} Extent;

void lexer_init(Lexer *lexer, SqlDialect dialect, Text sql)
{
    *lexer = (Lexer){.dialect = dialect, .sql = sql, .state = SHAPE_NEW};
}

static ByteClass class_at(Text sql, size_t offset)
{
    return offset < sql.length ? byte_classes[(unsigned char)sql.data[offset]] : BYTE_OTHER;
}

static char byte_at(Text sql, size_t offset)
{
    return offset < sql.length ? sql.data[offset] : '\0';
}

/* Offset of the next such byte, or the length. */
static size_t find_byte(Text sql, size_t offset, char byte)
{
    const char *found = offset < sql.length ? memchr(sql.data + offset, byte, sql.length - offset) : NULL;
    return found == NULL ? sql.length : (size_t)(found - sql.data);
}

static size_t find_text(Text sql, size_t offset, Text needle)
{
    return offset + text_find(text_slice(sql, offset, sql.length), needle);
}

static size_t skip_word(Text sql, size_t offset)
{
    for (;; offset++) {
        ByteClass class = class_at(sql, offset);
        if (class != BYTE_LETTER && class != BYTE_DIGIT && class != BYTE_DOLLAR)
            return offset;
    }
}

/* A number, with whatever letters and points follow: "1.5e10", "0x1F". Not "$": 1$$text$$ is a number and a string. */
static size_t skip_number(Text sql, size_t offset)
{
    while (class_at(sql, offset) == BYTE_LETTER || class_at(sql, offset) == BYTE_DIGIT || byte_at(sql, offset) == '.')
        offset++;

    return offset;
}

/* From behind the opening quote; a doubled one is part of the text. */
static Extent quoted(Text sql, size_t offset, char quote)
{
    for (;;) {
        offset = find_byte(sql, offset, quote);
        if (offset == sql.length)
            return (Extent){.end = offset, .unclosed = true};
        if (byte_at(sql, offset + 1) != quote)
            return (Extent){.end = offset + 1};
        offset += 2;
    }
}

/* E'...' goes on where the next line begins with another quote: backslashes count there too. */
static bool string_continues(Text sql, size_t *offset)
{
    bool has_line_end = false;
    size_t next = *offset;
    for (; class_at(sql, next) == BYTE_SPACE; next++)
        has_line_end |= sql.data[next] == '\n' || sql.data[next] == '\r';
    if (!has_line_end || byte_at(sql, next) != '\'')
        return false;

    *offset = next + 1;
    return true;
}

/* From behind the opening quote of E'...'. */
static Extent escape_string(Text sql, size_t offset)
{
    while (offset < sql.length) {
        char byte = sql.data[offset++];
        if (byte == '\\' && offset < sql.length)
            offset++;
        if (byte != '\'')
            continue;

        if (byte_at(sql, offset) == '\'')
            offset++;
        else if (!string_continues(sql, &offset))
            return (Extent){.end = offset};
    }

    return (Extent){.end = offset, .unclosed = true};
}

/* "$$" or "$tag$" at this offset; empty when it is none. */
static Text dollar_tag(Text sql, size_t offset)
{
    size_t end = offset + 1;
    if (class_at(sql, end) == BYTE_LETTER) {
        while (class_at(sql, end) == BYTE_LETTER || class_at(sql, end) == BYTE_DIGIT)
            end++;
    }

    return class_at(sql, end) == BYTE_DOLLAR ? text_slice(sql, offset, end + 1 - offset) : (Text){0};
}

static Extent dollar(TokenKind *kind, const Lexer *lexer, size_t offset)
{
    Text tag = lexer->dialect == SQL_POSTGRES ? dollar_tag(lexer->sql, offset) : (Text){0};
    *kind = tag.length > 0 ? TOKEN_STRING : TOKEN_SYMBOL;
    if (tag.length > 0) {
        size_t end = find_text(lexer->sql, offset + tag.length, tag);
        return end == lexer->sql.length ? (Extent){.end = end, .unclosed = true} : (Extent){.end = end + tag.length};
    }

    /* A parameter: $1, and $name on SQLite. */
    size_t end = offset + 1;
    if (lexer->dialect == SQL_SQLITE)
        return (Extent){.end = skip_word(lexer->sql, end)};
    while (class_at(lexer->sql, end) == BYTE_DIGIT)
        end++;

    return (Extent){.end = end};
}

/* A word, unless its one letter begins a string: E'', N'', B'', X'', U&'', U&"". */
static Extent word(TokenKind *kind, const Lexer *lexer, size_t offset)
{
    Text sql = lexer->sql;
    size_t end = skip_word(sql, offset + 1);
    *kind = TOKEN_WORD;
    if (end != offset + 1 || lexer->dialect != SQL_POSTGRES)
        return (Extent){.end = end};

    char letter = (char)(sql.data[offset] | 0x20);
    if (byte_at(sql, end) == '\'' && strchr("enbx", letter) != NULL) {
        *kind = TOKEN_STRING;
        return letter == 'e' ? escape_string(sql, end + 1) : quoted(sql, end + 1, '\'');
    }

    char quote = byte_at(sql, end + 1);
    if (letter == 'u' && byte_at(sql, end) == '&' && (quote == '\'' || quote == '"')) {
        *kind = quote == '"' ? TOKEN_QUOTED : TOKEN_STRING;
        return quoted(sql, end + 2, quote);
    }

    return (Extent){.end = end};
}

static Extent sqlite_quoted(TokenKind *kind, const Lexer *lexer, size_t offset)
{
    *kind = lexer->dialect == SQL_SQLITE ? TOKEN_QUOTED : TOKEN_SYMBOL;
    if (lexer->dialect != SQL_SQLITE)
        return (Extent){.end = offset + 1};
    if (lexer->sql.data[offset] == '`')
        return quoted(lexer->sql, offset + 1, '`');

    size_t end = find_byte(lexer->sql, offset, ']');
    return end == lexer->sql.length ? (Extent){.end = end, .unclosed = true} : (Extent){.end = end + 1};
}

static Extent block_comment(const Lexer *lexer, size_t offset)
{
    Text sql = lexer->sql;
    offset += 2;
    if (lexer->dialect == SQL_SQLITE) {
        size_t end = find_text(sql, offset, TEXT("*/"));
        return end == sql.length ? (Extent){.end = end, .unclosed = true} : (Extent){.end = end + 2};
    }

    for (size_t depth = 1; offset < sql.length; offset++) {
        if (sql.data[offset] == '*' && byte_at(sql, offset + 1) == '/') {
            offset++;
            if (--depth == 0)
                return (Extent){.end = offset + 1};
        } else if (sql.data[offset] == '/' && byte_at(sql, offset + 1) == '*') {
            offset++;
            depth++;
        }
    }

    return (Extent){.end = sql.length, .unclosed = true};
}

static bool is_line_end(char byte)
{
    return byte == '\n' || byte == '\r';
}

static size_t skip_blanks_back(Text sql, size_t offset)
{
    while (offset > 0 && (sql.data[offset - 1] == ' ' || sql.data[offset - 1] == '\t'))
        offset--;

    return offset;
}

/* Passes over a comment to the line's end; true when it is a marker. */
static bool line_comment(Token *token, Lexer *lexer, size_t offset)
{
    Text sql = lexer->sql;
    size_t line_feed = find_byte(sql, offset, '\n');
    const char *carriage_return = memchr(sql.data + offset, '\r', line_feed - offset);
    size_t end = carriage_return == NULL ? line_feed : (size_t)(carriage_return - sql.data);

    Text name;
    MarkerSpelling spelling = marker_read(&name, text_slice(sql, offset, end - offset));
    size_t begin = spelling == MARKER_NONE ? offset : skip_blanks_back(sql, offset);
    bool has_own_line = begin == 0 || is_line_end(sql.data[begin - 1]);
    if (spelling == MARKER_NONE || (spelling == MARKER_MISSPELT && !has_own_line)) {
        /* To SQLite a carriage return alone does not end a line. */
        lexer->offset = lexer->dialect == SQL_SQLITE ? line_feed : end;
        return false;
    }

    if (!has_own_line)
        begin = offset;
    lexer->offset = end;
    *token = (Token){
        .kind = TOKEN_MARKER,
        .text = text_slice(sql, begin, end - begin),
        .offset = begin,
        .unclosed = shape_restart(lexer),
    };
    return true;
}

/* Offset of the next line "\.", or the length; offset is the begin of a line. */
static size_t find_copy_end(Text sql, size_t offset)
{
    static const Text mark = TEXT("\\.");
    for (;; offset += mark.length) {
        offset = find_text(sql, offset, mark);
        if (offset == sql.length)
            return offset;

        size_t behind = offset + mark.length;
        if (byte_at(sql, behind) == '\r')
            behind++;
        if (sql.data[offset - 1] == '\n' && (behind == sql.length || sql.data[behind] == '\n'))
            return offset;
    }
}

/* The data begin on the line behind the semicolon. */
static Token copy_data(Lexer *lexer)
{
    Text sql = lexer->sql;
    size_t line_end = find_byte(sql, lexer->offset, '\n');
    size_t begin = line_end == sql.length ? line_end : line_end + 1;
    size_t mark = find_copy_end(sql, begin);
    size_t end = find_byte(sql, mark, '\n');

    shape_restart(lexer);
    lexer->offset = end == sql.length ? end : end + 1;
    return (Token){
        .kind = TOKEN_COPY_DATA,
        .text = text_slice(sql, begin, lexer->offset - begin),
        .offset = begin,
        .unclosed = mark == sql.length,
    };
}

static Token semicolon(Lexer *lexer, size_t offset)
{
    return (Token){
        .kind = shape_ends(lexer) ? TOKEN_SEMICOLON : TOKEN_SYMBOL,
        .text = text_slice(lexer->sql, offset, 1),
        .offset = offset,
    };
}

/* SQLite has no statement with a semicolon in brackets: counting them would only hide where a mistake begins. */
static void count_bracket(Lexer *lexer, char bracket)
{
    if (lexer->dialect == SQL_SQLITE)
        return;
    if (bracket == '(')
        lexer->brackets++;
    else if (lexer->brackets > 0)
        lexer->brackets--;
}

/* Any token but comments, markers, semicolons and COPY data. */
static Token plain_token(Lexer *lexer, ByteClass class, size_t offset)
{
    TokenKind kind = TOKEN_SYMBOL;
    Extent extent = {.end = offset + 1};
    switch (class) {
    case BYTE_LETTER:
        extent = word(&kind, lexer, offset);
        break;
    case BYTE_DIGIT:
        extent.end = skip_number(lexer->sql, offset);
        break;
    case BYTE_DOLLAR:
        extent = dollar(&kind, lexer, offset);
        break;
    case BYTE_STRING:
        kind = TOKEN_STRING;
        extent = quoted(lexer->sql, offset + 1, '\'');
        break;
    case BYTE_QUOTED:
        kind = TOKEN_QUOTED;
        extent = quoted(lexer->sql, offset + 1, '"');
        break;
    case BYTE_SQLITE_QUOTED:
        extent = sqlite_quoted(&kind, lexer, offset);
        break;
    default:
        break;
    }

    Text text = text_slice(lexer->sql, offset, extent.end - offset);
    if (lexer->state != SHAPE_PLAIN && lexer->brackets == 0)
        shape_follow(lexer, kind, text);
    if (class == BYTE_BRACKET)
        count_bracket(lexer, text.data[0]);

    lexer->offset = extent.end;
    return (Token){.kind = kind, .text = text, .offset = offset, .unclosed = extent.unclosed};
}

Token lexer_next(Lexer *lexer)
{
    if (lexer->state == SHAPE_COPY_DATA)
        return copy_data(lexer);

    for (;;) {
        while (class_at(lexer->sql, lexer->offset) == BYTE_SPACE)
            lexer->offset++;

        size_t offset = lexer->offset;
        if (offset == lexer->sql.length)
            return (Token){
                .kind = TOKEN_END, .text = text_slice(lexer->sql, offset, 0), .offset = offset, .unclosed = shape_restart(lexer)};

        ByteClass class = class_at(lexer->sql, offset);
        if (class == BYTE_DASH && byte_at(lexer->sql, offset + 1) == '-') {
            Token marker;
            if (line_comment(&marker, lexer, offset))
                return marker;
            continue;
        }

        if (class == BYTE_SLASH && byte_at(lexer->sql, offset + 1) == '*') {
            Extent comment = block_comment(lexer, offset);
            lexer->offset = comment.end;
            if (comment.unclosed)
                return (Token){
                    .kind = TOKEN_COMMENT,
                    .text = text_slice(lexer->sql, offset, comment.end - offset),
                    .offset = offset,
                    .unclosed = true,
                };
            continue;
        }

        if (class == BYTE_SEMICOLON) {
            lexer->offset = offset + 1;
            return semicolon(lexer, offset);
        }

        return plain_token(lexer, class, offset);
    }
}
