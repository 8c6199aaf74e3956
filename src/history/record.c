#include "history/record.h"

#include <stdlib.h>
#include <string.h>

#include "history/foreign_state.h"

static bool layout_is_readable(const Answer *answer, bool for_writing, DbaltError *error)
{
    long version = strtol(answer->fields[0], NULL, 10);
    long oldest_reader = strtol(answer->fields[1], NULL, 10);
    if (version <= HISTORY_LAYOUT || (!for_writing && oldest_reader <= HISTORY_LAYOUT))
        return true;

    fail(error, DBALT_ERROR_DATABASE, "the history is of layout %ld, which a newer dbalt wrote; this one knows layout %d", version,
         HISTORY_LAYOUT);
    return fail_hint(error, "use the dbalt that deployed last, or a newer one");
}

/* The row before: most are alike in what is not their own, and such a text is kept once. */
typedef struct Before {
    Deployment row;
    const char *release; /* as it was written */
} Before;

static const char *share_text(Arena *arena, const char *text, const char *before)
{
    if (text == NULL)
        return NULL;
    return before != NULL && strcmp(text, before) == 0 ? before : arena_copy_string(arena, text);
}

static bool read_release(Release *release, Arena *arena, const char *text, Before *before)
{
    const char *kept = share_text(arena, text, before->release);
    DbaltError cause;
    *release = before->row.release;
    if (kept != before->release && !release_parse(release, kept, &cause))
        return false;

    before->release = kept;
    return true;
}

/* The columns of HISTORY_READ, as driver.h lists them. */
static bool read_row(Deployment *result, Arena *arena, const Answer *answer, Before *before, DbaltError *error)
{
    const char *const *fields = answer->fields;
    Deployment row = {0};
    if (!identity_parse(&row.identity, arena, text_of(fields[0])))
        return fail(error, DBALT_ERROR_DATABASE, "the history has a row whose identity \"%s\" is none", fields[0]);
    if (!read_release(&row.release, arena, fields[2], before))
        return fail(error, DBALT_ERROR_DATABASE, "the history has \"%s\" under a release that is none: \"%s\"", fields[0], fields[2]);

    row.sequence = strtoll(fields[1], NULL, 10);
    row.kind = share_text(arena, fields[3], before->row.kind);
    for (size_t section = 0; section < SECTION_COUNT; section++)
        row.fingerprint.sections[section] = share_text(arena, fields[4 + section], before->row.fingerprint.sections[section]);
    row.has_down = strcmp(fields[8], "1") == 0;
    row.deployed_at = share_text(arena, fields[9], before->row.deployed_at);
    row.took = fields[10] == NULL ? -1 : strtoll(fields[10], NULL, 10);
    row.by = share_text(arena, fields[11], before->row.by);
    row.host = share_text(arena, fields[12], before->row.host);
    row.version = share_text(arena, fields[13], before->row.version);
    *result = before->row = row;
    return true;
}

static int compare_deployments(const void *a, const void *b)
{
    return identity_compare(((const Deployment *)a)->identity, ((const Deployment *)b)->identity);
}

static void take_holder(const Answer *answer, void *context)
{
    Holder *holder = context;
    const char **fields[] = {&holder->by, &holder->host, &holder->pid, &holder->since, &holder->backend};
    for (size_t i = 0; i < COUNT(fields); i++)
        *fields[i] = history_copy_field(holder->arena, answer, i);
}

/* Its last steps; before them, and the COMMIT behind them, is what writes. */
enum { STATE_STEP, LAYOUT_STEP, ROWS_STEP, REMEMBERED_STEP, READING_STEPS };

/* A batch that reads. */
typedef struct Reading {
    Record *record;
    Arena *arena;
    bool for_writing, creates;
    size_t first; /* of the steps that read; the holder came with the one before */
    Holder *holder;
    Fault fault;
    size_t failed; /* the step whose fault it is */

    Deployment *rows;
    size_t count, capacity;
    Before before;
} Reading;

static void submit_reading(History *history, Reading *reading)
{
    reading->record->foreign = (ForeignState){.timestamp = TIMESTAMP_ZERO, .updated_at = ""};
    if (reading->record->asks_foreign)
        history_submit(history, HISTORY_READ_STATE, NULL, 0); /* first: it needs no history */
    history_submit(history, HISTORY_READ_LAYOUT, NULL, 0);
    history_submit(history, HISTORY_READ, NULL, 0);
    if (reading->record->asks_foreign)
        history_submit(history, HISTORY_READ_REMEMBERED, NULL, 0);
}

/* One of the steps that read, or more than those. */
static size_t reading_step(const Reading *reading, size_t step)
{
    if (step < reading->first)
        return READING_STEPS;
    return step - reading->first + (reading->record->asks_foreign ? STATE_STEP : LAYOUT_STEP);
}

static bool take_row(Reading *reading, History *history, const Answer *answer, DbaltError *error)
{
    ForeignState *foreign = &reading->record->foreign;
    switch (reading_step(reading, answer->step)) {
    case STATE_STEP:
        foreign_state_take(foreign, history, reading->arena, answer);
        return true;
    case LAYOUT_STEP:
        return layout_is_readable(answer, reading->for_writing, error);
    case ROWS_STEP:
        reading->rows = arena_grow(reading->arena, reading->rows, reading->count, &reading->capacity, sizeof *reading->rows);
        return read_row(&reading->rows[reading->count++], reading->arena, answer, &reading->before, error);
    case REMEMBERED_STEP:
        foreign_state_take_remembered(foreign, reading->arena, answer);
        return true;
    default:
        take_holder(answer, reading->holder);
        return true;
    }
}

static bool fail_state(DbaltError *error)
{
    bool is_of_its_shape = text_starts_with(text_of(error->sqlstate), TEXT("22")) || /* of what it holds, or of what it is */
                           (text_starts_with(text_of(error->sqlstate), TEXT("42")) && strcmp(error->sqlstate, "42501") != 0);
    if (is_of_its_shape)
        fail_hint(error, "if this is not Logto's table but another application's, --state=dbalt leaves it alone");
    return fail_context(error, "cannot read the alteration state");
}

static bool fail_reading(Reading *reading, const Answer *answer, DbaltError *error)
{
    size_t step = reading_step(reading, answer->step);
    bool reads = step == LAYOUT_STEP || step == ROWS_STEP;
    reading->fault = answer->fault;
    reading->failed = step;
    *error = answer->error;
    if (error->code == DBALT_ERROR_FAILED)
        error->code = DBALT_ERROR_DATABASE;
    if (reading->record->asks_foreign && (step == STATE_STEP || (step == REMEMBERED_STEP && !reading->creates)))
        return fail_state(error);
    if (!reading->creates)
        return fail_context(error, reads ? "cannot read the history" : "cannot write to the history");

    if (error->hint[0] == '\0')
        fail_hint(error, "nothing was changed; where the names of its tables are taken, another schema can be named with --history-schema");
    return fail_context(error, "cannot create the history");
}

/* Reads on to the end of the batch, whatever comes. */
static bool finish_reading(Reading *reading, History *history, DbaltError *error)
{
    Connection *connection = history->connection;
    bool ok = true;
    for (;;) {
        Answer answer;
        connection->driver->next(connection, &answer);
        if (answer.kind == ANSWER_END)
            break;
        if (ok && answer.kind == ANSWER_ROW)
            ok = take_row(reading, history, &answer, error);
        if (ok && answer.kind == ANSWER_ERROR)
            ok = fail_reading(reading, &answer, error);
    }
    if (!ok)
        return false;

    if (reading->count > 1)
        qsort(reading->rows, reading->count, sizeof *reading->rows, compare_deployments);
    history->exists = true;
    reading->record->deployments = (Deployments){.rows = reading->rows, .count = reading->count};
    return true;
}

bool record_read(Record *record, Arena *arena, History *history, bool for_writing, DbaltError *error)
{
    Reading reading = {.record = record, .arena = arena, .for_writing = for_writing};
    submit_reading(history, &reading);
    if (finish_reading(&reading, history, error))
        return true;
    if (reading.fault != FAULT_ABSENT || reading.failed != LAYOUT_STEP)
        return false;

    history->exists = false;
    record->deployments = (Deployments){0};
    return true;
}

bool record_read_holder(Holder *holder, Arena *arena, History *history, DbaltError *error)
{
    Fault fault = FAULT_OTHER;
    *holder = (Holder){.arena = arena};
    /* No history yet: its maker holds the lock at this moment and is not written down. */
    if (history_query(history, HISTORY_READ_HOLDER, NULL, 0, take_holder, holder, &fault, error) || fault == FAULT_ABSENT)
        return true;
    if (error->code == DBALT_ERROR_FAILED)
        error->code = DBALT_ERROR_DATABASE;
    return fail_context(error, "cannot read the history");
}

/* Two creators can collide in the catalogue in spite of IF NOT EXISTS; the loser finds it made at the next try. */
static bool is_creation_race(Fault fault, const DbaltError *error)
{
    static const char *const states[] = {"42P06", "42P07", "42710", "23505", "XX000"};
    for (size_t i = 0; i < COUNT(states); i++) {
        if (strcmp(error->sqlstate, states[i]) == 0)
            return true;
    }
    return fault == FAULT_SERIALIZATION;
}

/* history->exists may be out of date when it says no: creation bears a history that is there. */
static bool try_claim(Reading *reading, History *history, const Holder *gone, const Holder *self, DbaltError *error)
{
    const char *const of_gone[] = {gone->host, gone->pid};
    const char *const of_self[] = {self->by, self->host, self->pid, self->backend};

    history_submit_kind(history, STEP_BEGIN);
    if (reading->creates)
        history_submit(history, HISTORY_CREATE, NULL, 0);
    history_submit(history, HISTORY_RELEASE_HOLD, of_gone, COUNT(of_gone));
    history_submit(history, HISTORY_HOLD, of_self, COUNT(of_self));
    history_submit(history, HISTORY_READ_HOLDER, NULL, 0);
    submit_reading(history, reading); /* what bears the names of its tables already may be somebody else's */
    history_submit_kind(history, STEP_COMMIT);
    return finish_reading(reading, history, error);
}

bool record_claim(Record *record, Holder *holder, Arena *arena, History *history, const Holder *self, DbaltError *error)
{
    enum { TRIES = 5, PAUSE = 50 };
    const Holder gone = *holder;

    for (int try = 1;; try++) {
        Reading reading = {
            .record = record,
            .arena = arena,
            .for_writing = true,
            .creates = !history->exists,
            .first = history->exists ? 4 : 5,
            .holder = holder,
        };
        *holder = (Holder){.arena = arena};
        if (try_claim(&reading, history, &gone, self, error))
            return true;
        if (try == TRIES || !is_creation_race(reading.fault, error) || !wait_sleep(history->connection->wait, (int64_t)PAUSE * try))
            return false;
    }
}
