/* Settings: the options that all commands have, and what stands in for them in the environment. */

#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "cli/command.h"

/* Ended by OPTIONS_END. */
extern const Option settings_options[];

/* --db-url, else DB_URL, else DB_URL in the file of --env or in .env; NULL when there is none. A named file must be there. */
bool settings_find_url(const char **url, Arena *arena, const Settings *settings, DbaltError *error);

/* --dir, else DBALT_DIR, else NULL: the library's default. */
const char *settings_find_directory(const Settings *settings);

#endif
