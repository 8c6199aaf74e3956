#!/usr/bin/env bats
# What one alteration does to its session ends with it. PostgreSQL alone has such sessions, but for temporary tables.

load helper

# leaves STATEMENT SECOND: the first alteration does something to the session, the second finds out
leaves() {
    printf '%s\n' "create table found (what text);" "$1" | alteration 1.0.0-1-a.sql
    printf '%s\n' "$2" | alteration 1.0.0-2-b.sql
    expect 0 deploy latest
}

found() { query "select what from public.found"; }

# bats test_tags=postgres
@test "a role ends with its alteration" {
    local role=role_$$_$BATS_TEST_NUMBER
    admin "create role $role"
    query "grant create, usage on schema public to $role"
    leaves "set role $role;" "insert into found select current_user;"
    same "$(found)" "postgres"
    query "drop owned by $role; drop role $role"
}

# bats test_tags=postgres
@test "a session authorization ends with its alteration" {
    local role=role_$$_$BATS_TEST_NUMBER
    admin "create role $role"
    leaves "set session authorization $role;" "insert into found select session_user;"
    same "$(found)" "postgres"
    query "drop role $role"
}

# bats test_tags=postgres
@test "a local role does not reach the history" {
    local role=role_$$_$BATS_TEST_NUMBER
    admin "create role $role"
    leaves "set local role $role;" "insert into found select current_user;"
    same "$(found)" "postgres"
    same "$(deployed)" "1-a 2-b"
    query "drop role $role"
}

# bats test_tags=postgres
@test "a search path as pg_dump writes it ends with its alteration" {
    leaves "select pg_catalog.set_config('search_path', '', false);" "insert into found values (current_setting('search_path'));"
    same "$(found)" '"$user", public'
}

# bats test_tags=postgres
@test "settings end with their alteration" {
    leaves "set work_mem = '77MB'; set standard_conforming_strings = off; set client_min_messages = error; set row_security = off; set check_function_bodies = off; set lock_timeout = 1; set statement_timeout = 777; set default_transaction_isolation = 'serializable'; set timezone = 'Asia/Tokyo';" \
        "insert into found select string_agg(setting, ' ' order by name) from pg_settings where name in ('work_mem', 'standard_conforming_strings', 'row_security', 'statement_timeout', 'default_transaction_isolation');"
    same "$(found)" "read committed on on 0 4096"
}

# bats test_tags=postgres
@test "backslashes keep their meaning after a script that changed it" {
    leaves "set standard_conforming_strings = off;" "insert into found values ('a\\b''c');"
    same "$(found)" "a\\b'c"
}

# bats test_tags=postgres
@test "a custom setting ends with its alteration" {
    leaves "set my.setting = 'left';" "insert into found select coalesce(nullif(current_setting('my.setting', true), ''), 'none');"
    same "$(found)" "none"
}

# bats test_tags=postgres
@test "prepared statements end with their alteration" {
    leaves "prepare p as select 1;" "prepare p as select 2; insert into found select count(*) from pg_prepared_statements where name not like 'dbalt%';"
    same "$(found)" "1"
}

# bats test_tags=postgres
@test "temporary tables end with their alteration" {
    leaves "create temp table t (id integer);" "create temp table t (id integer, other text); insert into found values ('ok');"
    same "$(found)" "ok"
}

# bats test_tags=sqlite
@test "temporary tables of SQLite end with their alteration" {
    leaves "create temp table t (id integer);" "create temp table t (id integer, other text); insert into found values ('ok');"
    same "$(query "select what from found")" "ok"
}

# bats test_tags=sqlite
@test "PRAGMA settings of SQLite end with their alteration" {
    leaves "pragma recursive_triggers = on; pragma case_sensitive_like = on; pragma defer_foreign_keys = on;" \
        "insert into found select 'A' like 'a';"
    same "$(query "select what from found")" "1"
}

# bats test_tags=postgres
@test "listening and cursors end with their alteration" {
    leaves "listen channel; declare c cursor with hold for select 1;" \
        "insert into found select (select count(*) from pg_listening_channels()) + (select count(*) from pg_cursors where name <> '');"
    same "$(found)" "0"
}

# bats test_tags=postgres
@test "advisory locks end with their alteration" {
    leaves "select pg_advisory_lock(77);" "insert into found select count(*) from pg_locks where locktype = 'advisory' and objid = 77;"
    same "$(found)" "0"
}

# bats test_tags=postgres
@test "a read-only transaction or another isolation level of a script is its own" {
    leaves "set session characteristics as transaction isolation level repeatable read;" "insert into found values (current_setting('transaction_isolation'));"
    same "$(found)" "read committed"
}

# bats test_tags=postgres
@test "a table named like one of the history's, in front of it in the path, is not taken for it" {
    query "create table alteration (identity text); create table event (id integer); create table layout (version integer)"
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    same "$(deployed)" "1-a"
    expect 0 rollback 0.1.0 --yes
    same "$(query "select count(*) from alteration")" 0
}
