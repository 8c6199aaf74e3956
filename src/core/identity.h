/* Identity: the timestamp and name of an alteration, which stay when its file is released. */

#ifndef CORE_IDENTITY_H
#define CORE_IDENTITY_H

#include "base/arena.h"
#include "base/error.h"

/* Unix seconds and a decimal fraction, compared exactly as a number. */
typedef struct Timestamp {
    uint64_t seconds; /* of at most 10 digits */
    Text fraction;    /* digits behind the point, no trailing zeros; may be empty; borrowed */
} Timestamp;

/* Before everything. */
#define TIMESTAMP_ZERO ((Timestamp){0})

typedef struct Identity {
    Timestamp timestamp;
    Text name;        /* part of text */
    const char *text; /* "<timestamp>-<name>" in one way of writing it: equal identities have equal text */
} Identity;

/* Reads "1663923770" or "1663923770.25". Borrows text. False when it is none. */
bool timestamp_parse(Timestamp *timestamp, Text text);
int timestamp_compare(Timestamp a, Timestamp b);
/* One second earlier; false when nothing above 0 is left. */
bool timestamp_subtract_second(Timestamp *result, Timestamp timestamp);
const char *timestamp_format(Arena *arena, Timestamp timestamp);

/* Reads "<timestamp>-<name>", as the history keeps it. The identity lives in the arena. False when it is none. */
bool identity_parse(Identity *identity, Arena *arena, Text text);

/* Order of deployment: timestamp, then name by bytes. */
int identity_compare(Identity a, Identity b);

#endif
