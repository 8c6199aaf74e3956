#!/usr/bin/env bats
# The way back.

load helper

three_releases() {
    makes_table 1.0.0-1000-a 1.1.0-2000-b 1.1.0-3000-c 2.0.0-4000-d next-5000-e
    expect 0 deploy next
}

@test "a roll back undoes everything newer than the release, next included" {
    three_releases
    expect 0 rollback 1.1.0 --yes
    same "$(tables)" "a b c"
    same "$(deployed)" "1000-a 2000-b 3000-c"
}

@test "r is rollback" {
    three_releases
    expect 0 r 1.0.0 --yes
    same "$(tables)" "a"
}

@test "a v before the release changes nothing in a roll back" {
    three_releases
    expect 0 rollback v1.0.0 --yes
    same "$(tables)" "a"
}

@test "a roll back below every release undoes all" {
    three_releases
    expect 0 rollback 0.0.0 --yes
    same "$(tables)" ""
    same "$(deployed)" ""
}

@test "a roll back to what is there has nothing to do" {
    three_releases
    expect 0 rollback next --yes
    err "Found 0 alteration to roll back"
    same "$(tables)" "a b c d e"
}

@test "a roll back of a database without history has nothing to do, and makes none" {
    makes_table 1.0.0-1-a
    local before
    before=$(catalogue)
    expect 0 rollback 0.0.1 --yes
    err "Found 0 alteration to roll back"
    same "$(catalogue)" "$before"
}

@test "a roll back without release is refused, and changes nothing" {
    three_releases
    expect 2 rollback --yes
    same "$(tables)" "a b c d e"
}

@test "a roll back to nonsense is refused, and changes nothing" {
    three_releases
    expect 2 rollback 1.0 --yes
    expect 2 rollback "" --yes
    expect 2 rollback yesterday --yes
    same "$(tables)" "a b c d e"
}

@test "a roll back without a terminal needs no yes" {
    three_releases
    expect 0 rollback 1.1.0
    same "$(tables)" "a b c"
}

@test "rollback-to-timestamp undoes what has a later timestamp" {
    three_releases
    expect 0 rollback-to-timestamp 2000 --yes
    same "$(tables)" "a b"
}

@test "rollback-to-timestamp takes a fraction" {
    makes_table 1.0.0-1.5-a 1.0.0-1.50001-b
    expect 0 deploy latest
    expect 0 rollback-to-timestamp 1.50 --yes
    same "$(tables)" "a"
}

@test "rollback-to-timestamp without timestamp is refused, and changes nothing" {
    three_releases
    expect 2 rollback-to-timestamp --yes
    expect 2 rollback-to-timestamp "" --yes
    same "$(tables)" "a b c d e"
}

@test "rollback-to-timestamp of nonsense is refused, and changes nothing" {
    three_releases
    expect 2 rollback-to-timestamp soon --yes
    expect 2 rollback-to-timestamp -1 --yes
    expect 2 rollback-to-timestamp 12345678901 --yes
    expect 2 rollback-to-timestamp 1e3 --yes
    same "$(tables)" "a b c d e"
}

@test "it runs in reverse order of deployment, not of timestamps" {
    query "create table ran (what text)"
    for stem in 1.0.0-1-a 1.1.0-3-c; do
        printf -- '-- dbalt: up\n-- dbalt: down\ninsert into ran values (%s);\n' "'${stem##*-}'" | alteration "$stem.sql"
    done
    expect 0 deploy latest
    printf -- "-- dbalt: up\n-- dbalt: down\ninsert into ran values ('b');\n" | alteration 1.1.0-2-b.sql
    expect 0 deploy latest --out-of-order
    expect 0 rollback 0.0.1 --yes
    same "$(query "select what from ran" | paste -sd ' ')" "b c a"
}

@test "one without down is refused before the first step" {
    three_releases
    alteration 1.1.0-2500-nodown.sql <<<"create table nodown (id integer);"
    expect 0 deploy next --out-of-order
    expect 2 rollback 1.0.0 --yes
    err "nodown"
    err "down"
    same "$(tables)" "a b c d e nodown"
    same "$(events "kind = 'rollback'")" ""
}

@test "one without down that stays is no hindrance" {
    alteration 1.0.0-1-nodown.sql <<<"create table nodown (id integer);"
    makes_table 1.1.0-2-b
    expect 0 deploy latest
    expect 0 rollback 1.0.0 --yes
    same "$(tables)" "nodown"
}

@test "an empty down undoes nothing but the history" {
    printf -- '-- dbalt: up\ncreate table a (id integer);\n-- dbalt: down\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    expect 0 rollback 0.1.0 --yes
    same "$(tables)" "a"
    same "$(deployed)" ""
}

@test "a down of comments undoes nothing but the history" {
    printf -- '-- dbalt: up\ncreate table a (id integer);\n-- dbalt: down\n-- nothing\n/* at all */' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    expect 0 rollback 0.1.0 --yes
    same "$(tables)" "a"
    same "$(deployed)" ""
}

@test "the stored way back is used when the file is gone" {
    three_releases
    rm "$DBALT_DIR"/2.0.0-4000-d.sql "$DBALT_DIR"/next-5000-e.sql
    expect 0 rollback 1.1.0 --yes
    same "$(tables)" "a b c"
}

@test "the stored way back is used when the whole folder is another" {
    three_releases
    mkdir empty
    expect 0 rollback 0.1.0 --yes --dir empty
    same "$(tables)" ""
}

@test "a gone file without stored way back is refused before the first step" {
    alteration 1.0.0-1-a.sql <<<"create table a (id integer);"
    makes_table 1.1.0-2-b
    expect 0 deploy latest
    rm "$DBALT_DIR/1.0.0-1-a.sql"
    expect 2 rollback 0.1.0 --yes
    err "1-a"
    same "$(tables)" "a b"
}

changed_down() {
    query "create table ran (what text)"
    printf -- "-- dbalt: up\n-- dbalt: down\ninsert into ran values ('stored');\n" | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    printf -- "-- dbalt: up\n-- dbalt: down\ninsert into ran values ('file');\n" | alteration 1.0.0-1-a.sql
}

@test "a file whose down differs wins, with a warning" {
    changed_down
    expect 0 rollback 0.1.0 --yes
    same "$(query "select what from ran")" "file"
    err "[warn]"
    err "1.0.0-1-a.sql"
}

@test "--stored takes the way back of the history" {
    changed_down
    expect 0 rollback 0.1.0 --yes --stored
    same "$(query "select what from ran")" "stored"
    err_not "[warn]"
}

@test "a down added to the file later is used" {
    alteration 1.0.0-1-a.sql <<<"create table a (id integer);"
    expect 0 deploy latest
    printf -- '-- dbalt: up\ncreate table a (id integer);\n-- dbalt: down\ndrop table a;\n' | alteration 1.0.0-1-a.sql
    expect 0 rollback 0.1.0 --yes
    same "$(tables)" ""
}

@test "a down removed from the file is refused, and --stored takes the stored one" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    printf -- '-- dbalt: up\ncreate table a (id integer);\n\n' | alteration 1.0.0-1-a.sql
    expect 2 rollback 0.1.0 --yes
    err "--stored"
    expect 0 rollback 0.1.0 --yes --stored
    same "$(tables)" ""
}

@test "what was rolled back can be deployed again" {
    three_releases
    expect 0 rollback 1.0.0 --yes
    expect 0 deploy next
    same "$(tables)" "a b c d e"
    same "$(deployed)" "1000-a 2000-b 3000-c 4000-d 5000-e"
}

@test "an alteration released in the file alone goes by the file" {
    makes_table 1.0.0-1-a next-2-b
    expect 0 deploy next
    mv "$DBALT_DIR/next-2-b.sql" "$DBALT_DIR/1.0.0-2-b.sql"
    expect 0 rollback 1.0.0 --yes
    same "$(tables)" "a b"
}

@test "a failing down leaves its alteration deployed, and undid those before" {
    makes_table 1.0.0-1-a
    printf -- '-- dbalt: up\ncreate table b (id integer);\n-- dbalt: down\ndrop table b;\ndrop table nowhere;\n' | alteration 1.0.0-2-b.sql
    makes_table 1.0.0-3-c
    expect 0 deploy latest
    expect 1 rollback 0.1.0 --yes
    err "1.0.0-2-b.sql:5"
    err "nowhere"
    same "$(tables)" "a b"
    same "$(deployed)" "1-a 2-b"

    printf -- '-- dbalt: up\ncreate table b (id integer);\n-- dbalt: down\ndrop table b;\n' | alteration 1.0.0-2-b.sql
    expect 0 rollback 0.1.0 --yes
    same "$(tables)" ""
}

@test "it tells how many it rolls back" {
    three_releases
    expect 0 rollback 1.1.0 --yes
    err "[info] Found 2 alterations to roll back"
}
