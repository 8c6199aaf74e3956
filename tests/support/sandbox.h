/* Sandbox: a temporary folder with alterations and a SQLite file, for tests of what needs both. */

#ifndef SUPPORT_SANDBOX_H
#define SUPPORT_SANDBOX_H

#include <stdbool.h>

#include <dbalt/dbalt.h>

typedef struct Sandbox {
    char folder[128];      /* owned: removed by sandbox_close() */
    char alterations[160]; /* inside folder */
    char url[192];         /* sqlite:... inside folder; an empty database */
    Dbalt *project;        /* open on both */
    unsigned told[16];     /* how often each DbaltEventKind was told */
    char last_told[1024];  /* message of the last event that had one */

    void (*warned)(struct Sandbox *sandbox); /* called once, at the next warning; NULL: nothing is */
} Sandbox;

/* For cmocka's setup and teardown: *state is the Sandbox. */
int sandbox_setup(void **state);
int sandbox_teardown(void **state);

/* A second handle on the same folder and database, telling the sandbox's observer too. The caller closes it. */
Dbalt *sandbox_open_project(Sandbox *sandbox);

/* Writes, or removes, a file of the alterations. */
void sandbox_write(const Sandbox *sandbox, const char *file, const char *text);
void sandbox_remove(const Sandbox *sandbox, const char *file);

/* Runs SQL on the database with the sqlite3 library alone. The first column of the first row, or "" . Static buffer. */
const char *sandbox_query(const Sandbox *sandbox, const char *sql);

/* Plans and runs; true when both did, else *error. */
bool sandbox_deploy(Sandbox *sandbox, const char *target, const DbaltRunOptions *options, DbaltResult *result, DbaltError *error);
bool sandbox_rollback(Sandbox *sandbox, const char *release, const DbaltRunOptions *options, DbaltResult *result, DbaltError *error);

/* The state of one alteration by its name, as dbalt_status() tells; fails the test when there is none. */
const DbaltEntry *sandbox_status(Sandbox *sandbox, const char *name);

#endif
