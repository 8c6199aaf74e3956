/* sql/judge: what may stand in a transaction. The verdicts were compared with a server of PostgreSQL 15 and with SQLite 3.40. */

#include "support/test.h"

#include "base/cleanup.h"
#include "sql/judge.h"

typedef struct Case {
    const char *statement;
    Judgement judgement;
    const char *what; /* NULL when fine */
} Case;

static void check(SqlDialect dialect, const Case *cases, size_t count)
{
    CLEANUP(arena_done) Arena arena = {0};
    for (size_t i = 0; i < count; i++) {
        const char *what = NULL;
        Judgement judgement = judge_statement(&what, &arena, dialect, text_of(cases[i].statement));
        if (judgement != cases[i].judgement)
            fail_msg("%s: judged %d, not %d", cases[i].statement, (int)judgement, (int)cases[i].judgement);
        if (cases[i].what != NULL)
            assert_string_equal(what, cases[i].what);
    }
}

static void tells_transaction_control_of_postgres(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"begin", JUDGED_TRANSACTION_CONTROL, "BEGIN"},
        {"/* a */ BEGIN WORK ISOLATION LEVEL SERIALIZABLE;", JUDGED_TRANSACTION_CONTROL, "BEGIN"},
        {"start transaction read only;", JUDGED_TRANSACTION_CONTROL, "START TRANSACTION"},
        {"commit;", JUDGED_TRANSACTION_CONTROL, "COMMIT"},
        {"commit and chain;", JUDGED_TRANSACTION_CONTROL, "COMMIT"},
        {"end;", JUDGED_TRANSACTION_CONTROL, "COMMIT"},
        {"rollback;", JUDGED_TRANSACTION_CONTROL, "ROLLBACK"},
        {"abort;", JUDGED_TRANSACTION_CONTROL, "ROLLBACK"},
        {"prepare transaction 'x';", JUDGED_TRANSACTION_CONTROL, "PREPARE TRANSACTION"},
        {"savepoint a;", JUDGED_FINE, NULL},
        {"release a;", JUDGED_FINE, NULL},
        {"release savepoint a;", JUDGED_FINE, NULL},
        {"rollback to a;", JUDGED_FINE, NULL},
        {"rollback work to savepoint a;", JUDGED_FINE, NULL},
        {"prepare a as select 1;", JUDGED_FINE, NULL},
        {"set transaction isolation level serializable;", JUDGED_FINE, NULL},
    };
    check(SQL_POSTGRES, cases, COUNT(cases));
}

static void tells_what_postgres_refuses_in_a_transaction(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"SET lock_timeout = 0;", JUDGED_LOCK_TIMEOUT, "SET lock_timeout"},
        {"set local lock_timeout to '1s';", JUDGED_LOCK_TIMEOUT, "SET lock_timeout"},
        {"reset lock_timeout;", JUDGED_LOCK_TIMEOUT, "SET lock_timeout"},
        {"reset all;", JUDGED_LOCK_TIMEOUT, "RESET ALL"},
        {"set statement_timeout = 0;", JUDGED_FINE, NULL},
        {"set search_path = lock_timeout;", JUDGED_FINE, NULL},
        {"reset role;", JUDGED_FINE, NULL},
        {"commit prepared 'x';", JUDGED_OUTSIDE_ONLY, "COMMIT PREPARED"},
        {"rollback prepared 'x';", JUDGED_OUTSIDE_ONLY, "ROLLBACK PREPARED"},
        {"create index concurrently i on t (a);", JUDGED_OUTSIDE_ONLY, "CREATE INDEX CONCURRENTLY"},
        {"create unique index concurrently if not exists i on t (a);", JUDGED_OUTSIDE_ONLY, "CREATE INDEX CONCURRENTLY"},
        {"drop index concurrently if exists i;", JUDGED_OUTSIDE_ONLY, "DROP INDEX CONCURRENTLY"},
        {"reindex table concurrently t;", JUDGED_OUTSIDE_ONLY, "REINDEX CONCURRENTLY"},
        {"reindex (verbose, concurrently on) index i;", JUDGED_OUTSIDE_ONLY, "REINDEX CONCURRENTLY"},
        {"reindex (concurrently 1) index i;", JUDGED_OUTSIDE_ONLY, "REINDEX CONCURRENTLY"},
        {"reindex schema s;", JUDGED_OUTSIDE_ONLY, "REINDEX SCHEMA"},
        {"reindex database d;", JUDGED_OUTSIDE_ONLY, "REINDEX DATABASE"},
        {"reindex system d;", JUDGED_OUTSIDE_ONLY, "REINDEX SYSTEM"},
        {"vacuum;", JUDGED_OUTSIDE_ONLY, "VACUUM"},
        {"vacuum (analyze) t;", JUDGED_OUTSIDE_ONLY, "VACUUM"},
        {"cluster;", JUDGED_OUTSIDE_ONLY, "CLUSTER"},
        {"create database d;", JUDGED_OUTSIDE_ONLY, "CREATE DATABASE"},
        {"drop database if exists d;", JUDGED_OUTSIDE_ONLY, "DROP DATABASE"},
        {"alter database d set tablespace t;", JUDGED_OUTSIDE_ONLY, "ALTER DATABASE SET TABLESPACE"},
        {"create tablespace t location '/t';", JUDGED_OUTSIDE_ONLY, "CREATE TABLESPACE"},
        {"drop tablespace t;", JUDGED_OUTSIDE_ONLY, "DROP TABLESPACE"},
        {"alter system set work_mem = '4MB';", JUDGED_OUTSIDE_ONLY, "ALTER SYSTEM"},
        {"alter table t detach partition p concurrently;", JUDGED_OUTSIDE_ONLY, "ALTER TABLE ... DETACH PARTITION CONCURRENTLY"},
        {"discard all;", JUDGED_OUTSIDE_ONLY, "DISCARD ALL"},
        {"create subscription s connection '' publication p;", JUDGED_OUTSIDE_ONLY, NULL},
        {"create subscription s connection '' publication p with (enabled = false);", JUDGED_OUTSIDE_ONLY, NULL},
        {"alter subscription s refresh publication;", JUDGED_OUTSIDE_ONLY, "ALTER SUBSCRIPTION ... REFRESH PUBLICATION"},
        {"alter subscription s add publication p;", JUDGED_OUTSIDE_ONLY, NULL},
        {"drop subscription s;", JUDGED_OUTSIDE_ONLY, "DROP SUBSCRIPTION"},
    };
    check(SQL_POSTGRES, cases, COUNT(cases));
}

static void allows_what_postgres_allows(void **state)
{
    (void)state;
    static const char *const statements[] = {
        "",
        "select 1;",
        "(select 1);",
        "create index i on t (a);",
        "create index i on concurrently_used (a);",
        "create index i on t (a) where b = 'concurrently';",
        "create index i on t (a) where \"concurrently\";",
        "create table \"concurrently\" (a int) tablespace t;",
        "drop index i;",
        "drop table t;",
        "reindex table t;",
        "reindex (concurrently off) table t;",
        "reindex (concurrently false) table t;",
        "reindex (concurrently 0) table t;",
        "analyze;",
        "cluster t using i;",
        "alter database d set work_mem = '4MB';",
        "alter database d set default_tablespace = tablespace;",
        "alter table t set tablespace x;",
        "alter table t detach partition p;",
        "alter table t add \"concurrently\" int;",
        "alter type t add value 'x';",
        "discard temp;",
        "refresh materialized view concurrently v;",
        "create subscription s connection '' publication p with (create_slot = false);",
        "create subscription s connection '' publication p with (connect = off);",
        "alter subscription s disable;",
        "alter subscription s set publication p with (refresh = false);",
        "do $$ begin commit; end $$;",
        "create procedure p() language plpgsql as $$ begin commit; end $$;",
    };

    CLEANUP(arena_done) Arena arena = {0};
    for (size_t i = 0; i < COUNT(statements); i++) {
        const char *what = NULL;
        if (judge_statement(&what, &arena, SQL_POSTGRES, text_of(statements[i])) != JUDGED_FINE)
            fail_msg("not fine: %s", statements[i]);
    }
}

static void says_when_it_cannot_read_a_suspicious_statement(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"create index concurrently i on t with novelty (a);", JUDGED_UNREADABLE, "CREATE"},
        {"begin of something new;", JUDGED_UNREADABLE, "BEGIN"},
        {"vacuum vacuum vacuum", JUDGED_UNREADABLE, "VACUUM"},
        {"create novelty concurrently;", JUDGED_FINE, NULL},
    };
    check(SQL_POSTGRES, cases, COUNT(cases));
}

static void judges_statements_of_sqlite(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"begin immediate;", JUDGED_TRANSACTION_CONTROL, "BEGIN"},
        {"COMMIT TRANSACTION;", JUDGED_TRANSACTION_CONTROL, "COMMIT"},
        {"end;", JUDGED_TRANSACTION_CONTROL, "END"},
        {"rollback;", JUDGED_TRANSACTION_CONTROL, "ROLLBACK"},
        {"rollback to a;", JUDGED_FINE, NULL},
        {"rollback transaction to savepoint a;", JUDGED_FINE, NULL},
        {"savepoint a;", JUDGED_FINE, NULL},
        {"release a;", JUDGED_FINE, NULL},
        {"vacuum;", JUDGED_OUTSIDE_ONLY, "VACUUM"},
        {"vacuum into 'x';", JUDGED_OUTSIDE_ONLY, "VACUUM"},
        {"attach 'x' as x;", JUDGED_OUTSIDE_ONLY, "ATTACH"},
        {"detach x;", JUDGED_OUTSIDE_ONLY, "DETACH"},
        {"pragma journal_mode = wal;", JUDGED_OUTSIDE_ONLY, "PRAGMA journal_mode"},
        {"PRAGMA main.journal_mode(wal);", JUDGED_OUTSIDE_ONLY, "PRAGMA journal_mode"},
        {"pragma journal_mode;", JUDGED_FINE, NULL},
        {"pragma synchronous = off;", JUDGED_OUTSIDE_ONLY, "PRAGMA synchronous"},
        {"pragma wal_checkpoint(truncate);", JUDGED_OUTSIDE_ONLY, "PRAGMA wal_checkpoint"},
        {"pragma main.wal_checkpoint;", JUDGED_OUTSIDE_ONLY, "PRAGMA wal_checkpoint"},
        {"pragma wal_autocheckpoint = 5;", JUDGED_FINE, NULL},
        {"pragma user_version = 3;", JUDGED_FINE, NULL},
        {"pragma foreign_keys = off;", JUDGED_FINE, NULL},
        {"reindex;", JUDGED_FINE, NULL},
        {"analyze;", JUDGED_FINE, NULL},
        {"create trigger t after insert on a begin select 1; end;", JUDGED_FINE, NULL},
        {"create index concurrently on t (a);", JUDGED_FINE, NULL},
    };
    check(SQL_SQLITE, cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_transaction_control_of_postgres), cmocka_unit_test(tells_what_postgres_refuses_in_a_transaction),
        cmocka_unit_test(allows_what_postgres_allows),           cmocka_unit_test(says_when_it_cannot_read_a_suspicious_statement),
        cmocka_unit_test(judges_statements_of_sqlite),
    };
    return cmocka_run_group_tests_name("sql/judge", tests, NULL, NULL);
}
