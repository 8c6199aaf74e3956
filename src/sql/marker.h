/* Marker: the comment line "-- dbalt: up" that begins a section of a script. */

#ifndef SQL_MARKER_H
#define SQL_MARKER_H

#include "base/text.h"

typedef enum MarkerSpelling {
    MARKER_NONE,     /* an ordinary comment */
    MARKER_MISSPELT, /* meant as one: "-- Dbalt: up", "-- dbalt up", "-- dbalt: upp" */
    MARKER_EXACT,    /* blanks behind "--" and around the colon are free */
} MarkerSpelling;

/*
 * Reads a line comment, from its "--" to before its line's end. *name is the section's: "before-up", "up", "down" or
 * "before-down"; of a misspelt one the name it resembles, or empty.
 */
MarkerSpelling marker_read(Text *name, Text comment);

#endif
