/* Rollback: options that both ways to name the end of a roll back share. */

#ifndef CLI_ROLLBACK_H
#define CLI_ROLLBACK_H

#include "cli/run.h"

typedef struct RollbackOptions {
    bool stored;
    bool yes;
    const char *resume;
    LOCK_FIELDS
} RollbackOptions;

extern const Option rollback_options[];

/* What the library wants to know of them. */
DbaltRunOptions rollback_run_options(const RollbackOptions *options);

/* Says what the plan undoes, asks when there is somebody to ask, and runs it. */
ExitCode rollback_run(Session *session, DbaltPlan *plan, const RollbackOptions *options, const char *command);

#endif
