/* Run: carrying a plan out, alteration by alteration. */

#ifndef APP_RUN_H
#define APP_RUN_H

#include "app/plan.h"

struct Run {
    DbaltPlan *plan;
    DbaltResult result;
    size_t index; /* of the present alteration in the selection */
    const Standing *standing;
    bool *deployed; /* one for each standing of the survey: as it is now; NULL when the foreign state is not kept */
    const DbaltEntry *entry;
    const char *section; /* that runs */
    size_t bytes;        /* of it */
    size_t statements;   /* of it */
    bool has_own_limit;  /* it set a lock_timeout itself, outside a transaction */
    int64_t began_at;    /* by wait_now() */
    int64_t told_at;     /* by wait_now(): when a statement of it was told last, or it began */
    char blockers[1024]; /* whom it waited for last; "" = nobody */
    char blocking[128];  /* their names alone */
};

/* Turns to an alteration of the selection. */
void run_turn_to(Run *run, size_t index);

/* Tells an event of the present alteration; kind, section, message, bytes and took are the caller's. */
void run_tell(const Run *run, const DbaltEvent *event);

/* A section of the present alteration begins to run: tells it, to those who wait for the lock too. */
void run_begin_section(Run *run, const char *section, size_t bytes, size_t statements);

/* A ReportReceiver: context is the Dbalt. */
void run_report(const Report *report, void *context);

/* For a lock that could not be had: whom its section waited for, where that is known. */
void run_add_blockers(const Run *run, DbaltError *error);

/* An AnswerReceiver: context is the Run. */
void run_hear(const Answer *answer, void *context);

/* Puts the alteration before a failed error's message, the place in the script behind it, and the event "fail" into the history. */
void run_describe_failure(Run *run, const Script *script, SectionKind section, long offset, size_t statement, bool in_script,
                          DbaltError *error);

/* Deploys or rolls back the whole selection, one alteration after the other; where it can, it sends them ahead. */
bool run_selection(Run *run, DbaltError *error);

/* The timestamp that the foreign state has once the present alteration is done, in the arena; NULL = leave it alone. */
const char *run_foreign_timestamp(const Run *run, Arena *arena);

/* Before a statement outside a transaction: limits hold for it, and what an earlier failure of it left is removed, and told. */
bool run_prepare_statement(Run *run, Text statement, DbaltError *error);

/* Runs a section statement by statement, each committed by itself and journalled; goes on where an earlier run stopped. */
bool run_outside(Run *run, const Script *script, SectionKind section, DbaltError *error);

#endif
