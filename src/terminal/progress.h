/* Progress: one line that is drawn over itself. */

#ifndef TERMINAL_PROGRESS_H
#define TERMINAL_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

typedef struct Progress {
    FILE *out;     /* borrowed; NULL = show nothing */
    bool utf8;     /* the screen shows more than ASCII */
    bool is_shown; /* there is a line to take away */
} Progress;

/* Shows the text in place of what was shown before, cut to the width that the window has now. */
void progress_show(Progress *progress, const char *text);

/* Takes the line away, so that something else can be printed. */
void progress_clear(Progress *progress);

#endif
