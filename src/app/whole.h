/* Whole: the section of an alteration that is one transaction with its history row, "up" or "down". */

#ifndef APP_WHOLE_H
#define APP_WHOLE_H

#include "app/run.h"
#include "history/transaction.h"
#include "scripts/stream.h"

typedef struct Whole {
    Arena arena;  /* of all below */
    size_t index; /* of the alteration in the selection */
    Script script;
    SectionKind section;
    SectionKind before; /* what runs outside a transaction first */
    Pieces pieces;
    ScriptStream stream;     /* of a long script, in place of pieces */
    Deploy deploy;           /* for a roll back: what the key is looked for with */
    Transaction transaction; /* under way, when it was sent ahead */
    int64_t started;         /* by wait_now() */
} Whole;

/* Reads and judges the present alteration. The caller owns *whole, also when this fails. */
bool whole_prepare(Whole *whole, Run *run, DbaltError *error);

/* Whether preparing the present alteration waits for an answer: of the database, or of node. */
bool whole_waits(const Run *run);

void whole_done(Whole *whole);

/* Runs it, what is outside a transaction first, as often as it takes. */
bool whole_run(Whole *whole, Run *run, DbaltError *error);

/* Whether it may be sent ahead of the answers to those before it. */
bool whole_travels(const Whole *whole, const Run *run);

/* Sends it ahead, behind another (NULL = nothing is under way). It must stay where it is until it has landed. */
void whole_send(Whole *whole, Run *run, const Whole *before);

/*
 * Waits for one that was sent ahead, and does what is to be done by its outcome, trying again by itself included. behind are those
 * that were sent after it, for the case that the connection is lost. *alone tells that they did not happen.
 */
bool whole_land(Whole *whole, bool *alone, Run *run, Whole *const *behind, size_t behind_count, DbaltError *error);

#endif
