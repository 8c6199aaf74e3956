#!/usr/bin/env bats
# What a role needs for which command, and that a refusal names the GRANT that is missing. PostgreSQL. See docs/roles.md.

load helper

more_setup() {
    role=deployer_$$_$BATS_TEST_NUMBER
    reader=reader_$$_$BATS_TEST_NUMBER
    other=other_$$_$BATS_TEST_NUMBER
    owner=owner_$$_$BATS_TEST_NUMBER
    roles=()
    with_role "$role"
    makes_table 1.0.0-1-a
    query "revoke all on schema public from public; grant usage on schema public to public"
}

more_teardown() {
    local name
    for name in "${roles[@]}"; do
        query "drop owned by $name cascade" || true
    done
    for name in "${roles[@]}"; do
        query "drop role $name" || true
    done
}

# with_role NAME [ATTRIBUTES]
with_role() {
    query "create role $1 ${2:-login}"
    roles+=("$1")
}

# as NAME STATUS ARGUMENT...: dbalt as that role
as() {
    local name=$1
    shift
    expect "$@" --db-url "$(url_with "$DB_URL" "$database" "$name")"
}

hint() { sed -n 's/^  hint: //p' <<<"$stderr" | head -n 1; }

@test "a deployer that may make nothing in the database is told so, and nothing ran" {
    as "$role" 6 deploy latest
    err "cannot create the history: permission denied for database"
    same "$(hint)" "GRANT CREATE ON DATABASE \"$database\" TO \"$role\", or name a schema that it may write in with --history-schema"
    same "$(tables)" ""
}

@test "a deployer without CREATE on the database deploys, rolls back and repairs with a history in a schema that it may write in" {
    query "create schema history_of_shop; create schema shop authorization $role"
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: up
create table shop.a (id integer primary key, n integer);
copy shop.a from stdin;
1	2
\.
-- dbalt: down
drop table shop.a;
SQL
    printf -- '-- dbalt: before-up\ncreate index concurrently a_n on shop.a (n);\n-- dbalt: up\nupdate shop.a set n = 3;\n-- dbalt: down\n-- dbalt: before-down\ndrop index concurrently shop.a_n;\n' |
        alteration 1.0.0-2-b.sql

    as "$role" 6 deploy latest --history-schema history_of_shop
    same "$(hint)" "to look: GRANT USAGE ON SCHEMA \"history_of_shop\" TO \"$role\"; GRANT SELECT ON ALL TABLES IN SCHEMA \"history_of_shop\" TO \"$role\"; to deploy: INSERT, UPDATE, DELETE too"
    query "grant usage on schema history_of_shop to $role"
    as "$role" 6 deploy latest --history-schema history_of_shop
    same "$(hint)" "GRANT USAGE, CREATE ON SCHEMA \"history_of_shop\" TO \"$role\""
    query "$(hint)"

    as "$role" 0 deploy latest --history-schema history_of_shop
    as "$role" 0 status --history-schema history_of_shop
    as "$role" 0 check --history-schema history_of_shop
    same "$(query "select n from shop.a")" 3
    as "$role" 0 rollback 0.1.0 --history-schema history_of_shop --yes
    same "$(query "select count(*) from history_of_shop.alteration")" 0
    as "$role" 0 deploy latest --history-schema history_of_shop
    as "$role" 0 repair --forget 2-b --yes --history-schema history_of_shop
    same "$(query "select rolsuper or rolcreatedb or rolcreaterole from pg_roles where rolname = '$role'")" f
}

@test "without CREATE on the database the history is refused again when the schema is not there" {
    query "grant create on schema public to $role"
    as "$role" 6 deploy latest --history-schema nowhere
    err "permission denied for database"
    as "$role" 0 deploy latest --history-schema public
    same "$(query "select count(*) from public.alteration")" 1
}

@test "the history belongs to the deployer, and nobody else may look or write" {
    query "grant create on database $database to $role; grant create on schema public to $role"
    as "$role" 0 deploy latest
    same "$(query "select distinct pg_get_userbyid(relowner) from pg_class where relnamespace = 'dbalt'::regnamespace")" "$role"
    same "$(query "select pg_get_userbyid(nspowner) || coalesce(nspacl::text, '') from pg_namespace where nspname = 'dbalt'")" "$role"
    same "$(query "select count(*) from pg_class where relnamespace = 'dbalt'::regnamespace and relacl is not null")" 0
    with_role "$other"
    run psql -XAtq -c "select * from dbalt.alteration" "$(url_with "$DB_URL" "$database" "$other")"
    [[ $status -ne 0 && $output == *"permission denied"* ]]
}

@test "a role that may only read two tables can run status, check and list, and nothing that writes" {
    expect 0 deploy latest
    with_role "$reader"
    as "$reader" 6 status
    err "GRANT USAGE ON SCHEMA \"dbalt\" TO \"$reader\"; GRANT SELECT ON ALL TABLES IN SCHEMA \"dbalt\" TO \"$reader\""
    query "grant usage on schema dbalt to $reader; grant select on dbalt.layout, dbalt.alteration to $reader"
    local before
    before=$(catalogue)
    as "$reader" 0 status
    out "deployed"
    as "$reader" 0 check
    as "$reader" 0 list
    makes_table 1.1.0-2-b
    as "$reader" 3 check
    as "$reader" 3 check --wait=1
    local command
    for command in "deploy latest" "rollback 0.1.0 --yes" "repair --forget 1-a --yes"; do
        # shellcheck disable=SC2086
        as "$reader" 6 $command
        err "permission denied"
        err "INSERT, UPDATE, DELETE too"
    done
    same "$(catalogue)" "$before"
    same "$(tables)" "a"
    same "$(deployed)" "1-a"
}

@test "a role that may only read needs nothing where there is no history" {
    with_role "$reader"
    as "$reader" 0 status
    as "$reader" 3 check
    query "create schema dbalt"
    query "grant usage on schema dbalt to $reader; alter default privileges for role $role in schema dbalt grant select on tables to $reader"
    as "$reader" 3 check
    # What docs/roles.md does: the reader can look as soon as there is something.
    query "grant usage, create on schema dbalt, public to $role"
    as "$role" 0 deploy latest
    as "$reader" 0 check
}

@test "a role whose transactions are read-only can look, and is told why it cannot deploy" {
    with_role "$reader"
    query "grant create on database $database to $reader; grant create on schema public to $reader"
    as "$reader" 0 deploy latest
    query "alter role $reader set default_transaction_read_only = on"
    makes_table 1.1.0-2-b
    as "$reader" 0 status
    as "$reader" 3 check
    as "$reader" 6 deploy latest
    err "read-only transaction"
    err "default_transaction_read_only"
    same "$(tables)" "a"
}

@test "a role that may not connect is told the GRANT" {
    query "revoke connect on database $database from public"
    as "$role" 6 status
    err "does not have CONNECT privilege"
    same "$(hint)" "GRANT CONNECT ON DATABASE \"$database\" TO \"$role\""
    query "$(hint)"
    as "$role" 0 status
    query "alter role $role nologin"
    as "$role" 6 status
    same "$(hint)" "ALTER ROLE \"$role\" LOGIN"
}

# refused STATEMENT HINT: it is refused with this hint, which helps
refused() {
    refusals=$((${refusals:-0} + 1))
    printf -- '-- dbalt: up\n%s;\n' "$1" | alteration "1.0.0-$refusals-x.sql"
    as "$role" 1 deploy latest
    err "SQLSTATE 42501"
    same "$(hint)" "$2"
    query "${2%, or what the statement needs of them}"
    as "$role" 0 deploy latest
}

@test "what a script lacks is named, and helps when it is granted" {
    query "grant create on database $database to $role"
    rm "$DBALT_DIR"/*
    with_role "$owner" nologin
    query "create table \"A b\" (id integer primary key); create sequence s; create view v as select 1; create materialized view m as select 1;
           create type ty as (a integer); revoke usage on type ty from public;
           create function f() returns integer language sql as 'select 1'; revoke execute on function f() from public;
           create procedure p() language sql as 'select 1'; revoke execute on procedure p() from public"
    local all="SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER"
    refused "create table x (id integer)" "GRANT USAGE, CREATE ON SCHEMA \"public\" TO \"$role\""
    refused "create table y (id integer references \"A b\")" "GRANT $all ON TABLE \"A b\" TO \"$role\", or what the statement needs of them"
    refused "select nextval('s')" "GRANT USAGE, SELECT ON SEQUENCE \"s\" TO \"$role\""
    refused "select * from v" "GRANT SELECT ON TABLE \"v\" TO \"$role\""
    refused "select * from m" "GRANT SELECT ON TABLE \"m\" TO \"$role\""
    refused "create table z (t ty)" "GRANT USAGE ON TYPE ty TO \"$role\""
    refused "select f()" "GRANT EXECUTE ON FUNCTION \"f\" TO \"$role\""
    refused "call p()" "GRANT EXECUTE ON PROCEDURE \"p\" TO \"$role\""
    query "revoke usage on language sql from public"
    refused "create function g() returns integer language sql as 'select 1'" "GRANT USAGE ON LANGUAGE \"sql\" TO \"$role\""
    refused "set role $owner" "GRANT \"$owner\" TO \"$role\""
    query "revoke $owner from $role; grant create on schema public to $owner"
    refused "alter table x owner to $owner" "GRANT \"$owner\" TO \"$role\""
    query "revoke create on database $database from $role"
    refused "create schema mine" "GRANT CREATE ON DATABASE \"$database\" TO \"$role\""
}

@test "a role or a parameter that a script may not touch is named likewise" {
    query "grant create on database $database to $role"
    rm "$DBALT_DIR"/*
    refused "create role ${role}_new; drop role ${role}_new" "ALTER ROLE \"$role\" CREATEROLE"
    if [ "$(query "show server_version_num")" -ge 150000 ]; then
        refused "set log_statement = 'all'" "GRANT SET ON PARAMETER log_statement TO \"$role\""
    fi
}

@test "Logto's state: what is lacking is a right on Logto's table, not on the history" {
    local all="SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER"
    expect 0 deploy latest
    query "create table systems (key varchar(256) primary key, value jsonb not null);
           insert into systems values ('alterationState', '{\"timestamp\": 1, \"updatedAt\": \"2026-01-01T00:00:00.000Z\"}');
           grant usage on schema dbalt to $role; grant select, insert, update, delete on all tables in schema dbalt to $role;
           grant create on schema public to $role"
    as "$role" 6 check --state=logto
    err "annot read the alteration state: permission denied for table systems"
    same "$(hint)" "GRANT $all ON TABLE \"systems\" TO \"$role\", or what the statement needs of them"
    query "grant select on systems to $role"
    as "$role" 0 check --state=logto
    makes_table 1.1.0-2-b
    as "$role" 1 deploy 1.1.0 --state=logto
    same "$(hint)" "GRANT $all ON TABLE \"systems\" TO \"$role\", or what the statement needs of them"
    same "$(tables)" "a systems"
    query "grant insert, update on systems to $role"
    as "$role" 0 deploy 1.1.0 --state=logto
    same "$(query "select value ->> 'timestamp' from systems")" 2
}

@test "what belongs to another role cannot be altered, and says so" {
    expect 0 deploy latest
    printf 'alter table a add n integer;\n' | alteration 1.1.0-2-b.sql
    query "grant usage on schema dbalt to $role; grant select, insert, update, delete on all tables in schema dbalt to $role"
    as "$role" 1 deploy latest
    err "must be owner of table a"
    same "$(hint)" "run as its owner, or GRANT the role that owns it TO \"$role\""
    query "grant postgres to $role"
    as "$role" 0 deploy latest
    query "revoke postgres from $role"
}

@test "a second deployer that is granted the history deploys too" {
    query "grant create on database $database to $role; grant create on schema public to $role"
    as "$role" 0 deploy latest
    with_role "$other"
    makes_table 1.1.0-2-b
    as "$other" 6 deploy latest
    query "grant usage on schema dbalt to $other; grant select, insert, update, delete on all tables in schema dbalt to $other; grant create on schema public to $other"
    as "$other" 0 deploy latest
    same "$(deployed)" "1-a 2-b"
    as "$other" 0 rollback 1.0.0 --yes
    same "$(deployed)" "1-a"
}

@test "two deployers of one owner deploy and roll back each other's" {
    with_role "$owner" nologin
    with_role "$other"
    query "grant $owner to $role, $other; alter role $role in database $database set role = $owner; alter role $other in database $database set role = $owner;
           grant create on database $database to $owner; grant create on schema public to $owner"
    printf -- '-- dbalt: up\nset role %s;\nset search_path = public;\ncreate table c (id integer);\n-- dbalt: down\ndrop table c;\n' "$owner" | alteration 1.0.0-2-c.sql
    as "$role" 0 deploy latest
    printf -- '-- dbalt: up\nalter table a add n integer;\n-- dbalt: down\nalter table a drop n;\n' | alteration 1.1.0-3-b.sql
    as "$other" 0 deploy latest
    same "$(query "select distinct tableowner from pg_tables where schemaname in ('public', 'dbalt')")" "$owner"
    as "$role" 0 rollback 0.1.0 --yes
    same "$(tables)" ""
}

@test "a role that may read everything makes a backup" {
    [ "$(query "show server_version_num")" -lt 160000 ] || skip "there is no pg_dump for this server"
    query "grant create on database $database to $role; grant create on schema public to $role; create table secret (id integer)"
    as "$role" 1 deploy latest --backup
    err "pg_read_all_data"
    query "grant select on all tables in schema public to $role"
    as "$role" 0 deploy latest --backup
}
