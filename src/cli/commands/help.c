/* dbalt help: what the program does, or one command. */

#include "cli/help.h"
#include "base/cleanup.h"
#include "cli/commands.h"
#include "terminal/json.h"

static const Example help_examples[] = {
    {"dbalt help", "all commands"},
    {"dbalt help deploy", "one of them"},
    {NULL, NULL},
};

static void print_object(const Command *command, FILE *out)
{
    CLEANUP(arena_done) Arena arena = {0};
    JsonLine *line = json_line_new("command");
    json_line_text(line, "name", command->name);
    json_line_text(line, "usage", help_usage(&arena, command));
    json_line_text(line, "summary", command->summary);
    json_line_text(line, "description", command->description);
    json_line_print(line, out);
}

static ExitCode run_help(Session *session, const void *parsed)
{
    (void)parsed;
    const Command *named = NULL;
    if (session->argument_count > 0 && !commands_find(&named, session->arguments[0], &session->error))
        return exit_code_of(&session->error);

    if (session->format == FORMAT_JSON) {
        for (size_t i = 0; commands[i] != NULL; i++) {
            if (named == NULL || named == commands[i])
                print_object(commands[i], session->out);
        }
        return EXIT_OK;
    }

    if (named == NULL)
        help_print(session->out);
    else
        help_print_command(named, session->out);
    return EXIT_OK;
}

const Command command_help = {
    .name = "help",
    .summary = "tell more of a command",
    .description = "Prints this help, or that of a command.",
    .argument = {.kind = ARGUMENT_COMMAND, .name = "COMMAND"},
    .examples = help_examples,
    .run = run_help,
};
