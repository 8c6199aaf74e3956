/* Journal: what is known of steps that run outside a transaction, so that none is blindly repeated. */

#ifndef HISTORY_JOURNAL_H
#define HISTORY_JOURNAL_H

#include "history/history.h"

typedef enum JournalState {
    JOURNAL_NONE,  /* never begun, or failed by an answer of the database: may run */
    JOURNAL_BEGUN, /* begun, and nobody knows how it ended */
    JOURNAL_DONE,  /* done, or taken as done */
} JournalState;

typedef struct JournalStep {
    JournalState state;
    const char *sha256; /* of the statement, when it was begun */
    const char *at;     /* when, ISO 8601 */
} JournalStep;

/* The steps of a section since the alteration was last deployed or rolled back: steps[0] is statement 1. */
bool journal_read(JournalStep **steps, size_t *count, Arena *arena, History *history, const char *identity, const char *section,
                  DbaltError *error);

/* One event, at once and by itself. step 0 = none; section and sha256 may be NULL. What others wrote may be in the message: passwords are hidden. */
bool journal_write(History *history, const char *kind, const char *identity, const char *release, const char *section, size_t step,
                   const char *sha256, const char *message, DbaltError *error);

#endif
