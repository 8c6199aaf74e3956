/* A peer: one of those who deploy to the same database, on SQLite. */

#ifndef HISTORY_PEER_H
#define HISTORY_PEER_H

#include "support/sandbox.h"
#include "support/test.h"

#include "history/lock.h"
#include "history/transaction.h"

typedef struct Peer {
    Wait wait;
    History history;
    Arena arena;   /* of what it read under the lock */
    Record record; /* that */
} Peer;

static inline void peer_open(Peer *peer, const Sandbox *sandbox, const char *by)
{
    DbaltError error;
    Connection *connection = NULL;
    assert_true(wait_init(&peer->wait));
    const ConnectOptions options = {
        .url = sandbox->url, .history_schema = "dbalt", .timeout = 1000, .limits = {.lock = 5000}, .wait = &peer->wait};
    if (!driver_sqlite.connect(&connection, &options, &error))
        fail_msg("%s", error.message);
    peer->history = (History){.connection = connection, .by = by, .host = "here", .version = "0"};
    peer->arena = (Arena){0};
    peer->record = (Record){0};
}

static inline void peer_close(Peer *peer)
{
    driver_sqlite.close(peer->history.connection);
    wait_done(&peer->wait);
    arena_done(&peer->arena);
}

static inline bool take_lock(Peer *peer, const LockOptions *options, DbaltError *error)
{
    return lock_take(&peer->record, &peer->arena, &peer->history, options, error);
}

static inline void make_history(Peer *peer)
{
    DbaltError error;
    assert_true(take_lock(peer, &(LockOptions){0}, &error));
    lock_give_back(&peer->history);
}

static const Deploy deploy_a = {.identity = "100-a", .release = "1.0.0", .name = "a", .kind = "sql", .down = "delete from log"};

static inline Outcome deploy(Peer *peer, const Deploy *what, const char *sql, DbaltError *error)
{
    Transaction transaction;
    transaction_begin_deploy(&transaction, &peer->history, what, 0);
    transaction_script(&transaction, text_of(sql), 1, false);
    return transaction_finish(&transaction, NULL, NULL, error);
}

#endif
