/* dbalt deploy: runs what is undeployed, up to a target. */

#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/run.h"
#include "cli/settings.h"
#include "terminal/prompt.h"

typedef struct DeployOptions {
    bool out_of_order;
    const char *resume;
    const char *backup;
    LOCK_FIELDS
} DeployOptions;

static const Option deploy_options[] = {
    SETTING(create_database, .name = "create", .help = "SQLite: create the database file when there is none"),
    OPTION(DeployOptions, out_of_order, .name = "out-of-order", .help = "deploy missed alterations too"),
    RESUME_OPTION(DeployOptions),
    OPTION(DeployOptions, backup, .name = "backup", .value = "FOLDER", .implied = ".",
           .help = "back the database up first, here or into FOLDER"),
    LOCK_OPTIONS(DeployOptions),
    LIMIT_SETTINGS,
    STATE_SETTING,
    OPTIONS_END,
};

static const Example deploy_examples[] = {
    {"dbalt deploy 1.1.0", "deploy what 1.1.0 needs"},          {"dbalt deploy latest", "all releases in the folder"},
    {"dbalt deploy next", "what is not released, too"},         {"dbalt deploy", "choose on the terminal"},
    {"dbalt deploy --backup", "the same, with a backup first"}, {NULL, NULL},
};

static DbaltRunOptions run_options(const DeployOptions *options)
{
    return (DbaltRunOptions){
        .out_of_order = options->out_of_order,
        .no_wait = options->no_wait,
        .wait_seconds = options->wait_lock,
        .resume = run_resume(options->resume),
        .backup = options->backup,
    };
}

static ExitCode fail_without_target(Session *session, const DbaltTargets *targets)
{
    char names[256] = "";
    for (size_t i = 0; i < targets->count; i++) {
        size_t used = strlen(names);
        error_set(names + used, sizeof(names) - used, "%s%s", i == 0 ? "" : ", ", targets->names[i]);
    }

    fail(&session->error, DBALT_ERROR_USAGE, "Missing target version");
    fail_hint(&session->error, "name one, as in \"dbalt deploy %s\"; there is something to deploy for: %s", targets->names[0], names);
    return EXIT_USAGE;
}

/* A database that is to be created must be there before anybody can look into it. */
static bool create_database(Session *session, const DbaltRunOptions *options)
{
    CLEANUP(run_plan_cleanup) DbaltPlan *plan = NULL;
    return !session->settings.create_database || dbalt_plan_deploy(&plan, session->project, "next", options, &session->error);
}

/* The target when none was named: what the person chooses. When nothing is undeployed, any will do. */
static ExitCode choose_target(const char **target, Session *session, const DbaltRunOptions *options)
{
    DbaltTargets targets;
    if (!create_database(session, options) || !dbalt_targets(session->project, &targets, &session->error))
        return exit_code_of(&session->error);

    size_t chosen = 0;
    if (targets.count == 0) {
        *target = "next";
        return EXIT_OK;
    }
    if (!session->is_interactive)
        return fail_without_target(session, &targets);
    if (prompt_choose(&chosen, &session->terminal, "Choose the alteration target version", targets.names, targets.count) !=
        PROMPT_ANSWERED) {
        session_info(session, "Nothing was changed");
        return EXIT_INTERRUPTED;
    }

    *target = arena_copy_string(&session->arena, targets.names[chosen]);
    return EXIT_OK;
}

static ExitCode run_deploy(Session *session, const void *parsed)
{
    DbaltRunOptions options = run_options(parsed);
    const char *target = session->argument_count > 0 ? session->arguments[0] : NULL;
    ExitCode chosen = target == NULL ? choose_target(&target, session, &options) : EXIT_OK;
    if (chosen != EXIT_OK)
        return chosen;

    CLEANUP(run_plan_cleanup) DbaltPlan *plan = NULL;
    if (!dbalt_plan_deploy(&plan, session->project, target, &options, &session->error))
        return exit_code_of(&session->error);

    run_announce(session, plan, DBALT_DEPLOY);
    return run_plan(session, plan, DBALT_DEPLOY, "deploy");
}

const Command command_deploy = {
    .name = "deploy",
    .summary = "deploy what is undeployed, up to TARGET",
    .description =
        "Runs \"up\" of every undeployed alteration whose release is not newer than TARGET, oldest first, each in one "
        "transaction with its row of the history. TARGET is a release, \"latest\" (the newest release in the folder) or "
        "\"next\" (everything). Without one it asks on a terminal. Where one fails, those before it stay, and the same "
        "command goes on after the fix. Missed, changed and unknown alterations stop it before anything runs. "
        "--backup first writes all of the database, by pg_dump or SQLite's own means, to a new file, and says how to restore it; "
        "where that fails nothing is deployed.",
    .argument = {.kind = ARGUMENT_TARGET, .name = "TARGET"},
    .needs = NEEDS_FOLDER | NEEDS_DATABASE,
    .examples = deploy_examples,
    .options = deploy_options,
    .options_size = sizeof(DeployOptions),
    .run = run_deploy,
};
