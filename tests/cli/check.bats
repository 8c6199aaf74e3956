#!/usr/bin/env bats
# What only looks: check, status, list.

load helper

# ---- check

@test "check passes when everything is deployed" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    expect 0 check
    err_not "[error]"
}

@test "check finds undeployed alterations, and says what to run" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy 1.0.0
    expect 3 check
    err "Found undeployed database alterations"
    err "dbalt deploy 1.1.0"
    err "1.1.0-2-b.sql"
}

@test "check is for latest unless said" {
    makes_table 1.0.0-1-a next-2-b
    expect 0 deploy latest
    expect 0 check
    expect 0 check latest
    expect 3 check next
    err "dbalt deploy next"
}

@test "check of a target looks no further" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy 1.0.0
    expect 0 check v1.0.0
    expect 0 check 1.0.9
    expect 3 check 1.1.0
}

@test "check of a nonsense target is refused" {
    expect 2 check 1.0
}

@test "check of an empty folder and an empty database passes" {
    expect 0 check
}

@test "check fails on a missed alteration" {
    makes_table 1.0.0-1-a 1.0.0-3-c
    expect 0 deploy latest
    makes_table 1.0.0-2-b
    expect 4 check
    err "1.0.0-2-b.sql"
    err "missed"
}

@test "check fails on a changed alteration" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    alteration 1.0.0-1-a.sql <<<"create table other (id integer);"
    expect 4 check
    err "1.0.0-1-a.sql"
    err "changed"
}

@test "disagreement wins over undeployed alterations" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    alteration 1.0.0-1-a.sql <<<"create table other (id integer);"
    makes_table 1.1.0-2-b
    expect 4 check
}

@test "unknown alterations newer than the folder are a warning" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy latest
    rm "$DBALT_DIR/1.1.0-2-b.sql"
    expect 0 check
    err "[warn]"
}

@test "--strict fails on unknown alterations newer than the folder" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy latest
    rm "$DBALT_DIR/1.1.0-2-b.sql"
    expect 4 check --strict
    err "2-b"
    err "unknown"
}

@test "an unknown alteration amid known ones fails" {
    makes_table 1.0.0-1-a 1.0.0-2-b 1.0.0-3-c
    expect 0 deploy latest
    rm "$DBALT_DIR/1.0.0-2-b.sql"
    expect 4 check
    err "2-b"
}

@test "--wait returns at once when nothing is undeployed" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    expect 0 check --wait
    expect 0 check --wait=30
}

@test "--wait waits for a deploy elsewhere" {
    makes_table 1.0.0-1-a
    start waiter check --wait
    local waiter=$pid
    until_true 20 grep -q "1 undeployed alteration" waiter.err
    kill -0 "$waiter"
    expect 0 deploy latest
    finish waiter "$waiter"
    same "$status" 0
}

@test "--wait with seconds gives up after them" {
    makes_table 1.0.0-1-a
    local begun=$SECONDS
    expect 3 check --wait=1
    err "Found undeployed database alterations"
    [ $((SECONDS - begun)) -ge 1 ]
    [ $((SECONDS - begun)) -le 10 ]
}

@test "--wait does not wait for what will never change" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    alteration 1.0.0-1-a.sql <<<"create table other (id integer);"
    expect 4 check --wait
}

@test "--wait with nonsense is refused" {
    expect 2 check --wait=soon
    expect 2 check --wait=-1
}

# ---- status

@test "status shows every alteration and its state" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy 1.0.0
    expect 0 status
    out_matches '1\.0\.0 +1 +a +deployed'
    out_matches '1\.1\.0 +2 +b +undeployed'
}

@test "status shows when, how long and by whom" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    expect 0 status
    out "$(id -un)"
    out "$(date -u +%Y-%m-)"
    out_matches '[0-9] ms'
}

@test "status shows what is not in the folder" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy latest
    rm "$DBALT_DIR/1.1.0-2-b.sql"
    expect 0 status
    out_matches '1\.1\.0 +2 +b +unknown'
}

@test "status of a pre-release writes it as SemVer does" {
    makes_table 1.0.0_beta.1-1-a
    expect 0 deploy latest
    expect 0 status
    out_matches '1\.0\.0-beta\.1 +1 +a +deployed'
}

@test "status of nothing is fine" {
    expect 0 status
}

@test "status takes no argument" {
    expect 2 status now
}

# ---- list

@test "list prints the file names in the order of deployment" {
    makes_table 1.1.0-30-a 1.0.0-4-b next-29.5-c
    expect 0 list
    same "$output" "1.0.0-4-b.sql
next-29.5-c.sql
1.1.0-30-a.sql"
}

@test "list needs no database" {
    makes_table 1.0.0-1-a
    unset DB_URL
    expect 0 list
    same "$output" "1.0.0-1-a.sql"
}

@test "list of an empty folder prints nothing" {
    expect 0 list
    same "$output" ""
}

@test "list of a folder that is not there is refused" {
    expect 2 list --dir nowhere
    err "nowhere"
}

# ---- reading changes nothing

@test "status and check create nothing in a database without history" {
    local before
    makes_table 1.0.0-1-a
    before=$(catalogue)
    expect 0 status
    expect 3 check
    expect 2 deploy
    same "$(catalogue)" "$before"
}

@test "a deploy with nothing to do creates no history" {
    local before
    before=$(catalogue)
    expect 0 deploy latest
    same "$(catalogue)" "$before"
}

@test "a refused deploy creates no history" {
    local before
    before=$(catalogue)
    alteration 1.0.0-1-a.sql <<<"commit;"
    expect 2 deploy latest
    same "$(catalogue)" "$before"
}

# bats test_tags=postgres
@test "a role that may only read runs status and check" {
    local role=reader_$$_$BATS_TEST_NUMBER
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy 1.0.0
    query "create role $role login; grant usage on schema dbalt to $role; grant select on all tables in schema dbalt to $role"
    expect 0 status --db-url "$(url_with "$DB_URL" "$database" "$role")"
    out "deployed"
    expect 3 check --db-url "$(url_with "$DB_URL" "$database" "$role")"
    query "drop owned by $role; drop role $role"
}

@test "a database that only reads can be looked at" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    if is_postgres; then
        admin "alter database $database set default_transaction_read_only = on"
    else
        mkdir closed
        mv "$database" closed
        DB_URL=sqlite:closed/test.db
        chmod a-w closed/test.db closed
    fi
    expect 0 status
    expect 0 check
    if is_sqlite; then
        chmod u+w closed
    fi
}

@test "status and check hold no lock against a deploy" {
    query "create table slow (n bigint)"
    long_statement | alteration 1.0.0-1-a.sql
    start_slow deploy deploy latest
    local deployer=$pid
    expect 0 status
    expect 3 check
    kill -INT "$deployer"
    finish deploy "$deployer"
}
