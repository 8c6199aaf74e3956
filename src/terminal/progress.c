#include "terminal/progress.h"

#include "base/cleanup.h"
#include "terminal/display.h"
#include "terminal/terminal.h"

void progress_show(Progress *progress, const char *text)
{
    if (progress->out == NULL)
        return;

    CLEANUP(arena_done) Arena arena = {0};
    size_t columns = terminal_size(fileno(progress->out)).columns;
    const char *visible = display_visible(&arena, text_of(text));
    const char *cut = display_cut(&arena, visible, columns > 1 ? columns - 1 : 1, progress->utf8 ? "…" : "~");

    fprintf(progress->out, "\r%s\033[K", cut);
    fflush(progress->out);
    progress->is_shown = true;
}

void progress_clear(Progress *progress)
{
    if (!progress->is_shown)
        return;

    fputs("\r\033[K", progress->out);
    fflush(progress->out);
    progress->is_shown = false;
}
