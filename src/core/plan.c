#include "core/plan.h"

#include <stdlib.h>

/* What plan_describe() shows at most: it has to fit into the detail of an error. */
#define MOST_LINES 20
#define MOST_BYTES 1800

/* What to do about each kind of disagreement; the identity goes between before and after. */
static const struct {
    DbaltState state;
    const char *before, *after;
} remedies[] = {
    {DBALT_MISSED, "deploy what was missed with --out-of-order, or give its file a newer timestamp", NULL},
    {DBALT_CHANGED, "restore the changed file, or take it as deployed with \"dbalt repair --accept ", "\""},
    {DBALT_UNKNOWN, "use a checkout that has the unknown file, or drop it from the history with \"dbalt repair --forget ", "\""},
};

/* Room for all of them. */
static Selection new_selection(Arena *arena, Standings standings)
{
    return (Selection){.rows = arena_allocate_array(arena, standings.count, sizeof(const Standing *))};
}

static void add(Selection *selection, const Standing *standing)
{
    selection->rows[selection->count++] = standing;
}

static bool disagrees(const Standing *standing, Target target)
{
    switch (standing->state) {
    case DBALT_MISSED:
        return target_covers(target, standing->release);
    case DBALT_CHANGED:
        return true;
    case DBALT_UNKNOWN:
        return !standing->newer_than_folder;
    case DBALT_DEPLOYED:
    case DBALT_UNDEPLOYED:
        break;
    }

    return false;
}

/* How many of the selection are in a state; *last is one of them. */
static size_t count_state(const Standing **last, Selection selection, DbaltState state)
{
    size_t count = 0;
    for (size_t i = 0; i < selection.count; i++) {
        if (selection.rows[i]->state == state) {
            *last = selection.rows[i];
            count++;
        }
    }

    return count;
}

static const char *hint_for(Arena *arena, Selection disagreeing)
{
    const char *hint = "";
    for (size_t i = 0; i < COUNT(remedies); i++) {
        const Standing *standing = NULL;
        size_t count = count_state(&standing, disagreeing, remedies[i].state);
        if (count == 0)
            continue;

        hint = arena_format(arena, "%s%s%s", hint, hint[0] == '\0' ? "" : "; ", remedies[i].before);
        if (remedies[i].after != NULL)
            hint = arena_format(arena, "%s%s%s", hint, count == 1 ? standing->identity.text : "IDENTITY", remedies[i].after);
    }

    return hint;
}

bool plan_fail_disagreeing(Arena *arena, Selection disagreeing, DbaltError *error)
{
    fail(error, DBALT_ERROR_DISAGREE, "history and folder disagree on %zu alteration%s", disagreeing.count,
         disagreeing.count == 1 ? "" : "s");
    fail_detail(error, "%s", plan_describe(arena, disagreeing));
    return fail_hint(error, "%s", hint_for(arena, disagreeing));
}

bool plan_deploy(Selection *selection, Arena *arena, Standings standings, Target target, bool out_of_order, DbaltError *error)
{
    Selection selected = new_selection(arena, standings);
    Selection disagreeing = new_selection(arena, standings);

    for (size_t i = 0; i < standings.count; i++) {
        const Standing *standing = &standings.rows[i];
        bool is_wanted = standing->state == DBALT_UNDEPLOYED || (standing->state == DBALT_MISSED && out_of_order);

        if (is_wanted && target_covers(target, standing->release))
            add(&selected, standing);
        else if (!is_wanted && disagrees(standing, target))
            add(&disagreeing, standing);
    }

    if (disagreeing.count > 0)
        return plan_fail_disagreeing(arena, disagreeing, error);

    *selection = selected;
    return true;
}

static int compare_latest_first(const void *a, const void *b)
{
    const Standing *one = *(const Standing *const *)a;
    const Standing *other = *(const Standing *const *)b;
    if (one->deployment->sequence != other->deployment->sequence)
        return one->deployment->sequence > other->deployment->sequence ? -1 : 1;

    return identity_compare(other->identity, one->identity);
}

static Selection latest_first(Selection selection)
{
    if (selection.count > 1)
        qsort(selection.rows, selection.count, sizeof(*selection.rows), compare_latest_first);

    return selection;
}

Selection plan_rollback(Arena *arena, Standings standings, Release release)
{
    Selection selection = new_selection(arena, standings);
    for (size_t i = 0; i < standings.count; i++) {
        const Standing *standing = &standings.rows[i];
        if (standing->deployment != NULL && release_compare(standing->release, release) > 0)
            add(&selection, standing);
    }

    return latest_first(selection);
}

Selection plan_rollback_to_timestamp(Arena *arena, Standings standings, Timestamp timestamp)
{
    Selection selection = new_selection(arena, standings);
    for (size_t i = 0; i < standings.count; i++) {
        const Standing *standing = &standings.rows[i];
        if (standing->deployment != NULL && timestamp_compare(standing->identity.timestamp, timestamp) > 0)
            add(&selection, standing);
    }

    return latest_first(selection);
}

Verdict plan_check(Arena *arena, Standings standings, Target target, bool strict)
{
    Verdict verdict = {
        .undeployed = new_selection(arena, standings),
        .disagreeing = new_selection(arena, standings),
        .unknown = new_selection(arena, standings),
    };

    for (size_t i = 0; i < standings.count; i++) {
        const Standing *standing = &standings.rows[i];
        bool is_unknown = standing->state == DBALT_UNKNOWN;

        if (disagrees(standing, target) || (is_unknown && strict))
            add(&verdict.disagreeing, standing);
        else if (is_unknown)
            add(&verdict.unknown, standing);
        else if (standing->state == DBALT_UNDEPLOYED && target_covers(target, standing->release))
            add(&verdict.undeployed, standing);
    }

    return verdict;
}

static int compare_newest_release_first(const void *a, const void *b)
{
    return release_compare(**(const Release *const *)b, **(const Release *const *)a);
}

size_t plan_targets(const Release **releases, Arena *arena, Standings standings)
{
    const Release **all = arena_allocate_array(arena, standings.count, sizeof(*all));
    size_t count = 0;
    for (size_t i = 0; i < standings.count; i++) {
        if (standings.rows[i].state == DBALT_UNDEPLOYED)
            all[count++] = &standings.rows[i].release;
    }
    if (count > 1)
        qsort(all, count, sizeof(*all), compare_newest_release_first);

    Release *distinct = arena_allocate_array(arena, count, sizeof(*distinct));
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || release_compare(distinct[kept - 1], *all[i]) != 0)
            distinct[kept++] = *all[i];
    }

    *releases = distinct;
    return kept;
}

static const char *describe_one(Arena *arena, const Standing *standing)
{
    const char *state = state_name(standing->state);
    if (standing->alteration != NULL)
        return arena_format(arena, "%s (%s)", standing->alteration->file, state);

    return arena_format(arena, "%s-%s (%s)", release_format_file_name(arena, standing->release), standing->identity.text, state);
}

const char *plan_describe(Arena *arena, Selection selection)
{
    const char *text = "";
    for (size_t i = 0; i < selection.count; i++) {
        const char *line = describe_one(arena, selection.rows[i]);
        bool is_full = i == MOST_LINES || text_of(text).length + text_of(line).length > MOST_BYTES;
        if (i > 0 && is_full)
            return arena_format(arena, "%s\nand %zu more", text, selection.count - i);

        text = arena_format(arena, "%s%s%s", text, i == 0 ? "" : "\n", line);
    }

    return text;
}
