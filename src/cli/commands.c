#include "cli/commands.h"

#include <string.h>

#include "base/error.h"
#include "cli/suggestion.h"

const Command *const commands[] = {
    &command_deploy,
    &command_rollback,
    &command_rollback_to_timestamp,
    &command_list,
    &command_status,
    &command_check,
    &command_new,
    &command_release,
    &command_repair,
    &command_help,
    NULL,
};

bool commands_find(const Command **command, const char *name, DbaltError *error)
{
    Suggestion suggestion = suggestion_for(text_of(name));
    for (size_t i = 0; commands[i] != NULL; i++) {
        const Command *candidate = commands[i];
        if (strcmp(candidate->name, name) == 0 || (candidate->alias != NULL && strcmp(candidate->alias, name) == 0)) {
            *command = candidate;
            return true;
        }

        suggestion_consider(&suggestion, candidate->name);
    }

    fail(error, DBALT_ERROR_USAGE, "unknown command \"%s\"", name);
    return suggestion.nearest == NULL ? fail_hint(error, "see \"dbalt help\"")
                                      : fail_hint(error, "did you mean \"%s\"?", suggestion.nearest);
}
