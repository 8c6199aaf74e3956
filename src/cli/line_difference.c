#include "cli/line_difference.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "terminal/color.h"
#include "terminal/display.h"

/* Common lines shown around a difference. */
#define CONTEXT 2

/* The table of lengths has a cell for each pair of lines; texts too long for it are shown as wholly different. */
#define MOST_CELLS 4000000

typedef struct Lines {
    Text *rows;
    size_t count;
} Lines;

/* A line of the output: ' ', '-' or '+'. */
typedef struct Mark {
    char sign;
    Text line;
} Mark;

static Lines split(Arena *arena, const char *text)
{
    Lines lines = {0};
    size_t capacity = 0;
    for (Text rest = text_of(text); rest.length > 0;) {
        size_t length = text_find(rest, TEXT("\n"));
        Text line = text_slice(rest, 0, length);
        if (text_ends_with(line, TEXT("\r")))
            line.length--;

        lines.rows = arena_grow(arena, lines.rows, lines.count, &capacity, sizeof(Text));
        lines.rows[lines.count++] = line;
        rest = text_slice(rest, length + 1, SIZE_MAX);
    }

    return lines;
}

/* lengths[i * (new + 1) + j]: of the longest common subsequence of what follows line i of old and line j of new. */
static uint32_t *measure(Arena *arena, const Lines *old, const Lines *new)
{
    size_t width = new->count + 1;
    if ((old->count + 1) > MOST_CELLS / width)
        return NULL;

    uint32_t *lengths = arena_allocate_array(arena, (old->count + 1) * width, sizeof(*lengths));
    for (size_t i = old->count; i-- > 0;) {
        for (size_t j = new->count; j-- > 0;) {
            uint32_t down = lengths[(i + 1) * width + j];
            uint32_t right = lengths[i * width + j + 1];
            bool is_common = text_equals(old->rows[i], new->rows[j]);
            lengths[i * width + j] = is_common ? lengths[(i + 1) * width + j + 1] + 1 : down > right ? down : right;
        }
    }

    return lengths;
}

static Mark *compare(size_t *count, Arena *arena, const Lines *old, const Lines *new)
{
    Mark *marks = arena_allocate_array(arena, old->count + new->count, sizeof(*marks));
    const uint32_t *lengths = measure(arena, old, new);
    size_t width = new->count + 1;
    size_t i = 0;
    size_t j = 0;

    *count = 0;
    while (i < old->count || j < new->count) {
        bool both = i < old->count && j < new->count;
        if (lengths != NULL && both && text_equals(old->rows[i], new->rows[j])) {
            marks[(*count)++] = (Mark){' ', old->rows[i++]};
            j++;
        } else if (i < old->count && (!both || lengths == NULL || lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
            marks[(*count)++] = (Mark){'-', old->rows[i++]};
        } else {
            marks[(*count)++] = (Mark){'+', new->rows[j++]};
        }
    }

    return marks;
}

static bool is_near_difference(const Mark *marks, size_t count, size_t at)
{
    size_t first = at > CONTEXT ? at - CONTEXT : 0;
    for (size_t i = first; i < count && i <= at + CONTEXT; i++) {
        if (marks[i].sign != ' ')
            return true;
    }

    return false;
}

void line_difference_print(const char *old, const char *new, bool color, FILE *out)
{
    CLEANUP(arena_done) Arena arena = {0};
    Lines old_lines = split(&arena, old);
    Lines new_lines = split(&arena, new);
    size_t count = 0;
    const Mark *marks = compare(&count, &arena, &old_lines, &new_lines);
    bool is_left_out = false;

    for (size_t i = 0; i < count; i++) {
        if (!is_near_difference(marks, count, i)) {
            if (!is_left_out)
                fputs("    ...\n", out);
            is_left_out = true;
            continue;
        }

        Color paint = marks[i].sign == '-' ? COLOR_RED : marks[i].sign == '+' ? COLOR_GREEN : COLOR_NONE;
        const char *line = arena_format(&arena, "  %c %s", marks[i].sign, display_visible(&arena, marks[i].line));
        color_print(out, color, paint, line);
        fputc('\n', out);
        is_left_out = false;
    }
}
