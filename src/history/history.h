/* History: what the database itself says was deployed, read and kept through a driver's own statements. */

#ifndef HISTORY_HISTORY_H
#define HISTORY_HISTORY_H

#include "base/password.h"
#include "core/state.h"
#include "drivers/driver.h"

/* The layout that this dbalt writes; it reads every history whose oldest reader is not above it. */
#define HISTORY_LAYOUT 1

/* Where Logto's state lies. */
typedef enum StatePlace { STATE_ANYWHERE, STATE_IN_SYSTEMS, STATE_IN_CONFIGS } StatePlace;

typedef struct History {
    Connection *connection;          /* borrowed; NULL = no connection now */
    const char *by, *host, *version; /* written into rows and events; borrowed */
    Passwords passwords;             /* never to be stored; borrowed */
    bool exists;                     /* as of the last record_read() */
    StatePlace state_place;          /* as of when that was read or asked last */
} History;

/* Opens the queue for one of dbalt's own statements. values must live until the batch is answered. */
void history_submit(History *history, HistoryStatement statement, const char *const *values, size_t value_count);

/* The same with values that need not live: they are kept in the arena. The strings must. */
void history_submit_kept(History *history, Arena *arena, HistoryStatement statement, const char *const *values, size_t value_count);

/* Notes where the database says that Logto's state lies, as HISTORY_FIND_STATE does. */
void history_note_place(History *history, const char *place);

/* Queues a step without SQL: STEP_BEGIN, STEP_COMMIT ... */
void history_submit_kind(History *history, StepKind kind);

/* Rolls back whatever transaction is open. Where even this fails, the connection is gone, and the server does it. */
void history_roll_back(History *history);

/* Queues an event of an alteration as a whole. */
void history_submit_event(History *history, Arena *arena, const char *kind, const char *identity, const char *release, const char *message);

typedef void HistoryRow(const Answer *answer, void *context);

/* Runs one of dbalt's own queries by itself and hands each row to take. fault may be NULL. */
bool history_query(History *history, HistoryStatement statement, const char *const *values, size_t value_count, HistoryRow *take,
                   void *context, Fault *fault, DbaltError *error);

/* A field of a row, copied into the arena; NULL where it is. */
const char *history_copy_field(Arena *arena, const Answer *answer, size_t field);

/*
 * The way back as it was stored; "down" or "before_down" NULL when there was none. It fails as well where the alteration is no longer
 * in the history, and is_gone tells that from all else; it may be NULL.
 */
bool history_read_stored(const char **down, const char **before_down, Arena *arena, History *history, const char *identity, bool *is_gone,
                         DbaltError *error);

/* Corrects the release of deployments whose files were released since, in one transaction. */
bool history_correct_releases(History *history, const Standing *const *standings, size_t count, DbaltError *error);

/* Takes the fingerprint and way back for what was deployed, and writes the event "repair". In the caller's transaction. */
typedef struct Acceptance {
    const char *identity, *release;
    Fingerprint fingerprint;
    const char *down, *before_down;
} Acceptance;

/* All in one transaction. */
bool history_accept(History *history, const Acceptance *rows, size_t count, DbaltError *error);
bool history_forget(History *history, const Deployment *const *rows, size_t count, DbaltError *error);

#endif
