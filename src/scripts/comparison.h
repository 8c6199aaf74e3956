/* Comparison: telling that a file is what was deployed, without reading its SQL. */

#ifndef SCRIPTS_COMPARISON_H
#define SCRIPTS_COMPARISON_H

#include "core/state.h"
#include "scripts/digest.h"
#include "scripts/folder.h"

/* What comparing many files takes once. */
typedef struct Comparison {
    Digest digest;
    char *bytes; /* owned: of the file at hand */
} Comparison;

void comparison_init(Comparison *comparison);

/* For CLEANUP. */
void comparison_done(Comparison *comparison);

/*
 * The fingerprint of a text as its marker lines cut it, in the arena. Where it is what was deployed, script_parse() and
 * script_fingerprint() would find the same; where it is not, or this returns false because it is not so simple to tell, they have to say.
 */
bool comparison_read(Fingerprint *fingerprint, Arena *arena, Comparison *comparison, Text text, Kind kind);

/* The same of a file; also false when it cannot be read, or is long. */
bool comparison_read_file(Fingerprint *fingerprint, Arena *arena, Comparison *comparison, const Folder *folder,
                          const Alteration *alteration);

#endif
