/* Plan: which alterations a deploy or a roll back runs, and in what order. */

#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "core/state.h"
#include "core/target.h"

/* Pointers into the standings, in the order in which to run them. */
typedef struct Selection {
    const Standing **rows;
    size_t count;
} Selection;

/*
 * Undeployed alterations that the target covers, oldest first; with out_of_order the missed ones too. Missed ones that the
 * target covers, changed ones, and unknown ones that are not newer than the whole folder: DBALT_ERROR_DISAGREE, with the list as
 * detail and the options as hint, even when nothing else is to be done: nothing is skipped in silence.
 */
bool plan_deploy(Selection *selection, Arena *arena, Standings standings, Target target, bool out_of_order, DbaltError *error);

/* Deployed alterations newer than the release, in reverse order of deployment. */
Selection plan_rollback(Arena *arena, Standings standings, Release release);

/* Deployed alterations with a later timestamp, likewise. */
Selection plan_rollback_to_timestamp(Arena *arena, Standings standings, Timestamp timestamp);

/* What a check holds against the database. */
typedef struct Verdict {
    Selection undeployed;  /* covered by the target */
    Selection disagreeing; /* missed (covered by the target), changed, unknown amid known ones; with strict all unknown ones */
    Selection unknown;     /* the unknown ones that are newer than the whole folder */
} Verdict;

Verdict plan_check(Arena *arena, Standings standings, Target target, bool strict);

/* Releases of undeployed alterations, newest first, each once. */
size_t plan_targets(const Release **releases, Arena *arena, Standings standings);

/* DBALT_ERROR_DISAGREE over these, with the list as detail and, for each state among them, what to do as hint. */
bool plan_fail_disagreeing(Arena *arena, Selection disagreeing, DbaltError *error);

/* "1.1.0-1663923770-a.sql (missed)" a line each, cut after some with "and 12 more". */
const char *plan_describe(Arena *arena, Selection selection);

#endif
