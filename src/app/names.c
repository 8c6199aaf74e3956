/* Names and numbers of the public enumerations. */

#include <dbalt/dbalt.h>

#include "core/state.h"

static const struct {
    const char *name;
    int exit_code;
} codes[] = {
    [DBALT_OK] = {"ok", 0},
    [DBALT_ERROR_FAILED] = {"failed", 1},
    [DBALT_ERROR_USAGE] = {"usage", 2},
    [DBALT_ERROR_TARGET] = {"target", 2},
    [DBALT_ERROR_FOLDER] = {"folder", 2},
    [DBALT_ERROR_SCRIPT] = {"script", 2},
    [DBALT_ERROR_NO_WAY_BACK] = {"no-way-back", 2},
    [DBALT_ERROR_UNDEPLOYED] = {"undeployed", 3},
    [DBALT_ERROR_DISAGREE] = {"disagree", 4},
    [DBALT_ERROR_LOCKED] = {"locked", 5},
    [DBALT_ERROR_DATABASE] = {"database", 6},
    [DBALT_ERROR_INTERRUPTED] = {"interrupted", 130},
};

const char *dbalt_version(void)
{
    return DBALT_VERSION;
}

const char *dbalt_state_name(DbaltState state)
{
    return state_name(state);
}

int dbalt_exit_code(DbaltErrorCode code)
{
    return (size_t)code < COUNT(codes) ? codes[code].exit_code : 1;
}

const char *dbalt_error_name(DbaltErrorCode code)
{
    return (size_t)code < COUNT(codes) ? codes[code].name : "?";
}
