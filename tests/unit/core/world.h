/* A folder and a history from lists of file names, for the tests of states and plans. */

#ifndef CORE_WORLD_H
#define CORE_WORLD_H

#include "support/test.h"

#include <stdlib.h>

#include "core/state.h"

/* The hashes of a script; one that is like it in all sections but one differs in that alone. */
#define FINGERPRINT(...) ((Fingerprint){.sections = {[SECTION_UP] = "up", [SECTION_DOWN] = "down", __VA_ARGS__}})

static inline Release world_release(const char *text)
{
    Release release;
    DbaltError error;
    assert_true(release_parse(&release, text, &error));
    return release;
}

static inline Alteration world_alteration(Arena *arena, const char *file)
{
    Alteration alteration;
    const char *reason;
    assert_int_equal(alteration_parse(&alteration, arena, file, &reason), FILE_NAME_ALTERATION);
    return alteration;
}

static inline size_t world_count(const char *const *files)
{
    size_t count = 0;
    while (files[count] != NULL)
        count++;
    return count;
}

/* The folder of a NULL-terminated list, in any order. */
static inline AlterationSet world_set(Arena *arena, const char *const *files)
{
    size_t count = world_count(files);
    Alteration *rows = arena_allocate_array(arena, count, sizeof(*rows));
    for (size_t i = 0; i < count; i++)
        rows[i] = world_alteration(arena, files[i]);

    AlterationSet set;
    DbaltError error;
    assert_true(alteration_set_build(&set, rows, count, &error));
    return set;
}

static inline int world_compare(const void *a, const void *b)
{
    return identity_compare(((const Deployment *)a)->identity, ((const Deployment *)b)->identity);
}

/* The history after files of these names were deployed, in this order. */
static inline Deployments world_history(Arena *arena, const char *const *files)
{
    size_t count = world_count(files);
    Deployment *rows = arena_allocate_array(arena, count, sizeof(*rows));
    for (size_t i = 0; i < count; i++) {
        Alteration alteration = world_alteration(arena, files[i]);
        rows[i] = (Deployment){
            .identity = alteration.identity,
            .release = alteration.release,
            .sequence = (int64_t)i + 1,
            .kind = "sql",
            .fingerprint = FINGERPRINT(),
            .has_down = true,
        };
    }
    if (count > 1)
        qsort(rows, count, sizeof(*rows), world_compare);

    return (Deployments){.rows = rows, .count = count};
}

/* Folder against history, with every file as it was when deployed. */
static inline Standings world_resolve(Arena *arena, const char *const *files, const char *const *deployed)
{
    return state_resolve(arena, world_set(arena, files), NULL, world_history(arena, deployed));
}

#endif
