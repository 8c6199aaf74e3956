/* COPY: feeding the data that stand in a script, passing over those that nobody asked for. */

#include <stdlib.h>
#include <string.h>

#include "drivers/postgres/postgres.h"

/* What is handed to libpq at a time, so that it buffers no more than that. */
#define COPY_CHUNK ((size_t)64 * 1024)

static const Step *data_step(const PostgresStep *steps, size_t count, size_t step)
{
    bool follows = step + 1 < count && steps[step + 1].step.kind == STEP_COPY_DATA;
    return follows ? &steps[step + 1].step : NULL;
}

static bool put_data(PostgresSession *session, Text data)
{
    bool fine = true;
    for (size_t offset = 0; fine && offset < data.length; offset += COPY_CHUNK) {
        Text chunk = text_slice(data, offset, COPY_CHUNK);
        fine = PQputCopyData(session->libpq, chunk.data, (int)chunk.length) == 1 && postgres_session_flush(session);
    }
    return fine;
}

/* The portion with the statement itself goes. */
static bool put_portions(PostgresSession *session, PostgresBatch *batch, PostgresStep *step)
{
    Portion *portion = &step->portion;
    step->copy_offset = postgres_portion_offset(step, step->results - 1);
    step->data_offset = portion->offset + portion->text.length;
    batch->message.count = 0;

    for (bool is_first = true;; is_first = false) {
        DbaltError error;
        if (!step->step.reader->next(step->step.reader, portion, &error)) {
            postgres_batch_fail(batch)->error = error;
            return false;
        }
        batch->sent.is_read = portion->is_last;
        if (is_first)
            step->data_offset = portion->offset;
        if (!put_data(session, portion->text))
            return false;
        if (portion->ends_copy)
            return true;
    }
}

void postgres_copy_in(PostgresSession *session, PostgresBatch *batch)
{
    PostgresStep *step = batch->step < batch->count ? &batch->steps[batch->step] : NULL;
    const Step *data = data_step(batch->steps, batch->count, batch->step);
    bool has_portions = step != NULL && step->portion.copies;
    if (data == NULL && !has_portions) {
        PQputCopyEnd(session->libpq, "the script has no data for this COPY ... FROM STDIN");
        return;
    }

    bool fine = has_portions ? put_portions(session, batch, step) : put_data(session, data->sql);
    /* The server heeds a cancel in mid-COPY only when more arrives: an end by error does. */
    PQputCopyEnd(session->libpq, fine ? NULL : "interrupted");
}

bool postgres_copy_out(PostgresSession *session)
{
    char *line = NULL;
    int length = PQgetCopyData(session->libpq, &line, 1);
    PQfreemem(line);
    if (length != 0)
        return length > 0;
    if (PQstatus(session->libpq) != CONNECTION_OK)
        return false;

    if (postgres_session_wait(session) == POSTGRES_SILENT)
        postgres_session_break(session);
    return true;
}

/* "COPY item, line 3, column price: ..." stands at the begin of a line of the context; 0 when it does not. */
static unsigned long line_of_context(const char *context)
{
    static const char line_word[] = ", line ";
    for (const char *line = context; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *found = strncmp(line, "COPY ", strlen("COPY ")) == 0 ? strstr(line, line_word) : NULL;
        if (found != NULL)
            return strtoul(found + strlen(line_word), NULL, 10);
    }
    return 0;
}

void postgres_copy_locate(PostgresBatch *batch, const char *context)
{
    Answer *failure = &batch->failure;
    const PostgresStep *step = &batch->steps[failure->step];
    const Step *data = data_step(batch->steps, batch->count, failure->step);
    bool is_last = failure->statement + 1 >= step->results;
    unsigned long line = context != NULL ? line_of_context(context) : 0;
    if (line == 0 || !is_last)
        return;

    if (step->portion.is_copy_data) {
        failure->offset = (long)step->data_offset;
        failure->lines = line - 1;
        return;
    }
    if (data == NULL)
        return;

    size_t offset = 0;
    for (unsigned long i = 1; i < line && offset < data->sql.length; i++) {
        Text rest = text_slice(data->sql, offset, data->sql.length);
        size_t end = text_find(rest, TEXT("\n"));
        offset += end < rest.length ? end + 1 : end;
    }
    failure->step++;
    failure->statement = 0;
    failure->offset = (long)offset;
}
