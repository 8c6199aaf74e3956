#include "core/adoption.h"

#include <stdlib.h>

static int compare_deployments(const void *a, const void *b)
{
    return identity_compare(((const Deployment *)a)->identity, ((const Deployment *)b)->identity);
}

static bool is_in_history(Deployments history, const Alteration *alteration)
{
    const Deployment wanted = {.identity = alteration->identity};
    return history.count > 0 && bsearch(&wanted, history.rows, history.count, sizeof wanted, compare_deployments) != NULL;
}

static int64_t last_sequence(Deployments history)
{
    int64_t last = 0;
    for (size_t i = 0; i < history.count; i++) {
        if (history.rows[i].sequence > last)
            last = history.rows[i].sequence;
    }
    return last;
}

static void adopt_deployed(Adoption *adoption, Arena *arena, AlterationSet set, Deployments history, ForeignState state)
{
    Deployment *rows = arena_allocate_array(arena, history.count + set.count, sizeof *rows);
    Deployment *added = arena_allocate_array(arena, set.count, sizeof *added);
    int64_t sequence = last_sequence(history);
    size_t count = 0;

    for (size_t i = 0; i < set.count; i++) {
        const Alteration *alteration = &set.rows[i];
        Timestamp timestamp = alteration->identity.timestamp;
        bool is_covered = timestamp_compare(timestamp, state.timestamp) <= 0 &&
                          (!state.is_remembered || timestamp_compare(timestamp, state.remembered) > 0);
        if (!is_covered || is_in_history(history, alteration))
            continue;
        added[count++] = (Deployment){
            .identity = alteration->identity,
            .release = alteration->release,
            .sequence = ++sequence,
            .kind = kind_name(alteration->kind),
            .deployed_at = state.updated_at,
            .took = -1,
            .by = "logto",
            .host = "",
            .version = "",
        };
    }

    for (size_t i = 0; i < history.count; i++)
        rows[i] = history.rows[i];
    for (size_t i = 0; i < count; i++)
        rows[history.count + i] = added[i];
    if (history.count + count > 1)
        qsort(rows, history.count + count, sizeof *rows, compare_deployments);

    adoption->deployments = (Deployments){.rows = rows, .count = history.count + count};
    adoption->added = added;
    adoption->added_count = count;
}

/*
 * Logto writes one second before what it rolled back last: what lies within that second was not touched, unless that very timestamp
 * is a deployed one.
 */
static Timestamp last_untouched(Deployments history, Timestamp written)
{
    Timestamp untouched = written;
    for (size_t i = 0; i < history.count; i++) {
        Timestamp timestamp = history.rows[i].identity.timestamp;
        Timestamp before;
        if (timestamp_compare(timestamp, written) == 0)
            return written;
        if (timestamp_subtract_second(&before, timestamp) && timestamp_compare(before, written) == 0)
            return untouched;
        if (timestamp_compare(timestamp, written) > 0)
            untouched = timestamp;
    }
    return written;
}

static void adopt_rolled_back(Adoption *adoption, Arena *arena, Deployments history, ForeignState state)
{
    Deployment *rows = arena_allocate_array(arena, history.count, sizeof *rows);
    const Deployment **removed = arena_allocate_array(arena, history.count, sizeof(*removed));
    Timestamp untouched = last_untouched(history, state.timestamp);
    size_t kept = 0;

    for (size_t i = 0; i < history.count; i++) {
        if (timestamp_compare(history.rows[i].identity.timestamp, untouched) > 0)
            removed[adoption->removed_count++] = &history.rows[i];
        else
            rows[kept++] = history.rows[i];
    }
    adoption->deployments = (Deployments){.rows = rows, .count = kept};
    adoption->removed = removed;
}

Adoption adoption_resolve(Arena *arena, AlterationSet set, Deployments history, ForeignState state)
{
    Adoption adoption = {.deployments = history};
    int moved = state.is_remembered ? timestamp_compare(state.timestamp, state.remembered) : state.is_found;

    if (moved > 0)
        adopt_deployed(&adoption, arena, set, history, state);
    if (moved < 0)
        adopt_rolled_back(&adoption, arena, history, state);
    return adoption;
}
