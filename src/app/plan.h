/* Plan: what stands behind the public DbaltPlan. */

#ifndef APP_PLAN_H
#define APP_PLAN_H

#include "app/survey.h"
#include "scripts/node_host.h"

struct DbaltPlan {
    Arena arena; /* all of the plan, itself included */
    Dbalt *project;
    DbaltAction action;
    bool by_timestamp;   /* a roll back to a timestamp, not to a release */
    Target target;       /* of a deploy */
    Release release;     /* of a roll back */
    Timestamp timestamp; /* likewise */
    const char *target_text;
    DbaltRunOptions options;
    Survey survey;
    Selection selection;
    DbaltEntries entries;
    const char *scripts; /* the folder's path, absolute and without links; NULL until a module is looked for */
    NodeHost *host;      /* owned; NULL until a JavaScript alteration is about to be looked at */
    bool host_expects;   /* it was told which scripts come */
    bool has_run;
};

/*
 * Selects, by the survey, and checks every script that was not checked before. What others rolled back since is left out. Again under
 * the lock.
 */
bool plan_build(DbaltPlan *plan, DbaltError *error);

/* The script to deploy an alteration by. */
bool plan_load_up(Script *script, Arena *arena, DbaltPlan *plan, const Standing *standing, DbaltError *error);

/* The script to roll an alteration back by: the file, or what the history stored. DBALT_ERROR_NO_WAY_BACK when there is none. */
bool plan_load_down(Script *script, Arena *arena, DbaltPlan *plan, const Standing *standing, DbaltError *error);

#endif
