#include "drivers/postgres/message.h"

#include <ctype.h>
#include <string.h>

#include "base/error.h"
#include "sql/statement.h"

/* A server that can finds out by itself that its client was killed, and ends what it ran. */
#define CHECK_CLIENT_INTERVAL 2000 /* milliseconds */

/* The server's own limit for silence is a little longer: whoever waits for the script ends it in order first. */
#define SILENCE_SLACK 10000 /* milliseconds */

/* Milliseconds that a statement of the transaction may take; 0 = no limit. */
static int64_t statement_limit(const Step *begin, const PostgresSession *session)
{
    return session->limits.statement > 0 ? session->limits.statement : begin->timeout;
}

static void add(PostgresMessage *message, PostgresSegment segment)
{
    message->segments = arena_grow(&message->arena, message->segments, message->count, &message->capacity, sizeof(segment));
    message->segments[message->count++] = segment;
}

static void add_own(PostgresMessage *message, size_t step, Text text)
{
    add(message, (PostgresSegment){.step = step, .text = text});
}

static void add_script(PostgresMessage *message, const PostgresCursor *cursor, Text text, size_t offset)
{
    add(message, (PostgresSegment){.step = cursor->step, .offset = offset, .text = text, .is_script = true});
}

/* The newline ends a comment that has none; the semicolon a statement. Where there is one already, it adds no result. */
static void end_script(PostgresMessage *message, PostgresCursor *cursor, size_t length)
{
    add_script(message, cursor, TEXT("\n;"), length);
    *cursor = (PostgresCursor){.step = cursor->step + 1};
}

/* The next portion of a long script. Data that nobody asked for are passed over. */
static bool add_portion(PostgresMessage *message, PostgresCursor *cursor, PostgresStep *step, DbaltError *error)
{
    SqlReader *reader = step->step.reader;
    Portion *portion = &step->portion;
    while (!cursor->is_read) {
        if (!reader->next(reader, portion, error))
            return false;

        cursor->is_within = true;
        cursor->is_read = portion->is_last;
        if (portion->is_copy_data)
            continue;
        step->first = step->results;
        step->results += portion->statement_count;
        add_script(message, cursor, portion->text, portion->offset);
        if (!portion->is_last)
            return true;
    }
    end_script(message, cursor, portion->offset + portion->text.length);
    return true;
}

static bool add_value(PostgresMessage *message, size_t index, const Step *step, size_t value, const PostgresSession *session,
                      DbaltError *error)
{
    const char *given = step->values[value];
    if (given == NULL) {
        add_own(message, index, TEXT("NULL"));
        return true;
    }

    char *literal = PQescapeLiteral(session->libpq, given, strlen(given));
    if (literal == NULL)
        return fail(error, DBALT_ERROR_FAILED, "a value for the history is no valid UTF-8");

    add_own(message, index, text_of(arena_copy_string(&message->arena, literal)));
    PQfreemem(literal);
    return true;
}

/* Offset of the first "$1" or the like outside quotes, from offset on, or the length. */
static size_t find_placeholder(Text sql, size_t offset)
{
    char quote = '\0';
    for (size_t i = offset; i + 1 < sql.length; i++) {
        char c = sql.data[i];
        if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == '$' && isdigit((unsigned char)sql.data[i + 1]))
            return i;
    }
    return sql.length;
}

static bool add_filled(PostgresMessage *message, size_t index, const Step *step, const PostgresSession *session, DbaltError *error)
{
    Text sql = step->sql;
    size_t done = 0;
    for (size_t at; (at = find_placeholder(sql, done)) < sql.length;) {
        size_t number = 0;
        size_t end = at + 1;
        for (; end < sql.length && isdigit((unsigned char)sql.data[end]); end++)
            number = number * 10 + (size_t)(sql.data[end] - '0');

        add_own(message, index, text_slice(sql, done, at - done));
        if (number < 1 || number > step->value_count)
            return fail(error, DBALT_ERROR_FAILED, "no value for \"$%zu\"", number);
        if (!add_value(message, index, step, number - 1, session, error))
            return false;

        done = end;
    }
    add_own(message, index, text_slice(sql, done, sql.length));
    add_own(message, index, TEXT(";"));
    return true;
}

/* The limits are local: they end with the transaction, and nothing of them is left in a pooled connection. */
static Text begin_sql(Arena *arena, const Step *step, const PostgresSession *session)
{
    int64_t lock = step->lock_timeout > 0 ? step->lock_timeout : session->limits.lock;
    const char *sql = arena_format(arena, "BEGIN;SET LOCAL lock_timeout=%lld;", (long long)lock);
    if (session->checks_client)
        sql = arena_format(arena, "%sSET LOCAL client_connection_check_interval=%d;", sql, CHECK_CLIENT_INTERVAL);
    if (statement_limit(step, session) > 0)
        sql = arena_format(arena, "%sSET LOCAL statement_timeout=%lld;", sql, (long long)statement_limit(step, session));
    if (step->timeout > 0)
        sql = arena_format(arena, "%sSET LOCAL idle_in_transaction_session_timeout=%lld;", sql,
                           session->limits.any_pause ? 0LL : (long long)step->timeout + SILENCE_SLACK);
    return text_of(sql);
}

/* RESET: to what the server has for this user and database. */
static Text limits_sql(Arena *arena, const Step *step, const Limits *limits)
{
    const char *lock = step->is_patient ? "RESET lock_timeout;" : arena_format(arena, "SET lock_timeout=%lld;", (long long)limits->lock);
    if (limits->statement == 0) /* then the script may have set its own */
        return text_of(lock);
    return text_of(arena_format(arena, "%sSET statement_timeout=%lld;", lock, (long long)limits->statement));
}

Text postgres_step_sql(Arena *arena, const Step *step, const PostgresSession *session)
{
    switch (step->kind) {
    case STEP_SQL:
        return step->sql;
    case STEP_BEGIN:
        return begin_sql(arena, step, session);
    case STEP_LIMITS:
        return limits_sql(arena, step, &session->limits);
    case STEP_SETTLE:
        return TEXT(POSTGRES_CHECK_DEFERRED_SQL POSTGRES_RESET_SQL);
    case STEP_OWN_ROLE: /* several statements of one message are a transaction: local to that */
        return TEXT("SET LOCAL role TO DEFAULT;");
    case STEP_COMMIT:
        return TEXT("COMMIT;");
    case STEP_ROLLBACK:
        return TEXT("ROLLBACK;" POSTGRES_RESET_SQL);
    case STEP_COPY_DATA: /* goes when the server asks for it */
        break;
    }
    return TEXT("");
}

static bool add_step(PostgresMessage *message, PostgresCursor *cursor, PostgresStep *added, const PostgresSession *session,
                     DbaltError *error)
{
    const Step *step = &added->step;
    if (step->kind == STEP_SQL && (step->value_count == 0 || step->is_script)) {
        added->results = step->is_script || step->statement_count > 0 ? step->statement_count : statement_count(SQL_POSTGRES, step->sql);
        add_script(message, cursor, step->sql, 0);
        end_script(message, cursor, step->sql.length);
        return true;
    }

    size_t index = cursor->step;
    Text sql = postgres_step_sql(&message->arena, step, session);
    added->results = step->value_count > 0 ? 1 : statement_count(SQL_POSTGRES, sql);
    if (step->kind != STEP_SQL)
        add_own(message, index, sql);
    else if (!add_filled(message, index, step, session, error))
        return false;
    *cursor = (PostgresCursor){.step = index + 1};
    return true;
}

/* Of dbalt's own, several make one transaction where none is open: they are few, and read, or write one thing. */
static bool is_own(const Step *step)
{
    return step->kind == STEP_OWN_ROLE || (step->kind == STEP_SQL && !step->is_script);
}

bool postgres_message_build(PostgresMessage *message, PostgresCursor *cursor, PostgresStep *steps, size_t count,
                            const PostgresSession *session, DbaltError *error)
{
    bool transaction = PQtransactionStatus(session->libpq) == PQTRANS_INTRANS;
    while (cursor->step < count) {
        const Step *step = &steps[cursor->step].step;
        bool is_bound = step->is_script && step->value_count > 0;
        bool is_joined =
            transaction || step->kind == STEP_COPY_DATA || (is_own(step) && cursor->step > 0 && is_own(&steps[cursor->step - 1].step));
        if (message->count > 0 && (is_bound || !is_joined))
            return true;
        if (step->reader != NULL ? !add_portion(message, cursor, &steps[cursor->step], error)
                                 : !add_step(message, cursor, &steps[cursor->step], session, error))
            return false;
        if (cursor->is_within || is_bound)
            return true;

        if (step->kind == STEP_BEGIN)
            transaction = true;
        if (step->kind == STEP_COMMIT || step->kind == STEP_ROLLBACK)
            transaction = false;
    }
    return true;
}

const char *postgres_message_join(const PostgresMessage *message, Arena *arena)
{
    size_t length = message->lead.length;
    for (size_t i = 0; i < message->count; i++)
        length += message->segments[i].text.length;

    char *text = arena_allocate(arena, length + 1);
    char *end = text + message->lead.length;
    if (message->lead.length > 0)
        memcpy(text, message->lead.data, message->lead.length);
    for (size_t i = 0; i < message->count; i++) {
        Text part = message->segments[i].text;
        if (part.length > 0)
            memcpy(end, part.data, part.length);
        end += part.length;
    }
    return text;
}

bool postgres_message_locate(const PostgresMessage *message, size_t position, bool counts_bytes, size_t *step, long *offset)
{
    size_t left = position - 1 - message->lead.length;
    for (size_t i = 0; i < message->count; i++) {
        const PostgresSegment *segment = &message->segments[i];
        size_t length = counts_bytes ? segment->text.length : text_count_characters(segment->text);
        if (left < length) {
            size_t byte = counts_bytes ? left : text_offset_of_character(segment->text, left);
            *step = segment->step;
            *offset = segment->is_script ? (long)(segment->offset + byte) : -1;
            return true;
        }
        left -= length;
    }
    return false;
}

void postgres_message_done(PostgresMessage *message)
{
    arena_done(&message->arena);
    *message = (PostgresMessage){0};
}
