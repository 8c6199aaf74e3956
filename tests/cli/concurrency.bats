#!/usr/bin/env bats
# Several at once: every alteration exactly once.

load helper

# Forty alterations, each with a row in a table that no key protects.
forty() {
    local i
    # The number is no key: a second row of the same is not refused.
    query "create table ran (n $(if is_postgres; then echo bigserial; else echo integer; fi), identity text, what text)"
    for i in $(seq 1 40); do
        printf -- "-- dbalt: up\ninsert into ran (identity, what) values ('$i-a$i', 'deploy');\ncreate table t$i (id integer);\n-- dbalt: down\ninsert into ran (identity, what) values ('$i-a$i', 'rollback');\ndrop table t$i;\n" |
            alteration "1.0.0-$i-a$i.sql"
    done
}

# eight COMMAND...: eight of them at once; $statuses are their ends
eight() {
    local i pids=()
    for i in 1 2 3 4 5 6 7 8; do
        start "run$i" "$@"
        pids+=("$pid")
    done
    collect "${pids[@]}"
}

collect() {
    local i=0 each
    statuses=()
    for each in "$@"; do
        i=$((i + 1))
        finish "run$i" "$each"
        statuses+=("$status")
    done
}

show_all() {
    tail -n +1 run*.out run*.err
    show "$1"
}

all_done() { [ "$(printf '%s\n' "${statuses[@]}" | sort -u)" = 0 ] || show_all "they ended with ${statuses[*]}"; }

# How often each ran, as "COUNT WHAT" of those counts that there are.
counts() { query "select distinct n, what from (select count(*) as n, what from ran group by identity, what) as counted order by what" | paste -sd ,; }

# The events, the table that the scripts wrote and the history tell the same story.
story_is_one() {
    same "$(query "select kind || ' ' || identity from $(history_table event) where kind in ('deploy', 'rollback') order by identity, sequence")" \
        "$(query "select what || ' ' || identity from ran order by identity, $(if is_postgres; then echo n; else echo rowid; fi)")"
    same "$(query "select identity from $(history_table alteration) order by identity")" \
        "$(query "select identity from ran group by identity having sum(case what when 'deploy' then 1 else -1 end) = 1 order by identity")"
    # Never twice deployed without a roll back between, nor the other way round.
    same "$(query "select count(*) from (select kind, lag(kind) over (partition by identity order by sequence) as former from $(history_table event) where kind in ('deploy', 'rollback')) as pairs where kind = former")" 0
}

# bats test_tags=postgres
@test "two at once run each alteration exactly once where transactions are repeatable read, or serializable, by default" {
    local isolation
    forty
    for isolation in 'repeatable read' serializable; do
        query "alter database $(query "select quote_ident(current_database())") set default_transaction_isolation = '$isolation'"
        start run1 deploy latest
        local first=$pid
        start run2 deploy latest
        collect "$first" "$pid"
        all_done
        same "$(counts)" "1|deploy"
        story_is_one
        expect 0 rollback 0.9.0 --yes
        query "truncate ran; delete from dbalt.event"
    done
}

@test "eight deploys at once of forty alterations run each exactly once" {
    forty
    eight deploy latest
    all_done
    same "$(counts)" "1|deploy"
    same "$(query "select count(*) from ran")" 40
    story_is_one
}

@test "eight roll backs at once undo each exactly once" {
    forty
    expect 0 deploy latest
    eight rollback 0.1.0 --yes
    all_done
    same "$(query "select count(*) from ran where what = 'rollback'")" 40
    same "$(deployed)" ""
    story_is_one
}

@test "deploys and roll backs at once, on a database without history, run nothing twice" {
    local i pids=()
    forty
    for i in 1 3 5 7; do
        start "run$i" deploy latest
        pids+=("$pid")
        start "run$((i + 1))" rollback 0.1.0 --yes
        pids+=("$pid")
    done
    collect "${pids[@]}"
    all_done
    story_is_one
    expect 0 deploy latest
    same "$(query "select count(*) from $(history_table alteration)")" 40
    story_is_one
}

@test "deploys to different targets at once run each exactly once" {
    local i pids=()
    forty
    for i in $(seq 21 40); do
        mv "$DBALT_DIR/1.0.0-$i-a$i.sql" "$DBALT_DIR/2.0.0-$i-a$i.sql"
    done
    for i in 1 3 5 7; do
        start "run$i" deploy 1.0.0
        pids+=("$pid")
        start "run$((i + 1))" deploy latest
        pids+=("$pid")
    done
    collect "${pids[@]}"
    all_done
    same "$(query "select count(*) from ran")" 40
    story_is_one
}

@test "with --no-wait each is done or finds the lock held" {
    forty
    local each i=0
    eight deploy latest --no-wait
    for each in "${statuses[@]}"; do
        i=$((i + 1))
        if [ "$each" = 5 ]; then
            grep -q "lock" "run$i.err"
        else
            same "$each" 0
        fi
    done
    expect 0 deploy latest
    same "$(query "select count(*) from ran")" 40
    story_is_one
}

@test "deploys that are killed at any moment leave nothing half-done, and nothing runs twice" {
    local round one
    forty
    for round in 1 2 3 4 5 6 7 8; do
        start "one$round" deploy latest
        one=$pid
        start "two$round" deploy latest
        # Some more are deployed, or all are.
        until_true 30 eval "[ \"\$(query \"select count(*) from ran\")\" -ge $((round * 4)) ]"
        kill -KILL "$one" 2>/dev/null || true
        kill -KILL "$pid" 2>/dev/null || true
        wait "$one" "$pid" 2>/dev/null || true
    done
    expect 0 deploy latest
    same "$(query "select count(*) from ran")" 40
    story_is_one
}

# bats test_tags=postgres
@test "a deploy whose lock is lost stops before the next alteration" {
    makes_table 1.0.0-1-a 1.0.0-3-c
    alteration 1.0.0-2-b.sql <<'SQL'
create table b (id integer);
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid();
do $$ begin while exists (select from pg_locks where locktype = 'advisory') loop perform pg_sleep(0.05); end loop; end $$;
select pg_sleep(0.5); -- its socket is closed a moment after it is gone
SQL
    expect 6 deploy latest
    err "lock"
    same "$(tables)" "a b"
    same "$(deployed)" "1-a 2-b"
    expect 0 deploy latest
    same "$(deployed)" "1-a 2-b 3-c"
}

has_orphan() { [ "$(query "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'advisory'")" -eq 1 ]; }

# bats test_tags=postgres
@test "what a killed deploy does until its end is read before the next one goes on" {
    makes_table 1.0.0-1-a 1.0.0-9-i
    expect 0 deploy latest
    makes_table 1.0.0-10-j
    query "select pg_advisory_lock(7), pg_sleep(300)" >/dev/null 2>&1 3>&- &
    started+=("$!")
    until_true 60 has_sleeper
    # Its last transaction, which puts in an alteration that this folder has not.
    query "begin; insert into dbalt.alteration (identity, release, name, kind, deployed_by, host, version) values ('5-e', '1.0.0', 'e', 'sql', '', '', ''); select pg_advisory_lock(7); commit" >/dev/null 3>&- &
    started+=("$!")
    until_true 60 has_orphan
    # In a container the next one may well have the same host name and process id.
    local host insert
    host=$(uname -n)
    insert="insert into dbalt.holder (held_by, host, pid, backend, since)
        select 'ada', '$host', :pid, pid || '/' || round(extract(epoch from backend_start) * 1000000)::bigint, now()
        from pg_stat_activity where datname = current_database() and wait_event = 'advisory'"
    # shellcheck disable=SC2016
    run --separate-stderr -- env insert="$insert" sh -c 'echo "$insert" | psql -XAtq -v ON_ERROR_STOP=1 -v pid=$$ "$DB_URL" && exec "$DBALT" deploy latest --no-wait' </dev/null
    same "$status" 5
    err "ada on $host (pid "
    err "killed, but its last statement still runs"
    same "$(query "select held_by from dbalt.holder")" ada
    start deploy deploy latest
    local deploy=$pid
    until_true 60 grep -q "Waiting for another deploy: ada on $host" deploy.err
    # Who waits for the killed one holds the lock, whose row still names that one.
    same "$(query "select held_by from dbalt.holder")" ada
    expect 5 deploy latest --no-wait
    err 'holds the lock: user "'
    err " since 20"
    err_not "ada on"
    query "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'"
    finish deploy "$deploy"
    same "$status" 4
    err "5-e"
    same "$(deployed)" "1-a 9-i 5-e"
    same "$(query "select count(*) from dbalt.holder")" 0
}

held() {
    query "create table slow (n bigint)"
    long_statement | alteration 1.0.0-1-a.sql
    start_slow holder deploy latest
    holder=$pid
}

free() {
    kill -INT "$holder"
    finish holder "$holder"
}

@test "--no-wait exits 5, and names who deploys and since when" {
    held
    expect 5 deploy latest --no-wait
    err "$(id -un)"
    err "$(uname -n)"
    err "$holder"
    err "$(date -u +%Y-)"
    free
}

@test "--wait-lock exits 5 after that long" {
    held
    local begun=$SECONDS
    expect 5 deploy latest --wait-lock 1
    err "$holder"
    [ $((SECONDS - begun)) -ge 1 ]
    [ $((SECONDS - begun)) -le 10 ]
    free
}

@test "--no-wait of a roll back exits 5 too" {
    makes_table 0.9.0-1-z
    expect 0 deploy latest
    held
    expect 5 rollback 0.1.0 --yes --no-wait
    expect 5 rollback-to-timestamp 0 --yes --wait-lock=1
    free
}

@test "--no-wait of a repair exits 5 too" {
    makes_table 0.9.0-1-z
    expect 0 deploy latest
    held
    expect 5 repair --forget 1-z --yes --no-wait
    free
}

@test "with nothing to do nobody waits" {
    makes_table 0.9.0-0-z
    expect 0 deploy latest
    held
    expect 0 deploy 0.9.0 --no-wait
    free
}

@test "who waits is told for whom" {
    held
    start waiter deploy latest
    local waiter=$pid
    until_true 20 grep -q "Waiting for another deploy: .*pid $holder" waiter.err
    free
    same "$status" 130
    # The lock is free: the waiter is inside the same long statement now.
    if is_postgres; then
        until_true 30 has_sleeper
    else
        until_true 30 is_computing "$waiter"
    fi
    kill -INT "$waiter"
    finish waiter "$waiter"
    same "$status" 130
}

@test "--wait-lock wants a number" {
    expect 2 deploy latest --wait-lock soon
    expect 2 deploy latest --wait-lock
}

# bats test_tags=postgres
@test "who waits is told which alteration runs" {
    held
    start waiter deploy latest
    until_true 20 grep -q "Waiting for another deploy: $(id -un) on $(uname -n) (pid $holder) since 20.*, running 1-a" waiter.err
    expect 5 deploy latest --no-wait
    err "running 1-a"
    kill -INT "$pid"
    finish waiter "$pid"
    free
}

# A lease ends 30 s after the last heartbeat.
# bats test_tags=postgres
@test "a deploy that is stopped, or whose host is lost, loses the lock, and does nothing when it comes back" {
    query "create table log (n text)"
    printf "insert into log values ('a'); select pg_sleep(10);\n" | alteration 1.0.0-1-a.sql
    printf "insert into log values ('b');\n" | alteration 1.0.0-2-b.sql
    start stopped deploy latest --no-pipeline
    local stopped=$pid
    until_true 30 has_sleeper
    kill -STOP "$stopped"

    expect 0 deploy latest
    same "$(query "select string_agg(n, ' ' order by n) from log")" "a b"
    same "$(deployed)" "1-a 2-b"

    kill -CONT "$stopped"
    finish stopped "$stopped"
    same "$status" 6
    err "deploy lock was lost"
    same "$(query "select string_agg(n, ' ' order by n) from log")" "a b"
    same "$(events "kind = 'deploy'")" "$(printf 'deploy 1-a\ndeploy 2-b')"
}
