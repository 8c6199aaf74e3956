/* Fault: what PostgreSQL's errors mean, in words and for the program. */

#ifndef DRIVERS_POSTGRES_FAULT_H
#define DRIVERS_POSTGRES_FAULT_H

#include "drivers/driver.h"
#include "drivers/postgres/session.h"

/* Fills error from libpq's text: its first line is the message, the others are the detail. Returns false. */
bool postgres_fail_lines(DbaltError *error, DbaltErrorCode code, const char *lines);

/* Fills error from a failed result, or from the session when that is NULL, and says what it means. */
Fault postgres_fault(DbaltError *error, const PGresult *result, const PostgresSession *session);

#endif
