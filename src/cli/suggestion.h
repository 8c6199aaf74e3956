/* Suggestion: the name that somebody meant. */

#ifndef CLI_SUGGESTION_H
#define CLI_SUGGESTION_H

#include "base/text.h"

typedef struct Suggestion {
    Text wanted;
    const char *nearest; /* NULL while nothing is near enough */
    size_t distance;
} Suggestion;

/* Nothing is near yet. */
Suggestion suggestion_for(Text wanted);

/* Takes the name when it is nearer than the nearest so far: fewer letters added, left out, changed or swapped. NULL is fine. */
void suggestion_consider(Suggestion *suggestion, const char *name);

#endif
