/* Identity: the timestamp and name of an alteration, which stay when its file is released. */

#ifndef CORE_IDENTITY_H
#define CORE_IDENTITY_H

#include "base/arena.h"
#include "base/error.h"

/* Unix seconds and a decimal fraction, compared exactly as a number. */
typedef struct Timestamp {
    Text seconds;  /* 1 to 10 digits, no leading zeros (but "0"); borrowed */
    Text fraction; /* digits behind the point, no trailing zeros; may be empty */
} Timestamp;

/* Before everything. */
#define TIMESTAMP_ZERO ((Timestamp){.seconds = TEXT("0")})

typedef struct Identity {
    Timestamp timestamp;
    Text name;
    const char *text; /* "<timestamp>-<name>" in one way of writing it: equal identities have equal text */
} Identity;

/* Reads "1663923770" or "1663923770.25". Borrows text. False when it is none. */
bool timestamp_parse(Timestamp *timestamp, Text text);
int timestamp_compare(Timestamp a, Timestamp b);
/* One second earlier; false when nothing above 0 is left. */
bool timestamp_subtract_second(Timestamp *result, Arena *arena, Timestamp timestamp);
const char *timestamp_format(Arena *arena, Timestamp timestamp);

/* Reads "<timestamp>-<name>", as the history keeps it. text must outlive it. False when it is none. */
bool identity_parse(Identity *identity, Arena *arena, Text text);

/* Order of deployment: timestamp, then name by bytes. */
int identity_compare(Identity a, Identity b);

#endif
