#include "core/state.h"

#include <string.h>

static const char *const section_names[] = {
    [SECTION_BEFORE_UP] = "before-up",
    [SECTION_UP] = "up",
    [SECTION_DOWN] = "down",
    [SECTION_BEFORE_DOWN] = "before-down",
};

static const char *const state_names[] = {
    [DBALT_DEPLOYED] = "deployed", [DBALT_UNDEPLOYED] = "undeployed", [DBALT_MISSED] = "missed",
    [DBALT_CHANGED] = "changed",   [DBALT_UNKNOWN] = "unknown",
};

const char *section_name(SectionKind section)
{
    return section_names[section];
}

SectionKind section_named(Text name)
{
    SectionKind section = SECTION_BEFORE_UP;
    while (!text_equals(name, text_of(section_names[section])))
        section++;

    return section;
}

const char *state_name(DbaltState state)
{
    return state_names[state];
}

static bool section_differs(const Fingerprint *a, const Fingerprint *b, SectionKind section)
{
    const char *one = a->sections[section];
    const char *other = b->sections[section];
    if (one == NULL || other == NULL)
        return one != other;

    return strcmp(one, other) != 0;
}

bool fingerprint_is_same(const Fingerprint *a, const Fingerprint *b)
{
    for (SectionKind section = 0; section < SECTION_COUNT; section++) {
        if (section_differs(a, b, section))
            return false;
    }
    return true;
}

bool fingerprint_is_unknown(const Fingerprint *fingerprint)
{
    return fingerprint_is_same(fingerprint, &(Fingerprint){0});
}

/* Build metadata too: the history keeps the release as it is written. */
static bool release_differs(Release a, Release b)
{
    return release_compare(a, b) != 0 || !text_equals(a.build, b.build);
}

static Standing stand_deployed(const Alteration *alteration, const Deployment *deployment, const Fingerprint *present)
{
    Standing standing = {
        .state = DBALT_DEPLOYED,
        .alteration = alteration,
        .deployment = deployment,
        .release = alteration->release,
        .identity = alteration->identity,
        .release_changed = release_differs(alteration->release, deployment->release),
    };

    const Fingerprint *deployed = &deployment->fingerprint;
    if (present == NULL || fingerprint_is_unknown(deployed))
        return standing;
    if (section_differs(present, deployed, SECTION_UP) || section_differs(present, deployed, SECTION_BEFORE_UP))
        standing.state = DBALT_CHANGED;
    else
        standing.down_changed = section_differs(present, deployed, SECTION_DOWN) || section_differs(present, deployed, SECTION_BEFORE_DOWN);

    return standing;
}

static Standing stand_undeployed(const Alteration *alteration)
{
    return (Standing){
        .state = DBALT_UNDEPLOYED,
        .alteration = alteration,
        .release = alteration->release,
        .identity = alteration->identity,
    };
}

/*
 * Newer than the folder is what comes behind all its files in order, or belongs to a release that the folder knows nothing
 * of yet: after a hotfix, the next release's alterations may be older than the hotfix by timestamp.
 */
static bool is_newer_than_folder(AlterationSet set, const Release *newest, const Deployment *deployment)
{
    if (set.count == 0)
        return true;

    return identity_compare(deployment->identity, set.rows[set.count - 1].identity) > 0 ||
           release_compare(deployment->release, *newest) > 0;
}

static const Release *newest_release(AlterationSet set)
{
    const Release *newest = NULL;
    for (size_t i = 0; i < set.count; i++) {
        if (newest == NULL || release_compare(set.rows[i].release, *newest) > 0)
            newest = &set.rows[i].release;
    }

    return newest;
}

static Standing stand_unknown(AlterationSet set, const Release *newest, const Deployment *deployment)
{
    return (Standing){
        .state = DBALT_UNKNOWN,
        .deployment = deployment,
        .release = deployment->release,
        .identity = deployment->identity,
        .newer_than_folder = is_newer_than_folder(set, newest, deployment),
    };
}

/* From the newest back, with the newest release deployed at a later timestamp: what is not newer than that was missed. */
static void mark_missed(Standing *rows, size_t count)
{
    const Release *later = NULL;
    for (size_t end = count; end > 0;) {
        size_t first = end - 1;
        while (first > 0 && timestamp_compare(rows[first - 1].identity.timestamp, rows[end - 1].identity.timestamp) == 0)
            first--;

        for (size_t i = first; i < end; i++) {
            if (rows[i].state == DBALT_UNDEPLOYED && later != NULL && release_compare(*later, rows[i].release) >= 0)
                rows[i].state = DBALT_MISSED;
        }
        for (size_t i = first; i < end; i++) {
            if (rows[i].deployment != NULL && (later == NULL || release_compare(rows[i].release, *later) > 0))
                later = &rows[i].release;
        }
        end = first;
    }
}

Standings state_resolve(Arena *arena, AlterationSet set, const Fingerprint *const *fingerprints, Deployments history)
{
    Standing *rows = arena_allocate_array(arena, set.count + history.count, sizeof(*rows));
    const Release *newest = newest_release(set);
    size_t count = 0;

    for (size_t i = 0, j = 0; i < set.count || j < history.count;) {
        int order = i == set.count ? 1 : j == history.count ? -1 : identity_compare(set.rows[i].identity, history.rows[j].identity);
        if (order < 0)
            rows[count++] = stand_undeployed(&set.rows[i++]);
        else if (order > 0)
            rows[count++] = stand_unknown(set, newest, &history.rows[j++]);
        else {
            rows[count++] = stand_deployed(&set.rows[i], &history.rows[j], fingerprints == NULL ? NULL : fingerprints[i]);
            i++;
            j++;
        }
    }

    mark_missed(rows, count);
    return (Standings){.rows = rows, .count = count};
}
