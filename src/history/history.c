#include "history/history.h"

#include <string.h>

#include "base/cleanup.h"

void history_submit(History *history, HistoryStatement statement, const char *const *values, size_t value_count)
{
    Connection *connection = history->connection;
    connection->driver->submit(connection, &(Step){
                                               .kind = STEP_SQL,
                                               .sql = connection->driver->history_sql(connection, statement),
                                               .values = values,
                                               .value_count = value_count,
                                           });
}

bool history_query(History *history, HistoryStatement statement, const char *const *values, size_t value_count, HistoryRow *take,
                   void *context, Fault *fault, DbaltError *error)
{
    Connection *connection = history->connection;
    bool ok = true;

    history_submit(history, statement, values, value_count);
    for (;;) {
        Answer answer;
        connection->driver->next(connection, &answer);
        if (answer.kind == ANSWER_END)
            return ok;
        if (answer.kind == ANSWER_ROW)
            take(&answer, context);
        if (answer.kind != ANSWER_ERROR)
            continue;

        *error = answer.error;
        if (fault != NULL)
            *fault = answer.fault;
        ok = false;
    }
}

void history_submit_kept(History *history, Arena *arena, HistoryStatement statement, const char *const *values, size_t value_count)
{
    const char **kept = arena_allocate_array(arena, value_count, sizeof(*kept));
    memcpy(kept, values, value_count * sizeof(*kept));
    history_submit(history, statement, kept, value_count);
}

void history_submit_event(History *history, Arena *arena, const char *kind, const char *identity, const char *release, const char *message)
{
    const char *const values[] = {kind, identity, release, NULL, NULL, NULL, message, history->by, history->host, history->version};
    history_submit_kept(history, arena, HISTORY_EVENT, values, COUNT(values));
}

void history_note_place(History *history, const char *place)
{
    history->state_place = strcmp(place, "systems") == 0   ? STATE_IN_SYSTEMS
                           : strcmp(place, "configs") == 0 ? STATE_IN_CONFIGS
                                                           : STATE_ANYWHERE;
}

void history_submit_kind(History *history, StepKind kind)
{
    history->connection->driver->submit(history->connection, &(Step){.kind = kind});
}

void history_roll_back(History *history)
{
    DbaltError ignored;
    history_submit_kind(history, STEP_ROLLBACK);
    connection_finish(history->connection, NULL, &ignored);
}

const char *history_copy_field(Arena *arena, const Answer *answer, size_t field)
{
    const char *text = answer->fields[field];
    return text == NULL ? NULL : arena_copy_string(arena, text);
}

typedef struct Stored {
    Arena *arena;
    const char *down, *before_down;
    bool is_found;
} Stored;

static void take_stored(const Answer *answer, void *context)
{
    Stored *stored = context;
    stored->down = history_copy_field(stored->arena, answer, 0);
    stored->before_down = history_copy_field(stored->arena, answer, 1);
    stored->is_found = true;
}

bool history_read_stored(const char **down, const char **before_down, Arena *arena, History *history, const char *identity, bool *is_gone,
                         DbaltError *error)
{
    Stored stored = {.arena = arena};
    bool ok = history_query(history, HISTORY_READ_STORED, &identity, 1, take_stored, &stored, NULL, error);
    if (is_gone != NULL)
        *is_gone = ok && !stored.is_found;
    if (!ok)
        return fail_context(error, "cannot read the stored way back of \"%s\"", identity);
    if (!stored.is_found)
        return fail(error, DBALT_ERROR_FAILED, "\"%s\" is no longer in the history: somebody else rolled it back", identity);

    *down = stored.down;
    *before_down = stored.before_down;
    return true;
}

bool history_correct_releases(History *history, const Standing *const *standings, size_t count, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};

    history_submit_kind(history, STEP_BEGIN);
    for (size_t i = 0; i < count; i++) {
        const char **values = arena_allocate_array(&arena, 2, sizeof *values);
        values[0] = standings[i]->identity.text;
        values[1] = release_format(&arena, standings[i]->release);
        history_submit(history, HISTORY_RELEASE, values, 2);
    }
    history_submit_kind(history, STEP_COMMIT);
    if (!connection_finish(history->connection, NULL, error))
        return fail_context(error, "cannot correct the history's releases");
    return true;
}

bool history_accept(History *history, const Acceptance *rows, size_t count, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};

    history_submit_kind(history, STEP_BEGIN);
    for (size_t i = 0; i < count; i++) {
        const char *const *hashes = rows[i].fingerprint.sections;
        const char *const values[] = {rows[i].identity,     hashes[SECTION_BEFORE_UP],   hashes[SECTION_UP],
                                      hashes[SECTION_DOWN], hashes[SECTION_BEFORE_DOWN], rows[i].down,
                                      rows[i].before_down};
        history_submit_kept(history, &arena, HISTORY_ACCEPT, values, COUNT(values));
        history_submit_event(history, &arena, "repair", rows[i].identity, rows[i].release, "accepted the file as what was deployed");
    }
    history_submit_kind(history, STEP_COMMIT);
    return connection_finish(history->connection, NULL, error);
}

bool history_forget(History *history, const Deployment *const *rows, size_t count, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};

    history_submit_kind(history, STEP_BEGIN);
    for (size_t i = 0; i < count; i++) {
        const char **identity = arena_allocate_array(&arena, 1, sizeof *identity);
        identity[0] = rows[i]->identity.text;
        history_submit(history, HISTORY_FORGET, identity, 1);
        history_submit_event(history, &arena, "repair", identity[0], release_format(&arena, rows[i]->release), "removed from the history");
    }
    history_submit_kind(history, STEP_COMMIT);
    return connection_finish(history->connection, NULL, error);
}
