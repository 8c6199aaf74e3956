#include "history/lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

static const char *own_pid(Arena *arena)
{
    return arena_format(arena, "%ld", (long)getpid());
}

/*
 * A holder writes his row behind taking the lock: one that is older is of somebody before. Whoever waits for the statement of a killed
 * deploy holds the lock beside that one's row.
 */
static bool is_of_former(const Holder *row, const LockHolder *told)
{
    return told->since != NULL && strcmp(row->since, told->since) < 0;
}

/* "ada on build-7 (pid 123) since 2026-11-21T21:40:08.000Z, running 1-a", or what the server tells, or that nothing is known. */
static bool describe_holder(const char **text, Arena *arena, History *history, DbaltError *error)
{
    Connection *connection = history->connection;
    Holder holder;
    if (!record_read_holder(&holder, arena, history, error))
        return false;

    LockHolder told = {0};
    if (connection->driver->lock_holder != NULL)
        told = connection->driver->lock_holder(connection, arena);
    if (holder.by != NULL && !is_of_former(&holder, &told)) {
        told.who = arena_format(arena, "%s on %s (pid %s)", holder.by, holder.host, holder.pid);
        told.since = holder.since;
    }
    if (told.who == NULL)
        told.who = "one that has just begun";
    const char *since = told.since == NULL ? "" : arena_format(arena, " since %s", told.since);
    const char *task = told.task == NULL ? "" : arena_format(arena, ", running %s", told.task);
    *text = arena_format(arena, "%s%s%s", told.who, since, task);
    return true;
}

/* 20 to 400 ms, growing with the number of tries, so that many who wait do not ask in step. */
static int64_t pause_after(unsigned tries)
{
    int64_t longest = tries < 8 ? 25 * ((int64_t)tries + 1) : 200;
    return longest + arc4random_uniform((uint32_t)longest);
}

static bool refuse(const char *holder, bool waited, int seconds, DbaltError *error)
{
    fail(error, DBALT_ERROR_LOCKED, "another deploy holds the lock: %s", holder);
    if (waited)
        return fail_hint(error, "it did not end within %d s; try again later, or wait longer", seconds);
    return fail_hint(error, "try again later, or let it wait");
}

/* Polls until the lock is ours. */
static bool poll_lock(History *history, const LockOptions *options, int64_t deadline, DbaltError *error)
{
    Connection *connection = history->connection;
    char told[512] = "";

    for (unsigned tries = 0;; tries++) {
        bool taken = false;
        if (!connection->driver->lock_try(connection, &taken, error))
            return fail_context(error, "cannot take the deploy lock, and nothing was run");
        if (taken)
            return true;

        CLEANUP(arena_done) Arena arena = {0};
        const char *holder;
        if (!describe_holder(&holder, &arena, history, error))
            return fail_context(error, "cannot wait for the deploy lock, and nothing was run");
        if (options->no_wait || wait_now() >= deadline)
            return refuse(holder, !options->no_wait, options->wait_seconds, error);

        if (strcmp(told, holder) != 0) {
            error_set(told, sizeof told, "%s", holder);
            options->waiting(arena_format(&arena, "Waiting for another deploy: %s", holder), options->context);
        }
        if (!wait_sleep(connection->wait, pause_after(tries)))
            return fail(error, DBALT_ERROR_INTERRUPTED, "interrupted while waiting for the lock");
    }
}

/*
 * A holder that was killed or stopped leaves its row, and perhaps a server process: at its last statement, or waiting for the next. For
 * what runs outside a transaction the lock is the only guard, so that process must end first.
 */
static bool wait_for_orphan(History *history, const Holder *holder, const LockOptions *options, int64_t deadline, DbaltError *error)
{
    Connection *connection = history->connection;
    const Driver *driver = connection->driver;
    CLEANUP(arena_done) Arena arena = {0};

    if (driver->end_orphan == NULL || holder->backend == NULL)
        return true;

    for (unsigned tries = 0;; tries++) {
        bool busy;
        if (!driver->end_orphan(connection, holder->backend, &busy, error))
            return false;
        if (!busy)
            return true;

        const char *who = arena_format(&arena, "%s on %s (pid %s) since %s, killed, but its last statement still runs", holder->by,
                                       holder->host, holder->pid, holder->since);
        if (options->no_wait || wait_now() >= deadline)
            return refuse(who, !options->no_wait, options->wait_seconds, error);
        if (tries == 0)
            options->waiting(arena_format(&arena, "Waiting for another deploy: %s", who), options->context);
        if (!wait_sleep(connection->wait, pause_after(tries)))
            return fail(error, DBALT_ERROR_INTERRUPTED, "interrupted while waiting for the statement of a killed deploy");
    }
}

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same(const Holder *a, const Holder *b)
{
    return same(a->host, b->host) && same(a->pid, b->pid) && same(a->backend, b->backend);
}

bool lock_take(Record *record, Arena *arena, History *history, const LockOptions *options, DbaltError *error)
{
    const Driver *driver = history->connection->driver;
    int64_t deadline = options->wait_seconds > 0 ? wait_now() + (int64_t)options->wait_seconds * 1000 : WAIT_FOREVER;
    if (!poll_lock(history, options, deadline, error))
        return false;

    Holder found = {0};
    const Holder self = {
        .by = history->by,
        .host = history->host,
        .pid = own_pid(arena),
        .backend = driver->backend == NULL ? NULL : driver->backend(history->connection),
    };
    bool ok = record_claim(record, &found, arena, history, &self, error);
    /* One who did not end well: what he did until his end is to be read, and his row to be ours then. */
    if (ok && !is_same(&found, &self))
        ok = wait_for_orphan(history, &found, options, deadline, error) && record_claim(record, &found, arena, history, &self, error);

    if (!ok && is_same(&found, &self))
        lock_give_back(history);
    else if (!ok)
        driver->lock_release(history->connection);
    return ok;
}

void lock_give_back(History *history)
{
    Connection *connection = history->connection;
    if (connection == NULL || !connection->driver->lock_is_held(connection))
        return;

    CLEANUP(arena_done) Arena arena = {0};
    const Driver *driver = connection->driver;
    const char *const values[] = {history->host, own_pid(&arena)};
    bool travels = driver->pipelines != NULL && driver->pipelines(connection);
    DbaltError ignored; /* a row that stays says nothing wrong: only the lock decides */
    if (travels)
        history_submit_kind(history, STEP_BEGIN);
    history_submit(history, HISTORY_RELEASE_HOLD, values, COUNT(values));
    if (travels) {
        history_submit_kind(history, STEP_COMMIT);
        driver->send(connection); /* the lock need not wait for the answer */
        driver->lock_release(connection);
    }
    connection_finish(connection, NULL, &ignored);
    if (!travels)
        driver->lock_release(connection);
}

void lock_announce(History *history, const char *identity)
{
    Connection *connection = history->connection;
    if (connection->driver->lock_announce != NULL)
        connection->driver->lock_announce(connection, identity);
}

bool lock_check(History *history, DbaltError *error)
{
    Connection *connection = history->connection;
    if (connection->driver->lock_is_held(connection))
        return true;

    fail(error, DBALT_ERROR_DATABASE, "the deploy lock was lost: its connection ended");
    return fail_hint(error, "nothing more was run; run the command again to continue");
}
