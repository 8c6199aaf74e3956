/* Place: where in a script something stands, for errors. */

#ifndef SCRIPTS_PLACE_H
#define SCRIPTS_PLACE_H

#include "base/error.h"
#include "base/source.h"

/* Line ends before offset: LF, CRLF, or CR alone. */
size_t place_count_lines(Text text, size_t offset);

/* Fills script, line, column and statement of an error. text begins a line of the file, the first_line-th (1-based). */
void place_fill(DbaltError *error, const char *path, Text text, size_t first_line, size_t offset);

/* The same for what is read part by part, so many line feeds behind the offset. When it cannot be read, script alone is filled. */
void place_find(DbaltError *error, const char *path, const Source *source, size_t first_line, size_t offset, size_t lines);

#endif
