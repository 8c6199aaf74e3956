/* Alteration: what a file name says of it: <release>-<timestamp>[.N]-<name>.<sql|js|mjs|ts>. */

#ifndef CORE_ALTERATION_H
#define CORE_ALTERATION_H

#include "core/identity.h"
#include "core/release.h"

typedef enum Kind {
    KIND_SQL,
    KIND_JAVASCRIPT,
} Kind;

typedef struct Alteration {
    Release release;
    Identity identity;
    Kind kind;
    const char *file; /* file name, without folder */
} Alteration;

typedef enum FileNameVerdict {
    FILE_NAME_ALTERATION,
    FILE_NAME_MISSPELT, /* looks like one that somebody got wrong: *reason says what */
    FILE_NAME_OTHER,    /* README.md, .gitkeep ...: nobody meant an alteration */
} FileNameVerdict;

/* Reads a file name; copies what it keeps into the arena. */
FileNameVerdict alteration_parse(Alteration *alteration, Arena *arena, const char *file, const char **reason);

/* "sql" or "javascript", as the history keeps it. */
const char *kind_name(Kind kind);

/* A set in order of identity, each identity once. */
typedef struct AlterationSet {
    const Alteration *rows;
    size_t count;
} AlterationSet;

/* Sorts rows in place. Two of one identity: DBALT_ERROR_FOLDER naming both files. */
bool alteration_set_build(AlterationSet *set, Alteration *rows, size_t count, DbaltError *error);

/* The index of an identity's text, or set.count. */
size_t alteration_set_find(AlterationSet set, Identity identity);

/* The newest release of the set that is not "next"; false when it has none. */
bool alteration_set_latest(Release *release, AlterationSet set);

#endif
