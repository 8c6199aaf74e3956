/* Environment file: the .env of an application: KEY=VALUE lines. */

#ifndef CLI_ENVIRONMENT_FILE_H
#define CLI_ENVIRONMENT_FILE_H

#include "base/arena.h"
#include "base/error.h"

/*
 * The last value of a key; NULL when the text does not set it, or sets it to nothing. "export " before the key, blanks around
 * "=", CRLF, comments, 'single' quotes (as they are), "double" ones (with \n \r \t \" \\ \$) are understood; nothing is
 * interpolated. A quote that never ends fails when it is the key's; other keys may hold what they like.
 */
bool environment_file_parse(const char **value, Arena *arena, Text text, const char *path, const char *key, DbaltError *error);

/* The same in a file; one that is not there holds nothing, but fails when it must be there. */
bool environment_file_find(const char **value, Arena *arena, const char *path, const char *key, bool must_exist, DbaltError *error);

#endif
