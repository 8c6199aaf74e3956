/* Settings: the options that all commands have, and what stands in for them in the environment. */

#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "cli/command.h"

/* For the commands that look into the database. */
#define STATE_SETTING \
    SETTING(state, .name = "state", .value = "WHOSE", .choices = "auto|dbalt|logto", .help = "keep Logto's own state too, if it is there")

/* Ended by OPTIONS_END. */
extern const Option settings_options[];

/* --db-url, else DB_URL, else DB_URL in the file of --env or in .env; NULL when there is none. A named file must be there. */
bool settings_find_url(const char **url, Arena *arena, const Settings *settings, DbaltError *error);

/*
 * --dir, else DBALT_DIR; else, where there is no ./alterations, the alterations of the Logto installation or image that this is;
 * else NULL: the library's default.
 */
const char *settings_find_directory(const Settings *settings);

DbaltStateKeeping settings_find_state(const Settings *settings);

/*
 * How long a statement of a JavaScript alteration, or its silence, may last, as Logto's own program takes it: DATABASE_STATEMENT_TIMEOUT
 * in milliseconds, or DISABLE_TIMEOUT for no limit (0).
 */
int settings_find_script_timeout(void);

/* Whether scripts may ask: somebody is there, and CI does not say otherwise. */
bool settings_may_ask(int descriptor);

#endif
