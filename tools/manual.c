/*
 * Makes the source of the manual page: copies stdin to stdout, with the commands in place of a line @COMMANDS@ and the options
 * that all commands have in place of @OPTIONS@, in scdoc's notation.
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/settings.h"

/* Takes the meaning from characters that have one for scdoc. */
static void print_text(const char *text)
{
    for (; *text != '\0'; text++)
        printf("%s%c", strchr("\\*_#|[]", *text) != NULL ? "\\" : "", *text);
}

static void print_options(const Option *table, const char *indent)
{
    CLEANUP(arena_done) Arena arena = {0};
    for (const Option *option = table; option != NULL && option->name != NULL; option++) {
        printf("%s*", indent);
        print_text(help_option(&arena, option));
        printf("*\n%s\t", indent);
        print_text(option->help);
        for (const char *synonym = option->synonyms; synonym != NULL && *synonym != '\0'; synonym += strspn(synonym, ",")) {
            size_t length = strcspn(synonym, ",");
            printf("; *--%.*s* is the same", (int)length, synonym);
            synonym += length;
        }
        printf("\n\n");
    }
}

static void print_commands(void)
{
    CLEANUP(arena_done) Arena arena = {0};
    for (size_t i = 0; commands[i] != NULL; i++) {
        const Command *command = commands[i];
        printf("*");
        print_text(help_usage(&arena, command));
        printf("*\n\t");
        print_text(command->description);
        if (command->alias != NULL)
            printf(" *%s* is short for it.", command->alias);
        printf("\n\n");
        print_options(command->options, "\t");
    }
}

int main(void)
{
    char line[4096];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (strcmp(line, "@COMMANDS@\n") == 0)
            print_commands();
        else if (strcmp(line, "@OPTIONS@\n") == 0)
            print_options(settings_options, "");
        else
            fputs(line, stdout);
    }

    return ferror(stdin) || fflush(stdout) != 0;
}
