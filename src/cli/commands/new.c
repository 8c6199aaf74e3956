/* dbalt new: starts an alteration. */

#include <unistd.h>

#include "cli/command.h"
#include "terminal/display.h"
#include "terminal/json.h"

static const Example new_examples[] = {
    {"dbalt new add-customers", "write alterations/next-<now>-add-customers.sql"},
    {NULL, NULL},
};

static ExitCode run_new(Session *session, const void *parsed)
{
    (void)parsed;
    const char *path = NULL;
    if (!dbalt_new(session->project, session->arguments[0], &path, &session->error))
        return exit_code_of(&session->error);

    if (session->format == FORMAT_TEXT) {
        /* A program gets the path as it is; a person's terminal must not be led by the name of a folder. */
        bool is_terminal = isatty(fileno(session->out));
        fprintf(session->out, "%s\n", is_terminal ? display_visible(&session->arena, text_of(path)) : path);
        return EXIT_OK;
    }

    JsonLine *line = json_line_new("result");
    json_line_text(line, "command", "new");
    json_line_text(line, "path", path);
    json_line_print(line, session->out);
    return EXIT_OK;
}

const Command command_new = {
    .name = "new",
    .summary = "write an alteration to fill in",
    .description = "Writes next-<now>-NAME.sql with an empty \"up\" and \"down\" into the folder, and prints its path. \"dbalt release\" "
                   "gives it a release later.",
    .argument = {.kind = ARGUMENT_FREE, .name = "NAME", .is_required = true},
    .needs = NEEDS_FOLDER,
    .examples = new_examples,
    .run = run_new,
};
