/* Adoption: what another program says it deployed, by one timestamp that covers all below it, laid over the history. */

#ifndef CORE_ADOPTION_H
#define CORE_ADOPTION_H

#include "core/state.h"

/* The other program's row, as Logto keeps it, and what dbalt itself wrote into it last. */
typedef struct ForeignState {
    bool is_found;
    Timestamp timestamp;    /* TIMESTAMP_ZERO when not found */
    const char *updated_at; /* ISO 8601 */
    bool is_remembered;     /* dbalt wrote it before */
    Timestamp remembered;
} ForeignState;

typedef struct Adoption {
    Deployments deployments; /* the history as it stands with it */
    const Deployment *added; /* by the other program since, in order; part of the above */
    size_t added_count;
    const Deployment *const *removed; /* rolled back by it since */
    size_t removed_count;
} Adoption;

/*
 * Only what the other program moved since dbalt wrote counts: above the remembered timestamp it deployed, below it rolled back. When
 * nothing is remembered, all that the timestamp covers was deployed by it. A row that is gone since dbalt wrote it went with all that
 * was deployed: Logto's first alteration drops its table on the way back. Pure; borrows set and history.
 */
Adoption adoption_resolve(Arena *arena, AlterationSet set, Deployments history, ForeignState state);

#endif
