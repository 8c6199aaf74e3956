#include "cli/commands.h"

#include <string.h>

#include "cli/suggestion.h"

extern const Command command_check, command_deploy, command_help, command_list, command_new, command_release, command_repair,
    command_rollback, command_rollback_to_timestamp, command_status;

const Command *const commands[] = {
    &command_deploy, &command_rollback, &command_rollback_to_timestamp,
    &command_list,   &command_status,   &command_check,
    &command_new,    &command_release,  &command_repair,
    &command_help,   NULL,
};

const Command *commands_find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        const Command *command = commands[i];
        if (strcmp(command->name, name) == 0 || (command->alias != NULL && strcmp(command->alias, name) == 0))
            return command;
    }

    return NULL;
}

const char *commands_suggest(const char *name)
{
    Suggestion suggestion = suggestion_for(text_of(name));
    for (size_t i = 0; commands[i] != NULL; i++)
        suggestion_consider(&suggestion, commands[i]->name);

    return suggestion.nearest;
}
