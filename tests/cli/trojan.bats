#!/usr/bin/env bats
# Functions and operators that another role put into "public" are not called by dbalt's own SQL, however well they fit (compare
# CVE-2018-1058). PostgreSQL.

load helper

# A database full of traps, from which each test has a copy: whoever calls one of them fails. For functions, all names in the sources
# that the server has too.
setup_file() {
    local names
    names=$(grep -ohE '\b[a-z_0-9]+\(' "$BATS_TEST_DIRNAME"/../../src/drivers/postgres/*.{c,h,sql} | tr -d '(' | sort -u | paste -sd ,)
    [[ $names == *clock_timestamp,* ]]
    admin "create database trapped"
    admin "create role deployer login"
    psql -XAtq -v ON_ERROR_STOP=1 -v names="{$names}" "$(url_with "$SERVER_URL" trapped)" <<'SQL'
set search_path = pg_catalog; -- not into the own traps
set check_function_bodies = off;
create domain public.word as text;

create procedure public.set_trap(name text, arguments text) language plpgsql as $$
begin
    execute format('create function public.%I(%s) returns boolean language plpgsql as %L', name, arguments,
                   format('begin raise exception %L; end', format('trap: %s(%s)', name, arguments)));
end
$$;

select set_config('trap.names', :'names', false) \g /dev/null

do $$
declare
    types text[] := '{int2,int4,int8,numeric,float4,float8,text,varchar,bpchar,name,"\"char\"",oid,bool,timestamptz,interval,regclass,jsonb,xml,inet,public.word,int4[],text[]}';
    operators text[] := '{+,-,*,/,%,||,=,<>,<,>,<=,>=,<<,>>,&,|,->,->>,~~,!~~,~}';
    few text[] := '{int4,int8,numeric,text,varchar,name,oid,regclass,bool}';
    more text[] := '{"text,text,text","text,bool,bool","text,regclass,jsonb","text,bool,bool,varchar","text,numeric,text,text","text,text,text,text","text,name,name","text,name,name,name,name,name"}';
    each record;
begin
    for each in select l, r from unnest(types) as l, unnest(types) as r loop
        call public.set_trap('trap', each.l || ',' || each.r);
    end loop;
    for each in select o, l, r from unnest(operators) as o, unnest(types) as l, unnest(types) as r loop
        execute format('create operator public.%s (leftarg = %s, rightarg = %s, procedure = public.trap)', each.o, each.l, each.r);
    end loop;
    for each in
        select n, a
        from unnest(current_setting('trap.names')::text[]) as n,
             (select unnest(types) union select l || ',' || r from unnest(few) as l, unnest(few) as r union select unnest(more)) as t (a)
        where exists (select from pg_catalog.pg_proc where proname = n and pronamespace = 'pg_catalog'::regnamespace)
    loop
        call public.set_trap(each.n, each.a);
    end loop;
end
$$;
SQL
}

teardown_file() {
    admin "drop database trapped"
    admin "drop role deployer"
}

# The deployer owns the database, and need not know what others put into it.
more_setup() {
    admin "drop database $database"
    admin "create database $database template trapped owner deployer"
    DB_URL=$(url_with "$SERVER_URL" "$database" deployer)
    export DB_URL
    log_lines=$(wc -l <"$DBALT_TEST_POSTGRES_DIR/server.log")
}

# What dbalt can do without may have failed unheard: the server knows. That there is no history yet, it is asked as well.
nothing_failed() {
    same "$(tail -n "+$((log_lines + 1))" "$DBALT_TEST_POSTGRES_DIR/server.log" | grep -E "ERROR|trap" |
        grep -vE 'relation "dbalt.layout" does not exist|division by zero|canceling statement due to user request')" ""
    err_not "trap"
    out_not "trap"
}

# An alteration that runs until the gate is open.
waits_at_gate() {
    query "create table gate (open boolean)"
    alteration "$1" <<'SQL'
do $$ begin
    perform pg_catalog.set_config(name, '0', true) from pg_settings where name = 'client_connection_check_interval';
    while not exists (select from gate) loop perform pg_sleep(0.05); end loop;
end $$;
SQL
}

@test "the traps are ones" {
    run query "select 1.5 * 2::bigint"
    [[ $status -ne 0 && $output == *"trap: trap(numeric,int8)"* ]]
    run query "select hashtextextended('a'::text, 1)"
    [[ $status -ne 0 && $output == *"trap: hashtextextended(text,int4)"* ]]
}

@test "SQL deploys and rolls back, ahead and one at a time" {
    makes_table 1.0.0-1-a 1.0.0-2-b 1.1.0-3-c
    local way
    for way in "" --no-pipeline; do
        # shellcheck disable=SC2086
        expect 0 deploy latest $way
        expect 0 status
        out_matches "c +deployed"
        expect 0 check
        expect 0 list
        # shellcheck disable=SC2086
        expect 0 rollback 1.0.0 --yes $way
        same "$(deployed)" "1-a 2-b"
        # shellcheck disable=SC2086
        expect 0 rollback-to-timestamp 1 --yes $way
        same "$(deployed)" "1-a"
        # shellcheck disable=SC2086
        expect 0 rollback 0.1.0 --yes $way
    done
    nothing_failed
}

@test "what is repaired, and what goes on behind its journal" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    expect 0 repair --accept --yes 1-a
    printf -- '-- dbalt: before-up\ncreate table step (id integer);\ncreate index concurrently step_id on step (id);\nselect 1 / count(*) from step;\n-- dbalt: up\nselect 1;\n' |
        alteration 1.0.0-2-b.sql
    expect 1 deploy latest
    err "division by zero"
    query "insert into step values (1)"
    expect 0 deploy latest
    expect 0 repair --forget --yes 2-b
    same "$(deployed)" "1-a"
    nothing_failed
}

@test "JavaScript, and Logto's state" {
    query "create table systems (key varchar(256) primary key, value jsonb not null);
           insert into systems values ('alterationState', '{\"timestamp\": 1, \"updatedAt\": \"2026-01-02T03:04:05.678Z\"}')"
    alteration 1.0.0-1-a.mjs <<<"export default { up: async () => { throw new Error('twice'); }, down: async () => {} };"
    alteration 1.0.0-2-b.mjs <<<"import { sql } from 'dbalt';
export default {
    up: async (pool) => { await pool.query(sql\`create table b (id integer)\`); },
    down: async (pool) => { await pool.query(sql\`drop table b\`); },
};"
    expect 3 check
    expect 0 deploy latest
    err "Adopting 1 alteration that Logto deployed"
    expect 0 check
    expect 0 rollback-to-timestamp 1 --yes
    same "$(query "select value from systems" | grep -c '"timestamp": 1,')" 1
    expect 0 rollback-to-timestamp 0 --yes
    same "$(deployed)" ""
    nothing_failed
}

@test "who has the lock" {
    waits_at_gate 1.0.0-1-a.sql
    start first deploy latest
    local first=$pid
    until_true 30 has_sleeper
    start second deploy latest
    until_true 30 says second ", running 1-a"
    query "insert into gate values (true)"
    finish first "$first"
    same "$status" 0
    finish second "$pid"
    same "$status" 0
    nothing_failed
}

@test "what a statement waits for" {
    query "create table a (id integer)"
    hold "lock table a"
    echo "drop table a;" | alteration 1.0.0-1-a.sql
    start deploy deploy latest --lock-timeout=60
    until_true 30 says deploy "waits for pid $holder (psql, "
    let_go
    finish deploy "$pid"
    same "$status" 0
    nothing_failed
}

@test "how far an index is" {
    query "create table many (id integer, filler text); insert into many select n, repeat('x', 1000) from generate_series(1, 4000) as n;
           create function slow(integer) returns integer language plpgsql immutable as 'begin perform pg_sleep(0.05); return \$1; end'"
    printf -- '-- dbalt: before-up\ncreate index concurrently many_slow on many (slow(id));\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    start deploy deploy latest --json
    until_true 30 grep -q '"percent":[0-9]' deploy.out
    kill -INT "$pid"
    finish deploy "$pid"
    same "$status" 130
    nothing_failed
}

# bats test_tags=since-14
@test "how far a COPY is" {
    admin "grant pg_write_server_files to deployer"
    echo "copy (select pg_sleep(0.01) from generate_series(1, 30000)) to '/dev/null';" | alteration 1.0.0-1-a.sql
    start deploy deploy latest --json
    until_true 30 grep -q '"message":"copying: [0-9]* rows"' deploy.out
    kill -INT "$pid"
    finish deploy "$pid"
    same "$status" 130
    nothing_failed
}

@test "what a killed deploy may still do" {
    waits_at_gate 1.0.0-1-a.sql
    start deploy deploy latest
    until_true 30 has_sleeper
    kill -KILL "$pid"
    finish deploy "$pid"
    start second deploy latest
    until_true 30 says second "killed, but its last statement still runs"
    query "insert into gate values (true)"
    finish second "$pid"
    same "$status" 0
    same "$(deployed)" "1-a"
    nothing_failed
}

@test "a backup" {
    [ "$(admin "show server_version_num")" -lt 160000 ] || skip "there is no pg_dump for this server"
    makes_table 1.0.0-1-a
    expect 0 deploy latest --backup
    same "$(find . -name '*.dump' | wc -l)" 1
    nothing_failed
}
