/* Table: rows under headers, fitted to the width there is. */

#ifndef TERMINAL_TABLE_H
#define TERMINAL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "terminal/color.h"

/* Width of a column that is never made narrower than its widest cell. */
#define COLUMN_WHOLE 0

typedef struct Column {
    const char *header;
    bool to_the_right; /* numbers */
    size_t narrowest;  /* may be cut down to so many columns; COLUMN_WHOLE = not cut */
    int priority;      /* when all does not fit, columns are left out from the lowest on; the highest never */
} Column;

typedef struct Table Table;

/* What a table looks like. */
typedef struct TableStyle {
    size_t width; /* of the window; 0 = as wide as need be */
    bool color;
    bool utf8;
} TableStyle;

/* Borrows the columns; the caller owns the table. */
Table *table_new(size_t count, const Column *columns);
void table_cleanup(Table **table);

/* Copies one cell for each column; NULL is an empty one. The color is that of the cell of colored_column. */
void table_add_row(Table *table, const char *const *cells, size_t colored_column, Color color);

void table_print(const Table *table, const TableStyle *style, FILE *out);

#endif
