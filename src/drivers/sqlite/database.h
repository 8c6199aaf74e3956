/* Database: opening the file as dbalt needs it, and being patient with it. */

#ifndef DRIVERS_SQLITE_DATABASE_H
#define DRIVERS_SQLITE_DATABASE_H

#include "drivers/sqlite/connection.h"

/* Opens connection->path into connection->database; on failure that is NULL. DBALT_ERROR_DATABASE or _INTERRUPTED. */
bool sqlite_database_open(SqliteConnection *connection, DbaltError *error);

/* Gives a file of no bytes the header by which others know it for a database. */
bool sqlite_database_initialize(SqliteConnection *connection, DbaltError *error);

/* Ends whatever scripts left in it too. */
void sqlite_database_close(SqliteConnection *connection);

/* Runs one statement without rows, again and again while others keep the database busy. Returns SQLite's result code. */
int sqlite_database_execute(SqliteConnection *connection, const char *sql);

/* From now on a reader waits for connection->timeout at most where others keep the database busy, a writer for ever. */
void sqlite_database_gather_patience(SqliteConnection *connection);

/* The file as a URI, with parameters behind it: "mode=ro". */
const char *sqlite_database_uri(Arena *arena, const char *path, const char *parameters);

/* True once after wait_cancel(), whoever of those who wait asks first. */
bool sqlite_database_is_cancelled(SqliteConnection *connection);

#endif
