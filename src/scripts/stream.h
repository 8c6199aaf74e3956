/* Stream: a long section, read in portions; what comes must be what was checked. */

#ifndef SCRIPTS_STREAM_H
#define SCRIPTS_STREAM_H

#include "scripts/digest.h"
#include "scripts/script.h"
#include "sql/portion.h"

typedef struct ScriptStream {
    PortionReader portions; /* first: what a driver is given is its reader */
    const Script *script;   /* borrowed */
    const Section *section;
    int descriptor; /* owned */
    Digest digest;
} ScriptStream;

/* Opens the file, where the section is not in memory. Reading fails with DBALT_ERROR_SCRIPT when the file has changed since. */
bool script_stream_open(ScriptStream *stream, const Script *script, SectionKind section, DbaltError *error);

/* For CLEANUP; a zeroed one is fine. */
void script_stream_close(ScriptStream *stream);

#endif
