#include "sql/travel.h"

static bool mentions(Text text, Text word)
{
    for (size_t i = 0; i + word.length <= text.length; i++) {
        bool begins = (text.data[i] | 0x20) == (word.data[0] | 0x20); /* of most bytes nothing more need be asked */
        if (begins && text_equals_ignoring_case(text_slice(text, i, word.length), word))
            return true;
    }
    return false;
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
