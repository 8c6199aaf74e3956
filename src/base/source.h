/* Source: bytes that are read part by part: of a file, or of what is in memory. */

#ifndef BASE_SOURCE_H
#define BASE_SOURCE_H

#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

typedef struct Source {
    Text text;        /* borrowed; all of it, when descriptor is -1 */
    int descriptor;   /* borrowed; of the file, or -1 */
    size_t begin;     /* of it in the file */
    size_t length;    /* of it in the file, as far as the file goes: SIZE_MAX = to the end */
    const char *path; /* for errors */
} Source;

/* What is in memory. */
Source source_of(Text text);

/* Part of another one. */
Source source_slice(Source source, size_t offset, size_t length);

/* Reads as much as there is from offset on, at most room bytes; *got is less at the end alone. Fails with DBALT_ERROR_SCRIPT. */
bool source_read(size_t *got, const Source *source, char *buffer, size_t room, size_t offset, DbaltError *error);

#endif
