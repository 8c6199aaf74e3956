/* Process: who and where we are, and a child for calls that may block. */

#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <sys/types.h>

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

/* In a child behind fork(): sends it the signal when the thread that forked it ends, or ends it at once when that has happened. Linux only. */
void process_end_with(pid_t parent, int signal);

/* A child that is spoken with over two channels of its own, beside its standard descriptors, which are ours. */
typedef struct Child {
    pid_t pid;
    int to;   /* owned socket: read by the child on its descriptor 3; non-blocking */
    int from; /* owned: written by the child on its descriptor 4; non-blocking */
    int life; /* owned: the other end, the child's descriptor 5, kills it (on Linux) when this one closes, so that it does not outlive us */
} Child;

/* Nobody. */
#define CHILD_NONE ((Child){.pid = -1, .to = -1, .from = -1, .life = -1})

/* Starts a program, found by PATH, with our environment and the extra variables ("NAME=value"; NULL-terminated). False with errno. */
bool child_start(Child *child, const char *const *arguments, const char *const *extra_environment);

/* Gives it until the deadline to end by itself once both channels are closed, kills it then, and forgets it. *status as of waitpid(2), may be NULL. */
void child_stop(Child *child, Wait *wait, int64_t deadline, int *status);

#endif
