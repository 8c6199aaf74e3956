/* dbalt repair: settles what history and folder disagree on. */

#include <string.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/line_difference.h"
#include "cli/objects.h"
#include "cli/run.h"
#include "cli/settings.h"
#include "terminal/display.h"
#include "terminal/json.h"

typedef struct RepairOptions {
    bool accept;
    bool forget;
    bool yes;
    LOCK_FIELDS
} RepairOptions;

static const Option repair_options[] = {
    OPTION(RepairOptions, accept, .name = "accept", .help = "take the files as what was deployed"),
    OPTION(RepairOptions, forget, .name = "forget", .help = "take the alterations out of the history"),
    OPTION(RepairOptions, yes, .name = "yes", .letter = 'y', .help = "do not ask; needed without a terminal"),
    LOCK_OPTIONS(RepairOptions),
    STATE_SETTING,
    OPTIONS_END,
};

static const Example repair_examples[] = {
    {"dbalt repair 1663923770-a", "only show the difference"},
    {"dbalt repair 1663923770-a --accept", "the file is what was deployed"},
    {"dbalt repair 1663923770-a --forget", "it is no longer deployed"},
    {NULL, NULL},
};

static bool is_hash(const char *stored)
{
    return stored != NULL && strncmp(stored, "sha256:", strlen("sha256:")) == 0;
}

/* What stands in the history another program may have written. */
static void print_difference(const DbaltDifference *difference, Session *session)
{
    const char *identity = display_visible(&session->arena, text_of(difference->identity));
    const char *file = difference->file == NULL ? "no file" : difference->file;
    fprintf(session->out, "%s, %s, \"%s\":\n", identity, file, difference->section);

    /* Of "up" the history keeps no text, and the new one alone would look like an addition. */
    if (is_hash(difference->stored))
        fprintf(session->out, "  - %s\n  + %s\n", display_visible(&session->arena, text_of(difference->stored)),
                difference->present == NULL ? "(not there)" : "(another text in the file)");
    else
        line_difference_print(difference->stored == NULL ? "" : difference->stored, difference->present == NULL ? "" : difference->present,
                              session_colors_results(session), session->out);
}

static void print_object(const DbaltDifference *difference, FILE *out)
{
    JsonLine *line = json_line_new("difference");
    json_line_text(line, "identity", difference->identity);
    json_line_text(line, "file", difference->file);
    json_line_text(line, "section", difference->section);
    json_line_text(line, "stored", difference->stored);
    json_line_text(line, "present", difference->present);
    json_line_print(line, out);
}

static bool show_differences(Session *session)
{
    DbaltDifferences differences;
    if (!dbalt_repair_differences(session->project, session->arguments, session->argument_count, &differences, &session->error))
        return false;

    for (size_t i = 0; i < differences.count; i++) {
        if (session->format == FORMAT_JSON)
            print_object(&differences.rows[i], session->out);
        else
            print_difference(&differences.rows[i], session);
    }
    if (differences.count == 0)
        session_info(session, "History and folder agree on %s", session->argument_count == 1 ? "it" : "them");

    fflush(session->out); /* a question may follow */
    return true;
}

/* Changing the history by hand wants a person's word, or --yes in place of it. */
static ExitCode confirm(Session *session, const RepairOptions *options)
{
    if (options->yes)
        return EXIT_OK;
    if (!session->is_interactive) {
        fail(&session->error, DBALT_ERROR_USAGE, "there is nobody to ask whether to change the history");
        fail_hint(&session->error, "give --yes");
        return EXIT_USAGE;
    }

    const char *count = session_count(session, session->argument_count);
    return run_confirm(session, options->accept ? arena_format(&session->arena, "Take the present file of %s as what was deployed?", count)
                                                : arena_format(&session->arena, "Take %s out of the history?", count));
}

static ExitCode run_repair(Session *session, const void *parsed)
{
    const RepairOptions *options = parsed;
    if (options->accept && options->forget) {
        fail(&session->error, DBALT_ERROR_USAGE, "--accept and --forget exclude each other");
        return EXIT_USAGE;
    }
    if (!show_differences(session))
        return exit_code_of(&session->error);
    if (!options->accept && !options->forget) {
        session_info(session, "Nothing was changed: --accept takes the files as what was deployed, --forget drops the rows of the history");
        return EXIT_OK;
    }

    ExitCode answer = confirm(session, options);
    if (answer != EXIT_OK)
        return answer;

    DbaltRunOptions wanted = {.no_wait = options->no_wait, .wait_seconds = options->wait_lock};
    bool (*repair)(Dbalt *, const char *const *, size_t, const DbaltRunOptions *, DbaltError *) =
        options->accept ? dbalt_repair_accept : dbalt_repair_forget;
    if (!repair(session->project, session->arguments, session->argument_count, &wanted, &session->error))
        return exit_code_of(&session->error);

    if (session->format == FORMAT_JSON)
        objects_print_count("repair", options->accept ? "accepted" : "forgotten", session->argument_count, session->out);
    else
        session_info(session, "%s %s", options->accept ? "Accepted" : "Forgot", session_count(session, session->argument_count));
    return EXIT_OK;
}

const Command command_repair = {
    .name = "repair",
    .summary = "settle what history and folder disagree on",
    .description = "Shows where the history differs from the files of these alterations. --accept takes the present files as what was "
                   "deployed; --forget takes the alterations out of the history. Neither runs a script. IDENTITY is <timestamp>-<name>, "
                   "or the file's name. Asks on a terminal; elsewhere it needs --yes.",
    .argument = {.kind = ARGUMENT_IDENTITY, .name = "IDENTITY", .is_required = true, .is_repeated = true},
    .needs = NEEDS_FOLDER | NEEDS_DATABASE,
    .examples = repair_examples,
    .options = repair_options,
    .options_size = sizeof(RepairOptions),
    .run = run_repair,
};
