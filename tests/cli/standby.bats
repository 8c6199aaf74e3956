#!/usr/bin/env bats
# A primary and its hot standby, each test with a pair of its own: as targets, and when the one takes over in the middle of a deploy.
# bats file_tags=postgres

# The rest of the helper speaks to the primary.
if [ -n "${PAIR:-}" ]; then
    export DBALT_TEST_POSTGRES_URL="postgres://postgres@/postgres?host=$PAIR/one"
fi
load helper

# The path of a socket has 107 bytes at most.
setup_file() {
    PAIR=$(mktemp -d /tmp/dbalt-pair.XXXXXX)
    export PAIR
    "$DBALT_TEST_POSTGRES_BIN/initdb" -D "$PAIR/template" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --wal-segsize=1 --no-sync >"$PAIR/log" 2>&1
    mkdir "$PAIR/one" "$PAIR/two"
}

teardown_file() { rm -rf "$PAIR"; }

# start_server one|two [OPTION]
start_server() {
    local place=$PAIR/$1
    "$DBALT_TEST_POSTGRES_BIN/pg_ctl" -D "$place/data" -l "$place/log" -w -t 120 start \
        -o "-k $place -c listen_addresses='' -c fsync=off -c wal_retrieve_retry_interval=100 ${2:-}" >/dev/null 3>&- 4>&-
}
stop_server() { "$DBALT_TEST_POSTGRES_BIN/pg_ctl" -D "$PAIR/$1/data" -m "$2" -w -t 120 stop >/dev/null 2>&1; }
start_standby() { start_server two "-c primary_conninfo='user=postgres host=$PAIR/one application_name=two'"; }

setup() {
    cp -R "$PAIR/template" "$PAIR/one/data"
    cp -R "$PAIR/template" "$PAIR/two/data"
    touch "$PAIR/two/data/standby.signal"
    start_server one
    start_standby
    setup_folder_and_database
    STANDBY=${DB_URL/"$PAIR/one"/"$PAIR/two"}
    BOTH="${DB_URL/"$PAIR/one"/"$PAIR/one,$PAIR/two"}&target_session_attrs=read-write"
    until_true 60 standby_has "select count(*) from pg_database where datname = '$database'" 1
}

teardown() {
    local pid name
    for pid in "${started[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    for name in one two; do
        stop_server "$name" immediate || true
        rm -rf "${PAIR:?}/$name/data"
    done
}

standby_has() { [ "$(psql -XAtq -c "$1" "${STANDBY/"/$database?"/"/postgres?"}")" = "$2" ]; }
standby_has_all() { [ "$(query "select pg_current_wal_lsn() <= replay_lsn from pg_stat_replication")" = t ]; }

# From now on a COMMIT is told when the standby has it.
replicate_synchronously() {
    admin "alter system set synchronous_standby_names = '*'"
    admin "select pg_reload_conf()"
    until_true 60 eval '[ "$(admin "select sync_state from pg_stat_replication")" = sync ]'
}

# The postmaster alone: what it started sees that it is gone, and ends.
kill_primary() {
    local postmaster
    postmaster=$(head -n 1 "$PAIR/one/data/postmaster.pid")
    kill -KILL "$postmaster"
    until_true 60 eval "! kill -0 $postmaster"
}

# The standby becomes the primary, for query() too.
promote() {
    "$DBALT_TEST_POSTGRES_BIN/pg_ctl" -D "$PAIR/two/data" -w -t 120 promote >/dev/null
    export DB_URL=$STANDBY SERVER_URL=${STANDBY/"/$database?"/"/postgres?"}
}

# three_alterations STATEMENT: it is part of the second
three_alterations() {
    makes_table 1.0.0-1-a 1.1.0-3-c
    alteration 1.0.0-2-b.sql <<<"create table b (id integer); insert into b values (1); $1"
}

# On whatever server it is now, each alteration is there once.
is_whole() {
    expect 0 check --db-url "$BOTH"
    same "$(tables)" "a b c"
    same "$(deployed)" "1-a 2-b 3-c"
    same "$(query "select count(*) from b")" 1
    same "$(events "kind = 'deploy'")" "deploy 1-a
deploy 2-b
deploy 3-c"
}

@test "a standby is no target: refused before anything runs, and the way out is named" {
    local command
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy 1.0.0
    until_true 60 standby_has_all
    for command in "deploy latest" "rollback 0.1.0 --yes" "repair --forget 1-a --yes"; do
        # shellcheck disable=SC2086
        expect 6 $command --db-url "$STANDBY"
        err "server is a hot standby, which can only be read"
        err "target_session_attrs=read-write"
    done
    same "$(deployed)" "1-a"
}

@test "a standby can be looked at" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 3 check --db-url "$STANDBY"
    expect 0 deploy 1.0.0
    until_true 60 standby_has_all
    expect 0 status --db-url "$STANDBY"
    out_matches '1\.0\.0 +1 +a +deployed'
    out_matches '1\.1\.0 +2 +b +undeployed'
    expect 0 check 1.0.0 --db-url "$STANDBY"
    expect 3 check --db-url "$STANDBY"
    expect 0 list --db-url "$STANDBY"
}

@test "of several hosts the primary is deployed to, wherever it stands" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy 1.0.0 --db-url "${BOTH/"$PAIR/one,$PAIR/two"/"$PAIR/two,$PAIR/one"}"
    expect 0 deploy latest --db-url "$BOTH"
    same "$(deployed)" "1-a 2-b"
}

@test "hosts none of which is the primary are exit 6" {
    makes_table 1.0.0-1-a
    stop_server one fast
    expect 6 deploy latest --db-url "$BOTH"
    err "$PAIR/two"
}

@test "a failover in the middle of a statement: nothing of it is kept, and the next deploy goes on with the new primary" {
    replicate_synchronously
    three_alterations "select pg_sleep(300);"
    start deploy deploy latest --db-url "$BOTH"
    until_true 60 has_sleeper
    kill_primary
    promote
    finish deploy "$pid"
    same "$status" 1
    err 'connection was lost, and nothing of "2-b" was kept'
    same "$(deployed)" "1-a"

    three_alterations ""
    expect 0 deploy latest --db-url "$BOTH"
    is_whole
}

@test "a failover in the middle of COMMIT: what the standby had received counts" {
    # The COMMIT waits, being received but not applied: the promotion applies it.
    admin "alter system set synchronous_commit = remote_apply"
    replicate_synchronously
    query "create table gate (open boolean)"
    three_alterations "do 'begin while not exists (select from gate) loop perform pg_sleep(0.05); end loop; end';"
    start deploy deploy 1.0.0 --db-url "$BOTH"
    until_true 60 has_sleeper
    psql -XAtq -c "select pg_wal_replay_pause()" "$STANDBY"
    query "set synchronous_commit = local; insert into gate values (true)"
    until_true 60 eval '[ "$(query "select count(*) from pg_stat_activity where wait_event = '\''SyncRep'\''")" -eq 1 ]'
    until_true 60 eval '[ "$(query "select pg_current_wal_flush_lsn() <= flush_lsn from pg_stat_replication")" = t ]'
    kill_primary
    promote
    finish deploy "$pid"
    same "$status" 1
    err 'connection was lost, but "2-b" was deployed'

    query "drop table gate"
    expect 0 deploy latest --db-url "$BOTH"
    is_whole
}

@test "a failover that loses what was committed: the new primary is asked, and the next deploy does it again" {
    three_alterations ""
    alteration 1.0.0-4-d.sql <<<"select pg_sleep(300);"
    stop_server two fast
    start deploy deploy latest --db-url "$BOTH"
    until_true 60 has_sleeper
    same "$(deployed)" "1-a 2-b 3-c"
    kill_primary
    start_standby
    promote
    finish deploy "$pid"
    same "$status" 1
    err 'nothing of "4-d" was kept'
    same "$(tables)" ""

    rm "$DBALT_DIR/1.0.0-4-d.sql"
    expect 0 deploy latest --db-url "$BOTH"
    is_whole
}
