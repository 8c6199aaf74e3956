#include "history/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An event's kind, as HISTORY_READ_STEPS returns it, and what it makes of the step. */
static JournalState state_of(const char *kind)
{
    if (strcmp(kind, "step-begun") == 0)
        return JOURNAL_BEGUN;
    if (strcmp(kind, "step-failed") == 0)
        return JOURNAL_NONE;
    return JOURNAL_DONE; /* step-done, step-skipped */
}

bool journal_read(JournalStep **steps, size_t *count, Arena *arena, History *history, const char *identity, const char *section,
                  DbaltError *error)
{
    Connection *connection = history->connection;
    JournalStep *found = NULL;
    size_t found_count = 0;
    size_t capacity = 0;
    bool ok = true;

    history_submit(history, HISTORY_READ_STEPS, (const char *[]){identity, section}, 2);
    for (;;) {
        Answer answer;
        connection->driver->next(connection, &answer);
        if (answer.kind == ANSWER_END)
            break;
        if (answer.kind == ANSWER_ERROR) {
            *error = answer.error;
            ok = false;
        }
        if (answer.kind != ANSWER_ROW)
            continue;

        size_t step = strtoul(answer.fields[1], NULL, 10);
        while (found_count < step) {
            found = arena_grow(arena, found, found_count, &capacity, sizeof *found);
            found[found_count++] = (JournalStep){0};
        }
        if (step > 0) {
            found[step - 1] = (JournalStep){
                .state = state_of(answer.fields[0]),
                .sha256 = answer.fields[2] == NULL ? "" : arena_copy_string(arena, answer.fields[2]),
                .at = arena_copy_string(arena, answer.fields[3]),
            };
        }
    }
    if (!ok)
        return fail_context(error, "cannot read the journal of \"%s\"", identity);

    *steps = found;
    *count = found_count;
    return true;
}

bool journal_write(History *history, const char *kind, const char *identity, const char *release, const char *section, size_t step,
                   const char *sha256, const char *message, DbaltError *error)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", step);
    const char *const values[] = {kind,   identity, release,     section,       step == 0 ? NULL : number,
                                  sha256, message,  history->by, history->host, history->version};

    history_submit(history, HISTORY_EVENT, values, COUNT(values));
    if (!connection_finish(history->connection, NULL, error))
        return fail_context(error, "cannot write the event \"%s\" of \"%s\"", kind, identity);
    return true;
}
