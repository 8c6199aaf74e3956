/* Encoding: whether a statement may change the one in which the server reads what comes behind it. */

#ifndef SQL_ENCODING_H
#define SQL_ENCODING_H

#include "base/text.h"
#include "sql/dialect.h"

/* A wide net: it mentions client_encoding, or SET and NAMES, be it in a string that is executed. */
bool encoding_may_change(SqlDialect dialect, Text statement);

#endif
