/* Trace: whether a statement may leave something behind in the session in which it ran. */

#ifndef SQL_TRACE_H
#define SQL_TRACE_H

#include "base/text.h"
#include "sql/dialect.h"

typedef enum SqlTrace {
    TRACE_ANY,     /* all that there is: settings, roles, temporary tables, prepared statements ... */
    TRACE_NOTHING, /* where there are no event triggers it runs no code of a user's, and changes nothing but tables and the like */
} SqlTrace;

/* By its first words and a few that must not follow. Whatever may run a function, be it of a type or a trigger, may leave anything. */
SqlTrace trace_of(SqlDialect dialect, Text statement);

#endif
