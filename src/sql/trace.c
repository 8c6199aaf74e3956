#include "sql/trace.h"

#include "base/cleanup.h"
#include "sql/lexer.h"

/* Statements that run nothing of a user's: no trigger fires, no value of any type is made, no expression is evaluated. */
static const struct {
    Text first, second;
} harmless[] = {
    {TEXT("CREATE"), TEXT("TABLE")}, /* defaults and checks are kept, not evaluated */
    {TEXT("DROP"), TEXT("TABLE")},   {TEXT("DROP"), TEXT("INDEX")}, {TEXT("DROP"), TEXT("VIEW")}, {TEXT("COMMENT"), TEXT("ON")},
};

/* CREATE TABLE AS, EXECUTE, and the bounds of a partition. */
static const Text harmful[] = {TEXT("AS"), TEXT("EXECUTE"), TEXT("PARTITION"), TEXT("VALUES")};

static bool mentions(Text text, Text word)
{
    for (size_t i = 0; i + word.length <= text.length; i++) {
        if (text_equals_ignoring_case(text_slice(text, i, word.length), word))
            return true;
    }
    return false;
}

static bool is_harmful(Token token)
{
    for (size_t i = 0; token.kind == TOKEN_WORD && i < COUNT(harmful); i++) {
        if (text_equals_ignoring_case(token.text, harmful[i]))
            return true;
    }
    return false;
}

/* A temporary table may be made by its schema alone; a name may be written so that it cannot be read here. */
static bool rest_is_harmless(Lexer *lexer)
{
    for (Token token = lexer_next(lexer); token.kind != TOKEN_END; token = lexer_next(lexer)) {
        if (is_harmful(token) || mentions(token.text, TEXT("pg_temp")) || mentions(token.text, TEXT("U&")))
            return false;
    }
    return true;
}

SqlTrace trace_of(SqlDialect dialect, Text statement)
{
    Lexer lexer;
    lexer_init(&lexer, dialect, statement);
    Text first = lexer_next(&lexer).text;
    Text second = lexer_next(&lexer).text;

    for (size_t i = 0; i < COUNT(harmless); i++) {
        if (dialect == SQL_POSTGRES && text_equals_ignoring_case(first, harmless[i].first) &&
            text_equals_ignoring_case(second, harmless[i].second) && rest_is_harmless(&lexer))
            return TRACE_NOTHING;
    }
    return TRACE_ANY;
}
