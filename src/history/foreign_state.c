#include "history/foreign_state.h"

#include "base/cleanup.h"

typedef struct Fields {
    Arena *arena;
    const char *texts[2]; /* of the row; NULL when there is none */
} Fields;

static void take_fields(const Answer *answer, void *context)
{
    Fields *fields = context;
    for (size_t i = 0; i < answer->field_count && i < COUNT(fields->texts); i++)
        fields->texts[i] = answer->fields[i] == NULL ? NULL : arena_copy_string(fields->arena, answer->fields[i]);
}

/* Neither a row nor its table need be there. */
static bool read_fields(Fields *fields, History *history, HistoryStatement statement, DbaltError *error)
{
    Fault fault = FAULT_OTHER;
    if (history_query(history, statement, NULL, 0, take_fields, fields, &fault, error) || fault == FAULT_ABSENT)
        return true;
    if (error->code == DBALT_ERROR_FAILED)
        error->code = DBALT_ERROR_DATABASE;
    return fail_context(error, "cannot read the alteration state");
}

bool foreign_state_read(ForeignState *state, Arena *arena, History *history, DbaltError *error)
{
    Fields row = {.arena = arena};
    Fields memory = {.arena = arena};
    if (!read_fields(&row, history, HISTORY_READ_STATE, error) ||
        (history->exists && !read_fields(&memory, history, HISTORY_READ_REMEMBERED, error)))
        return false;

    const char *timestamp = row.texts[0];
    const char *updated_at = row.texts[1];
    const char *remembered = memory.texts[0];

    *state = (ForeignState){.timestamp = TIMESTAMP_ZERO, .updated_at = updated_at == NULL ? "" : updated_at};
    state->is_found = timestamp != NULL && timestamp_parse(&state->timestamp, text_of(timestamp));
    state->is_remembered = remembered != NULL && timestamp_parse(&state->remembered, text_of(remembered));
    return true;
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
