#include "history/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* An event's kind, as HISTORY_READ_STEPS returns it, and what it makes of the step. */
static JournalState state_of(const char *kind)
{
    if (strcmp(kind, "step-begun") == 0)
        return JOURNAL_BEGUN;
    if (strcmp(kind, "step-failed") == 0)
        return JOURNAL_NONE;
    return JOURNAL_DONE; /* step-done, step-skipped */
}

typedef struct Reader {
    Arena *arena;
    JournalStep *steps;
    size_t count, capacity;
} Reader;

/* The last event of a step counts. */
static void take_step(const Answer *answer, void *context)
{
    Reader *reader = context;
    size_t step = strtoul(answer->fields[1], NULL, 10);
    while (reader->count < step) {
        reader->steps = arena_grow(reader->arena, reader->steps, reader->count, &reader->capacity, sizeof *reader->steps);
        reader->steps[reader->count++] = (JournalStep){0};
    }
    if (step == 0)
        return;

    reader->steps[step - 1] = (JournalStep){
        .state = state_of(answer->fields[0]),
        .sha256 = answer->fields[2] == NULL ? "" : arena_copy_string(reader->arena, answer->fields[2]),
        .at = arena_copy_string(reader->arena, answer->fields[3]),
    };
}

bool journal_read(JournalStep **steps, size_t *count, Arena *arena, History *history, const char *identity, const char *section,
                  DbaltError *error)
{
    Reader reader = {.arena = arena};
    const char *const values[] = {identity, section};
    if (!history_query(history, HISTORY_READ_STEPS, values, COUNT(values), take_step, &reader, NULL, error))
        return fail_context(error, "cannot read the journal of \"%s\"", identity);

    *steps = reader.steps;
    *count = reader.count;
    return true;
}

bool journal_write(History *history, const char *kind, const char *identity, const char *release, const char *section, size_t step,
                   const char *sha256, const char *message, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    char number[24];
    snprintf(number, sizeof number, "%zu", step);
    const char *told = password_copy_hidden(&arena, message, &history->passwords);
    const char *const values[] = {kind,   identity, release,     section,       step == 0 ? NULL : number,
                                  sha256, told,     history->by, history->host, history->version};

    history_submit_kind(history, STEP_OWN_ROLE);
    history_submit(history, HISTORY_EVENT, values, COUNT(values));
    Fault fault;
    if (connection_finish(history->connection, &fault, error))
        return true;

    if (fault == FAULT_CONNECTION)
        fail_context(error, "the connection was lost");
    return fail_context(error, "cannot write the event \"%s\" of \"%s\"", kind, identity);
}
