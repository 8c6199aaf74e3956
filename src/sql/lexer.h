/* Lexer: SQL as tokens, without building a tree. It never copies and never fails: what is left open at the end is told. */

#ifndef SQL_LEXER_H
#define SQL_LEXER_H

#include "base/text.h"
#include "sql/dialect.h"

typedef enum TokenKind {
    TOKEN_END,    /* of the text */
    TOKEN_WORD,   /* a keyword or an unquoted name */
    TOKEN_QUOTED, /* "name", [name], `name` */
    TOKEN_STRING, /* 'text', E'text', $tag$text$tag$ ... */
    TOKEN_SYMBOL, /* an operator character, a bracket, a number: whatever is neither */
    TOKEN_SEMICOLON,
    TOKEN_MARKER,    /* a line of its own "-- dbalt: ...": the whole line without its end (more in sql/marker.h) */
    TOKEN_COPY_DATA, /* lines behind COPY ... FROM STDIN; up to and with the line "\." */
    TOKEN_COMMENT,   /* a comment block that the end of the text cut off; others are passed over */
} TokenKind;

typedef struct Token {
    TokenKind kind;
    Text text;     /* slice of the SQL */
    size_t offset; /* bytes from its begin */
    bool unclosed; /* cut off by the end of the text; of TOKEN_END and TOKEN_MARKER: a body (BEGIN ...) was still open */
} Token;

typedef struct Lexer {
    SqlDialect dialect;
    Text sql;          /* borrowed */
    size_t offset;     /* of what is read next */
    unsigned state;    /* internal: what the present statement is so far */
    unsigned depth;    /* internal: open BEGIN and CASE of a body */
    unsigned brackets; /* internal: open ( */
} Lexer;

void lexer_init(Lexer *lexer, SqlDialect dialect, Text sql);

/*
 * The next token, TOKEN_END at last. A semicolon inside a body or brackets comes as TOKEN_SYMBOL: TOKEN_SEMICOLON ends a
 * statement. So does TOKEN_MARKER. It comes for misspelt markers too, and for a well spelt one behind SQL on the same line,
 * where it begins with "--": whoever cuts sections refuses both.
 */
Token lexer_next(Lexer *lexer);

#endif
