/* Lock: one deploy or roll back at a time for each history. */

#ifndef HISTORY_LOCK_H
#define HISTORY_LOCK_H

#include "history/record.h"

typedef struct LockOptions {
    bool no_wait;
    int wait_seconds; /* 0 = no limit */
    void (*waiting)(const char *message,
                    void *context); /* told of each holder, each alteration that takes long, and the orphan of a killed one */
    void *context;
} LockOptions;

/*
 * Takes the lock, or polls for it, writes down who holds it, and reads the history as it is then: what others did meanwhile counts. It is
 * made where there is none. DBALT_ERROR_LOCKED when the lock was not to be had.
 */
bool lock_take(Record *record, Arena *arena, History *history, const LockOptions *options, DbaltError *error);

/* Removes the row that says who holds it, and gives it back. Fine without connection or lock. */
void lock_give_back(History *history);

/* Lets those who wait know at which alteration the holder is, where the database can tell them. */
void lock_announce(History *history, const char *identity);

/* DBALT_ERROR_DATABASE when the lock was lost since: nothing may run then. */
bool lock_check(History *history, DbaltError *error);

#endif
