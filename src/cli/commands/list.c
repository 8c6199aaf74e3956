/* dbalt list: the alterations of the folder. */

#include "cli/command.h"
#include "cli/objects.h"

static const Example list_examples[] = {
    {"dbalt list", "file names, in the order of deployment"},
    {"dbalt list --dir db", "those of another folder"},
    {NULL, NULL},
};

static ExitCode run_list(Session *session, const void *parsed)
{
    (void)parsed;
    DbaltEntries entries;
    if (!dbalt_list(session->project, &entries, &session->error))
        return exit_code_of(&session->error);

    if (session->format == FORMAT_TEXT) {
        for (size_t i = 0; i < entries.count; i++)
            fprintf(session->out, "%s\n", entries.rows[i].file);
        return EXIT_OK;
    }

    objects_print_entries(&entries, session->out);
    objects_print_count("list", "alterations", entries.count, session->out);
    return EXIT_OK;
}

const Command command_list = {
    .name = "list",
    .summary = "list the alterations of the folder",
    .description = "Prints the file names of the alterations in the order of deployment. Needs no database.",
    .needs = NEEDS_FOLDER,
    .examples = list_examples,
    .run = run_list,
};
