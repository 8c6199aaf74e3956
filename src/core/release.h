/* Release: a SemVer 2.0 version (https://semver.org), or "next". */

#ifndef CORE_RELEASE_H
#define CORE_RELEASE_H

#include "base/arena.h"
#include "base/error.h"

typedef struct Release {
    bool is_next; /* newer than every version; the rest is empty then */
    Text major;   /* digits without leading zeros, of any length; borrowed, like all of it */
    Text minor;
    Text patch;
    Text prerelease; /* "beta.10"; empty = none */
    Text build;      /* kept, but without weight in comparisons */
} Release;

/* Reads a version, with or without a leading "v", or "next" in any case. Borrows text. */
bool release_parse(Release *release, const char *text, DbaltError *error);

/* The same for the release part of a file name: no "v", "next" in lower case alone, "_" standing for "-". Borrows text, or copies it into the arena. False when it is none. */
bool release_parse_file_name(Release *release, Arena *arena, Text text);

/* By precedence (SemVer section 11); negative, 0 or positive. Build metadata does not count. */
int release_compare(Release a, Release b);

/* "1.0.0-beta.10", "next". */
const char *release_format(Arena *arena, Release release);

/* As in a file name: "1.0.0_beta.10". */
const char *release_format_file_name(Arena *arena, Release release);

#endif
