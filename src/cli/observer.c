#include "cli/observer.h"

#include "base/cleanup.h"
#include "cli/objects.h"

const char *observer_duration(Arena *arena, int64_t milliseconds)
{
    if (milliseconds < 0)
        return "";
    if (milliseconds < 10000)
        return arena_format(arena, "%lld ms", (long long)milliseconds);
    if (milliseconds < 100000)
        return arena_format(arena, "%.1f s", (double)milliseconds / 1000);

    return arena_format(arena, "%lld min %lld s", (long long)milliseconds / 60000, (long long)milliseconds / 1000 % 60);
}

static const char *label_of(Arena *arena, const DbaltEntry *entry)
{
    return entry->file != NULL ? entry->file : arena_format(arena, "%s-%s", entry->release, entry->identity);
}

/* What the server tells of a statement that takes long: "building index: scanning table, 42 %". */
static const char *progress_of(Arena *arena, const DbaltEvent *event)
{
    const char *percent = event->percent < 0 ? "" : arena_format(arena, ", %d %%", event->percent);
    return event->message == NULL ? "" : arena_format(arena, "  %s%s", event->message, percent);
}

/* On a terminal the line is drawn over; elsewhere only what is done is worth a line. */
static void show_step(Session *session, Arena *arena, const DbaltEvent *event)
{
    bool is_done = event->kind == DBALT_EVENT_DONE;
    bool has_begun = event->kind == DBALT_EVENT_STARTED;
    const char *step = arena_format(arena, "[%zu/%zu] %s %s%s%s%s", event->index, event->count, label_of(arena, event->entry),
                                    event->section, has_begun ? "" : "  ", has_begun ? "" : observer_duration(arena, event->took),
                                    event->kind == DBALT_EVENT_PROGRESS ? progress_of(arena, event) : "");

    bool is_told = (session->settings.verbose && event->kind != DBALT_EVENT_PROGRESS) || (is_done && session->progress.out == NULL);
    if (is_told)
        session_info(session, "%s", step);

    progress_show(&session->progress, step);
}

/* The line on the terminal says which statement runs now, the log how long the one before took. */
static void show_statement(Session *session, Arena *arena, const DbaltEvent *event)
{
    const char *step =
        arena_format(arena, "[%zu/%zu] %s %s  statement", event->index, event->count, label_of(arena, event->entry), event->section);
    if (session->settings.verbose)
        session_info(session, "%s %zu/%zu  %s", step, event->statement, event->statements, observer_duration(arena, event->took));

    progress_show(&session->progress, arena_format(arena, "%s %zu/%zu", step, event->statement + 1, event->statements));
}

static void show(Session *session, const DbaltEvent *event)
{
    CLEANUP(arena_done) Arena arena = {0};
    if (event->kind == DBALT_EVENT_STARTED || event->kind == DBALT_EVENT_DONE || event->kind == DBALT_EVENT_PROGRESS) {
        show_step(session, &arena, event);
        return;
    }

    if (event->kind == DBALT_EVENT_STATEMENT) {
        show_statement(session, &arena, event);
        return;
    }
    if (event->kind == DBALT_EVENT_BACKUP) {
        session_info(session, "Backup %s", event->path);
        session_info(session, "To restore it: %s", event->restore);
        return;
    }

    const char *message = event->message == NULL ? "" : event->message;
    if (event->entry != NULL)
        message = arena_format(&arena, "%s: %s", label_of(&arena, event->entry), message);

    if (event->kind == DBALT_EVENT_WARNING)
        session_warn(session, "%s", message);
    else
        session_info(session, "%s", message);
}

void observer_handle(const DbaltEvent *event, void *context)
{
    Session *session = context;

    if (session->format == FORMAT_TEXT) {
        show(session, event);
        return;
    }

    objects_print_event(event, session->out);
    fflush(session->out); /* whoever follows us wants it now */
}
