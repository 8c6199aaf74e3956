/* Connecting: every host of a URL gets its time, the silent ones too. */

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "drivers/postgres/fault.h"
#include "drivers/postgres/session.h"
#include "drivers/postgres/url.h"

/* Those of the URL's hosts that were not tried yet: lists of equal length, or NULL for what the URL says. */
typedef struct Hosts {
    const char *names;
    const char *addresses;
    const char *ports;
} Hosts;

static void pass_over_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

/* What libpq made of a parameter, from URL, service file or environment; "" when it is not set. */
static const char *parameter(Arena *arena, PGconn *libpq, const char *name)
{
    const char *value = "";
    PQconninfoOption *options = PQconninfo(libpq);
    for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
        if (strcmp(option->keyword, name) == 0 && option->val != NULL)
            value = arena_copy_string(arena, option->val);

    PQconninfoFree(options);
    return value;
}

/* libpq leaves connect_timeout to those who poll. */
static int64_t connect_timeout(PGconn *libpq, int timeout)
{
    CLEANUP(arena_done) Arena arena = {0};
    int seconds = atoi(parameter(&arena, libpq, "connect_timeout"));
    return seconds > 0 ? seconds * INT64_C(1000) : timeout;
}

/* The list behind its index-th element; "" when there is no more. */
static const char *list_behind(const char *list, size_t index)
{
    for (size_t i = 0; list != NULL && i <= index; i++) {
        list = strchr(list, ',');
        list = list == NULL ? NULL : list + 1;
    }
    return list == NULL ? "" : list;
}

static size_t list_find(const char *list, const char *name)
{
    size_t index = 0;
    for (const char *item = list; *item != '\0'; item = list_behind(list, index++)) {
        size_t length = strcspn(item, ",");
        if (length == strlen(name) && strncmp(item, name, length) == 0)
            break;
    }
    return index;
}

/* Goes on behind the host that did not answer: libpq does so only for hosts that refuse. False when it was the last. */
static bool next_hosts(Hosts *hosts, Arena *arena, PGconn *libpq)
{
    const char *names = parameter(arena, libpq, "host");
    const char *addresses = parameter(arena, libpq, "hostaddr");
    const char *ports = parameter(arena, libpq, "port");
    size_t silent = list_find(*names != '\0' ? names : addresses, PQhost(libpq));

    *hosts = (Hosts){
        .names = list_behind(names, silent),
        .addresses = list_behind(addresses, silent),
        .ports = strchr(ports, ',') == NULL ? ports : list_behind(ports, silent),
    };
    return *hosts->names != '\0' || *hosts->addresses != '\0';
}

static PGconn *connect_start(const char *url, const Hosts *hosts)
{
    /* Of a key that is repeated the last one wins. What stands before the URL is a default that it may override. */
    static const char *const keywords[] = {
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "fallback_application_name",
        "dbname",
        "client_encoding",
        "host",
        "hostaddr",
        "port",
        NULL,
    };
    const char *const values[] = {"60", "10", "6", "dbalt", url, "UTF8", hosts->names, hosts->addresses, hosts->ports, NULL};

    PGconn *libpq = PQconnectStartParams(keywords, values, 1);
    if (libpq == NULL)
        abort(); /* no memory */

    PQsetNoticeReceiver(libpq, pass_over_notice, NULL);
    return libpq;
}

static bool fail_connect(const PGconn *libpq, DbaltError *error)
{
    postgres_fail_lines(error, DBALT_ERROR_DATABASE, PQerrorMessage(libpq));
    if (PQconnectionNeedsPassword(libpq))
        fail_hint(error, "give the password in the URL, in PGPASSWORD or in ~/.pgpass");
    if (strstr(error->detail, "CONNECT privilege") != NULL)
        fail_hint(error, "GRANT CONNECT ON DATABASE \"%s\" TO \"%s\"", PQdb(libpq), PQuser(libpq));
    if (strstr(error->message, "is not permitted to log in") != NULL)
        fail_hint(error, "ALTER ROLE \"%s\" LOGIN", PQuser(libpq));

    return false;
}

static bool fail_silent(const PGconn *libpq, int64_t timeout, DbaltError *error)
{
    fail(error, DBALT_ERROR_DATABASE, "connection to server at \"%s\", port %s failed: no answer within %g s", PQhost(libpq), PQport(libpq),
         (double)timeout / 1000);
    return fail_hint(error, "check host, port and firewall; \"?connect_timeout=SECONDS\" in the URL gives it longer");
}

/* A connection that is being made. */
typedef struct Dialled {
    PGconn *libpq; /* owned */
    PostgresPollingStatusType status;
} Dialled;

static short events_of(PostgresPollingStatusType status)
{
    return status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
}

void *postgres_dial(const char *url)
{
    DbaltError ignored;
    if (!postgres_url_check(url, &ignored))
        return NULL;

    Dialled *dialled = malloc(sizeof *dialled);
    if (dialled == NULL)
        abort();
    *dialled = (Dialled){.libpq = connect_start(url, &(Hosts){0}), .status = PGRES_POLLING_WRITING};
    while (PQstatus(dialled->libpq) != CONNECTION_BAD && dialled->status != PGRES_POLLING_OK && dialled->status != PGRES_POLLING_FAILED &&
           poll(&(struct pollfd){.fd = PQsocket(dialled->libpq), .events = events_of(dialled->status)}, 1, 0) == 1)
        dialled->status = PQconnectPoll(dialled->libpq);
    return dialled;
}

void postgres_hang_up(void *dialled)
{
    if (dialled != NULL)
        PQfinish(((Dialled *)dialled)->libpq);
    free(dialled);
}

/* What was dialled, from then on the caller's; else a new one. */
static PGconn *take_dialled(PostgresPollingStatusType *status, void *dialled, const char *url)
{
    *status = PGRES_POLLING_WRITING;
    if (dialled == NULL)
        return connect_start(url, &(Hosts){0});

    PGconn *libpq = ((Dialled *)dialled)->libpq;
    *status = ((Dialled *)dialled)->status;
    free(dialled);
    return libpq;
}

/* *silent tells that the time ran out. */
static bool connect_poll(PGconn *libpq, PostgresPollingStatusType status, Wait *wait, int timeout, bool *silent, DbaltError *error)
{
    int64_t milliseconds = connect_timeout(libpq, timeout);
    int64_t deadline = wait_now() + milliseconds;
    while (status != PGRES_POLLING_OK) {
        if (PQstatus(libpq) == CONNECTION_BAD || status == PGRES_POLLING_FAILED)
            return fail_connect(libpq, error);

        switch (wait_for(wait, PQsocket(libpq), events_of(status), deadline)) {
        case WAIT_READY:
            status = PQconnectPoll(libpq);
            break;
        case WAIT_TIMEOUT:
            *silent = true;
            return fail_silent(libpq, milliseconds, error);
        case WAIT_CANCELLED:
            return fail(error, DBALT_ERROR_INTERRUPTED, "interrupted while connecting to the database");
        }
    }
    return PQsetnonblocking(libpq, 1) == 0 || fail_connect(libpq, error);
}

bool postgres_session_open(PostgresSession *session, const char *url, void *dialled, Wait *wait, int timeout, DbaltError *error)
{
    CLEANUP(arena_done) Arena arena = {0};
    Hosts hosts = {0};
    PostgresPollingStatusType status;
    PGconn *libpq = take_dialled(&status, dialled, url);
    for (;;) {
        bool silent = false;
        if (connect_poll(libpq, status, wait, timeout, &silent, error)) {
            *session = (PostgresSession){.libpq = libpq, .wait = wait, .deadline = WAIT_FOREVER};
            return true;
        }
        bool more = silent && next_hosts(&hosts, &arena, libpq);
        PQfinish(libpq);
        if (!more)
            return false;
        libpq = connect_start(url, &hosts);
        status = PGRES_POLLING_WRITING;
    }
}

PGconn *postgres_session_dial_beside(const PostgresSession *session, const char *url)
{
    return connect_start(url, &(Hosts){
                                  .names = PQhost(session->libpq),
                                  .addresses = PQhostaddr(session->libpq),
                                  .ports = PQport(session->libpq),
                              });
}
