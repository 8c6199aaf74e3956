/* Client: a connection under test, and batches whose answers are read whole. */

#ifndef DRIVER_SUITE_CLIENT_H
#define DRIVER_SUITE_CLIENT_H

#include <sys/types.h>

#include "drivers/driver.h"

typedef struct Client {
    Wait wait;
    Connection *connection; /* NULL when connecting failed */
    DbaltError error;       /* of connecting */
    pid_t canceller;        /* of client_cancel_after(); 0 = none */
} Client;

typedef enum ClientMode {
    CLIENT_WRITES,
    CLIENT_CREATES,
    CLIENT_READS,
} ClientMode;

/* What became of a batch. */
typedef struct Result {
    bool ok;           /* no step failed */
    char rows[4096];   /* "a|b\n" for each; NULL as "NULL" */
    size_t done;       /* steps that were done */
    size_t statements; /* told as done before their step was */
    int64_t affected;  /* of the last of them */
    Fault fault;       /* likewise, below: of the step that failed */
    size_t step, statement;
    long offset;
    DbaltError error;
} Result;

/* The client must not move while it is open: its connection borrows its Wait. */
bool client_open(Client *client, const char *url, ClientMode mode);

/* The same with the patience of a reader, in milliseconds. */
bool client_open_patiently(Client *client, const char *url, ClientMode mode, int timeout);

/* With these options, but for the history's schema and the Wait, which are the client's own. */
bool client_connect(Client *client, const ConnectOptions *options);

void client_close(Client *client);

/* Queue a step. What they are given must live until client_run(). */
void client_step(Client *client, StepKind kind);
void client_script(Client *client, const char *sql);
void client_own(Client *client, const char *sql, const char *const *values, size_t count);
void client_history(Client *client, HistoryStatement statement, const char *const *values, size_t count);

/* Calls wait_cancel() after some milliseconds, from another process, while this one runs a batch. */
void client_cancel_after(Client *client, int milliseconds);

/* Runs what is queued. */
Result client_run(Client *client);

/* One script in one transaction: begin, script, settle, commit. */
Result client_alter(Client *client, const char *sql);

/* The rows of one query. */
Result client_query(Client *client, const char *sql);

#endif
