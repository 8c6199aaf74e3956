/*
 * Prepared: dbalt's own statements that the server keeps prepared. The same few come again and again with every alteration; a plan that is
 * there takes a third of the time. They are prepared by the protocol, and executed by it or, in a message of several statements, by EXECUTE.
 *
 * A script that prepares some with SQL shall find none of them in its way, nor leave its own behind: where its text may do so, all are
 * dropped behind it. Where only a function does it, settling fails, and the alteration is run again without them.
 */

#ifndef DRIVERS_POSTGRES_PREPARED_H
#define DRIVERS_POSTGRES_PREPARED_H

#include "base/arena.h"

enum { POSTGRES_PREPARED_NAME = 48 };

typedef struct PostgresPrepared {
    Arena arena;
    Text statements[32]; /* that came once, and whether they came again */
    bool is_prepared[32];
    size_t count;
    size_t settled;      /* batches since they were all dropped */
    unsigned salt;       /* of their names: random, so that no script meets them by chance */
    unsigned generation; /* likewise: after a failure nobody knows which of them are there */
    bool is_endangered;  /* what was put into a message since they were settled may drop them, or leave others */
} PostgresPrepared;

/* Nobody knows any more which of them the server has. */
void postgres_prepared_forget(PostgresPrepared *prepared);

/* A full reset goes out: whatever is prepared is dropped. */
void postgres_prepared_drop(PostgresPrepared *prepared);

/* The index of a statement that came already, or count. */
size_t postgres_prepared_find(const PostgresPrepared *prepared, Text sql);

/* No script shall meet it. */
void postgres_prepared_name(char name[POSTGRES_PREPARED_NAME], PostgresPrepared *prepared, size_t index);

/* What ends that which a script may have left in the session (POSTGRES_RESET_SQL), without dropping them if that may be. */
Text postgres_prepared_settle(PostgresPrepared *prepared);

#endif
