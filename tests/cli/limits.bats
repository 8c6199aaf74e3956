#!/usr/bin/env bats
# How long a deploy bears the locks of others, and slow statements.
# bats file_tags=postgres

load helper

more_setup() {
    query "create table a (id integer)"
    printf -- '-- dbalt: up\nalter table a add column more text;\n-- dbalt: down\nalter table a drop column more;\n' | alteration 1.0.0-1-a.sql
}

columns() { query "select count(*) from information_schema.columns where table_name = 'a'"; }
has_waiter() { [ "$(query "select count(*) from pg_locks where not granted and locktype = 'relation'")" -gt 0 ]; }

@test "an alteration waits for a lock as long as --lock-timeout, and is tried again as often as --lock-retries" {
    hold "lock table a"
    expect 1 deploy latest --lock-timeout=0.1 --lock-retries=2
    err "trying again (1 of 2)"
    err "trying again (2 of 2)"
    err "it was tried 3 times"
    same "$(columns)" 1
    same "$(deployed)" ""
}

@test "with --lock-retries=0 it is tried once" {
    hold "lock table a"
    expect 1 deploy latest --lock-timeout=0.1 --lock-retries=0
    err_not "trying again"
}

@test "a roll back has the same limits" {
    expect 0 deploy latest
    hold "lock table a"
    expect 1 rollback-to-timestamp 0 --lock-timeout=0.1 --lock-retries=1
    err "it was tried 2 times"
    same "$(columns)" 2
}

@test "readers queue behind a waiting alteration no longer than --lock-timeout" {
    hold "select from a"
    start deploy deploy latest --lock-timeout=1
    until_true 60 has_waiter
    # Were it not for the limit, this would take as long as the other session sleeps.
    same "$(PGOPTIONS='' timeout 60 psql -XAtq -c "select count(*) from a" "$DB_URL")" 0
    has_sleeper
}

@test "no limit of an alteration is left in the session" {
    expect 0 deploy latest --lock-timeout=0.7 --statement-timeout=50
    printf 'select 1;\n' | alteration 1.0.0-2-b.sql
    expect 0 deploy latest --lock-timeout=0.7 --statement-timeout=50
    # In a pooler these are the sessions that the deploy had.
    for _ in 1 2 3 4 5; do
        same "$(query "select current_setting('lock_timeout') || ' ' || current_setting('statement_timeout')")" "0 0"
    done
}

@test "--statement-timeout ends a statement, and nothing of it is kept" {
    printf 'create table b (id integer);\nselect pg_sleep(300);\n' | alteration 1.0.0-1-a.sql
    expect 1 deploy latest --statement-timeout=0.5
    err "statement timeout"
    same "$(query "select to_regclass('b')")" ""
    same "$(deployed)" ""
}

are_gone() {
    local one
    for one; do
        ! kill -0 "$one" 2>/dev/null || return 1
    done
}

# The server's processes stop, as a dead server's do: the connections stay, and nothing comes. A new connection finds the row of the
# stopped one, which nobody can know the end of.
@test "a server that falls silent in mid-deploy ends in exit 6 after --answer-timeout" {
    query "create table slow (n integer)"
    printf 'insert into slow values (1);\nselect pg_sleep(300);\n' | alteration 1.0.0-1-a.sql
    start deploy deploy latest --answer-timeout=1
    local deploy=$pid backends
    until_true 60 has_sleeper
    backends=$(query "select pid from pg_stat_activity where datname = current_database() and application_name like 'dbalt%'")
    # shellcheck disable=SC2086
    kill -STOP $backends
    finish deploy "$deploy"
    # shellcheck disable=SC2086
    kill -KILL $backends
    # The server ends everybody's session for that; the next test needs one that has noticed it.
    # shellcheck disable=SC2086
    until_true 60 are_gone $backends
    until_true 60 query 'select 1'
    same "$status" 6
    err "no sign of life for 1 s"
    err "Unknown whether \"1-a\" was deployed"
    err "run the command again"
}

@test "a script that sets lock_timeout itself has its way, with a warning" {
    printf 'set lock_timeout = 0;\nalter table a add column more text;\n' | alteration 1.0.0-1-a.sql
    hold "lock table a"
    start deploy deploy latest --lock-timeout=0.1 --lock-retries=0
    local deploy=$pid
    until_true 60 has_waiter
    let_go
    finish deploy "$deploy"
    same "$status" 0
    err "[warn] $DBALT_DIR/1.0.0-1-a.sql:1: SET lock_timeout takes the place of --lock-timeout in the rest of \"up\""
    same "$(columns)" 2
}

# Behind a pooler a limit outside a transaction would be left to other clients.
is_pooled() { [[ $SERVER_URL == *port=6432* ]]; }

@test "before-up waits for a lock as long as --lock-timeout, and is not tried again" {
    is_pooled && skip "there are no limits"
    printf -- '-- dbalt: before-up\ncreate table b (id integer);\nalter table a add column more text;\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    hold "lock table a"
    expect 1 deploy latest --lock-timeout=0.1
    err "lock timeout"
    err_not "trying again"
    err "statement 1 of 2 of \"before-up\" had run, and stays"
    let_go
    expect 0 deploy latest
    same "$(columns)" 2
}

@test "a concurrent build outside waits for others as long as it takes, and --statement-timeout ends it" {
    is_pooled && skip "there are no limits"
    printf -- '-- dbalt: before-up\ncreate index concurrently a_id on a (id);\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    hold "insert into a values (1)"
    expect 1 deploy latest --lock-timeout=0.1 --statement-timeout=3
    err "statement timeout"
    let_go
    expect 0 deploy latest
    err "Dropped the invalid index a_id"
    same "$(query "select indisvalid from pg_index where indexrelid = 'a_id'::regclass")" t
}

# before_up BODY: an alteration in JavaScript that does it before its transaction
before_up() {
    rm -f "$DBALT_DIR/1.0.0-1-a.sql"
    printf "import { sql } from 'dbalt';\nexport default { beforeUp: async (pool) => {\n%s\n}, up: async () => {}, down: async () => {} };\n" "$1" |
        alteration 1.0.0-1-a.mjs
}

@test "beforeUp waits for a lock as long as --lock-timeout, for a concurrent build as long as it takes" {
    is_pooled && skip "there are no limits"
    before_up 'await pool.query(sql`alter table a add column more text`);'
    hold "lock table a"
    expect 1 deploy latest --lock-timeout=4
    err "lock timeout"
    err "it waited for "
    err_not "trying again"
    let_go

    before_up 'await pool.query(sql`create index concurrently a_id on a (id)`);'
    hold "insert into a values (1)"
    expect 1 deploy latest --resume=retry --lock-timeout=0.1 --statement-timeout=3
    err "statement timeout"
    let_go
    expect 0 deploy latest --resume=retry
    err "Dropped the invalid index a_id"
}

@test "who waits is named, and not the module behind it" {
    is_pooled && skip "nobody watches"
    printf 'export default { up: async () => {} };' | alteration 1.0.0-2-b.mjs
    hold "lock table a"
    expect 1 deploy latest --lock-timeout=4 --lock-retries=0
    err "it was tried 1 time; "
    err "1.0.0-1-a.sql: waits for pid"
    err_not "1.0.0-2-b.mjs"
}

@test "limits of beforeUp's own stay, and hold in its transactions" {
    is_pooled && skip "there are no limits"
    before_up "await pool.query(sql\`set statement_timeout = '66s'\`);
await pool.query(sql\`create table seen as select current_setting('lock_timeout') as lock, current_setting('statement_timeout') as statement\`);
await pool.query(sql\`set lock_timeout = '77s'\`);
await pool.transaction(async (connection) => {
    await connection.query(sql\`insert into seen values (current_setting('lock_timeout'), current_setting('statement_timeout'))\`);
});
await pool.transaction(async (connection) => { await connection.query(sql\`select 1 / 0\`); }).catch((error) => console.log(error.message));"
    expect 0 deploy latest --lock-timeout=0.5
    out "division by zero"
    same "$(query "select lock, statement from seen" | paste -sd ' ')" "500ms|66s 77s|66s"
}

@test "a lock_timeout of before-up's own stays" {
    is_pooled && skip "there are no limits"
    printf -- "-- dbalt: before-up\nset lock_timeout = '77s';\nset statement_timeout = '66s';\nselect 1;\ncreate table seen as select current_setting('lock_timeout') as lock, current_setting('statement_timeout') as statement;\n-- dbalt: up\n" |
        alteration 1.0.0-1-a.sql
    expect 0 deploy latest --lock-timeout=0.1
    same "$(query "select * from seen")" "77s|66s"
}
