/* Backup: a copy of the database from before a deploy. */

#ifndef APP_BACKUP_H
#define APP_BACKUP_H

#include "app/run.h"

/* The folder as an absolute path, in the arena; one that cannot be written to is DBALT_ERROR_USAGE. NULL stays NULL. */
bool backup_find_folder(const char **folder, Arena *arena, const char *given, DbaltError *error);

/* Makes a backup when the plan asks for one and has something to deploy; tells it, and puts it into the result. */
bool backup_make(Run *run, DbaltError *error);

#endif
