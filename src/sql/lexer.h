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
    TOKEN_MARKER,    /* a line of its own "-- dbalt: ...": the whole line without its end */
    TOKEN_COPY_DATA, /* lines behind COPY ... FROM STDIN; up to and with the line "\." */
} TokenKind;

typedef struct Token {
    TokenKind kind;
    Text text;     /* slice of the SQL */
    size_t offset; /* bytes from its begin */
    bool unclosed; /* a string, quoted name, comment or COPY data that the end of the text cut off */
} Token;

typedef struct Lexer {
    SqlDialect dialect;
    Text sql;          /* borrowed */
    size_t offset;     /* of what is read next */
    size_t words;      /* words and others of the present statement so far: internal to copy and body detection */
    unsigned state;    /* internal: what the present statement began with */
    unsigned depth;    /* internal: open BEGIN and CASE of a body */
    unsigned brackets; /* internal: open ( */
} Lexer;

void lexer_init(Lexer *lexer, SqlDialect dialect, Text sql);

/* The next token, TOKEN_END at last. A semicolon inside a body or brackets comes as TOKEN_SYMBOL: TOKEN_SEMICOLON ends a statement. */
Token lexer_next(Lexer *lexer);

#endif
