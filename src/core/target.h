/* Target: where a deploy goes. */

#ifndef CORE_TARGET_H
#define CORE_TARGET_H

#include "core/alteration.h"

typedef struct Target {
    bool is_empty;    /* "latest" of a folder without releases: takes nothing */
    Release release;  /* takes everything not newer; "next" takes all */
    const char *text; /* to echo: "1.1.0", "next", "latest" only when empty */
} Target;

/* Resolves "latest" and "next" (in any case), or a release with or without "v". What is none of them: DBALT_ERROR_TARGET. */
bool target_resolve(Target *target, Arena *arena, const char *text, AlterationSet set, DbaltError *error);

/* Whether the release is not newer than the target. */
bool target_covers(Target target, Release release);

#endif
