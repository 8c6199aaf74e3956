/* Fault: SQLite's result codes, and what to do about them. */

#ifndef DRIVERS_SQLITE_FAULT_H
#define DRIVERS_SQLITE_FAULT_H

#include "drivers/sqlite/connection.h"

/* What a failed call means; fills error with what SQLite says. To be called before any other call on the database. */
Fault sqlite_fault(const SqliteConnection *connection, int code, DbaltError *error);

/* The same for what an alteration did: the database was reached, so the code is DBALT_ERROR_FAILED at most. */
Fault sqlite_fault_of_script(const SqliteConnection *connection, int code, DbaltError *error);

/* The error of what wait_cancel() stopped. */
Fault sqlite_fault_cancelled(DbaltError *error);

#endif
