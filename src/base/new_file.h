/* NewFile: a file that is seen under its name only once it is whole. */

#ifndef BASE_NEW_FILE_H
#define BASE_NEW_FILE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

typedef struct NewFile {
    const char *path;      /* what it will be called; absolute */
    const char *temporary; /* what it is called until then, in the same folder; NULL = it is finished, or was never begun */
} NewFile;

/* Makes it, empty and for its owner alone, under its temporary name: the caller fills it. */
bool new_file_begin(NewFile *file, Arena *arena, const char *path, DbaltError *error);

/* Syncs it to the disk and gives it its name, never over another file. */
bool new_file_finish(NewFile *file, DbaltError *error);

/* For CLEANUP: removes one that was not finished. */
void new_file_cleanup(NewFile *file);

#endif
