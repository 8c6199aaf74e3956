/* Folder: finding alterations. */

#ifndef SCRIPTS_FOLDER_H
#define SCRIPTS_FOLDER_H

#include "core/alteration.h"

typedef struct Folder {
    const char *path;
    int descriptor; /* owned; for openat */
    AlterationSet set;
    const char *const *warnings; /* files that look like misspelt alterations: one line each */
    size_t warning_count;
} Folder;

/* Reads the names in it; opens none of the files. Results live in the arena; folder_close() gives the descriptor back. */
bool folder_open(Folder *folder, Arena *arena, const char *path, DbaltError *error);

/* A zeroed folder is fine. */
void folder_close(Folder *folder);

/* "<folder>/<file>", as errors name it. */
const char *folder_file_path(Arena *arena, const Folder *folder, const char *file);

/* Opens one file of it to be read; the caller owns *descriptor. Refused as below. */
bool folder_open_file(int *descriptor, const Folder *folder, const char *file, DbaltError *error);

/*
 * Reads one file into the buffer. False, without a reason, when it is empty, does not leave room, or there is anything to be said of it
 * that folder_read_file() says.
 */
bool folder_peek(Text *text, const Folder *folder, const char *file, char *buffer, size_t size);

/*
 * Reads one file of it. Refused (DBALT_ERROR_SCRIPT, with error->script): what cannot be read, what is no regular file, a
 * symbolic link that leads out of the folder. A file longer than most is left alone: text has its length then, but no data.
 */
bool folder_read_file(Text *text, Arena *arena, const Folder *folder, const char *file, size_t most, DbaltError *error);

#endif
