#include "history/foreign_state.h"

#include "base/cleanup.h"

void foreign_state_take(ForeignState *state, History *history, Arena *arena, const Answer *answer)
{
    const char *timestamp = answer->fields[0];
    const char *updated_at = answer->fields[1];
    state->is_found = timestamp != NULL && timestamp_parse(&state->timestamp, text_of(arena_copy_string(arena, timestamp)));
    state->updated_at = arena_copy_string(arena, updated_at == NULL ? "" : updated_at);
    history_note_place(history, answer->fields[2]);
}

void foreign_state_take_remembered(ForeignState *state, Arena *arena, const Answer *answer)
{
    state->is_remembered = timestamp_parse(&state->remembered, text_of(arena_copy_string(arena, answer->fields[0])));
}

static void submit_adopted(History *history, Arena *arena, const Deployment *row, const char *message)
{
    history_submit_event(history, arena, "adopt", row->identity.text, release_format(arena, row->release), message);
}

bool foreign_state_adopt(History *history, const Adoption *adoption, Timestamp timestamp, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};

    history_submit_kind(history, STEP_BEGIN);
    for (size_t i = 0; i < adoption->added_count; i++) {
        const Deployment *row = &adoption->added[i];
        const char *const values[] = {
            row->identity.text, release_format(&arena, row->release), arena_copy_text(&arena, row->identity.name), row->kind, row->by,
            row->deployed_at};
        history_submit_kept(history, &arena, HISTORY_ADOPT, values, COUNT(values));
        submit_adopted(history, &arena, row, "deployed by Logto");
    }
    for (size_t i = 0; i < adoption->removed_count; i++) {
        const Deployment *row = adoption->removed[i];
        history_submit_kept(history, &arena, HISTORY_FORGET, &row->identity.text, 1);
        submit_adopted(history, &arena, row, "rolled back by Logto");
    }
    const char *remembered = timestamp_format(&arena, timestamp);
    history_submit_kept(history, &arena, HISTORY_REMEMBER_STATE, &remembered, 1);
    history_submit_kind(history, STEP_COMMIT);

    if (connection_finish(history->connection, NULL, error))
        return true;
    return fail_context(error, "cannot adopt what Logto deployed");
}
