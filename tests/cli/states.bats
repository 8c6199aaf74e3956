#!/usr/bin/env bats
# How folder and history can stand to each other, and what a deploy makes of it.

load helper

state_of() { # NAME
    expect 0 status --json
    json "[row['state'] for row in rows if row.get('name') == '$1']"
}

@test "a hotfix train: fixes of an old release and alterations of the next do not hinder each other" {
    makes_table 1.0.0-10-a 1.1.0-20-b
    expect 0 deploy 1.0.0
    # The fix is newer by time than what waits for 1.1.0.
    makes_table 1.0.1-30-fix
    expect 0 deploy 1.0.1
    same "$(tables)" "a fix"
    # What waits belongs to a newer release than the fix: it is undeployed, not missed.
    same "$(state_of b)" "['undeployed']"
    expect 0 deploy 1.1.0
    same "$(tables)" "a b fix"
    same "$(deployed)" "10-a 30-fix 20-b"
    expect 0 check
}

@test "after a hotfix train a roll back goes by releases" {
    makes_table 1.0.0-10-a 1.1.0-20-b 1.0.1-30-fix
    expect 0 deploy 1.0.1
    expect 0 deploy 1.1.0
    expect 0 rollback 1.0.1 --yes
    same "$(tables)" "a fix"
}

@test "next becoming a release keeps the identity, and nothing runs twice" {
    query "create table ran (what text)"
    alteration next-1-a.sql <<<"insert into ran values ('a');"
    expect 0 deploy next
    expect 0 release 1.3.0
    [ -e "$DBALT_DIR/1.3.0-1-a.sql" ]
    expect 0 check
    expect 0 deploy latest
    err "[info] Found 0 alteration to deploy"
    same "$(query "select count(*) from ran")" 1
}

@test "the next deploy corrects the release in the history" {
    makes_table next-1-a
    expect 0 deploy next
    expect 0 release 1.3.0
    same "$(query "select release from $(history_table alteration)")" "next"
    expect 0 deploy latest
    same "$(query "select release from $(history_table alteration)")" "1.3.0"
}

@test "the release is corrected also by a deploy that has other work" {
    makes_table next-1-a
    expect 0 deploy next
    expect 0 release 1.3.0
    makes_table 1.4.0-2-b
    expect 0 deploy latest
    same "$(query "select release from $(history_table alteration) order by identity" | paste -sd ' ')" "1.3.0 1.4.0"
}

@test "a file renamed to another release is the same alteration" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    mv "$DBALT_DIR/1.0.0-1-a.sql" "$DBALT_DIR/1.0.1_rc.1-1-a.sql"
    expect 0 check
    expect 0 deploy latest
    same "$(query "select release from $(history_table alteration)")" "1.0.1-rc.1"
    same "$(tables)" "a"
}

@test "a timestamp written with zeros behind its fraction is the same alteration" {
    makes_table 1.0.0-1.5-a
    expect 0 deploy latest
    mv "$DBALT_DIR/1.0.0-1.5-a.sql" "$DBALT_DIR/1.0.0-1.500-a.sql"
    expect 0 check
    expect 0 deploy latest
    err "[info] Found 0 alteration to deploy"
}

@test "a file renamed to another name is another alteration, and the old one unknown" {
    makes_table 1.0.0-1-a 1.0.0-2-b 1.0.0-3-c
    expect 0 deploy latest
    mv "$DBALT_DIR/1.0.0-2-b.sql" "$DBALT_DIR/1.0.0-2-bb.sql"
    same "$(state_of b)" "['unknown']"
    same "$(state_of bb)" "['missed']"
    expect 4 deploy latest
    err "2-b "
    err "1.0.0-2-bb.sql"
}

@test "a gone file is unknown" {
    makes_table 1.0.0-1-a 1.0.0-2-b 1.0.0-3-c
    expect 0 deploy latest
    rm "$DBALT_DIR/1.0.0-2-b.sql"
    same "$(state_of b)" "['unknown']"
}

@test "an unknown alteration amid known ones stops a deploy" {
    makes_table 1.0.0-1-a 1.0.0-2-b 1.0.0-3-c
    expect 0 deploy latest
    rm "$DBALT_DIR/1.0.0-2-b.sql"
    makes_table 1.1.0-4-d
    expect 4 deploy latest
    err "2-b"
    err "repair"
    same "$(tables)" "a b c"
}

@test "unknown alterations newer than the folder are a warning to a deploy" {
    makes_table 1.0.0-1-a 1.0.0-2-b 1.1.0-3-c
    expect 0 deploy latest
    rm "$DBALT_DIR/1.1.0-3-c.sql"
    expect 0 deploy latest
    err "[warn]"
    err "3-c"
}

@test "an older checkout on a newer database deploys nothing, and undoes nothing" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy latest
    rm "$DBALT_DIR/1.1.0-2-b.sql"
    expect 0 deploy 1.0.0
    same "$(tables)" "a b"
}

@test "a changed up stops a deploy" {
    makes_table 1.0.0-1-a 1.0.0-2-b
    expect 0 deploy latest
    printf -- '-- dbalt: up\ncreate table a (id integer, more integer);\n\n-- dbalt: down\ndrop table a;\n' | alteration 1.0.0-1-a.sql
    makes_table 1.1.0-3-c
    same "$(state_of a)" "['changed']"
    expect 4 deploy latest
    err "1.0.0-1-a.sql"
    err "changed"
    err "repair --accept 1-a"
    same "$(tables)" "a b"
}

@test "a changed before-up stops a deploy" {
    printf -- '-- dbalt: before-up\ncreate table a (id integer);\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    printf -- '-- dbalt: before-up\ncreate table aa (id integer);\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    expect 4 deploy latest
}

@test "a changed down is a warning" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    printf -- '-- dbalt: up\ncreate table a (id integer);\n\n-- dbalt: down\ndrop table if exists a;\n' | alteration 1.0.0-1-a.sql
    expect 0 check
    err "[warn]"
    err "1.0.0-1-a.sql"
    same "$(state_of a)" "['deployed']"
}

@test "a changed down is a warning to a deploy" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    printf -- '-- dbalt: up\ncreate table a (id integer);\n\n-- dbalt: down\ndrop table if exists a;\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    err "[warn]"
    err "1.0.0-1-a.sql"
}

@test "line ends do not count" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    sed -i 's/$/\r/' "$DBALT_DIR/1.0.0-1-a.sql"
    expect 0 check
    same "$(state_of a)" "['deployed']"
    err_not "[warn]"
    expect 0 deploy latest
    err "[info] Found 0 alteration to deploy"
}

@test "line ends do not count the other way round either" {
    printf -- '-- dbalt: up\r\ncreate table a (id integer);\r\n-- dbalt: down\r\ndrop table a;\r\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    sed -i 's/\r$//' "$DBALT_DIR/1.0.0-1-a.sql"
    expect 0 check
    err_not "[warn]"
}

@test "two files of one identity are refused, both named" {
    makes_table 1.0.0-1-a
    cp "$DBALT_DIR/1.0.0-1-a.sql" "$DBALT_DIR/1.1.0-1-a.sql"
    expect 2 deploy latest
    err "1.0.0-1-a.sql"
    err "1.1.0-1-a.sql"
    same "$(tables)" ""
    expect 2 list
    expect 2 status
    expect 2 check
}

@test "a SQL and a JavaScript file of one identity are refused" {
    makes_table 1.0.0-1-a
    cp "$DBALT_DIR/1.0.0-1-a.sql" "$DBALT_DIR/1.0.0-1-a.mjs"
    expect 2 list
    err "1.0.0-1-a.mjs"
}

@test "missed alterations stop a deploy with the list and the options" {
    makes_table 1.0.0-1-a 1.1.0-5-e
    expect 0 deploy latest
    makes_table 1.0.0-2-b 1.1.0-3-c 1.2.0-9-z
    expect 4 deploy latest
    err "1.0.0-2-b.sql"
    err "1.1.0-3-c.sql"
    err "missed"
    err "--out-of-order"
    same "$(tables)" "a e"
}

@test "--out-of-order deploys what was missed, in its order" {
    makes_table 1.0.0-1-a 1.1.0-5-e
    expect 0 deploy latest
    makes_table 1.0.0-2-b 1.1.0-3-c 1.2.0-9-z
    expect 0 deploy latest --out-of-order
    same "$(deployed)" "1-a 5-e 2-b 3-c 9-z"
    expect 0 check
}

@test "a missed alteration of a release beyond the target does not stop a deploy" {
    makes_table 1.0.0-1-a 2.0.0-5-e
    expect 0 deploy latest
    makes_table 2.0.0-4-d 1.0.0-6-f
    expect 0 deploy 1.0.0
    same "$(tables)" "a e f"
}

@test "an alteration older than a deployed one of an older release is not missed" {
    makes_table 1.0.0-5-e
    expect 0 deploy latest
    makes_table 1.1.0-2-b
    same "$(state_of b)" "['undeployed']"
    expect 0 deploy latest
    same "$(tables)" "b e"
}

@test "a deploy says whether it was changed, missed or unknown" {
    makes_table 1.0.0-1-a 1.0.0-2-b 1.0.0-4-d
    expect 0 deploy latest
    rm "$DBALT_DIR/1.0.0-2-b.sql"
    alteration 1.0.0-1-a.sql <<<"create table other (id integer);"
    makes_table 1.0.0-3-c
    expect 4 deploy latest
    err "1.0.0-1-a.sql (changed)"
    err "2-b (unknown)"
    err "1.0.0-3-c.sql (missed)"
}

@test "--out-of-order is no leave for changed ones" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    alteration 1.0.0-1-a.sql <<<"create table other (id integer);"
    expect 4 deploy latest --out-of-order
}
