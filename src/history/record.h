/* Record: what a database says was deployed, to this program and to the one whose state it keeps along, and who holds the deploy lock. */

#ifndef HISTORY_RECORD_H
#define HISTORY_RECORD_H

#include "core/adoption.h"
#include "history/history.h"

/* What is read at once: most of the time of "nothing to do" is round trips. */
typedef struct Record {
    Deployments deployments; /* in order of identity */
    bool asks_foreign;       /* by the caller: whether another program's state is looked for too */
    ForeignState foreign;
} Record;

/*
 * Reads all rows; none when there is no history (nothing is created). A layout that is too new is DBALT_ERROR_DATABASE: for a writer
 * every newer one, for a reader the one whose oldest reader is newer than this.
 */
bool record_read(Record *record, Arena *arena, History *history, bool for_writing, DbaltError *error);

/* Who wrote himself down as holder of the deploy lock: for messages, and for finding what a killed one left. NULL = nobody did. */
typedef struct Holder {
    Arena *arena; /* of what is read */
    const char *by, *host, *pid, *since, *backend;
} Holder;

/* Nobody when there is no history. */
bool record_read_holder(Holder *holder, Arena *arena, History *history, DbaltError *error);

/*
 * What whoever has just taken the deploy lock does, in one transaction, and one message where there are messages: makes the history where
 * there is none, removes the row of *holder, writes self down where nobody is, and reads all rows as record_read() does for writing.
 * *holder tells whose row is there now, also when it is one of the others that makes no sense. A race in the catalogue is tried again.
 */
bool record_claim(Record *record, Holder *holder, Arena *arena, History *history, const Holder *self, DbaltError *error);

#endif
