#!/usr/bin/env bats
# Deploying what there is.

load helper

@test "alterations run in the order of their timestamps, not of their releases or names" {
    alteration 1.0.0-30-a.sql <<<"insert into ran values ('third');"
    alteration 1.0.0-4-z.sql <<<"create table ran (what text);
insert into ran values ('first');"
    alteration 1.0.0-29.5-m.sql <<<"insert into ran values ('second');"
    expect 0 deploy latest
    same "$(query "select what from ran" | paste -sd ' ')" "first second third"
    same "$(deployed)" "4-z 29.5-m 30-a"
}

@test "fractions of a timestamp are compared as numbers" {
    makes_table 1.0.0-1.25-a 1.0.0-1.3-b 1.0.0-1-c 1.0.0-1.1000000000000000000001-d
    expect 0 deploy latest
    same "$(deployed)" "1-c 1.1000000000000000000001-d 1.25-a 1.3-b"
}

@test "alterations of one timestamp run in the order of their names" {
    makes_table 1.0.0-5-b 1.0.0-5-a 1.0.0-5-c
    expect 0 deploy latest
    same "$(deployed)" "5-a 5-b 5-c"
}

@test "a second deploy has nothing to do" {
    makes_table 1.0.0-1-a 1.0.0-2-b
    expect 0 deploy latest
    expect 0 deploy latest
    err "[info] Found 0 alteration to deploy"
    same "$(query "select count(*) from $(history_table event)")" 2
}

@test "one alteration is counted in the singular" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    err "[info] Found 1 alteration to deploy"
}

@test "a later deploy runs only what is new" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    makes_table 1.1.0-2-b
    expect 0 deploy latest
    err "[info] Found 1 alteration to deploy"
    same "$(tables)" "a b"
}

@test "db alteration deploy is deploy" {
    makes_table 1.0.0-1-a
    expect 0 db alteration deploy latest
    same "$(tables)" "a"
}

@test "database alt deploy is deploy" {
    makes_table 1.0.0-1-a
    expect 0 database alt deploy latest
    same "$(tables)" "a"
}

@test "alter deploy is deploy" {
    makes_table 1.0.0-1-a
    expect 0 alter deploy latest
    same "$(tables)" "a"
}

@test "db deploy is deploy" {
    makes_table 1.0.0-1-a
    expect 0 db deploy latest
    same "$(tables)" "a"
}

@test "options may stand before and behind the command" {
    makes_table 1.0.0-1-a
    expect 0 --quiet db alt deploy --no-wait latest --no-color
    same "$(tables)" "a"
}

@test "a folder that is not there is refused before anything runs" {
    expect 2 deploy latest --dir "$BATS_TEST_TMPDIR/nowhere"
    err "nowhere"
}

@test "a folder that is a file is refused" {
    : >afile
    expect 2 deploy latest --dir afile
    err "afile"
}

@test "the folder is ./alterations unless said" {
    makes_table 1.0.0-1-a
    unset DBALT_DIR
    expect 0 deploy latest
    same "$(tables)" "a"
}

@test "--dir wins over DBALT_DIR" {
    makes_table 1.0.0-1-a
    mkdir other
    DBALT_DIR=other makes_table 1.0.0-1-b
    expect 0 deploy latest --dir other
    same "$(tables)" "b"
}

@test "results go to stdout and diagnostics to stderr" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    out_not "[info]"
    err "[info]"
}

# A datagram for each write.
@test "each line of the diagnostics is one write, so that nobody else's lands within it" {
    makes_table 1.0.0-1-a 1.0.0-2-b
    printf 'not sql;\n' >"$DBALT_DIR/1.0.0-3-c.sql"
    python3 - "$DBALT" >writes <<'PY'
import socket, subprocess, sys
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
ours.settimeout(0)
subprocess.run([sys.argv[1], "deploy", "latest"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs)
try:
    while True:
        print(repr(ours.recv(65536))[2:-1])
except BlockingIOError:
    pass
PY
    grep -q '^\[info\] \[1/3\] .*\\n$' writes
    grep -q '^\[error\] .*\\n$' writes
    same "$(grep -c '\\n.' writes)$(grep -vc '\\n$' writes)" "00"
}

@test "no escape sequence reaches what is no terminal" {
    makes_table 1.0.0-1-a
    TERM=xterm-256color expect 0 deploy latest
    [[ $output$stderr != *$'\e'* ]] || show "an escape sequence"
}

@test "a file name with blanks, quotes and letters of other alphabets is only a name" {
    makes_table 1.0.0-1-a
    mv "$DBALT_DIR/1.0.0-1-a.sql" "$DBALT_DIR/1.0.0-1-o'Brien's \"größe\" 1.sql"
    expect 0 deploy latest
    same "$(deployed)" "1-o'Brien's \"größe\" 1"
    expect 0 rollback 0.1.0 --yes
    same "$(tables)" ""
}

@test "a name with an escape sequence does not reach the terminal raw" {
    makes_table 1.0.0-1-a
    mv "$DBALT_DIR/1.0.0-1-a.sql" "$DBALT_DIR/1.0.0-1-"$'a\e[31mb'".sql"
    expect 0 deploy latest
    [[ $output$stderr != *$'\e'* ]] || show "an escape sequence"
    expect 0 status
    [[ $output$stderr != *$'\e'* ]] || show "an escape sequence"
}
