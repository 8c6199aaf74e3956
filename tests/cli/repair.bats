#!/usr/bin/env bats
# Making the history agree with what the operator knows.

load helper

changed() {
    makes_table 1.0.0-1-a 1.0.0-2-b
    expect 0 deploy latest
    printf -- '-- dbalt: up\ncreate table a (id integer, more text);\n-- dbalt: down\ndrop table if exists a;\n' | alteration 1.0.0-1-a.sql
}

@test "--accept takes the file as what was deployed" {
    changed
    expect 4 check
    expect 0 repair --accept 1-a --yes
    expect 0 check
    err_not "[warn]"
    same "$(tables)" "a b"
}

@test "--accept stores the new way back" {
    changed
    expect 0 repair --accept 1-a --yes
    rm "$DBALT_DIR/1.0.0-1-a.sql"
    [[ "$(query "select down from $(history_table alteration) where identity = '1-a'")" == *"if exists"* ]]
    expect 0 rollback 0.1.0 --yes
    same "$(tables)" ""
}

@test "--accept takes a file name for the identity" {
    changed
    expect 0 repair --accept 1.0.0-1-a.sql --yes
    expect 0 check
}

@test "--accept writes an event" {
    changed
    expect 0 repair --accept 1-a --yes
    same "$(events "kind = 'repair'")" "repair 1-a"
}

@test "--forget removes the row, and leaves the database as it is" {
    makes_table 1.0.0-1-a 1.0.0-2-b 1.0.0-3-c
    expect 0 deploy latest
    rm "$DBALT_DIR/1.0.0-2-b.sql"
    expect 4 check
    expect 0 repair --forget 2-b --yes
    expect 0 check
    same "$(deployed)" "1-a 3-c"
    same "$(tables)" "a b c"
    same "$(events "kind in ('repair', 'forget')" | sed 's/^[a-z]* //')" "2-b"
}

@test "several identities are one transaction" {
    makes_table 1.0.0-1-a 1.0.0-2-b 1.0.0-3-c
    expect 0 deploy latest
    expect 2 repair --forget 1-a 9-nowhere --yes
    err "9-nowhere"
    same "$(deployed)" "1-a 2-b 3-c"
    expect 0 repair --forget 1-a 2-b --yes
    same "$(deployed)" "3-c"
}

@test "without --yes and terminal it is refused, and nothing changes" {
    changed
    expect 2 repair --accept 1-a
    err "--yes"
    expect 2 repair --forget 1-a
    err "--yes"
    same "$(deployed)" "1-a 2-b"
    expect 4 check
}

@test "it shows the difference" {
    changed
    expect 0 repair --accept 1-a --yes
    [[ $output$stderr == *"drop table if exists a"* ]] || show "no difference shown"
}

@test "neither --accept nor --forget shows the difference and changes nothing" {
    changed
    expect 0 repair 1-a --yes
    same "$(deployed)" "1-a 2-b"
    expect 4 check
}

@test "both --accept and --forget are refused" {
    changed
    expect 2 repair --accept --forget 1-a --yes
    same "$(deployed)" "1-a 2-b"
    expect 4 check
}

@test "no identity is refused" {
    changed
    expect 2 repair --forget --yes
    same "$(deployed)" "1-a 2-b"
}

@test "what is no identity is refused" {
    changed
    expect 2 repair --forget a --yes
    same "$(deployed)" "1-a 2-b"
}

@test "what is not deployed is refused" {
    changed
    makes_table 1.1.0-9-z
    expect 2 repair --forget 9-z --yes
    err "9-z"
}

@test "--accept of what has no file is refused" {
    changed
    rm "$DBALT_DIR/1.0.0-1-a.sql"
    expect 2 repair --accept 1-a --yes
    err "1-a"
}

@test "what was forgotten is deployed again" {
    query "create table ran (what text)"
    alteration 1.0.0-1-a.sql <<<"insert into ran values ('a');"
    expect 0 deploy latest
    expect 0 repair --forget 1-a --yes
    expect 0 deploy latest
    same "$(query "select count(*) from ran")" 2
}
