#!/usr/bin/env bats
# When an alteration fails.

load helper

# Twelve alterations, of which the seventh fails at its third statement, on line 4.
twelve() {
    local i
    for i in 1 2 3 4 5 6 8 9 10 11 12; do
        makes_table "1.0.0-$i-t$i"
    done
    printf -- '-- dbalt: up\ncreate table t7 (id integer);\ninsert into t1 values (7);\n%s\n-- dbalt: down\ndrop table t7;\n' "$1" | alteration 1.0.0-7-t7.sql
}

@test "the seventh of twelve fails: six stay, the seventh left nothing" {
    twelve 'insert into nowhere values (1);'
    expect 1 deploy latest
    same "$(tables)" "t1 t2 t3 t4 t5 t6"
    same "$(deployed)" "1-t1 2-t2 3-t3 4-t4 5-t5 6-t6"
    same "$(query "select count(*) from t1")" 0
}

@test "the message shows the place, the line and the caret" {
    twelve '    insert into nowhere values (1);'
    expect 1 deploy latest
    err "[error]"
    err "nowhere"
    is_sqlite || err "1.0.0-7-t7.sql:4:17"
    err "1.0.0-7-t7.sql:4:"
    err "    insert into nowhere values (1);"
    err_matches $'\n *(4)? *\\|? *\\^'
}

# bats test_tags=postgres
@test "the caret stands under what is wrong" {
    twelve '    insert into nowhere values (1);'
    expect 1 deploy latest
    local line caret
    line=$(grep -F 'insert into nowhere' <<<"$stderr" | grep -F '|')
    caret=$(grep -E '^[ |]*\^$' <<<"$stderr")
    line=${line%%nowhere*}
    caret=${caret%%^*}
    same "${#caret}" "${#line}"
}

# bats test_tags=postgres
@test "the column counts characters, not bytes" {
    twelve "select 'größer', nowhere;"
    expect 1 deploy latest
    err "1.0.0-7-t7.sql:4:18"
}

@test "the place is right behind CRLF, a byte order mark and other sections" {
    printf -- '\xef\xbb\xbf-- dbalt: down\r\nselect 1;\r\n-- dbalt: up\r\ncreate table a (id integer);\r\nselect nowhere;\r\n' | alteration 1.0.0-1-a.sql
    expect 1 deploy latest
    err "1.0.0-1-a.sql:5:8"
}

# bats test_tags=postgres
@test "PostgreSQL's message, detail, hint and SQLSTATE are shown" {
    twelve "do \$\$ begin raise exception 'the message' using detail = 'the detail', hint = 'the hint', errcode = 'ABC12'; end \$\$;"
    expect 1 deploy latest
    err "the message"
    err "the detail"
    err "the hint"
    err "ABC12"
}

@test "an error without position is shown at its statement" {
    twelve "insert into t1 select id / 0 from (select 1 as id) as one where 1 / (select 0) > 0;"
    if is_sqlite; then
        twelve "insert into t1 select abs(-9223372036854775808);"
    fi
    expect 1 deploy latest
    err "1.0.0-7-t7.sql:4"
    same "$(tables)" "t1 t2 t3 t4 t5 t6"
}

@test "a violated constraint is shown at its statement" {
    printf 'create table a (id integer primary key);\ninsert into a values (1);\n\ninsert into a values (1);\n' | alteration 1.0.0-1-a.sql
    expect 1 deploy latest
    err "1.0.0-1-a.sql:4"
    same "$(tables)" ""
    is_sqlite || err "23505"
}

@test "a syntax error is shown at its place, and nothing of the alteration ran" {
    printf 'create table a (id integer);\ncreate tabel b (id integer);\n' | alteration 1.0.0-1-a.sql
    run --separate-stderr -- "$DBALT" deploy latest </dev/null
    [ "$status" -eq 1 ] || [ "$status" -eq 2 ] || show "it ended with $status"
    err "1.0.0-1-a.sql:2:8"
    same "$(tables)" ""
}

@test "the same command continues after the fix" {
    twelve 'insert into nowhere values (1);'
    expect 1 deploy latest
    makes_table 1.0.0-7-t7
    expect 0 deploy latest
    err "[info] Found 6 alterations to deploy"
    same "$(tables)" "t1 t10 t11 t12 t2 t3 t4 t5 t6 t7 t8 t9"
    same "$(query "select count(*) from $(history_table event) where kind = 'deploy'")" 12
}

@test "it tells what was done and what stays" {
    twelve 'insert into nowhere values (1);'
    expect 1 deploy latest
    err "6 of 12"
}

@test "a failure is an event of the history" {
    twelve 'insert into nowhere values (1);'
    expect 1 deploy latest
    same "$(events "kind = 'fail'")" "fail 7-t7"
    [[ "$(query "select message from $(history_table event) where kind = 'fail'")" == *nowhere* ]]
}

@test "a deferred constraint that fails at the end is an ordinary failure" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table parent (id integer primary key);
create table child (parent integer references parent (id) deferrable initially deferred);
SQL
    makes_table 1.0.0-3-c
    alteration 1.0.0-2-b.sql <<'SQL'
create table b (id integer);
insert into child values (1);
SQL
    expect 1 deploy latest
    err "1.0.0-2-b.sql"
    same "$(tables)" "child parent"
    same "$(deployed)" "1-a"
    is_sqlite || err "23503"
}

@test "a deferred constraint that is made good in time is no failure" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table parent (id integer primary key);
create table child (parent integer references parent (id) deferrable initially deferred);
insert into child values (1);
insert into parent values (1);
SQL
    expect 0 deploy latest
    same "$(query "select count(*) from child")" 1
}

# bats test_tags=postgres
@test "notices are shown with their alteration" {
    printf "do \$\$ begin raise notice 'look here'; end \$\$;\n" | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    err "look here"
    err "1.0.0-1-a.sql"
}

# bats test_tags=postgres
@test "a script that ends the connection is told as such, and kept nothing" {
    makes_table 1.0.0-1-a
    printf 'create table b (id integer);\nselect pg_terminate_backend(pg_backend_pid());\n' | alteration 1.0.0-2-b.sql
    run --separate-stderr -- timeout 100 "$DBALT" deploy latest </dev/null
    [ "$status" -eq 1 ] || [ "$status" -eq 6 ] || show "it ended with $status"
    err "nothing of"
    err "2-b"
    same "$(tables)" "a"
}

# bats test_tags=postgres
@test "a long line is shown with what is wrong in sight" {
    printf "select '%s', nowhere, '%s';\n" "$(printf 'x%.0s' {1..3000})" "$(printf 'y%.0s' {1..3000})" | alteration 1.0.0-1-a.sql
    expect 1 deploy latest
    err "1.0.0-1-a.sql:1:3012"
    err "nowhere"
}

# bats test_tags=postgres
@test "an error with an escape sequence does not reach the terminal raw" {
    printf "do \$\$ begin raise exception '%%', chr(27) || '[31mred'; end \$\$;\n" | alteration 1.0.0-1-a.sql
    expect 1 deploy latest
    err_not $'\e'
    err "red"
}

# bats test_tags=postgres
@test "a deadlock or a lock that is not to be had is tried again" {
    query "create table a (id integer)"
    printf 'alter table a add column more text;\n' | alteration 1.0.0-1-a.sql
    hold "lock table a"
    start deploy deploy latest --lock-timeout=0.2 --lock-retries=100
    until_true 60 says deploy "trying again"
    let_go
    finish deploy "$pid"
    same "$status" 0
    same "$(query "select count(*) from information_schema.columns where table_name = 'a'")" 2
}

# bats test_tags=postgres
@test "a concurrent build that outlived its deploy is waited for and taken as done, behind a pooler too" {
    query "create table t (x integer)"
    printf -- '-- dbalt: before-up\ncreate index concurrently i on t (x);\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    hold "lock table t in row exclusive mode"
    start deploy deploy latest
    until_true 30 builds
    kill -KILL "$pid"
    finish deploy "$pid"
    start second deploy latest
    until_true 30 waits second
    let_go
    finish second "$pid"
    same "$status" 0
    err ", and is done"
    same "$(query "select indisvalid from pg_index where indexrelid = 'i'::regclass")" t
}
builds() { [ "$(query "select count(*) from pg_stat_progress_create_index where command = 'CREATE INDEX CONCURRENTLY' and phase like 'waiting for writers%'")" -gt 0 ]; }
waits() { says "$1" "waits for pid" || says "$1" "Waiting for another deploy"; }

# on_history EVENT VALUE: a trigger of somebody's on the history, which keeps a table of its own
on_history() {
    if is_sqlite; then
        query "create table audit (what text not null unique); create trigger audited after $1 on dbalt_alteration begin insert into audit values ($2); end"
    else
        query "create table audit (what text not null unique); create function audited() returns trigger language plpgsql as 'begin insert into audit values ($2); return null; end';
               create trigger audited after $1 on dbalt.alteration for each row execute function audited()"
    fi
}

@test "what a trigger on the history runs into is a failure, and nobody else's deploy or roll back" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    on_history insert new.release
    makes_table 1.1.0-2-b 1.1.0-3-c
    local how
    for how in "" --no-pipeline; do
        # shellcheck disable=SC2086
        expect 1 deploy latest $how
        err "audit"
        err_not "omebody else"
        same "$(tables)" "a audit b"
        same "$(deployed)" "1-a 2-b"
    done
}

@test "so is what it runs into at a roll back" {
    makes_table 1.0.0-1-a 1.0.0-2-b
    expect 0 deploy latest
    on_history delete "nullif(old.name, old.name)"
    local how
    for how in "" --no-pipeline; do
        # shellcheck disable=SC2086
        expect 1 rollback 0.1.0 --yes $how
        err "audit"
        err_not "omebody else"
        same "$(deployed)" "1-a 2-b"
    done
}
