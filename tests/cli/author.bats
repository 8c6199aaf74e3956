#!/usr/bin/env bats
# Writing and releasing alterations.

load helper

@test "new writes an alteration of next with both sections, and prints its path" {
    local before after
    before=$(date +%s)
    expect 0 new "add customers"
    after=$(date +%s)
    [ -f "$output" ]
    out_matches '/next-[0-9]+-add-customers\.sql$'
    local timestamp=${output##*/next-}
    timestamp=${timestamp%%-*}
    [ "$timestamp" -ge "$before" ] && [ "$timestamp" -le "$after" ]
    grep -q '^-- dbalt: up$' "$output"
    grep -q '^-- dbalt: down$' "$output"
}

@test "what new wrote can be deployed and rolled back" {
    expect 0 new thing
    expect 0 deploy next
    err "[info] Found 1 alteration to deploy"
    expect 0 rollback 0.1.0 --yes
}

@test "new needs no database" {
    unset DB_URL
    expect 0 new thing
}

@test "new never writes over a file" {
    expect 0 new thing
    # The next second may have come: one of two in a row is in the same one.
    local _ ended=0
    for _ in 1 2 3; do
        "$DBALT" new other >/dev/null 2>&1 </dev/null || ended=$?
    done
    [ "$ended" -eq 2 ]
}

@test "new without a name is refused" {
    expect 2 new
    expect 2 new ""
    expect 2 new "  "
    expect 0 list
    same "$output" ""
}

@test "new refuses names that do not belong in a file name" {
    expect 2 new "a/b"
    expect 2 new "../a"
    expect 2 new $'a\nb'
    expect 0 list
    same "$output" ""
}

@test "new into a folder that is not there is refused" {
    expect 2 new thing --dir nowhere
    err "nowhere"
}

@test "release renames every next, and keeps the identities" {
    makes_table 1.0.0-1-a next-2-b next-3.5-c
    expect 0 release v2.0.0-beta.1
    expect 0 list
    same "$output" "1.0.0-1-a.sql
2.0.0_beta.1-2-b.sql
2.0.0_beta.1-3.5-c.sql"
}

@test "release needs no database" {
    makes_table next-2-b
    unset DB_URL
    expect 0 release 1.0.0
}

@test "release with nothing to rename is done" {
    makes_table 1.0.0-1-a
    expect 0 release 1.1.0
    expect 0 list
    same "$output" "1.0.0-1-a.sql"
}

@test "release to nonsense is refused, and renames nothing" {
    makes_table next-2-b
    expect 2 release 1.0
    expect 2 release next
    expect 2 release
    expect 2 release latest
    expect 0 list
    same "$output" "next-2-b.sql"
}

@test "release renames all or nothing" {
    makes_table next-1-a next-2-b
    echo "no alteration" >"$DBALT_DIR/other"
    mkdir "$DBALT_DIR/1.0.0-2-b.sql"
    expect 2 release 1.0.0
    [ -f "$DBALT_DIR/next-1-a.sql" ]
    [ -f "$DBALT_DIR/next-2-b.sql" ]
}

@test "release renames all or nothing in a folder that cannot be written" {
    makes_table next-1-a next-2-b
    chmod a-w "$DBALT_DIR"
    expect 2 release 1.0.0
    chmod u+w "$DBALT_DIR"
    expect 0 list
    same "$output" $'next-1-a.sql\nnext-2-b.sql'
}
