/* DeployLock: a lock on a byte of the database file that SQLite does not use. It dies with its process. */

#ifndef DRIVERS_SQLITE_DEPLOY_LOCK_H
#define DRIVERS_SQLITE_DEPLOY_LOCK_H

#include "drivers/sqlite/connection.h"

/* Does not wait; *taken tells. */
bool sqlite_deploy_lock_try(SqliteConnection *connection, bool *taken, DbaltError *error);

void sqlite_deploy_lock_release(SqliteConnection *connection);

/* To be called when the database is closed, not before. */
void sqlite_deploy_lock_close(SqliteConnection *connection);

#endif
