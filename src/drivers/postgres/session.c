#include "drivers/postgres/session.h"

#include <poll.h>
#include <sys/socket.h>

#include "base/process.h"
#include "drivers/postgres/fault.h"

/* PQcancel() makes a connection of its own, and blocks as long as that takes. */
#define CANCEL_TIMEOUT 5000

/* How long a server may take to answer what was cancelled; a COMMIT in flight is awaited within it. */
#define CANCELLED_TIMEOUT 30000

/* A request that overtakes its statement finds nothing to cancel, and is lost: it is made again and again. */
#define CANCEL_INTERVAL 500

void postgres_session_close(PostgresSession *session)
{
    PQfinish(session->libpq);
    session->libpq = NULL;
}

void postgres_session_start(PostgresSession *session, int64_t silence)
{
    session->cancelled = false;
    session->silence = silence;
    session->deadline = WAIT_FOREVER;
    postgres_session_heard(session);
}

void postgres_session_heard(PostgresSession *session)
{
    if (session->silence != WAIT_FOREVER && !session->cancelled)
        session->deadline = wait_now() + session->silence;
}

static bool send_cancel(void *context)
{
    char message[256];
    return PQcancel(context, message, sizeof(message)) == 1;
}

static void request_cancel(PostgresSession *session)
{
    PGcancel *request = PQgetCancel(session->libpq);
    if (request != NULL)
        process_call(session->wait, send_cancel, request, wait_now() + CANCEL_TIMEOUT);

    PQfreeCancel(request);
    session->cancel_at = wait_now() + CANCEL_INTERVAL;
}

/* The request itself goes with the next wait: first, whoever waits may see to what is behind the statement. */
static PostgresPump wait_for_events(PostgresSession *session, short events)
{
    bool repeats = session->cancelled && session->cancel_at < session->deadline;
    if (repeats && wait_now() >= session->cancel_at)
        request_cancel(session);
    switch (wait_for(session->wait, PQsocket(session->libpq), events, repeats ? session->cancel_at : session->deadline)) {
    case WAIT_CANCELLED:
        session->cancelled = true;
        session->cancel_at = wait_now();
        session->deadline = session->cancel_at + CANCELLED_TIMEOUT;
        break;
    case WAIT_TIMEOUT:
        if (!repeats && wait_now() >= session->deadline)
            return POSTGRES_SILENT;
        break;
    case WAIT_READY:
        /* Should it fail, the connection is broken, and the next result says so. */
        PQconsumeInput(session->libpq);
        postgres_session_heard(session);
        break;
    }
    return POSTGRES_AGAIN;
}

PostgresPump postgres_session_wait(PostgresSession *session)
{
    return wait_for_events(session, PQflush(session->libpq) == 1 ? POLLIN | POLLOUT : POLLIN);
}

PostgresPump postgres_session_pump(PostgresSession *session)
{
    if (!PQisBusy(session->libpq))
        return POSTGRES_READY;

    /* Under TLS data may have been read from the socket, of which poll() knows nothing any more. */
    PQflush(session->libpq);
    PQconsumeInput(session->libpq);
    if (!PQisBusy(session->libpq))
        return POSTGRES_READY;

    return postgres_session_wait(session);
}

bool postgres_session_flush(PostgresSession *session)
{
    /* Not postgres_session_wait(): should all be sent just before it looks, it waits for an answer that is not due. */
    while (PQflush(session->libpq) == 1 && !session->cancelled && PQstatus(session->libpq) == CONNECTION_OK)
        if (wait_for_events(session, POLLIN | POLLOUT) == POSTGRES_SILENT)
            return false;

    return !session->cancelled;
}

void postgres_session_break(PostgresSession *session)
{
    int descriptor = PQsocket(session->libpq);
    if (descriptor >= 0)
        shutdown(descriptor, SHUT_RDWR);

    /* libpq learns of it by reading: first what had arrived, then the end. */
    while (PQstatus(session->libpq) == CONNECTION_OK && PQconsumeInput(session->libpq) == 1) {
    }
}

/* *result is NULL when the server is ready for the next message. False when it stays silent. */
static bool await_result(PostgresSession *session, PGresult **result)
{
    for (;;) {
        switch (postgres_session_pump(session)) {
        case POSTGRES_AGAIN:
            continue;
        case POSTGRES_SILENT:
            return false;
        case POSTGRES_READY:
            *result = PQgetResult(session->libpq);
            return true;
        }
    }
}

PGresult *postgres_session_query(PostgresSession *session, const char *sql, int64_t timeout, DbaltError *error)
{
    session->heeds_heartbeat = false;
    postgres_session_start(session, timeout);
    if (PQsendQuery(session->libpq, sql) != 1) {
        postgres_fault(error, NULL, session);
        return NULL;
    }

    PGresult *last = NULL;
    bool fine = true;
    PGresult *result = NULL;
    while (await_result(session, &result)) {
        if (result == NULL && fine)
            return last;
        if (result == NULL)
            break;

        PQclear(last);
        last = result;
        bool failed = PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK;
        if (failed && fine)
            postgres_fault(error, result, session);
        fine = fine && !failed;
    }
    if (fine) {
        postgres_session_break(session);
        fail(error, session->cancelled ? DBALT_ERROR_INTERRUPTED : DBALT_ERROR_DATABASE, "the database server does not answer");
    }
    PQclear(last);
    return NULL;
}

void postgres_result_cleanup(PGresult **result)
{
    PQclear(*result);
}
