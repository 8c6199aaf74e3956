#include "cli/suggestion.h"

#include <string.h>

/* No name of ours is as long. */
#define LONGEST 40

Suggestion suggestion_for(Text wanted)
{
    /* Short words are near to everything: one slip in three letters at most. */
    return (Suggestion){.wanted = wanted, .distance = wanted.length / 3 + 1};
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau and Levenshtein's distance, with neighbours swapped at most once. */
static size_t distance_of(Text a, Text b)
{
    size_t rows[LONGEST + 1][LONGEST + 1];

    for (size_t i = 0; i <= a.length; i++) {
        for (size_t j = 0; j <= b.length; j++) {
            if (i == 0 || j == 0) {
                rows[i][j] = i + j;
                continue;
            }

            size_t change = rows[i - 1][j - 1] + (a.data[i - 1] != b.data[j - 1]);
            rows[i][j] = smaller(change, smaller(rows[i - 1][j], rows[i][j - 1]) + 1);

            bool is_swap = i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1];
            if (is_swap)
                rows[i][j] = smaller(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    }

    return rows[a.length][b.length];
}

void suggestion_consider(Suggestion *suggestion, const char *name)
{
    if (name == NULL || strlen(name) > LONGEST || suggestion->wanted.length > LONGEST)
        return;

    size_t distance = distance_of(suggestion->wanted, text_of(name));
    if (distance >= suggestion->distance)
        return;

    suggestion->distance = distance;
    suggestion->nearest = name;
}
