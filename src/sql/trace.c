#include "sql/trace.h"

#include <ctype.h>

#include "base/cleanup.h"
#include "sql/lexer.h"

/* Statements that run nothing of a user's: no trigger fires, and no expression is evaluated. */
static const struct {
    Text first, second;
    unsigned brackets; /* as deep as they may be: inside them may be calls */
} harmless[] = {
    {TEXT("CREATE"), TEXT("TABLE"), 99}, /* defaults and checks are kept, not evaluated */
    {TEXT("CREATE"), TEXT("INDEX"), 1},  {TEXT("CREATE"), TEXT("UNIQUE"), 1}, {TEXT("CREATE"), TEXT("SEQUENCE"), 0},
    {TEXT("ALTER"), TEXT("TABLE"), 0},   {TEXT("DROP"), TEXT("TABLE"), 0},    {TEXT("DROP"), TEXT("INDEX"), 0},
    {TEXT("DROP"), TEXT("VIEW"), 0},     {TEXT("DROP"), TEXT("SEQUENCE"), 0}, {TEXT("COMMENT"), TEXT("ON"), 0},
};

/* CREATE TABLE AS, bounds of a partition, a rewrite or a check of rows that are there, an index on some of them. */
static const Text harmful[] = {
    TEXT("AS"), TEXT("PARTITION"), TEXT("ATTACH"), TEXT("TYPE"), TEXT("VALIDATE"), TEXT("WHERE"), TEXT("EXECUTE"),
};

static bool is_harmful(Token token)
{
    for (size_t i = 0; token.kind == TOKEN_WORD && i < COUNT(harmful); i++) {
        if (text_equals_ignoring_case(token.text, harmful[i]))
            return true;
    }
    return false;
}

/* Whether the rest of a statement stays harmless; a temporary table may be made by its schema alone. */
static bool rest_is_harmless(Lexer *lexer, unsigned most_brackets)
{
    unsigned depth = 0;
    for (Token token = lexer_next(lexer); token.kind != TOKEN_END; token = lexer_next(lexer)) {
        bool is_symbol = token.kind == TOKEN_SYMBOL;
        depth += is_symbol && token.text.data[0] == '(';
        depth -= is_symbol && token.text.data[0] == ')' && depth > 0;
        if (depth > most_brackets || is_harmful(token) || text_find(token.text, TEXT("pg_temp")) < token.text.length)
            return false;
    }
    return true;
}

static bool mentions_preparing(Text statement)
{
    static const Text word = TEXT("prepare");
    for (size_t i = 0; i + word.length <= statement.length; i++) {
        if (tolower((unsigned char)statement.data[i]) == 'p' && text_equals_ignoring_case(text_slice(statement, i, word.length), word))
            return true;
    }
    return false;
}

SqlTrace trace_of(SqlDialect dialect, Text statement)
{
    Lexer lexer;
    lexer_init(&lexer, dialect, statement);
    Text first = lexer_next(&lexer).text;
    Text second = lexer_next(&lexer).text;

    for (size_t i = 0; i < COUNT(harmless); i++) {
        if (dialect == SQL_POSTGRES && text_equals_ignoring_case(first, harmless[i].first) &&
            text_equals_ignoring_case(second, harmless[i].second) && rest_is_harmless(&lexer, harmless[i].brackets))
            return TRACE_NOTHING;
    }
    return mentions_preparing(statement) ? TRACE_ANY : TRACE_UNNAMED;
}
