/* Observer: shows what the library tells while it works: as a progress line, as lines, or as objects. */

#ifndef CLI_OBSERVER_H
#define CLI_OBSERVER_H

#include "cli/session.h"

/* A DbaltObserver whose context is the session. */
void observer_handle(const DbaltEvent *event, void *context);

/* "35 ms", "12.3 s" or "3 min 20 s"; "" for a negative duration. */
const char *observer_duration(Arena *arena, int64_t milliseconds);

#endif
