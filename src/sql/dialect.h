/* Dialect: what differs between databases in reading SQL. */

#ifndef SQL_DIALECT_H
#define SQL_DIALECT_H

typedef enum SqlDialect {
    /* Dollar quotes, E'' strings, nested comments, BEGIN ATOMIC bodies, COPY ... FROM STDIN data
     * (https://www.postgresql.org/docs/15/sql-syntax-lexical.html). */
    SQL_POSTGRES,
    /* [names] and `names`, comments that do not nest, CREATE TRIGGER ... BEGIN ... END bodies (https://sqlite.org/lang.html). */
    SQL_SQLITE,
} SqlDialect;

#endif
