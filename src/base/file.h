/* Files: reading whole ones, writing new ones. */

#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"

/* For CLEANUP: closes and forgets. */
void file_cleanup(FILE **file);
void descriptor_cleanup(int *descriptor);

/*
 * Reads all of an open file into the arena, NUL-terminated behind text->length. Does not close it. Fails with code, naming path.
 * What is no regular file is refused. One longer than most is left alone: text has its length then, but no data.
 */
bool file_read_all(Text *text, Arena *arena, int descriptor, const char *path, size_t most, DbaltErrorCode code, DbaltError *error);

/* Opens and reads. A file that is not there fails with errno ENOENT kept in errno. */
bool file_read_path(Text *text, Arena *arena, const char *path, DbaltErrorCode code, DbaltError *error);

/* Creates path (never over a file), writes text, syncs and closes it; removes it again when that fails. */
bool file_create(const char *path, Text text, unsigned mode, DbaltErrorCode code, DbaltError *error);

#endif
