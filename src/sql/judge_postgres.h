/* Judge by libpg_query: what the grammar of PostgreSQL 15 makes of a statement. */

#ifndef SQL_JUDGE_POSTGRES_H
#define SQL_JUDGE_POSTGRES_H

#include "sql/judge.h"

/* As judge_statement(), for any statement. *what is left alone when the statement is fine or unreadable. */
Judgement judge_postgres(const char **what, Arena *arena, Text statement);

#endif
