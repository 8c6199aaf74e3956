/* Process: who and where we are, and a child for calls that may block. */

#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/arena.h"
#include "base/wait.h"

/* The name of this process's user, or its number when it has no name. */
const char *process_user(Arena *arena);

/* The name of this machine. */
const char *process_host(Arena *arena);

/*
 * Calls function(context) in a forked child and waits for it until the deadline, then kills it: for library calls that
 * block without bound, such as PQcancel(). The function must do with what is async-signal-safe. True when it returned true in time.
 */
bool process_call(Wait *wait, bool (*function)(void *context), void *context, int64_t deadline);

#endif
