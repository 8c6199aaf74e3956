/* State: how each alteration stands, from the folder and the history. Pure: hashes come from outside. */

#ifndef CORE_STATE_H
#define CORE_STATE_H

#include <dbalt/dbalt.h>

#include "core/alteration.h"

/* Sections of a script, in the order of the design. */
typedef enum SectionKind {
    SECTION_BEFORE_UP,
    SECTION_UP,
    SECTION_DOWN,
    SECTION_BEFORE_DOWN,
    SECTION_COUNT,
} SectionKind;

/* "before-up", "up", "down", "before-down". */
const char *section_name(SectionKind section);

/* The section of a name that is one. */
SectionKind section_named(Text name);

/* Hex SHA-256 of each section's text with line ends normalised; NULL where the script has no such section. */
typedef struct Fingerprint {
    const char *sections[SECTION_COUNT];
} Fingerprint;

bool fingerprint_is_same(const Fingerprint *a, const Fingerprint *b);

/* Of what another program deployed, whose history has no hashes. */
bool fingerprint_is_unknown(const Fingerprint *fingerprint);

/* "deployed", "undeployed", "missed", "changed", "unknown". */
const char *state_name(DbaltState state);

/* One row of the history. */
typedef struct Deployment {
    Identity identity;
    Release release;  /* as it was when deployed, or corrected since */
    int64_t sequence; /* order of deployment */
    const char *kind;
    Fingerprint fingerprint;
    bool has_down; /* a way back is stored */
    const char *deployed_at;
    int64_t took;
    const char *by, *host, *version;
} Deployment;

/* The history, in order of identity. */
typedef struct Deployments {
    const Deployment *rows;
    size_t count;
} Deployments;

typedef struct Standing {
    DbaltState state;
    const Alteration *alteration; /* NULL when unknown */
    const Deployment *deployment; /* NULL when not deployed */
    Release release;              /* the file's, else the history's */
    Identity identity;
    bool down_changed;      /* deployed, "up" and "before-up" as they were, but "down" or "before-down" differs */
    bool release_changed;   /* deployed as another release than the file's now: the next deploy corrects the history */
    bool newer_than_folder; /* unknown, and behind every file of the folder in order, or of a newer release than any of them */
} Standing;

/* All of folder and history, in order of identity. */
typedef struct Standings {
    const Standing *rows;
    size_t count;
} Standings;

/*
 * Works out every state. fingerprints has one entry for each alteration of the set, NULL where it is not deployed or was
 * not read (then it cannot be "changed"); it may be NULL itself. The result borrows all three.
 */
Standings state_resolve(Arena *arena, AlterationSet set, const Fingerprint *const *fingerprints, Deployments history);

#endif
