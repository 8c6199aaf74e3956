# Scripts too long to be held in memory: they are read and sent in portions.

load helper

# rows COUNT: so many statements of 1,000 bytes
rows() { yes "insert into a values ('$(printf 'x%.0s' {1..973})');" | head -n "$1"; }

# frugal KB ARGUMENT...: runs the program, which may take so much memory
frugal() {
    local most=$1 peak
    shift
    run --separate-stderr -- /usr/bin/time -f 'peak %M' "$DBALT" "$@" </dev/null
    [ "$status" -eq 0 ] || show "it ended with $status"
    peak=${stderr##*peak }
    # Sanitizers keep shadows and freed memory.
    if [ "${DBALT_TEST_SANITIZED:-false}" != true ]; then
        [ "$peak" -lt "$most" ] || show "it took $peak KB"
    fi
}

# KB that the server's process had at most, but for what all of them share.
backend_peak="select (regexp_match(s, 'VmHWM:\s+(\d+)'))[1]::bigint - (regexp_match(s, 'RssShmem:\s+(\d+)'))[1]::bigint kb
  from pg_read_file('/proc/self/status', 0, 10000) s"

@test "a script of 50 MB runs within 40 MB of memory, whatever is done with it" {
    {
        printf -- '-- dbalt: up\ncreate table a (t text);\n'
        rows 50000
        printf -- '-- dbalt: down\ndrop table a;'
    } | alteration 1.0.0-1-a.sql
    [ "$(stat -c %s "$DBALT_DIR/1.0.0-1-a.sql")" -ge 50000000 ]
    frugal 40960 deploy latest
    same "$(query "select count(*) from a")" 50000
    frugal 40960 check
    frugal 40960 status
    echo >>"$DBALT_DIR/1.0.0-1-a.sql"
    expect 0 check
    sed -i '40000s/x/y/' "$DBALT_DIR/1.0.0-1-a.sql"
    expect 4 check
    frugal 40960 repair --accept 1-a --yes
    expect 0 check
    frugal 40960 rollback 0.1.0 --yes
    same "$(tables)" ""
}

# bats test_tags=postgres
@test "50 MB of statements take less than 100 MB more of the server" {
    echo "create table peak as $backend_peak;" | alteration 1.0.0-0-peak.sql
    {
        echo 'create table a (t text);'
        rows 50000
        echo "insert into peak $backend_peak;"
    } | alteration 1.0.0-1-a.sql
    expect 0 deploy latest --no-pipeline
    same "$(query "select max(kb) - min(kb) < 102400 from peak")" t
}

# bats test_tags=postgres
@test "50 MB of COPY data stream" {
    {
        printf -- '-- dbalt: up\r\ncreate table a (t text);\ncopy a from stdin;\n'
        yes "$(printf 'x%.0s' {1..999})" | head -n 50000
        printf '\\.\ninsert into a values (1);\ncopy a from stdin;\n1\n2\n\\.\n-- dbalt: down\ndrop table a;\n'
    } | alteration 1.0.0-1-a.sql
    frugal 40960 deploy latest
    same "$(query "select count(*) from a")" 50003
    expect 0 check
}

# bats test_tags=postgres
@test "bad data deep in a long COPY are named by their line, and nothing is kept" {
    {
        printf 'create table a (id integer);\ncopy a from stdin;\n'
        seq 1 400000 | sed '300000s/^/x/'
        printf '\\.\n'
    } | alteration 1.0.0-1-a.sql
    expect 1 deploy latest
    err "1.0.0-1-a.sql:300002:1"
    err "x300000"
    err 'nothing of "up" was kept'
    same "$(tables)" ""
}

@test "a long way back is stored, and runs from the history as from the file" {
    local try
    for try in 1 2; do
        {
            printf -- '-- dbalt: up\ncreate table a (t text);\ncreate table b (t text);\n-- dbalt: down\n'
            rows 3000
            printf -- 'drop table a;\n'
            [ "$try" = 1 ] || printf -- 'drop table nowhere;\n'
        } | alteration 1.0.0-1-a.sql
        expect 0 deploy latest
        if [ "$try" = 1 ]; then
            expect 0 rollback 0.1.0 --yes --stored
            same "$(tables)" "b"
            query "drop table b"
        fi
    done
    expect 1 rollback 0.1.0 --yes
    err "1.0.0-1-a.sql:3006:"
    same "$(tables)" "a b"
    expect 1 rollback 0.1.0 --yes --stored
    err ":3002:"
    same "$(tables)" "a b"
}

@test "a statement longer than a portion runs, with sections before and behind it" {
    {
        printf -- '-- dbalt: before-up\ncreate table early (id integer);\n-- dbalt: up\ncreate table a (t text);\n'
        rows 2000
        printf "insert into a values ('"
        yes -- "-- dbalt: down; it''s" | head -n 200000
        printf -- "');\n-- dbalt: down\ndrop table a;"
    } | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(query "select count(*), max(length(t)) from a")" "2001|4200000"
    same "$(tables)" "a early"
    expect 0 check
    expect 0 rollback 0.1.0 --yes
    same "$(tables)" "early"
}

@test "a failure deep in a long script is placed, and nothing is kept" {
    {
        printf -- '-- dbalt: up\r\n'
        echo 'create table a (t text unique);'
        rows 2 | sed 's/x/y/'
    } | alteration 1.0.0-2-b.sql
    {
        printf -- '-- dbalt: up\r\ncreate table a (t text);\r\n'
        rows 3000
        echo "  insert into nowhere values ('x');"
        rows 3000
    } | alteration 1.0.0-1-a.sql
    expect 1 deploy latest
    err "1.0.0-1-a.sql:3003:"
    err "insert into nowhere values ('x');"
    same "$(tables)" ""
    same "$(deployed)" ""
}

@test "a statement that fails as it runs is placed in a long script" {
    {
        echo 'create table a (t text primary key);'
        seq -f "insert into a values ('%.0f, $(printf 'x%.0s' {1..900})');" 1 3000
        echo "insert into a select t from a limit 1;"
        rows 1
    } | alteration 1.0.0-1-a.sql
    expect 1 deploy latest
    err "1.0.0-1-a.sql:3002:1"
    err "insert into a select t from a limit 1;"
    same "$(tables)" ""
}

@test "what cannot stand in a long script is found before anything runs" {
    {
        echo 'create table a (t text);'
        rows 3000
        echo 'commit;'
        rows 3000
    } | alteration 1.0.0-1-a.sql
    expect 2 deploy latest
    err "1.0.0-1-a.sql:3002:1"
    {
        printf -- '-- dbalt: up\n'
        rows 3000
        echo '-- dbalt: dwon'
    } | alteration 1.0.0-1-a.sql
    expect 2 deploy latest
    err "1.0.0-1-a.sql:3002:1"
    same "$(tables)" ""
}

# bats test_tags=postgres
@test "a file that changes while it is deployed is refused, and nothing of it is kept" {
    query "create table gate (id integer)"
    {
        echo 'create table a (t text);'
        echo 'insert into gate values (1);'
        rows 5000
    } | alteration 1.0.0-1-a.sql
    psql -XAtq "$DB_URL" >/dev/null 2>&1 3>&- <<<"begin; lock table gate; select pg_sleep(300); commit;" &
    holder=$!
    started+=("$holder")
    until_true 60 has_sleeper
    start deploy deploy latest --lock-timeout=300
    deploy=$pid
    until_true 120 has_waiter
    # In place: an editor that writes another file and renames it leaves ours as it is.
    printf y | dd of="$DBALT_DIR/1.0.0-1-a.sql" bs=1 seek=4000500 conv=notrunc status=none
    query "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg\\_sleep(%' and pid <> pg_backend_pid()"
    finish deploy "$deploy"
    [ "$status" -eq 1 ] || show "it ended with $status"
    err "the file changed while it was read"
    err 'nothing of "up" was kept'
    same "$(tables)" "gate"
    same "$(deployed)" ""
    expect 0 deploy latest
    same "$(query "select count(*) from a where t ~ 'y'")" 1
}

has_waiter() { [ "$(query "select count(*) from pg_locks where not granted and locktype = 'relation'")" -gt 0 ]; }
