#include "drivers/postgres/prepared.h"

#include <stdio.h>
#include <stdlib.h>

#include "drivers/postgres/message.h"

/* The server plans what is prepared for the tables as they are then: the history may have been small, and grows with each batch. */
#define BATCHES_FOR_A_PLAN 100

/* Fails where there are some that SQL prepared, or the encoding is another than that in which what follows was sent. */
#define SETTLE_SQL                                                                                                \
    POSTGRES_CHECK_DEFERRED_SQL                                                                                   \
    "SELECT 1 OPERATOR(pg_catalog./) (NOT EXISTS (SELECT FROM pg_catalog.pg_prepared_statement() WHERE from_sql)" \
    " AND pg_catalog.current_setting('client_encoding') OPERATOR(pg_catalog.=) 'UTF8')::integer;" POSTGRES_RESET_BUT_PREPARED_SQL

void postgres_prepared_forget(PostgresPrepared *prepared)
{
    arena_done(&prepared->arena);
    *prepared = (PostgresPrepared){
        .salt = prepared->salt,
        .generation = prepared->generation + (prepared->count > 0),
        .is_endangered = prepared->is_endangered,
    };
}

void postgres_prepared_drop(PostgresPrepared *prepared)
{
    postgres_prepared_forget(prepared);
    prepared->is_endangered = false;
}

size_t postgres_prepared_find(const PostgresPrepared *prepared, Text sql)
{
    size_t index = 0;
    while (index < prepared->count && !text_equals(prepared->statements[index], sql))
        index++;
    return index;
}

void postgres_prepared_name(char name[POSTGRES_PREPARED_NAME], PostgresPrepared *prepared, size_t index)
{
    if (prepared->salt == 0)
        prepared->salt = arc4random() | 1;
    snprintf(name, POSTGRES_PREPARED_NAME, "dbalt_%08x_%u_%zu", prepared->salt, prepared->generation, index);
}

Text postgres_prepared_settle(PostgresPrepared *prepared)
{
    if (prepared->count > 0 && !prepared->is_endangered && prepared->settled < BATCHES_FOR_A_PLAN) {
        prepared->settled++;
        return TEXT(SETTLE_SQL);
    }
    postgres_prepared_drop(prepared);
    return TEXT(POSTGRES_CHECK_DEFERRED_SQL POSTGRES_RESET_SQL);
}
