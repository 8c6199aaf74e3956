/* Outline: a statement of somebody else's, fit to be shown. */

#ifndef SQL_OUTLINE_H
#define SQL_OUTLINE_H

#include "base/arena.h"
#include "sql/dialect.h"

/*
 * The statement on one line, in the arena, without its comments, and with "..." for what stands in quotes: that may be a password or
 * somebody's data. Longer than so many bytes it is cut, and ends in "...". The text may end in the middle of a statement.
 */
const char *outline_of(Arena *arena, SqlDialect dialect, Text sql, size_t longest);

#endif
