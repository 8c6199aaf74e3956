/* Shape: what the words of a statement so far make of it, as far as its end hangs on that. */

#ifndef SQL_SHAPE_H
#define SQL_SHAPE_H

#include "sql/lexer.h"

typedef enum Shape {
    SHAPE_NEW,   /* nothing of the statement was read yet */
    SHAPE_PLAIN, /* it ends at the next semicolon outside of brackets */

    SHAPE_CREATE, /* CREATE [OR REPLACE], CREATE [TEMP] */
    SHAPE_CREATE_OR,
    SHAPE_ROUTINE, /* CREATE FUNCTION or PROCEDURE: a body may come */
    SHAPE_ROUTINE_BEGIN,
    SHAPE_BODY,      /* behind BEGIN ATOMIC: Lexer.depth counts what is to be ended */
    SHAPE_BODY_NAME, /* behind "." or AS: END and CASE are names there */

    SHAPE_COPY,
    SHAPE_COPY_FROM,
    SHAPE_COPY_STDIN,
    SHAPE_COPY_DATA, /* behind the semicolon of COPY ... FROM STDIN */

    SHAPE_TRIGGER,           /* CREATE TRIGGER of SQLite: ends with "; END;" alone */
    SHAPE_TRIGGER_SEMICOLON, /* behind a semicolon in it */
    SHAPE_TRIGGER_END,       /* behind "; END" in it */
    SHAPE_COUNT,
} Shape;

/* Takes note of a token outside of brackets (no semicolon). */
void shape_follow(Lexer *lexer, TokenKind kind, Text text);

/* Takes note of a semicolon: whether it ends the statement. */
bool shape_ends(Lexer *lexer);

/* Begins a new statement; true when a body was still open. */
bool shape_restart(Lexer *lexer);

#endif
