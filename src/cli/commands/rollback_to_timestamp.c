/* dbalt rollback-to-timestamp: undoes everything newer than a timestamp. */

#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/rollback.h"

static const Example rollback_to_timestamp_examples[] = {
    {"dbalt rollback-to-timestamp 1663923770", "undo what has a later timestamp"},
    {NULL, NULL},
};

static ExitCode run_rollback_to_timestamp(Session *session, const void *parsed)
{
    const RollbackOptions *options = parsed;
    DbaltRunOptions wanted = rollback_run_options(options);

    CLEANUP(run_plan_cleanup) DbaltPlan *plan = NULL;
    if (!dbalt_plan_rollback_to_timestamp(&plan, session->project, session->arguments[0], &wanted, &session->error))
        return exit_code_of(&session->error);

    return rollback_run(session, plan, options, "rollback-to-timestamp");
}

const Command command_rollback_to_timestamp = {
    .name = "rollback-to-timestamp",
    .summary = "roll back everything newer than T",
    .description = "The same as \"rollback\", but by timestamp: T is in Unix seconds, with a fraction if need be, and every deployed "
                   "alteration with a later one is rolled back, whatever its release.",
    .argument = {.kind = ARGUMENT_FREE, .name = "T", .is_required = true},
    .needs = NEEDS_FOLDER | NEEDS_DATABASE,
    .examples = rollback_to_timestamp_examples,
    .options = rollback_options,
    .options_size = sizeof(RollbackOptions),
    .run = run_rollback_to_timestamp,
};
