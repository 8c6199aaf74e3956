#!/usr/bin/env bats
# What the server tells of a statement that takes long: how far it is, and whom it waits for.
# bats file_tags=postgres

load helper

more_setup() {
    query "create table a (id integer)"
    printf 'alter table a add column more text;\n' | alteration 1.0.0-1-a.sql
}

# hold SQL: another session, named payroll, that runs it and stays; $pid is its psql, $backend its process on the server
hold() {
    mkfifo hold
    PGAPPNAME=payroll psql -XAtq "$DB_URL" <hold >/dev/null 2>&1 3>&- 4>&- &
    pid=$!
    started+=("$pid")
    exec 5>hold
    printf '%s\n' "$1" >&5
    until_true 60 holds
    backend=$(query "select pid from pg_stat_activity where application_name = 'payroll'")
}
holds() { [ "$(query "select count(*) from pg_locks where granted and relation = 'a'::regclass")" -gt 0 ]; }
more_teardown() { exec 5>&-; }

# A function that takes as long as 50 ms, and a table of many pages on which each row asks for it.
slow_table() {
    query "create function slow(integer) returns integer language plpgsql immutable as 'begin perform pg_sleep(0.05); return \$1; end'"
    query "create table many (id integer, filler text)"
    query "insert into many select n, repeat('x', 1000) from generate_series(1, ${1:-4000}) as n"
}

# progresses CONDITION: of one of the events "progress" in $output, as Python reads it
progresses() {
    same "$(json "any($1 for row in rows if row.get('event') == 'progress')")" True
}

# stop NAME PID: interrupts a deploy that would take long
stop() {
    kill -INT "$2"
    finish "$1" "$2"
}

@test "an alteration that waits for a lock names who holds it, and when it gives up too" {
    hold "begin; lock table a; select 'top secret' as hush;"
    expect 1 deploy latest --lock-timeout=4 --lock-retries=0
    err "[info] 1.0.0-1-a.sql: waits for pid $backend (payroll, user $(query "select current_user"), idle in transaction, "
    err " s): select '...' as hush"$'\n'
    err "it waited for pid $backend (payroll, "
    err_not "secret"
}

@test "who has little time looks sooner" {
    hold "begin; lock table a;"
    expect 1 deploy latest --lock-timeout=0.4 --lock-retries=5
    err "waits for pid $backend (payroll"
}

@test "each of several is named" {
    hold "begin; lock table a in row exclusive mode;"
    psql -XAtq "$DB_URL" >/dev/null 2>&1 3>&- 4>&- <<<"begin; lock table a in row exclusive mode; select pg_sleep(300)" &
    started+=("$!")
    until_true 60 has_sleeper
    expect 1 deploy latest --lock-timeout=4 --lock-retries=0
    err "pid $backend (payroll, "
    err "select pg_sleep(300)"
}

@test "whom it may not look at, it names as far as it may" {
    admin "drop role if exists watcher"
    admin "create role watcher login"
    query "grant create on database $database to watcher"
    query "alter table a owner to watcher"
    hold "begin; lock table a; select 'top secret' as hush;"
    DB_URL=$(url_with "$DB_URL" "$database" watcher) expect 1 deploy latest --lock-timeout=4 --lock-retries=0
    err "waits for pid $backend (payroll, user $(query "select current_user"))"
    err_not "hush"
    exec 5>&-
    query "drop owned by watcher cascade"
    admin "drop role watcher"
}

@test "--json has the same as events" {
    hold "begin; lock table a; select 1 as hush;"
    expect 1 deploy latest --lock-timeout=5 --lock-retries=0 --json
    same "$(json "[row['identity'] for row in rows if row.get('event') == 'blocked' and row['message'].startswith('waits for pid $backend (payroll')]")" "['1-a']"
    progresses "row['section'] == 'up' and row['index'] == 1 and row['took'] >= 500 and row['percent'] is None and row['message'].startswith('waits for')"
}

@test "the phase and the per cent of an index that is being built" {
    slow_table
    printf -- '-- dbalt: before-up\ncreate index concurrently many_slow on many (slow(id));\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    start deploy deploy latest --json
    until_true 60 grep -q '"message":"building index: scanning table".*"section":"before-up".*"percent":[0-9]' deploy.out
    stop deploy "$pid"
    same "$status" 130
}

@test "watching is in no concurrent build's way" {
    slow_table 100
    printf -- '-- dbalt: before-up\ncreate index concurrently many_slow on many (slow(id));\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest --json
    progresses True
    same "$(query "select indisvalid from pg_index where indexrelid = 'many_slow'::regclass")" t
}

@test "a concurrent build names the transaction that it waits for" {
    hold "begin; insert into a values (1);"
    printf -- '-- dbalt: before-up\ncreate index concurrently a_id on a (id);\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    start deploy deploy latest
    until_true 60 grep -q "waits for pid $backend (payroll, .*insert into a values (1)\$" deploy.err
    echo "commit;" >&5
    finish deploy "$pid"
    same "$status" 0
}

@test "a prepared transaction in the way is told" {
    query "begin; lock table a; prepare transaction '$database'"
    start deploy deploy latest --lock-timeout=300
    until_true 60 says deploy "waits for a prepared transaction (see pg_prepared_xacts)"
    query "rollback prepared '$database'"
    finish deploy "$pid"
    same "$status" 0
}

# bats test_tags=since-14
@test "the rows of COPY" {
    printf "copy (select pg_sleep(0.01) from generate_series(1, 30000)) to '/dev/null';\n" | alteration 1.0.0-1-a.sql
    start copy deploy latest --json
    until_true 60 grep -q '"message":"copying: [0-9]* rows"' copy.out
    stop copy "$pid"
    same "$status" 130
}

@test "the phase of VACUUM FULL" {
    slow_table 100
    query "create index on many (slow(id))"
    printf -- '-- dbalt: before-up\nvacuum full many;\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest --json
    progresses "row['message'] == 'vacuum full: rebuilding index' and row['percent'] is None"
}

@test "where there is no room for another connection nobody watches, and nothing fails" {
    admin "drop role if exists narrow"
    admin "create role narrow login connection limit 2"
    query "grant create on database $database to narrow"
    printf 'select pg_sleep(2.5);\n' | alteration 1.0.0-1-a.sql
    DB_URL=$(url_with "$DB_URL" "$database" narrow) expect 0 deploy latest --json
    same "$(json "[row for row in rows if row.get('event') == 'progress']")" "[]"
    query "drop owned by narrow cascade"
    admin "drop role narrow"
}

@test "on a terminal the progress line has all of it" {
    slow_table
    printf -- '-- dbalt: before-up\ncreate index concurrently many_slow on many (slow(id));\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    TERM=xterm script -qefc "'$DBALT' deploy latest" screen >/dev/null 2>&1 </dev/null 3>&- 4>&- &
    started+=("$!")
    until_true 60 grep -aqE '\[1/1\] 1\.0\.0-1-a\.sql before-up  [0-9]+ ms  building index: scanning table, [0-9]+ %' screen
}
