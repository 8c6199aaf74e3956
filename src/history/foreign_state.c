#include "history/foreign_state.h"

#include <string.h>

#include "base/cleanup.h"

/* The first row's fields, copied; none when there is no row, or no table. */
static bool read_fields(const char **fields, size_t count, Arena *arena, History *history, HistoryStatement statement, DbaltError *error)
{
    Connection *connection = history->connection;
    bool ok = true;

    history_submit(history, statement, NULL, 0);
    for (;;) {
        Answer answer;
        connection->driver->next(connection, &answer);
        if (answer.kind == ANSWER_END)
            return ok || fail_context(error, "cannot read the alteration state");
        if (answer.kind == ANSWER_ERROR && answer.fault != FAULT_ABSENT) {
            *error = answer.error;
            ok = false;
        }
        for (size_t i = 0; answer.kind == ANSWER_ROW && i < count; i++)
            fields[i] = answer.fields[i] == NULL ? NULL : arena_copy_string(arena, answer.fields[i]);
    }
}

bool foreign_state_read(ForeignState *state, Arena *arena, History *history, DbaltError *error)
{
    const char *row[2] = {NULL, NULL};
    const char *remembered = NULL;
    if (!read_fields(row, COUNT(row), arena, history, HISTORY_READ_STATE, error) ||
        (history->exists && !read_fields(&remembered, 1, arena, history, HISTORY_READ_REMEMBERED, error)))
        return false;

    *state = (ForeignState){.timestamp = TIMESTAMP_ZERO, .updated_at = row[1] == NULL ? "" : row[1]};
    state->is_found = row[0] != NULL && timestamp_parse(&state->timestamp, text_of(row[0]));
    state->is_remembered = remembered != NULL && timestamp_parse(&state->remembered, text_of(remembered));
    return true;
}

static void submit_kept(History *history, Arena *arena, HistoryStatement statement, const char *const *values, size_t count)
{
    const char **kept = arena_allocate_array(arena, count, sizeof(*kept));
    memcpy(kept, values, count * sizeof(*kept));
    history_submit(history, statement, kept, count);
}

static void submit_adopted(History *history, Arena *arena, const Deployment *row, const char *message)
{
    const char *release = release_format(arena, row->release);
    const char *const event[] = {"adopt",     row->identity.text, release,         NULL, NULL, NULL, message,
                                 history->by, history->host,      history->version};
    submit_kept(history, arena, HISTORY_EVENT, event, COUNT(event));
}

bool foreign_state_adopt(History *history, const Adoption *adoption, Timestamp timestamp, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    const Driver *driver = history->connection->driver;

    driver->submit(history->connection, &(Step){.kind = STEP_BEGIN});
    for (size_t i = 0; i < adoption->added_count; i++) {
        const Deployment *row = &adoption->added[i];
        const char *const values[] = {
            row->identity.text, release_format(&arena, row->release), arena_copy_text(&arena, row->identity.name), row->kind, row->by,
            row->deployed_at};
        submit_kept(history, &arena, HISTORY_ADOPT, values, COUNT(values));
        submit_adopted(history, &arena, row, "deployed by Logto");
    }
    for (size_t i = 0; i < adoption->removed_count; i++) {
        const Deployment *row = adoption->removed[i];
        submit_kept(history, &arena, HISTORY_FORGET, &row->identity.text, 1);
        submit_adopted(history, &arena, row, "rolled back by Logto");
    }
    const char *remembered = timestamp_format(&arena, timestamp);
    submit_kept(history, &arena, HISTORY_REMEMBER_STATE, &remembered, 1);
    driver->submit(history->connection, &(Step){.kind = STEP_COMMIT});

    if (connection_finish(history->connection, NULL, error))
        return true;
    return fail_context(error, "cannot adopt what Logto deployed");
}
