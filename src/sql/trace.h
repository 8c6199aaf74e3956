/* Trace: what a statement may leave behind in the session in which it ran. */

#ifndef SQL_TRACE_H
#define SQL_TRACE_H

#include "base/text.h"
#include "sql/dialect.h"

typedef enum SqlTrace {
    TRACE_ANY,     /* all that there is: settings, roles, temporary tables, prepared statements ... */
    TRACE_UNNAMED, /* the same without prepared statements: nothing speaks of preparing */
    TRACE_NOTHING, /* it runs no code of a user's, and changes nothing but tables, indexes and the like */
} SqlTrace;

/*
 * By its first words and a few that must not follow, so that most scripts need no settling. A statement that may run functions (of
 * triggers, too) may leave anything but what is named in it.
 */
SqlTrace trace_of(SqlDialect dialect, Text statement);

#endif
