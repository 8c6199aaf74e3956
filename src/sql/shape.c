#include "sql/shape.h"

typedef struct Transition {
    Shape from;
    const char *word; /* lower case, or "." */
    Shape to;
    int depth; /* added to Lexer.depth */
} Transition;

/* The rules of psql (psqlscan.l), but that ATOMIC is asked for, and that END may be a name behind "." and AS. */
static const Transition postgres_transitions[] = {
    {SHAPE_NEW, "create", SHAPE_CREATE, 0},
    {SHAPE_CREATE, "or", SHAPE_CREATE_OR, 0},
    {SHAPE_CREATE_OR, "replace", SHAPE_CREATE, 0},
    {SHAPE_CREATE, "function", SHAPE_ROUTINE, 0},
    {SHAPE_CREATE, "procedure", SHAPE_ROUTINE, 0},
    {SHAPE_ROUTINE, "begin", SHAPE_ROUTINE_BEGIN, 0},
    {SHAPE_ROUTINE_BEGIN, "atomic", SHAPE_BODY, +1},
    {SHAPE_BODY, "case", SHAPE_BODY, +1},
    {SHAPE_BODY, "end", SHAPE_BODY, -1},
    {SHAPE_BODY, "as", SHAPE_BODY_NAME, 0},
    {SHAPE_BODY, ".", SHAPE_BODY_NAME, 0},
    {SHAPE_NEW, "copy", SHAPE_COPY, 0},
    {SHAPE_COPY, "from", SHAPE_COPY_FROM, 0},
    {SHAPE_COPY_FROM, "stdin", SHAPE_COPY_STDIN, 0},
    {SHAPE_COPY_FROM, "stdout", SHAPE_COPY_STDIN, 0}, /* the grammar takes one for the other */
    {.word = NULL},
};

/* The rules of sqlite3_complete(). */
static const Transition sqlite_transitions[] = {
    {SHAPE_NEW, "create", SHAPE_CREATE, 0},
    {SHAPE_CREATE, "temp", SHAPE_CREATE, 0},
    {SHAPE_CREATE, "temporary", SHAPE_CREATE, 0},
    {SHAPE_CREATE, "trigger", SHAPE_TRIGGER, 0},
    {SHAPE_TRIGGER_SEMICOLON, "end", SHAPE_TRIGGER_END, 0},
    {.word = NULL},
};

/* Where any other token leads; SHAPE_NEW stands for "it stays". */
static const Shape otherwise[SHAPE_COUNT] = {
    [SHAPE_NEW] = SHAPE_PLAIN,
    [SHAPE_CREATE] = SHAPE_PLAIN,
    [SHAPE_CREATE_OR] = SHAPE_PLAIN,
    [SHAPE_ROUTINE_BEGIN] = SHAPE_ROUTINE,
    [SHAPE_BODY_NAME] = SHAPE_BODY,
    [SHAPE_COPY_FROM] = SHAPE_COPY,
    [SHAPE_TRIGGER_SEMICOLON] = SHAPE_TRIGGER,
    [SHAPE_TRIGGER_END] = SHAPE_TRIGGER,
};

static bool is_word(Text text, const char *word)
{
    /* The first letter alone sends nearly all of them away. */
    return (text.data[0] | 0x20) == (word[0] | 0x20) && text_equals_ignoring_case(text, text_of(word));
}

void shape_follow(Lexer *lexer, TokenKind kind, Text text)
{
    if (kind == TOKEN_WORD || kind == TOKEN_SYMBOL) {
        const Transition *transition = lexer->dialect == SQL_POSTGRES ? postgres_transitions : sqlite_transitions;
        for (; transition->word != NULL; transition++) {
            if (transition->from != lexer->state || !is_word(text, transition->word))
                continue;

            lexer->depth += (unsigned)transition->depth;
            lexer->state = transition->to == SHAPE_BODY && lexer->depth == 0 ? SHAPE_PLAIN : transition->to;
            return;
        }
    }

    if (otherwise[lexer->state] != SHAPE_NEW)
        lexer->state = otherwise[lexer->state];
}

bool shape_ends(Lexer *lexer)
{
    switch ((Shape)lexer->state) {
    case SHAPE_BODY:
    case SHAPE_BODY_NAME:
        lexer->state = SHAPE_BODY;
        return false;
    case SHAPE_TRIGGER:
    case SHAPE_TRIGGER_SEMICOLON:
        lexer->state = SHAPE_TRIGGER_SEMICOLON;
        return false;
    case SHAPE_COPY_STDIN:
        lexer->state = lexer->brackets == 0 ? SHAPE_COPY_DATA : SHAPE_COPY_STDIN;
        return lexer->brackets == 0;
    default:
        if (lexer->brackets > 0)
            return false;

        shape_restart(lexer);
        return true;
    }
}

bool shape_restart(Lexer *lexer)
{
    bool is_open = lexer->depth > 0 || (lexer->state >= SHAPE_TRIGGER && lexer->state <= SHAPE_TRIGGER_END);
    lexer->state = SHAPE_NEW;
    lexer->depth = 0;
    lexer->brackets = 0;

    return is_open;
}
