/* Module: JavaScript alterations, run by a Node host inside the transaction that dbalt owns. */

#ifndef APP_MODULE_H
#define APP_MODULE_H

#include "app/run.h"
#include "history/transaction.h"

/* Whether the alteration has a file, and is a module. */
bool module_stands(const Standing *standing);

/* DBALT_ERROR_SCRIPT where the database's driver cannot answer the queries of modules. */
bool module_check(const Script *script, const DbaltPlan *plan, DbaltError *error);

/* Starts the plan's host if the plan has a module: it comes up while the lock is taken. */
bool module_prepare(DbaltPlan *plan, DbaltError *error);

/* The path by which the plan's host, started now if it was not, imports a file of the plan's folder; the host knows what to expect. */
bool module_reach(const char **path, Arena *arena, DbaltPlan *plan, const char *file, DbaltError *error);

/* Loads a module, the file of the plan's folder, into the plan's host, and tells in the script what it exports and is known of it. */
bool module_load(Script *script, Arena *arena, DbaltPlan *plan, const char *file, DbaltError *error);

/* Whether it is the turn of a module that the host has yet to be asked about, or will have to run. */
bool module_waits(const Run *run);

/* Whether a module that failed of a query may be tried again. */
bool module_may_retry(Fault fault, const DbaltError *error);

/*
 * Has the module tell of a query of the script's that failed when it was sent without it, as if it had asked that: with its place. Should
 * it tell anything else, the error stays as it is.
 */
void module_tell_failure(Run *run, SectionKind section, size_t query, DbaltError *error);

/* Runs a section of the module that it is the turn of inside a transaction that was begun for it, up to its COMMIT. */
Outcome module_run_whole(Run *run, SectionKind section, Transaction *transaction, DbaltError *error);

/* Likewise, in autocommit. */
bool module_run_outside(Run *run, SectionKind section, Fault *fault, DbaltError *error);

#endif
