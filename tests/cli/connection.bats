#!/usr/bin/env bats
# Databases that cannot be reached, or refuse us: exit 6, and no password anywhere. PostgreSQL; for SQLite see sqlite.bats.

load helper

# A server of this file's own, which asks for passwords.
setup_file() {
    local bin=$DBALT_TEST_POSTGRES_BIN
    # The path of a socket has 107 bytes at most.
    SECURE=$(mktemp -d /tmp/dbalt-secure.XXXXXX)
    export SECURE
    echo geheim >"$SECURE/password"
    "$bin/initdb" -D "$SECURE/data" -U postgres -A scram-sha-256 --pwfile="$SECURE/password" -E UTF8 --locale=C.UTF-8 --no-sync >"$SECURE/log" 2>&1
    sed -i '1i local all old md5' "$SECURE/data/pg_hba.conf"
    "$bin/pg_ctl" -D "$SECURE/data" -l "$SECURE/log" -w -o "-c listen_addresses='' -c unix_socket_directories='$SECURE' -c fsync=off" start >/dev/null 3>&- 4>&-
}

teardown_file() {
    "$DBALT_TEST_POSTGRES_BIN/pg_ctl" -D "$SECURE/data" -m immediate -w stop >/dev/null
    rm -rf "$SECURE"
}

more_setup() { makes_table 1.0.0-1-a; }

# refused URL WORD...: by all commands that need a database
refused() {
    local url=$1 command word
    shift
    for command in "deploy latest" "status" "check" "rollback 0.1.0 --yes" "repair --forget 1-a --yes"; do
        # shellcheck disable=SC2086
        expect 6 $command --db-url "$url"
        err "[error]"
        for word in "$@"; do
            err "$word"
        done
        [[ $output$stderr != *geheim* && $output$stderr != *falsch* ]] || show "a password was printed"
    done
}

@test "libpq is loaded for a URL of PostgreSQL's, and for nothing else" {
    mkdir libraries
    echo "no library" >libraries/libpq.so.5
    LD_LIBRARY_PATH=$PWD/libraries expect 0 list
    : >elsewhere.db
    LD_LIBRARY_PATH=$PWD/libraries expect 3 check --db-url sqlite:elsewhere.db
    LD_LIBRARY_PATH=$PWD/libraries expect 6 check
    err "Cannot load PostgreSQL's client library: $PWD/libraries/libpq.so.5"
    err "hint: install libpq"
}

@test "a server that is not there is exit 6" { refused "postgres://postgres:geheim@127.0.0.1:1/x" "127.0.0.1"; }

@test "a host that is not there is exit 6" { refused "postgres://postgres:geheim@no.such.host.invalid/x" "no.such.host.invalid"; }

@test "a socket that is not there is exit 6" { refused "postgres://postgres:geheim@/x?host=/nowhere" "/nowhere"; }

@test "a wrong password is exit 6" { refused "postgres://postgres:falsch@/postgres?host=$SECURE" "password"; }

@test "a missing password is exit 6, and not asked for" { refused "postgres://postgres@/postgres?host=$SECURE" "password"; }

@test "a right password is let in" {
    expect 3 check --db-url "postgres://postgres:geheim@/postgres?host=$SECURE"
    [[ $output$stderr != *geheim* ]] || show "a password was printed"
}

@test "a password that is kept as MD5 is let in" {
    PGPASSWORD=geheim psql -XAtq "postgres://postgres@/postgres?host=$SECURE" -c "set password_encryption = md5" -c "create role old login password 'geheim'"
    expect 3 check --db-url "postgres://old:geheim@/postgres?host=$SECURE"
    expect 6 check --db-url "postgres://old:falsch@/postgres?host=$SECURE"
    err "password authentication failed"
}

@test "a password of the environment is let in" {
    PGPASSWORD=geheim expect 3 check --db-url "postgres://postgres@/postgres?host=$SECURE"
}

@test "a password with reserved characters, escaped, is let in and not printed" {
    PGPASSWORD=geheim psql -XAtq -c "create role odd login password 'a@b:c/d?e#f'" "postgres://postgres@/postgres?host=$SECURE"
    expect 3 check --db-url "postgres://odd:a%40b%3Ac%2Fd%3Fe%23f@/postgres?host=$SECURE"
    expect 6 check --db-url "postgres://odd:a%40b%3Ac%2Fd%3Fe%23g@/postgres?host=$SECURE"
    err_not "%40b"
    err_not "a@b"
}

@test "a password as parameter is not printed" {
    expect 6 status --db-url "postgres://postgres@/postgres?host=$SECURE&password=falsch"
    err_not falsch
    expect 2 status --db-url "postgres://postgres@/postgres?host=$SECURE&password=falsch&nonsense=1"
    err_not falsch
}

@test "a password in a URL that makes no sense is not printed" {
    expect 2 status --db-url "postgres://postgres:falsch@host:nonumber:3/x?%zz"
    err_not falsch
    expect 2 status --db-url "postgres://postgres:fal%zzsch@host/x"
    err_not "fal%zzsch"
}

@test "a missing database is exit 6, and is not created" {
    refused "$(url_with "$DB_URL" nowhere_at_all postgres:geheim)" "nowhere_at_all"
    same "$(admin "select count(*) from pg_database where datname = 'nowhere_at_all'")" 0
}

@test "a missing role is exit 6" { refused "$(url_with "$DB_URL" "$database" nobody_at_all:geheim)" "nobody_at_all"; }

@test "a role that may not read the history is exit 6" {
    local role=stranger_$$_$BATS_TEST_NUMBER
    expect 0 deploy latest
    query "create role $role login"
    expect 6 status --db-url "$(url_with "$DB_URL" "$database" "$role")"
    err "permission denied"
    expect 6 deploy latest --db-url "$(url_with "$DB_URL" "$database" "$role")"
    query "drop role $role"
}

@test "a role that may not create the history is exit 6, and nothing ran" {
    local role=stranger_$$_$BATS_TEST_NUMBER
    query "create role $role login; grant create on schema public to $role"
    expect 6 deploy latest --db-url "$(url_with "$DB_URL" "$database" "$role")"
    err "permission denied"
    same "$(tables)" ""
    query "drop owned by $role; drop role $role"
}

@test "a role that may only read the history cannot deploy, and nothing ran" {
    local role=reader_$$_$BATS_TEST_NUMBER
    expect 0 deploy latest
    makes_table 1.0.0-2-b
    query "create role $role login; grant usage on schema dbalt to $role; grant select on all tables in schema dbalt to $role; grant create on schema public to $role"
    expect 6 deploy latest --db-url "$(url_with "$DB_URL" "$database" "$role")"
    err "permission denied"
    same "$(tables)" "a"
    query "drop owned by $role; drop role $role"
}

@test "the password is not in the process title" {
    query "create table slow (n bigint)"
    long_statement | alteration 1.0.0-2-b.sql
    start_slow deploy deploy latest --db-url "$(url_with "$DB_URL" "$database" postgres:geheim)"
    local title
    title=$(tr '\0' ' ' <"/proc/$pid/cmdline")
    [[ $title == *deploy* ]]
    [[ $title != *geheim* ]] || show "in the title: $title"
    [[ "$(query "select string_agg(application_name || query, ' ') from pg_stat_activity")" != *geheim* ]]
    kill -INT "$pid"
    finish deploy "$pid"
    [[ $output$stderr != *geheim* ]]
}

# Whether a crash leaves a core in this folder: not where the system hands them to a program.
leaves_cores() {
    ulimit -c unlimited 2>/dev/null || return 1
    bash -c 'kill -ABRT $$' || true
    compgen -G "core*" >cores
    rm -f core*
    [ -s cores ]
}

@test "a crash leaves no core, which would hold the password" {
    query "create table slow (n bigint)"
    long_statement | alteration 1.0.0-2-b.sql
    leaves_cores || echo "# here a crash leaves no core anyhow: only the limit is looked at" >&3
    start_slow deploy deploy latest --db-url "$(url_with "$DB_URL" "$database" postgres:geheim)"
    grep -q '^Max core file size  *[01] ' "/proc/$pid/limits"
    kill -ABRT "$pid"
    finish deploy "$pid"
    same "$status" 134
    same "$(compgen -G "core*")" ""
}

@test "no output has the password, at any verbosity" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    alteration 1.2.0-3-c.sql <<<"do \$\$ begin raise warning 'x'; perform 1/0; end \$\$;"
    local url verbosity command
    url=$(url_with "$DB_URL" "$database" postgres:geheim)
    for verbosity in --verbose --json --quiet --no-color; do
        for command in "deploy latest" "deploy 1.1.0" status "check next" "repair 1-a" "rollback 0.1.0 --yes" list "deploy latest --no-wait --nonsense" "deploy 9"; do
            # shellcheck disable=SC2086 # words, on purpose
            run --separate-stderr -- "$DBALT" $command "$verbosity" --db-url "$url" </dev/null
            [[ $output$stderr != *geheim* ]] || show "a password was printed by $command $verbosity"
        done
    done
    same "$(deployed)" ""
}

@test "several hosts are tried one after the other" {
    local pattern='host=([^&]*)'
    [[ $DB_URL =~ $pattern ]]
    expect 3 check --db-url "${DB_URL/host=${BASH_REMATCH[1]}/host=/nowhere,${BASH_REMATCH[1]}}"
}

@test "a server that is full is exit 6" {
    local role=limited_$$_$BATS_TEST_NUMBER
    query "create role $role login connection limit 0"
    expect 6 status --db-url "$(url_with "$DB_URL" "$database" "$role")"
    err "too many connections"
    query "drop role $role"
}
