/*
 * Carrying out a selection. Alterations that can travel are sent ahead of the answers to those before them, within a window that
 * keeps memory bounded and an interrupt prompt; all others run when everything before them has landed.
 */

#include "app/whole.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "history/lock.h"

#define MOST_BYTES ((size_t)4 * 1024 * 1024)

enum { MOST_AHEAD = 128 };

/* Those under way, in the order in which they were sent. */
typedef struct Window {
    Whole *rows[MOST_AHEAD]; /* owned */
    size_t count;
    size_t bytes; /* of all their scripts */
} Window;

static Whole *whole_new(void)
{
    Whole *whole = calloc(1, sizeof *whole);
    if (whole == NULL)
        abort();
    return whole;
}

static void whole_cleanup(Whole **whole)
{
    if (*whole != NULL)
        whole_done(*whole);
    free(*whole);
}

static size_t length_of(const Whole *whole)
{
    return whole->script.sections[whole->section].text.length;
}

static bool window_is_full(const Window *window)
{
    return window->count == MOST_AHEAD || window->bytes >= MOST_BYTES;
}

static void window_push(Window *window, Whole *whole)
{
    window->rows[window->count++] = whole;
    window->bytes += length_of(whole);
}

static Whole *window_pop(Window *window)
{
    Whole *oldest = window->rows[0];
    window->count--;
    window->bytes -= length_of(oldest);
    memmove(window->rows, window->rows + 1, window->count * sizeof(Whole *));
    return oldest;
}

static void window_cleanup(Window *window)
{
    while (window->count > 0) {
        Whole *oldest = window_pop(window);
        whole_cleanup(&oldest);
    }
}

/* Waits for the oldest. When those behind it did not happen, *next goes back to the first of them. */
static bool land(Window *window, size_t *next, Run *run, DbaltError *error)
{
    CLEANUP(whole_cleanup) Whole *oldest = window_pop(window);
    bool alone;

    run_turn_to(run, oldest->index);
    bool ok = whole_land(oldest, &alone, run, window->rows, window->count, error);
    if (alone) {
        window_cleanup(window);
        *next = oldest->index + 1;
    }
    return ok;
}

static bool land_all(Window *window, size_t *next, Run *run, DbaltError *error)
{
    while (window->count > 0) {
        if (!land(window, next, run, error))
            return false;
    }
    return true;
}

/* Goes on with the alteration at *next: sends it ahead, or, when nothing is under way any more, runs it. */
static bool go_on(Window *window, size_t *next, Run *run, DbaltError *error)
{
    size_t index = *next;
    if (!project_is_running(run->plan->project, error) || !lock_check(&run->plan->project->history, error))
        return false;

    run_turn_to(run, index);
    if (whole_waits(run) && window->count > 0)
        return land_all(window, next, run, error);

    CLEANUP(whole_cleanup) Whole *whole = whole_new();
    if (!whole_prepare(whole, run, error))
        return false;
    if (whole_travels(whole, run)) {
        whole_send(whole, run, window->count > 0 ? window->rows[window->count - 1] : NULL);
        window_push(window, whole);
        whole = NULL;
        (*next)++;
        return true;
    }

    if (!land_all(window, next, run, error))
        return false;
    if (*next != index)
        return true;
    (*next)++;
    run_turn_to(run, index);
    return whole_run(whole, run, error);
}

bool run_selection(Run *run, DbaltError *error)
{
    CLEANUP(window_cleanup) Window window = {0};
    size_t count = run->plan->selection.count;

    for (size_t next = 0; next < count || window.count > 0;) {
        if (next == count || window_is_full(&window)) {
            if (!land(&window, &next, run, error))
                return false;
            continue;
        }

        DbaltError stop;
        if (!go_on(&window, &next, run, &stop)) {
            /* What is under way already is awaited; should it fail, that came first. */
            if (!land_all(&window, &next, run, error))
                return false;
            *error = stop;
            return false;
        }
    }
    return true;
}
