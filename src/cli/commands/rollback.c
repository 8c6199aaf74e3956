/* dbalt rollback: undoes everything newer than a release. */

#include "cli/rollback.h"
#include "base/cleanup.h"
#include "cli/command.h"

static const Example rollback_examples[] = {
    {"dbalt rollback 1.0.0", "undo all that is newer"},
    {"dbalt r 1.0.0 --yes", "without a question"},
    {NULL, NULL},
};

static ExitCode run_rollback(Session *session, const void *parsed)
{
    const RollbackOptions *options = parsed;
    DbaltRunOptions wanted = rollback_run_options(options);

    CLEANUP(run_plan_cleanup) DbaltPlan *plan = NULL;
    if (!dbalt_plan_rollback(&plan, session->project, session->arguments[0], &wanted, &session->error))
        return exit_code_of(&session->error);

    return rollback_run(session, plan, options, "rollback");
}

const Command command_rollback = {
    .name = "rollback",
    .alias = "r",
    .summary = "roll back everything newer than RELEASE",
    .description = "Runs \"down\" of every deployed alteration that is newer than RELEASE, those of \"next\" included, in reverse order of "
                   "deployment, each in one transaction with its row of the history. When one of them has no \"down\", nothing is rolled "
                   "back. A file that is there wins over the \"down\" that was stored when it was deployed; one that is gone does not "
                   "matter. On a terminal it asks first.",
    .argument = {.kind = ARGUMENT_RELEASE, .name = "RELEASE", .is_required = true},
    .needs = NEEDS_FOLDER | NEEDS_DATABASE,
    .examples = rollback_examples,
    .options = rollback_options,
    .options_size = sizeof(RollbackOptions),
    .run = run_rollback,
};
