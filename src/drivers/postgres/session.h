/* Session: one libpq connection, non-blocking; whatever waits does so through base/wait. */

#ifndef DRIVERS_POSTGRES_SESSION_H
#define DRIVERS_POSTGRES_SESSION_H

#include "base/error.h"
#include "base/wait.h"
#include "drivers/driver.h"
#include "drivers/postgres/libpq.h"

typedef struct PostgresSession {
    PGconn *libpq; /* owned; NULL = not open */
    Wait *wait;    /* borrowed */
    Limits limits;
    int64_t silence;      /* milliseconds without a sign of life that are borne now; WAIT_FOREVER = no limit */
    bool heeds_heartbeat; /* what runs may take long: the heartbeat of the lock is a sign of life too */
    int64_t deadline;     /* by wait_now(): the end of that silence */
    bool checks_client;   /* the server can look out for clients that were killed */
    bool cancelled;       /* wait_cancel() was told while something ran: the server is asked to end it */
    int64_t cancel_at;    /* by wait_now(): when it is asked, or asked again */
} PostgresSession;

/* What came of waiting for an answer. */
typedef enum PostgresPump {
    POSTGRES_READY,  /* PQgetResult() will not block */
    POSTGRES_AGAIN,  /* something arrived, perhaps a notice: ask again */
    POSTGRES_SILENT, /* the server has been silent for too long */
} PostgresPump;

/* connect.c: driver.h says what. */
void *postgres_dial(const char *url);
void postgres_hang_up(void *dialled);

/* Connects, by what was dialled if that is not NULL; each host of the URL has the timeout (milliseconds; connect_timeout of the URL wins). DBALT_ERROR_DATABASE or _INTERRUPTED. */
bool postgres_session_open(PostgresSession *session, const char *url, void *dialled, Wait *wait, int timeout, DbaltError *error);

/* Begins to connect to the same server, for PQconnectPoll(); never NULL. No name is looked up. */
PGconn *postgres_session_dial_beside(const PostgresSession *session, const char *url);

/* Does not block. One that is not open is fine. */
void postgres_session_close(PostgresSession *session);

/* Before a statement is sent: nothing of it is cancelled yet, and the server may be silent for so many milliseconds (WAIT_FOREVER = no limit). */
void postgres_session_start(PostgresSession *session, int64_t silence);

/* A sign of life that came another way: the silence begins anew. */
void postgres_session_heard(PostgresSession *session);

/* Waits once for an answer. Having been cancelled, the server gets 30 seconds to answer. */
PostgresPump postgres_session_pump(PostgresSession *session);

/* Waits once for the socket, whatever libpq thinks it is doing. POSTGRES_AGAIN or _SILENT. */
PostgresPump postgres_session_wait(PostgresSession *session);

/* Sends all that is buffered. False when cancelled or silent meanwhile. */
bool postgres_session_flush(PostgresSession *session);

/* Breaks the connection: for a peer that has gone silent. Every later use of it fails at once. */
void postgres_session_break(PostgresSession *session);

/*
 * Runs SQL of dbalt's own and returns its last result, for PQclear(); NULL with error when a statement failed. A server that stays
 * silent for timeout milliseconds loses the connection.
 */
PGresult *postgres_session_query(PostgresSession *session, const char *sql, int64_t timeout, DbaltError *error);

/* For CLEANUP. */
void postgres_result_cleanup(PGresult **result);

#endif
