/* Backup: a copy of the database file, by SQLite's backup API. */

#ifndef DRIVERS_SQLITE_BACKUP_H
#define DRIVERS_SQLITE_BACKUP_H

#include "drivers/driver.h"

/* driver.h says what. */
bool sqlite_backup(Connection *connection, Backup *backup, Arena *arena, const char *folder, const char *label, DbaltError *error);

#endif
