/* Options: reads a command line by the tables of options. */

#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/command.h"

/* What a command line asks for. */
typedef struct Invocation {
    const Command *command; /* NULL when no word names one */
    void *options;          /* of the command, in the arena */
    const char *const *arguments;
    size_t argument_count;
} Invocation;

/*
 * Reads the words after the program's name. Options may stand before and after the command, with "=" or the next word for a
 * value; "--" ends them. Settings that are flags are read first and whole, so that --json and --help hold for errors too.
 */
bool options_parse(Invocation *invocation, Settings *settings, Arena *arena, int count, char *const *words, DbaltError *error);

/* Checks that a command has the arguments it needs, and no more. */
bool options_check_arguments(const Invocation *invocation, DbaltError *error);

/* Finds an option of a table (NULL = empty) by its name or a synonym; NULL when there is none. */
const Option *options_find(const Option *table, Text name);

/* Whether it may stand without its value, which follows "=" then, never as the next word. */
bool options_value_is_optional(const Option *option);

#endif
