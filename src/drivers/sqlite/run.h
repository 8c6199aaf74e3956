/* Run: a STEP_SQL, statement by statement. */

#ifndef DRIVERS_SQLITE_RUN_H
#define DRIVERS_SQLITE_RUN_H

#include "drivers/sqlite/connection.h"

/* Runs on to the next row, the end of the step, or an error; fills answer with it. */
void sqlite_run_next(SqliteConnection *connection, const Step *step, Answer *answer);

/* Drops what is half-done. */
void sqlite_run_stop(SqliteConnection *connection);

#endif
