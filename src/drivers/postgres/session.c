#include "drivers/postgres/session.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/process.h"
#include "drivers/postgres/fault.h"

/* PQcancel() makes a connection of its own, and blocks as long as that takes. */
#define CANCEL_TIMEOUT 5000

/* How long a server may take to answer what was cancelled; a COMMIT in flight is awaited within it. */
#define CANCELLED_TIMEOUT 30000

/* A request that overtakes its statement finds nothing to cancel, and is lost: it is made again and again. */
#define CANCEL_INTERVAL 500

static void pass_over_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

/* The URL's own connect_timeout (or PGCONNECT_TIMEOUT), which libpq leaves to those who poll. */
static int64_t connect_timeout(PGconn *libpq, int timeout)
{
    PQconninfoOption *options = PQconninfo(libpq);
    int64_t chosen = timeout;
    for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
        if (strcmp(option->keyword, "connect_timeout") == 0 && option->val != NULL && atoi(option->val) > 0)
            chosen = atoi(option->val) * INT64_C(1000);

    PQconninfoFree(options);
    return chosen;
}

static bool fail_silent_connect(const PGconn *libpq, int64_t timeout, DbaltError *error)
{
    fail(error, DBALT_ERROR_DATABASE, "connection to server at \"%s\", port %s failed: no answer within %lld s", PQhost(libpq),
         PQport(libpq), (long long)(timeout / 1000));
    return fail_hint(error, "check host, port and firewall; \"?connect_timeout=SECONDS\" in the URL gives it longer");
}

static bool fail_connect(const PGconn *libpq, DbaltError *error)
{
    postgres_fail_lines(error, DBALT_ERROR_DATABASE, PQerrorMessage(libpq));
    if (PQconnectionNeedsPassword(libpq))
        fail_hint(error, "give the password in the URL, in PGPASSWORD or in ~/.pgpass");

    return false;
}

static bool connect_poll(PGconn *libpq, Wait *wait, int timeout, DbaltError *error)
{
    int64_t milliseconds = connect_timeout(libpq, timeout);
    int64_t deadline = wait_now() + milliseconds;
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (PQstatus(libpq) == CONNECTION_BAD || status == PGRES_POLLING_FAILED)
            return fail_connect(libpq, error);

        switch (wait_for(wait, PQsocket(libpq), status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline)) {
        case WAIT_READY:
            status = PQconnectPoll(libpq);
            break;
        case WAIT_TIMEOUT:
            return fail_silent_connect(libpq, milliseconds, error);
        case WAIT_CANCELLED:
            return fail(error, DBALT_ERROR_INTERRUPTED, "interrupted while connecting to the database");
        }
    }
    return true;
}

bool postgres_session_open(PostgresSession *session, const char *url, Wait *wait, int timeout, DbaltError *error)
{
    /* A repeated key: the last one wins. What stands before the URL is a default that it may override. */
    static const char *const keywords[] = {
        "keepalives_idle", "keepalives_interval", "keepalives_count", "fallback_application_name", "dbname", "client_encoding", NULL,
    };
    const char *const values[] = {"60", "10", "6", "dbalt", url, "UTF8", NULL};

    PGconn *libpq = PQconnectStartParams(keywords, values, 1);
    if (libpq == NULL)
        abort(); /* no memory */

    PQsetNoticeReceiver(libpq, pass_over_notice, NULL);
    if (!connect_poll(libpq, wait, timeout, error) || PQsetnonblocking(libpq, 1) != 0) {
        PQfinish(libpq);
        return false;
    }

    *session = (PostgresSession){.libpq = libpq, .wait = wait, .deadline = WAIT_FOREVER};
    return true;
}

void postgres_session_close(PostgresSession *session)
{
    PQfinish(session->libpq);
    session->libpq = NULL;
}

void postgres_session_start(PostgresSession *session, int64_t timeout)
{
    session->cancelled = false;
    session->deadline = timeout == WAIT_FOREVER ? WAIT_FOREVER : wait_now() + timeout;
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

PostgresPump postgres_session_wait(PostgresSession *session)
{
    short events = POLLIN;
    if (PQflush(session->libpq) == 1)
        events |= POLLOUT;

    bool repeats = session->cancelled && session->cancel_at < session->deadline;
    switch (wait_for(session->wait, PQsocket(session->libpq), events, repeats ? session->cancel_at : session->deadline)) {
    case WAIT_CANCELLED:
        session->cancelled = true;
        session->deadline = wait_now() + CANCELLED_TIMEOUT;
        request_cancel(session);
        break;
    case WAIT_TIMEOUT:
        if (!repeats)
            return POSTGRES_SILENT;
        request_cancel(session);
        break;
    case WAIT_READY:
        /* Should it fail, the connection is broken, and the next result says so. */
        PQconsumeInput(session->libpq);
        break;
    }
    return POSTGRES_AGAIN;
}

PostgresPump postgres_session_pump(PostgresSession *session)
{
    PQflush(session->libpq);
    if (!PQisBusy(session->libpq))
        return POSTGRES_READY;

    return postgres_session_wait(session);
}

bool postgres_session_flush(PostgresSession *session)
{
    while (PQflush(session->libpq) == 1 && !session->cancelled && PQstatus(session->libpq) == CONNECTION_OK)
        if (postgres_session_wait(session) == POSTGRES_SILENT)
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
