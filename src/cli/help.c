#include "cli/help.h"

#include <string.h>

#include "base/cleanup.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/settings.h"

/* Lines are no longer than this, and what explains something begins in its own column. */
#define WIDTH 80
#define COLUMN 28

static const Example examples[] = {
    {"dbalt status", "what is deployed, and what is not"},
    {"dbalt deploy 1.1.0", "bring the database to release 1.1.0"},
    {"dbalt check", "exit 3 while something is undeployed"},
    {"dbalt rollback 1.0.0", "undo all that is newer than 1.0.0"},
    {NULL, NULL},
};

const char *help_option(Arena *arena, const Option *option)
{
    bool is_optional = options_value_is_optional(option);
    const char *letter = option->letter == 0 ? "" : arena_format(arena, "-%c, ", option->letter);
    const char *value = option->choices != NULL ? option->choices : option->value;
    if (value == NULL)
        return arena_format(arena, "%s--%s", letter, option->name);

    return arena_format(arena, "%s--%s%s%s%s", letter, option->name, is_optional ? "[=" : " ", value, is_optional ? "]" : "");
}

const char *help_usage(Arena *arena, const Command *command)
{
    const Argument *argument = &command->argument;
    if (argument->kind == ARGUMENT_NONE)
        return command->name;

    const char *dots = argument->is_repeated ? "..." : "";
    return argument->is_required ? arena_format(arena, "%s %s%s", command->name, argument->name, dots)
                                 : arena_format(arena, "%s [%s%s]", command->name, argument->name, dots);
}

static void print_pair(const char *left, const char *right, FILE *out)
{
    fprintf(out, "  %-*s %s\n", COLUMN - 3, left, right);
}

static void print_examples(const Example *list, FILE *out)
{
    for (size_t i = 0; list[i].command != NULL; i++)
        print_pair(list[i].command, list[i].purpose, out);
}

static void print_options(const Option *table, FILE *out)
{
    CLEANUP(arena_done) Arena arena = {0};
    for (const Option *option = table; option != NULL && option->name != NULL; option++)
        print_pair(help_option(&arena, option), option->help, out);
}

/* Breaks the text at blanks. */
static void print_wrapped(const char *text, FILE *out)
{
    size_t column = 0;
    for (const char *word = text; *word != '\0'; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        bool breaks = column > 0 && column + 1 + length > WIDTH;
        fprintf(out, "%s%.*s", column == 0 ? "" : breaks ? "\n" : " ", (int)length, word);
        column = column == 0 || breaks ? length : column + 1 + length;
        word += length;
    }

    fputc('\n', out);
}

void help_print(FILE *out)
{
    CLEANUP(arena_done) Arena arena = {0};

    fputs("dbalt moves a database from one release of an application to another, and back.\n\n", out);
    print_examples(examples, out);

    fputs("\nUsage: dbalt COMMAND [ARGUMENT...] [OPTION...]\n\nCommands:\n", out);
    for (size_t i = 0; commands[i] != NULL; i++)
        print_pair(help_usage(&arena, commands[i]), commands[i]->summary, out);

    fputs("\nOptions:\n", out);
    print_options(settings_options, out);
    fputs("\n\"dbalt help COMMAND\" tells more; so do dbalt(1) and dbalt-alterations(5).\n", out);
}

void help_print_command(const Command *command, FILE *out)
{
    CLEANUP(arena_done) Arena arena = {0};

    print_examples(command->examples, out);
    fprintf(out, "\nUsage: dbalt %s [OPTION...]\n", help_usage(&arena, command));
    if (command->alias != NULL)
        fprintf(out, "Short: dbalt %s\n", command->alias);

    fputc('\n', out);
    print_wrapped(command->description, out);
    if (command->options != NULL) {
        fputs("\nOptions:\n", out);
        print_options(command->options, out);
    }

    fputs("\n\"dbalt --help\" lists the options of all commands.\n", out);
}
