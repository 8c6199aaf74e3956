/* dbalt check: the gate that an application passes before it starts. */

#include "cli/command.h"
#include "cli/objects.h"
#include "cli/settings.h"
#include "terminal/json.h"

typedef struct CheckOptions {
    OptionalNumber wait;
    bool strict;
} CheckOptions;

static const Option check_options[] = {
    OPTION(CheckOptions, wait, .name = "wait", .value = "SECONDS", .help = "wait for a deploy elsewhere, for ever or so long"),
    OPTION(CheckOptions, strict, .name = "strict", .help = "exit 4 for newer alterations that the folder lacks"),
    STATE_SETTING,
    OPTIONS_END,
};

static const Example check_examples[] = {
    {"dbalt check", "exit 0 when all releases are deployed"},
    {"dbalt check 1.1.0", "ask for a release"},
    {"dbalt check --wait=60", "wait up to a minute for a deploy"},
    {NULL, NULL},
};

static void warn_of_unknown(Session *session, const DbaltEntries *unknown)
{
    if (unknown->count == 0)
        return;

    session_warn(session, "Found %s newer than the folder: the database is ahead of it", session_count(session, unknown->count));
    for (size_t i = 0; i < unknown->count; i++)
        session_warn(session, "  %s %s", unknown->rows[i].release, unknown->rows[i].identity);
}

static void print_objects(const DbaltCheck *check, FILE *out)
{
    objects_print_entries(&check->undeployed, out);
    objects_print_entries(&check->disagreeing, out);
    objects_print_entries(&check->unknown, out);

    JsonLine *line = json_line_new("result");
    json_line_text(line, "command", "check");
    json_line_text(line, "target", check->target);
    json_line_number(line, "undeployed", (int64_t)check->undeployed.count);
    json_line_number(line, "disagreeing", (int64_t)check->disagreeing.count);
    json_line_number(line, "unknown", (int64_t)check->unknown.count);
    json_line_print(line, out);
}

static ExitCode run_check(Session *session, const void *parsed)
{
    const CheckOptions *options = parsed;
    DbaltCheckOptions wanted = {
        .target = session->argument_count > 0 ? session->arguments[0] : NULL,
        .strict = options->strict,
        .wait = options->wait.is_given,
        .wait_seconds = options->wait.value,
    };

    DbaltCheck check = {0};
    bool is_well = dbalt_check(session->project, &wanted, &check, &session->error);
    ExitCode code = is_well ? EXIT_OK : session_tell_error(session);

    if (check.target == NULL) /* it could not look */
        return code;
    if (session->format == FORMAT_JSON) {
        print_objects(&check, session->out);
        return code;
    }

    if (is_well)
        session_info(session, "The database is up to date with %s", check.target);
    warn_of_unknown(session, &check.unknown);
    return code;
}

const Command command_check = {
    .name = "check",
    .summary = "fail unless the database is up to TARGET",
    .description = "The gate before an application starts. Exits 0 when everything up to TARGET (\"latest\" unless said) is deployed, 3 "
                   "when something is undeployed, and says what to run; 4 when missed, changed or unknown alterations show that history "
                   "and folder disagree. Unknown ones newer than the whole folder are a warning, since old instances restart while a "
                   "newer release is deployed. Changes nothing.",
    .argument = {.kind = ARGUMENT_TARGET, .name = "TARGET"},
    .needs = NEEDS_FOLDER | NEEDS_DATABASE,
    .examples = check_examples,
    .options = check_options,
    .options_size = sizeof(CheckOptions),
    .run = run_check,
};
