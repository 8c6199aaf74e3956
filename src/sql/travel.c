#include "sql/travel.h"

static bool mentions(Text text, Text word)
{
    return text_find_ignoring_case(text, word) < text.length;
}

static bool may_change_encoding(Text statement)
{
    return mentions(statement, TEXT("client_encoding")) || (mentions(statement, TEXT("NAMES")) && mentions(statement, TEXT("SET")));
}

bool statement_may_travel(SqlDialect dialect, Text statement)
{
    if (dialect != SQL_POSTGRES)
        return true;
    return !may_change_encoding(statement) && !mentions(statement, TEXT("PREPARE")) && !mentions(statement, TEXT("DEALLOCATE"));
}
