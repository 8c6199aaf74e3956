/* Program: another one, run to its end. */

#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include "base/arena.h"
#include "base/error.h"
#include "base/wait.h"

/* How a program ended. */
typedef struct ProgramEnd {
    bool succeeded;
    const char *said; /* the end of what it wrote to stdout and stderr, some kilobytes at most */
} ProgramEnd;

/*
 * Runs a program, arguments[0] being its path, with this environment and nothing else of ours, and waits for it without limit. A
 * cancel ends it (DBALT_ERROR_INTERRUPTED), and so does our own end, even by SIGKILL (Linux). False only when how it ended is
 * not known.
 */
bool program_run(ProgramEnd *end, Arena *arena, Wait *wait, const char *const *arguments, const char *const *environment,
                 DbaltError *error);

/* A word as a shell takes it: in quotes when it needs them. */
const char *program_quote(Arena *arena, const char *word);

#endif
