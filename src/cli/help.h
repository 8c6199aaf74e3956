/* Help: what the tables of commands and options say, for --help and for the manual. */

#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"

/* The whole program on one screen. */
void help_print(FILE *out);

/* One command. */
void help_print_command(const Command *command, FILE *out);

/* "-e, --env FILE" or "--wait[=SECONDS]". */
const char *help_option(Arena *arena, const Option *option);

/* "deploy [TARGET]". */
const char *help_usage(Arena *arena, const Command *command);

#endif
