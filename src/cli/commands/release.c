/* dbalt release: gives what is unreleased a release. */

#include "cli/command.h"
#include "cli/objects.h"
#include "terminal/json.h"

static const Example release_examples[] = {
    {"dbalt release 1.2.0", "rename every next-* to 1.2.0-*"},
    {NULL, NULL},
};

static void print_rename(const DbaltRename *rename, const Session *session)
{
    if (session->format == FORMAT_TEXT) {
        fprintf(session->out, "%s -> %s\n", rename->from, rename->to);
        return;
    }

    JsonLine *line = json_line_new("rename");
    json_line_text(line, "from", rename->from);
    json_line_text(line, "to", rename->to);
    json_line_print(line, session->out);
}

static ExitCode run_release(Session *session, const void *parsed)
{
    (void)parsed;
    DbaltRenames renames;
    if (!dbalt_release(session->project, session->arguments[0], &renames, &session->error))
        return exit_code_of(&session->error);

    for (size_t i = 0; i < renames.count; i++)
        print_rename(&renames.rows[i], session);

    if (session->format == FORMAT_JSON)
        objects_print_count("release", "renamed", renames.count, session->out);
    else
        session_info(session, "Released %s", session_count(session, renames.count));
    return EXIT_OK;
}

const Command command_release = {
    .name = "release",
    .summary = "rename every next-* to RELEASE",
    .description = "Renames every file of \"next\" to RELEASE. Their identities stay, so what is deployed stays deployed; the next deploy "
                   "corrects the release in the history.",
    .argument = {.kind = ARGUMENT_RELEASE, .name = "RELEASE", .is_required = true},
    .needs = NEEDS_FOLDER,
    .examples = release_examples,
    .run = run_release,
};
