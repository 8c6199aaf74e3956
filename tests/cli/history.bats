#!/usr/bin/env bats
# What the database itself says was deployed.

load helper

# An alteration with all four sections.
whole() {
    alteration 1.0.0_beta.1-1663923770.5-first-one.sql <<'SQL'
-- dbalt: before-up
select 1;
-- dbalt: up
create table a (id integer);
-- dbalt: down
drop table a;
-- dbalt: before-down
select 2;
SQL
}

row() { query "select $1 from $(history_table alteration)"; }

@test "every column of a row is filled" {
    whole
    expect 0 deploy latest
    same "$(row identity)" "1663923770.5-first-one"
    same "$(row release)" "1.0.0-beta.1"
    same "$(row name)" "first-one"
    same "$(row kind)" "sql"
    same "$(row deployed_by)" "$(id -un)"
    same "$(row host)" "$(uname -n)"
    same "dbalt $(row version)" "$("$DBALT" --version)"
    [ "$(row took)" -ge 0 ]
    [ "$(row sequence)" -ge 1 ]
}

@test "the hashes are those of the sections, without the space at their ends" {
    whole
    expect 0 deploy latest
    same "$(row up_sha256)" "$(printf 'create table a (id integer);' | sha256sum | cut -d ' ' -f 1)"
    same "$(row down_sha256)" "$(printf 'drop table a;' | sha256sum | cut -d ' ' -f 1)"
    same "$(row before_up_sha256)" "$(printf 'select 1;' | sha256sum | cut -d ' ' -f 1)"
    same "$(row before_down_sha256)" "$(printf 'select 2;' | sha256sum | cut -d ' ' -f 1)"
}

@test "the hashes of absent sections are null" {
    alteration 1.0.0-1-a.sql <<<"create table a (id integer);"
    expect 0 deploy latest
    same "$(row "before_up_sha256 is null and down_sha256 is null and before_down_sha256 is null and down is null and before_down is null and up_sha256 is not null" | sed 's/^1$/t/')" "t"
}

@test "the way back is stored as it is written" {
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: up
select 1;
-- dbalt: down
select 'it''s \\ $1 größe';
SQL
    expect 0 deploy latest
    same "$(row down)" "select 'it''s \\\\ \$1 größe';"
}

@test "an empty way back is stored as empty, not as none" {
    printf -- '-- dbalt: up\nselect 1;\n-- dbalt: down\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(row "down is null" | sed 's/^0$/f/')" "f"
}

@test "the time of a deploy is now, in UTC" {
    whole
    local before after at
    before=$(date -u +%Y-%m-%dT%H:%M:%S)
    TZ=Asia/Tokyo expect 0 deploy latest
    after=$(date -u +%Y-%m-%dT%H:%M:%S)
    expect 0 status --json
    at=$(json "rows[0]['deployed_at']")
    [[ ! $at < $before && ! ${at:0:19} > $after ]] || show "$at is not between $before and $after"
    [[ $at == *Z ]]
}

@test "what it took is measured" {
    if is_sqlite; then
        echo "with recursive c (x) as (select 1 union all select x + 1 from c where x < 3000000) select count(*) from c;"
    else
        echo "select pg_sleep(0.2);"
    fi | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    [ "$(row took)" -ge 50 ]
    [ "$(row took)" -lt 60000 ]
}

@test "events tell the whole story" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy latest
    expect 0 rollback 1.0.0 --yes
    expect 0 deploy latest
    same "$(events "kind in ('deploy', 'rollback')" | paste -sd ,)" "deploy 1-a,deploy 2-b,rollback 2-b,deploy 2-b"
}

@test "sequence goes on after a roll back" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy latest
    expect 0 rollback 1.0.0 --yes
    makes_table 1.0.1-3-c
    expect 0 deploy 1.0.1
    expect 0 deploy latest
    same "$(deployed)" "1-a 3-c 2-b"
}

@test "the layout says its version" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    same "$(query "select version || ' ' || oldest_reader from $(history_table layout)")" "1 1"
}

@test "a history of a newer layout that this one may read is read, and not written" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy 1.0.0
    query "update $(history_table layout) set version = 2"
    expect 0 status
    expect 3 check
    expect 6 deploy latest
    err "newer"
    expect 6 rollback 0.1.0 --yes
    same "$(tables)" "a"
}

@test "a history of a newer layout that this one may not read is refused" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    query "update $(history_table layout) set version = 3, oldest_reader = 2"
    expect 6 status
    err "newer"
    expect 6 check
    expect 6 deploy latest
}

# bats test_tags=postgres
@test "the history lies in the schema that --history-schema names" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest --history-schema "My \"own\" schema"
    same "$(query 'select identity from "My ""own"" schema".alteration')" "1-a"
    same "$(query "select count(*) from pg_namespace where nspname = 'dbalt'")" 0
    expect 0 check --history-schema "My \"own\" schema"
    expect 3 check
}

# bats test_tags=postgres
@test "two histories in one database do not know of each other" {
    makes_table 1.0.0-1-a
    mkdir other
    DBALT_DIR=other makes_table 1.0.0-1-b
    expect 0 deploy latest --history-schema one
    expect 0 deploy latest --history-schema two --dir other
    same "$(query "select identity from one.alteration union all select identity from two.alteration")" $'1-a\n1-b'
}

# bats test_tags=postgres
@test "a deployer that may create nothing works in a schema made for it" {
    local role=deployer_$$_$BATS_TEST_NUMBER
    query "create role $role login; create schema dbalt authorization $role; grant create on schema public to $role"
    makes_table 1.0.0-1-a
    expect 0 deploy latest --db-url "$(url_with "$DB_URL" "$database" "$role")"
    same "$(deployed)" "1-a"
    query "drop owned by $role; drop role $role"
}

@test "nobody holds the lock after a deploy" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    same "$(query "select count(*) from $(history_table holder)")" 0
}

# bats test_tags=postgres
@test "a password is nowhere in the database" {
    makes_table 1.0.0-1-a
    alteration 1.0.0-2-b.sql <<<"insert into nowhere values (1);"
    expect 1 deploy latest --db-url "$(url_with "$DB_URL" "$database" postgres:geheim)"
    local dump
    dump=$(query "select schema_to_xml('dbalt', true, true, '')")
    [[ $dump == *1-a* ]]
    [[ $dump != *geheim* ]] || show "the password is in the history"
    [[ $output$stderr != *geheim* ]] || show "the password was printed"
}
