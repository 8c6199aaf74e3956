/* Commands: the table of all commands. */

#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

extern const Command command_check, command_deploy, command_help, command_list, command_new, command_release, command_repair,
    command_rollback, command_rollback_to_timestamp, command_status;

/* In the order of --help; ended by NULL. */
extern const Command *const commands[];

/* By name or alias. Fails with the name that was meant, when one is near. */
bool commands_find(const Command **command, const char *name, DbaltError *error);

#endif
