/* Commands: the table of all commands. */

#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

/* In the order of --help; ended by NULL. */
extern const Command *const commands[];

/* By name or alias; NULL when there is none. */
const Command *commands_find(const char *name);

/* The name nearest to what was typed; NULL when none is near. */
const char *commands_suggest(const char *name);

#endif
