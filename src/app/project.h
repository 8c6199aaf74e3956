/* Project: what stands behind the public handle. */

#ifndef APP_PROJECT_H
#define APP_PROJECT_H

#include <dbalt/dbalt.h>

#include "history/history.h"

typedef struct Run Run;

struct Dbalt {
    Arena arena;   /* what lives as long as the handle */
    Arena results; /* what the last call returned; emptied by the next */
    const char *url, *directory, *history_schema;
    bool create_database;
    Passwords passwords; /* of the URL */
    int connect_timeout; /* milliseconds */
    int script_timeout;  /* milliseconds; 0 = no limit */
    int lock_retries;
    Limits limits;
    bool no_pipeline;
    bool interactive;
    DbaltStateKeeping state;
    DbaltObserver *observer;
    void *observer_context;
    const Driver *driver;   /* NULL when no URL was given */
    void *dialled;          /* owned; by the driver's dial(); NULL = none */
    Connection *connection; /* owned; NULL while there is none */
    bool connection_reads_only;
    Run *run;        /* borrowed: what the connection works for; NULL = no alteration */
    History history; /* its connection is the one above */
    Wait wait;
};

/* Connects unless that is done; a connection that only reads is changed for one that writes when it is asked for. */
bool project_connect(Dbalt *project, bool read_only, DbaltError *error);

/* Begins to connect, where there is no connection yet; and gives that up. */
void project_dial(Dbalt *project);
void project_hang_up(Dbalt *project);

/* Ends the connection, the lock with it. */
void project_disconnect(Dbalt *project);

/* DBALT_ERROR_INTERRUPTED once dbalt_cancel() was called. */
bool project_is_running(const Dbalt *project, DbaltError *error);

/* Empties the results of the last call, and returns their arena for those of this one. */
Arena *project_results(Dbalt *project);

/* Tells the observer, when there is one. */
void project_tell(const Dbalt *project, const DbaltEvent *event);
void project_inform(const Dbalt *project, DbaltEventKind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* For LockOptions.waiting: context is the Dbalt. */
void project_tell_waiting(const char *message, void *context);

#endif
