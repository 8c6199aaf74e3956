#!/usr/bin/env bats
# Where Logto's state is written: into the table that is there when the alteration is done, whatever its script did with it. It is not
# looked for where it is known, and what that rests on is tried from both sides: the row, and how it got there. PostgreSQL.

load helper

# The state of a database that Logto has brought to timestamp 1. A trigger tells how each later row got there.
more_setup() {
    query "create function tell() returns trigger language plpgsql set search_path = public as \$\$
           declare stack text;
           begin
               get diagnostics stack = pg_context;
               insert into ways (way, written)
               values (case when stack like '%inline_code_block%' then 'looked' else 'knew' end, new.value -> 'timestamp');
               return new;
           end \$\$;
           create table ways (sequence serial, way text, written jsonb);
           create table log (what text)"
    systems_in public
}

# systems_in SCHEMA [TIMESTAMP]: Logto's table, with its row
systems_in() {
    query "create table $1.systems (key varchar(256) primary key, value jsonb not null default '{}');
           insert into $1.systems values ('alterationState', '{\"timestamp\": ${2:-1}, \"updatedAt\": \"2026-01-02T03:04:05.678Z\"}');
           create trigger tell before insert on $1.systems for each row execute function public.tell()"
}

# up_and_down FILE UP [DOWN]: a script in SQL, or in JavaScript
up_and_down() {
    case $1 in
    *.sql) printf -- '-- dbalt: up\n%s\n-- dbalt: down\n%s\n' "$2" "${3-}" | alteration "$1" ;;
    *)
        printf "import { sql } from 'dbalt';\nexport default {\n    up: async (pool) => { await pool.query(sql\`%s\`); },\n    down: async (pool) => { await pool.query(sql\`%s\`); },\n};\n" \
            "$2" "${3:-select 1}" | alteration "$1"
        ;;
    esac
}

# Five that have nothing to do with it. The first is JavaScript, as Logto's are, or nobody asks for the state; Logto deployed it.
plain_ones() {
    local each
    up_and_down 1.0.0-1-a.mjs 'select 1'
    for each in 2-b.sql 3-c.mjs 4-d.sql 5-e.mjs; do
        up_and_down "1.0.0-$each" "insert into log values ('$each')" "delete from log where what = '$each'"
    done
}

ways() { query "select way || ' ' || written from ways order by sequence" | paste -sd ,; }
remembered() { query 'select "timestamp" from dbalt.foreign_state'; }

# state_is TIMESTAMP [TABLE]: it is there, in a row as Logto writes it, and in the memory
state_is() {
    same "$(query "select value - 'updatedAt' from ${2:-systems} where key = 'alterationState'")" "{\"timestamp\": $1}"
    same "$(query "select (value ->> 'updatedAt')::timestamptz between now() - interval '1 hour' and now() from ${2:-systems} where key = 'alterationState'")" t
    same "$(remembered)" "$1"
}

# Both kinds of scripts.
in_both() { # TEST
    local kind
    for kind in sql mjs; do
        "$1" "$kind"
        query "drop schema dbalt cascade; drop table if exists systems, _logto_configs; truncate ways, log"
        rm "$DBALT_DIR"/*
        systems_in public
    done
}

@test "it is not looked for where it was found" {
    plain_ones
    expect 0 deploy latest
    same "$(ways)" 'knew 2,knew 3,knew 4,knew 5'
    state_is 5
    expect 0 rollback-to-timestamp 3 --yes
    same "$(ways)" 'knew 2,knew 3,knew 4,knew 5,knew 4,knew 3'
    state_is 3
}

@test "a fraction of a second is written as it is" {
    up_and_down 1.0.0-1-a.mjs 'select 1'
    up_and_down 1.0.0-1.25-b.sql 'select 1;'
    expect 0 deploy latest
    same "$(ways)" 'knew 1.25'
    state_is 1.25
}

names_it() { # KIND
    up_and_down 1.0.0-1-a.mjs 'select 1'
    up_and_down "1.0.0-2-b.$1" "comment on table sYSteMs is 'none'" "comment on table systems is null"
    up_and_down "1.0.0-3-c.$1" "insert into log values ('c')" "delete from log"
    expect 0 deploy latest
    same "$(ways)" 'looked 2,knew 3'
    state_is 3
    expect 0 rollback-to-timestamp 1 --yes
    same "$(ways)" 'looked 2,knew 3,knew 2,looked 1'
    err_not "trying again"
    state_is 1
}

@test "behind a script that names the table it is looked for, once" {
    in_both names_it
}

moves_it() { # KIND
    up_and_down 1.0.0-1-a.mjs 'select 1'
    up_and_down "1.0.0-2-b.$1" 'alter table systems rename to _logto_configs' 'alter table _logto_configs rename to systems'
    up_and_down "1.0.0-3-c.$1" "insert into log values ('c')" "delete from log"
    expect 0 deploy latest
    state_is 3 _logto_configs
    expect 0 rollback-to-timestamp 1 --yes
    state_is 1
    expect 0 deploy latest
    state_is 3 _logto_configs
    err_not "trying again"
    same "$(query "select what from log")" c
}

@test "a script that renames the table has the row where it is then" {
    in_both moves_it
}

drops_it() { # KIND
    up_and_down 1.0.0-1-a.mjs 'select 1'
    up_and_down "1.0.0-2-b.$1" 'drop table systems' "create table systems (key text primary key, value jsonb not null)"
    up_and_down "1.0.0-3-c.$1" "insert into log values ('c')" "delete from log"
    up_and_down "1.0.0-4-d.$1" "create table Systems (key text primary key, value jsonb not null)" 'drop table systems'
    up_and_down "1.0.0-5-e.$1" "insert into log values ('e')" "delete from log"
    expect 0 deploy 1.0.0
    err_not "trying again"
    state_is 5
    expect 0 rollback-to-timestamp 3 --yes
    err_not "trying again"
    same "$(query "select to_regclass('systems')")" ''
    same "$(remembered)" 3
}

@test "a script that drops or makes the table has the row where it is then" {
    in_both drops_it
}

# What the text does not show. The function is there before, as in an application that has such.
hides_it() { # KIND
    query "create or replace function move(what text) returns void language plpgsql as
           'begin execute format(what, ''sys'' || ''tems'', ''_logto'' || ''_configs''); end'"
    up_and_down 1.0.0-1-a.mjs 'select 1'
    up_and_down "1.0.0-2-b.$1" "insert into log values ('b'); select move('alter table %I rename to %I')" \
        "delete from log where what = 'b'; select move('alter table %2\$I rename to %1\$I')"
    up_and_down "1.0.0-3-c.$1" "insert into log values ('c')" "delete from log where what = 'c'"
    up_and_down "1.0.0-4-d.$1" "select move('alter table %2\$I rename to %1\$I')" "insert into log values ('d'); select move('alter table %I rename to %I')"
    up_and_down "1.0.0-5-e.$1" "insert into log values ('e')" "delete from log where what = 'e'"

    expect 0 deploy latest
    same "$(grep -c 'trying again' <<<"$stderr")" 2
    err "Rolled back, trying again (1 of 5): the script has Logto's alteration state in another table"
    same "$(query "select string_agg(what, '' order by what) from log")" bce
    same "$(deployed)" '1-a 2-b 3-c 4-d 5-e'
    same "$(events "kind <> 'adopt'" | paste -sd ,)" 'deploy 2-b,deploy 3-c,deploy 4-d,deploy 5-e'
    same "$(ways)" 'looked 2,knew 3,looked 4,knew 5'
    state_is 5

    expect 0 rollback-to-timestamp 2 --yes
    same "$(grep -c 'trying again' <<<"$stderr")" 1
    same "$(query "select string_agg(what, '' order by what) from log")" bd
    same "$(events "kind = 'rollback'" | paste -sd ,)" 'rollback 5-e,rollback 4-d,rollback 3-c'
    state_is 2 _logto_configs

    expect 0 rollback-to-timestamp 1 --yes
    same "$(grep -c 'trying again' <<<"$stderr")" 1
    state_is 1
}

@test "a function that moves the table has its alteration tried again, once, and nothing is lost" {
    in_both hides_it
}

@test "a block that drops the table by a name that it puts together has its alteration tried again" {
    up_and_down 1.0.0-1-a.mjs 'select 1'
    up_and_down 1.0.0-2-b.sql "insert into log values ('b'); do \$\$ begin execute 'drop table sys' || 'tems'; end \$\$;"
    up_and_down 1.0.0-3-c.sql "insert into log values ('c');"
    expect 0 deploy latest
    same "$(grep -c 'trying again' <<<"$stderr")" 1
    same "$(query "select string_agg(what, '' order by what) from log")" bc
    same "$(deployed)" '1-a 2-b 3-c'
    same "$(remembered)" 3
    same "$(query "select to_regclass('systems')")" ''
}

@test "what else is not there is a failure, at the first try" {
    plain_ones
    up_and_down 1.0.0-6-f.sql 'select * from nowhere;'
    expect 1 deploy latest
    err 'relation "nowhere" does not exist'
    err_not 'trying again'
    state_is 5
}

@test "what a trigger of the table does not find is a failure, and told as one" {
    plain_ones
    query "create function stray() returns trigger language plpgsql as 'begin insert into nowhere values (1); return new; end';
           create trigger stray after update on systems for each row execute function stray()"
    expect 1 deploy latest
    err 'relation "nowhere" does not exist'
    same "$(grep -c 'trying again' <<<"$stderr")" 1
    same "$(query "select value -> 'timestamp' from systems")" 1
    same "$(query "select count(*) from log")" 0
    same "$(events "kind <> 'adopt'")" 'fail 2-b'
}

@test "a table in another schema is found by the search path, the one before first" {
    query "create schema application"
    systems_in application 3
    query "alter database $database set search_path = application, public"
    plain_ones
    expect 0 deploy latest
    err 'Adopting 3 alterations that Logto deployed'
    same "$(ways)" 'knew 4,knew 5'
    state_is 5 application.systems
    same "$(query "select value -> 'timestamp' from public.systems")" 1
}

@test "a table that a function puts before the other is the one from then on" {
    query "create schema application;
           alter database $database set search_path = application, public;
           create function cover() returns void language plpgsql as
           'begin execute ''create table application.sys'' || ''tems (like public.sys'' || ''tems including all)''; end'"
    plain_ones
    up_and_down 1.0.0-4-d.sql 'select cover()'
    expect 0 deploy latest
    err_not 'trying again'
    state_is 5 application.systems
    same "$(query "select value -> 'timestamp' from public.systems")" 3
}

@test "a search path that a script sets is not heeded" {
    query "create schema elsewhere"
    systems_in elsewhere
    plain_ones
    up_and_down 1.0.0-3-c.mjs 'set search_path = elsewhere'
    expect 0 deploy latest
    state_is 5
    same "$(query "select value -> 'timestamp' from elsewhere.systems")" 1
}

@test "a row that is not there yet is written where its table is" {
    query 'delete from systems; truncate ways'
    plain_ones
    expect 0 deploy latest --state logto
    same "$(ways)" 'looked 1,knew 2,knew 3,knew 4,knew 5'
    state_is 5
}

@test "behind a section outside the transaction that names the table it is looked for" {
    plain_ones
    printf -- '-- dbalt: before-up\nalter table systems rename to _logto_configs;\n-- dbalt: up\ninsert into log values (3);\n' | alteration 1.0.0-3-c.sql
    printf 'import { sql } from "dbalt";\nexport default {\n  beforeUp: async (pool) => { await pool.query(sql`alter table _logto_configs rename to systems`); },\n  up: async (pool) => { await pool.query(sql`select 1`); },\n};\n' |
        alteration 1.0.0-4-d.mjs
    rm "$DBALT_DIR/1.0.0-3-c.mjs" "$DBALT_DIR/1.0.0-4-d.sql"
    expect 0 deploy latest
    err_not 'trying again'
    same "$(ways)" 'knew 2,looked 3,looked 4,knew 5'
    state_is 5
}

@test "who may not write there is told that dbalt would" {
    plain_ones
    query "create function refuse() returns trigger language plpgsql as 'begin raise exception ''not now''; end';
           create trigger refuse before update on systems for each row execute function refuse()"
    expect 1 deploy latest
    err 'not now'
    err "it was dbalt that wrote there: Logto's alteration state"
    same "$(query "select count(*) from log")" 0
}

@test "it is right wherever one of those that travel fails" {
    plain_ones
    up_and_down 1.0.0-6-f.mjs "insert into log values ('f')" 'select 1 / (select count(*) from log) from nowhere'
    up_and_down 1.0.0-7-g.sql "insert into log values ('g'); select 1 / 0" "delete from log where what = 'g'"
    up_and_down 1.0.0-8-h.mjs "insert into log values ('h')" "delete from log where what = 'h'"
    expect 1 deploy latest
    same "$(ways)" 'knew 2,knew 3,knew 4,knew 5,knew 6'
    state_is 6
    up_and_down 1.0.0-7-g.sql "insert into log values ('g')" "delete from log where what = 'g'"
    expect 0 deploy latest
    state_is 8
    expect 1 rollback-to-timestamp 2 --yes
    err 'relation "nowhere" does not exist'
    err '1.0.0-6-f.mjs:4:'
    same "$(deployed)" '1-a 2-b 3-c 4-d 5-e 6-f'
    state_is 6
}

@test "what was sent behind one that is tried again does not count yet" {
    query "create sequence tries;
           create function fail_at_first() returns void language plpgsql as
           'begin if nextval(''tries'') = 1 then raise sqlstate ''40001''; end if; end'"
    plain_ones
    up_and_down 1.0.0-3-c.mjs 'select fail_at_first()' 'select fail_at_first()'
    expect 0 deploy latest
    err 'trying again (1 of 5)'
    same "$(ways)" 'knew 2,knew 3,knew 4,knew 5'
    query 'truncate ways; alter sequence tries restart'
    expect 0 rollback-to-timestamp 1 --yes
    err 'trying again (1 of 5)'
    same "$(ways)" 'knew 4,knew 3,knew 2,knew 1'
}

@test "where there is no table it is remembered alone" {
    query 'drop table systems'
    plain_ones
    expect 0 deploy latest --state logto
    same "$(remembered)" 5
    same "$(query "select to_regclass('systems')")" ''
}

@test "the table of the first releases is known as well" {
    query 'alter table systems rename to _logto_configs'
    plain_ones
    expect 0 deploy latest
    err_not 'trying again'
    same "$(ways)" 'knew 2,knew 3,knew 4,knew 5'
    state_is 5 _logto_configs
    up_and_down 1.0.0-6-f.sql 'alter table _Logto_Configs rename to systems' 'alter table systems rename to _logto_configs'
    up_and_down 1.0.0-7-g.sql "insert into log values ('g')" 'delete from log'
    expect 0 deploy latest
    state_is 7
    expect 0 rollback-to-timestamp 3 --yes
    err_not 'trying again'
    state_is 3 _logto_configs
}

@test "a table that counts more, and that no text shows, is written from then on" {
    query "alter table systems rename to _logto_configs;
           alter table _logto_configs drop constraint systems_pkey, alter key drop not null, add unique (key);
           create function add() returns void language plpgsql as
           'begin execute ''create table sys'' || ''tems (key text primary key, value jsonb not null)''; end'"
    plain_ones
    up_and_down 1.0.0-3-c.mjs 'select add()'
    expect 0 deploy latest
    same "$(grep -c 'trying again' <<<"$stderr")" 1
    same "$(deployed)" '1-a 2-b 3-c 4-d 5-e'
    state_is 5
    same "$(query "select value -> 'timestamp' from _logto_configs")" 2
    same "$(query 'select count(*) from log')" 3
}

@test "0 is not written, and what the row says is remembered" {
    plain_ones
    expect 0 deploy latest
    expect 0 rollback-to-timestamp 1 --yes
    state_is 1
    query 'truncate ways'
    expect 0 rollback-to-timestamp 0 --yes
    same "$(deployed)" ''
    same "$(ways)" ''
    state_is 1
}

@test "a streamed script is taken for one that names the table" {
    plain_ones
    python3 - >"$DBALT_DIR/1.0.0-3-c.sql" <<'PYTHON'
print("drop table systems;")
for i in range(20000):
    print("insert into log values ('%060d');" % i)
print("create table systems (key text primary key, value jsonb not null);")
print("create trigger tell before insert on systems for each row execute function tell();")
PYTHON
    rm "$DBALT_DIR/1.0.0-3-c.mjs"
    expect 0 deploy latest
    err_not 'trying again'
    same "$(ways)" 'knew 2,looked 3,knew 4,knew 5'
    state_is 5
}
