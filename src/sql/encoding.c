#include "sql/encoding.h"

static bool mentions(Text text, Text word)
{
    for (size_t i = 0; i + word.length <= text.length; i++) {
        bool begins = (text.data[i] | 0x20) == (word.data[0] | 0x20); /* of most bytes nothing more need be asked */
        if (begins && text_equals_ignoring_case(text_slice(text, i, word.length), word))
            return true;
    }
    return false;
}

bool encoding_may_change(SqlDialect dialect, Text statement)
{
    return dialect == SQL_POSTGRES &&
           (mentions(statement, TEXT("client_encoding")) || (mentions(statement, TEXT("NAMES")) && mentions(statement, TEXT("SET"))));
}
