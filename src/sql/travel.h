/* Travel: whether a statement may be sent by itself, ahead of the answers to those before it. */

#ifndef SQL_TRAVEL_H
#define SQL_TRAVEL_H

#include "base/text.h"
#include "sql/dialect.h"

/*
 * False for what changes the encoding in which the server reads what comes behind it, and for what prepares or deallocates statements,
 * among which dbalt's own would be. A wide net: words alone count, be it in a string that is executed.
 */
bool statement_may_travel(SqlDialect dialect, Text statement);

#endif
