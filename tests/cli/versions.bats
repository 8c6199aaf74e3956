#!/usr/bin/env bats
# What is new in some version of PostgreSQL. libpg_query knows the grammar of 15: what is newer passes it by.
# bats file_tags=postgres

load helper

# deploys_in_silence FILE...: neither refused nor warned of
deploys_in_silence() {
    expect 0 deploy latest
    err_not "[warn]"
    err_not "[error]"
    expect 0 check
}

@test "the server is of the version that this run is for" {
    local version
    version=$(query "show server_version_num")
    same "$((version / 10000))" "${DBALT_TEST_POSTGRES_VERSION:-$((version / 10000))}"
    [ "$version" -ge 130000 ]
}

@test "a statement that no version knows is the database's to refuse" {
    alteration 1.0.0-1-a.sql <<<"create table a (id integer); conjure table b;"
    expect 1 deploy latest
    err 'syntax error at or near "conjure"'
    same "$(tables)" ""
}

# bats test_tags=since-16
@test "16: REINDEX without a name runs outside a transaction, and is warned of inside one" {
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
reindex (verbose off) database;
-- dbalt: up
create table a (id integer);
SQL
    deploys_in_silence
    alteration 1.0.0-2-b.sql <<<"reindex (verbose off) database;"
    expect 1 deploy latest
    err "cannot tell whether this REINDEX may run in a transaction"
    err "cannot run inside a transaction block"
    same "$(deployed)" "1-a"
}

# bats test_tags=since-16
@test "16: numbers with underscores, ANY_VALUE, IS JSON" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table a (id integer default 1_000_000, document text check (document is json object));
insert into a (document) values ('{}');
create view b as select any_value(id) as id from a where id = 0x_F4240;
SQL
    deploys_in_silence
    same "$(query "select id from b")" 1000000
}

# bats test_tags=since-17
@test "17: MERGE with RETURNING, JSON_TABLE" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table a (id integer primary key, name text);
with merged as (
    merge into a using json_table('[{"id": 1, "name": "x;y"}]', '$[*]' columns (id integer path '$.id', name text path '$.name')) as s on a.id = s.id
    when matched then update set name = s.name
    when not matched by target then insert values (s.id, s.name)
    returning merge_action(), a.id
)
select count(*) from merged;
SQL
    deploys_in_silence
    same "$(query "select id || name from a")" "1x;y"
}

# bats test_tags=since-17
@test "17: COPY that passes over what it cannot read" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table a (id integer);
copy a (id) from stdin with (on_error ignore);
1
; no number
3
\.
create table b (id integer);
SQL
    expect 0 deploy latest
    same "$(query "select string_agg(id::text, ',' order by id) from a")" "1,3"
    same "$(tables)" "a b"
}

# bats test_tags=since-17
@test "17: transaction_timeout ends a slow alteration, and not the deploy lock" {
    local stem
    query "alter database $database set transaction_timeout = '4s'"
    for stem in 1-a 2-b 3-c 4-d; do
        alteration "1.0.0-$stem.sql" <<<"create table ${stem#*-} (id integer); select pg_sleep(1.5);"
    done
    expect 0 deploy latest
    same "$(deployed)" "1-a 2-b 3-c 4-d"

    alteration 1.0.0-5-e.sql <<<"create table e (id integer); select pg_sleep(300);"
    expect 1 deploy latest
    err "transaction timeout"
    err 'nothing of "5-e" was kept'
    same "$(tables)" "a b c d"
    same "$(deployed)" "1-a 2-b 3-c 4-d"
}

# bats test_tags=since-17
@test "17: MAINTAIN is enough to reindex and to analyse" {
    local role=maintainer_$$_$BATS_TEST_NUMBER
    query "create table a (id integer primary key); create role $role login; create schema history authorization $role; grant maintain on a to $role"
    alteration 1.0.0-1-a.sql <<<"reindex table a; analyze a;"
    expect 0 deploy latest --history-schema history --db-url "$(url_with "$DB_URL" "$database" "$role")"
    query "drop owned by $role; drop role $role"
}

# bats test_tags=since-18
@test "18: virtual columns, constraints that are not enforced, keys without overlaps, OLD and NEW" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table a (
    id int4range,
    valid daterange,
    width integer generated always as (upper(id) - lower(id)) virtual,
    constraint a_key primary key (id, valid without overlaps)
);
create table b (id integer constraint b_id_there not null, constraint positive check (id > 0) not enforced);
insert into b values (-1);
with changed as (update b set id = -2 returning old.id as was, new.id as is) select was + changed.is from changed;
SQL
    deploys_in_silence
    same "$(query "insert into a values ('[1,4)', '[2026-01-01,2027-01-01)') returning width")" 3
}

# bats test_tags=since-18
@test "18: VACUUM ONLY outside a transaction" {
    alteration 1.0.0-1-a.sql <<<"create table a (id integer) partition by range (id);"
    alteration 1.0.0-2-b.sql <<'SQL'
-- dbalt: before-up
vacuum (analyze) only a;
-- dbalt: up
create table b (id integer);
SQL
    deploys_in_silence
    same "$(tables)" "a b"
}
