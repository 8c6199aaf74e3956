/* dbalt list: the alterations of the folder. */

#include <unistd.h>

#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/objects.h"
#include "terminal/display.h"

static const Example list_examples[] = {
    {"dbalt list", "file names, in the order of deployment"},
    {"dbalt list --dir db", "those of another folder"},
    {NULL, NULL},
};

/* A program gets the names as they are; a person's terminal must not be led by them. */
static void print_names(const DbaltEntries *entries, FILE *out)
{
    CLEANUP(arena_done) Arena arena = {0};
    bool is_terminal = isatty(fileno(out));

    for (size_t i = 0; i < entries->count; i++) {
        const char *file = entries->rows[i].file;
        fprintf(out, "%s\n", is_terminal ? display_visible(&arena, text_of(file)) : file);
    }
}

static ExitCode run_list(Session *session, const void *parsed)
{
    (void)parsed;
    DbaltEntries entries;
    if (!dbalt_list(session->project, &entries, &session->error))
        return exit_code_of(&session->error);

    if (session->format == FORMAT_TEXT) {
        print_names(&entries, session->out);
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
