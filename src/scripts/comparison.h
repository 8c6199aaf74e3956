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
 * True when a text is what was deployed, as script_parse() and script_fingerprint() would find. False when it is not so simple to
 * tell: they have to say.
 */
bool comparison_is_same(Comparison *comparison, Text text, Kind kind, const Fingerprint *deployed);

/* The same of a file; also false when it cannot be read, or is long. */
bool comparison_file_is_same(Comparison *comparison, const Folder *folder, const Alteration *alteration, const Fingerprint *deployed);

#endif
