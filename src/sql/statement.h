/* Statement: SQL cut at statement ends. */

#ifndef SQL_STATEMENT_H
#define SQL_STATEMENT_H

#include "sql/lexer.h"

typedef struct SqlStatement {
    Text text;          /* from its first token up to its semicolon (with it, when there is one) */
    size_t offset;      /* of text in the SQL */
    Text copy_data;     /* of COPY ... FROM STDIN: lines without the line "\."; empty for others */
    size_t copy_offset; /* of copy_data */
    bool copies;        /* it is a COPY ... FROM STDIN */
    size_t next;        /* offset behind it, and behind its copy data and their "\." line */
    bool unclosed;      /* the end of the text (or a marker) cut it off inside a string, comment, body or COPY data */
} SqlStatement;

typedef struct StatementReader {
    Lexer lexer;
} StatementReader;

void statement_reader_init(StatementReader *reader, SqlDialect dialect, Text sql);

/* Reads the data of a COPY, without their line "\.", where the lexer is due to: copy_data, copy_offset and unclosed. */
void statement_read_copy_data(SqlStatement *statement, Lexer *lexer);

/* False at the end. Statements of nothing (";;", comments alone) are passed over. */
bool statement_next(SqlStatement *statement, StatementReader *reader);

/* The index-th (0-based) statement of SQL; false when there are fewer. For naming what failed. */
bool statement_at(SqlStatement *statement, SqlDialect dialect, Text sql, size_t index);

/* How many there are. */
size_t statement_count(SqlDialect dialect, Text sql);

/* Whether it is there to change the session: SET, SELECT set_config(), PRAGMA, ATTACH ... It must be run again in every new session. */
bool statement_sets_session(SqlDialect dialect, Text statement);

/* Whether more SQL may stand behind it in one message: nothing is left open, and no statement changes how that would be read. */
bool statement_may_be_followed(SqlDialect dialect, Text sql);

/* Whether it is a CREATE TEMPORARY: what it makes ends with the session. */
bool statement_makes_temporary(SqlDialect dialect, Text statement);

#endif
