# What every test of the commands uses: a folder and a database of its own, and checks that show what they got.
#
# From meson: DBALT (the program), DBALT_TEST_DATABASE (sqlite or postgres), DBALT_TEST_POSTGRES_URL (a server of the tests' own),
# DBALT_TEST_SANITIZED (true when the program carries sanitizers), DBALT_TEST_VALGRIND (tests/support/valgrind, to run it under).
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

: "${DBALT:?the program to test}"
: "${DBALT_TEST_DATABASE:?sqlite or postgres}"

if [ "$DBALT_TEST_DATABASE" = postgres ]; then
    : "${DBALT_TEST_POSTGRES_URL:?}"
    SERVER_URL=$DBALT_TEST_POSTGRES_URL
fi

# Under valgrind bats and what it calls run as they are, the program alone does not.
if [ -n "${DBALT_TEST_VALGRIND:-}" ] && [ "$DBALT" != "$BATS_FILE_TMPDIR/dbalt" ]; then
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$DBALT_TEST_VALGRIND" "$DBALT" >"$BATS_FILE_TMPDIR/dbalt"
    chmod +x "$BATS_FILE_TMPDIR/dbalt"
    DBALT=$BATS_FILE_TMPDIR/dbalt
    DBALT_TEST_SANITIZED=true
fi

is_postgres() { [ "$DBALT_TEST_DATABASE" = postgres ]; }
is_sqlite() { [ "$DBALT_TEST_DATABASE" = sqlite ]; }

# url_with URL DATABASE [USER[:PASSWORD]]: the same server, another database
url_with() {
    local pattern='^(postgres(ql)?)://(([^@/]*)@)?([^/?]*)(/[^?]*)?(.*)$'
    [[ $1 =~ $pattern ]] || return 1
    local user=${3:-${BASH_REMATCH[4]}}
    printf '%s://%s%s/%s%s' "${BASH_REMATCH[1]}" "${user:+$user@}" "${BASH_REMATCH[5]}" "$2" "${BASH_REMATCH[7]}"
}

# For all databases of the server: roles, and databases themselves.
admin() { psql -XAtq -v ON_ERROR_STOP=1 -c "$1" "$SERVER_URL"; }

# A folder and a database of the test's own.
setup_folder_and_database() {
    local name
    unset "${!PG@}" DB_URL NO_COLOR
    export HOME=$BATS_TEST_TMPDIR LC_ALL=C.UTF-8 TERM=dumb
    export DBALT_DIR=$BATS_TEST_TMPDIR/alterations
    mkdir "$DBALT_DIR"
    cd "$BATS_TEST_TMPDIR" || return 1
    started=()

    if is_sqlite; then
        database=$BATS_TEST_TMPDIR/test.db
        : >"$database"
        export DB_URL=sqlite:$database
    else
        name=t_$$_$BATS_TEST_NUMBER
        database=$name
        admin "create database $name"
        DB_URL=$(url_with "$SERVER_URL" "$name")
        export DB_URL
    fi
}

setup() {
    setup_folder_and_database
    if [ "$(type -t more_setup)" = function ]; then
        more_setup
    fi
}

teardown() {
    local pid
    for pid in "${started[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    if [ "$(type -t more_teardown)" = function ]; then
        more_teardown
    fi
    if is_postgres; then
        admin "drop database if exists $database with (force)" || true
    fi
}

# ---- the folder

# alteration FILE: writes it from stdin
alteration() { cat >"$DBALT_DIR/$1"; }

# makes_table RELEASE-TIMESTAMP-NAME...: alterations that create the table NAME, with a way back
makes_table() {
    local stem
    for stem in "$@"; do
        printf -- '-- dbalt: up\ncreate table %s (id integer);\n\n-- dbalt: down\ndrop table %s;\n' "${stem##*-}" "${stem##*-}" |
            alteration "$stem.sql"
    done
}

# ---- the database

# What fails says so on stdout too: no comparison with nothing may take it for nothing.
query() {
    if is_sqlite; then
        sqlite3 -bail -cmd '.timeout 5000' "$database" "$1"
    else
        psql -XAtq -v ON_ERROR_STOP=1 -c "$1" "$DB_URL"
    fi || {
        echo "the query failed: $1"
        return 1
    }
}

# A table of the history.
history_table() {
    if is_sqlite; then
        printf 'dbalt_%s' "$1"
    else
        printf 'dbalt.%s' "$1"
    fi
}

# The user's tables on one line.
tables() {
    if is_sqlite; then
        query "select name from sqlite_schema where type = 'table' and name not like 'dbalt\\_%' escape '\\' and name not like 'sqlite\\_%' escape '\\' order by name"
    else
        query "select tablename from pg_tables where schemaname = 'public' order by tablename"
    fi | paste -sd ' '
}

# Identities in the order of their deployment, on one line.
deployed() { query "select identity from $(history_table alteration) order by sequence" | paste -sd ' '; }

# "KIND IDENTITY" of the events, in order; a condition is optional.
events() { query "select kind || ' ' || identity from $(history_table event) where ${1:-1 = 1} order by sequence"; }

# Everything in the catalogue that is not the database's own.
catalogue() {
    if is_sqlite; then
        query "select type || ' ' || name from sqlite_schema order by 1"
    else
        query "select nspname from pg_namespace where nspname !~ '^pg_' order by 1"
        query "select relnamespace::regnamespace || '.' || relname from pg_class where relnamespace::regnamespace::text !~ '^(pg_|information_schema)' order by 1"
    fi
}

# ---- running

# expect STATUS ARGUMENT...: runs the program without a terminal; its stdout is in $output, its stderr in $stderr
expect() {
    local wanted=$1
    shift
    run --separate-stderr -- timeout --kill-after=5 200 "$DBALT" "$@" </dev/null
    if [ "$status" -ne "$wanted" ]; then
        show "dbalt $* ended with $status, not $wanted"
    fi
}

# start NAME ARGUMENT...: in the background; $pid is its process, NAME.out, NAME.err and, behind finish, $status what it left
start() {
    local name=$1
    shift
    rm -f "$name.out" "$name.err" # what an earlier one said is not this one's word
    # A shell makes what it puts into the background deaf to SIGINT.
    env --default-signal=INT,TERM,HUP "$DBALT" "$@" >"$name.out" 2>"$name.err" </dev/null 3>&- 4>&- &
    pid=$!
    started+=("$pid")
}

# finish NAME PID: waits for it
finish() {
    status=0
    wait "$2" || status=$?
    output=$(<"$1.out")
    stderr=$(<"$1.err")
}

# says NAME TEXT: whether what was started says it by now
says() { grep -qF -- "$2" "$1.err"; }

# until_true SECONDS COMMAND...: polls
until_true() {
    local seconds=$1 end
    shift
    end=$((SECONDS + seconds + 1))
    until "$@" >/dev/null 2>&1; do
        if [ "$SECONDS" -ge "$end" ]; then
            show "still not true after $seconds s: $*"
            return 1
        fi
        sleep 0.05
    done
}

# Whether a background program has computed for a while, in hundredths of a second: inside a long SQLite statement nothing else tells.
# Under valgrind it does so for nearly two seconds before.
is_computing() {
    local fields enough=20
    [ -z "${DBALT_TEST_VALGRIND:-}" ] || enough=600
    read -r -a fields <"/proc/$1/stat" && [ "${fields[13]}" -ge "$enough" ]
}

# Whether another session runs pg_sleep() in this database, as often as said.
sleepers() {
    query "select count(*) from pg_stat_activity where datname = current_database() and state = 'active' and query like '%pg\\_sleep(%' and pid <> pg_backend_pid()"
}
has_sleeper() { [ "$(sleepers)" -gt 0 ]; }
has_no_sleeper() { [ "$(sleepers)" -eq 0 ]; }

# hold STATEMENT: another session runs it in a transaction that stays open until let_go; $holder is its process on the server
hold() {
    psql -XAtq "$DB_URL" >/dev/null 2>&1 3>&- 4>&- <<<"begin; $1; select pg_sleep(300); commit;" &
    started+=("$!")
    until_true 60 has_sleeper
    holder=$(query "select pid from pg_stat_activity where datname = current_database() and query like '%pg\\_sleep(%' and pid <> pg_backend_pid()")
}
let_go() { end_sessions "$holder"; }

# end_sessions PID...: until they are gone
end_sessions() {
    local each
    for each in "$@"; do
        query "select pg_terminate_backend($each)"
        until_true 60 is_gone "$each"
    done
}
is_gone() { [ "$(query "select count(*) from pg_stat_activity where pid = $1")" -eq 0 ]; }

# A statement that takes minutes unless it is cancelled.
long_statement() {
    if is_sqlite; then
        echo "insert into slow with recursive c (x) as (select 1 union all select x + 1 from c where x < 100000000000) select count(*) from c;"
    else
        echo "insert into slow select 1 from (select pg_sleep(300)) as s;"
    fi
}

# start_slow NAME ARGUMENT...: the same as start, and returns when the program is inside its long statement
start_slow() {
    start "$@"
    if is_sqlite; then
        until_true 60 is_computing "$pid"
    else
        until_true 30 has_sleeper
    fi
}

# ---- checks

show() {
    printf '%s\n' "$1" "--- stdout" "${output-}" "--- stderr" "${stderr-}" "---"
    return 1
}

# out TEXT: stdout has it
out() { [[ $output == *"$1"* ]] || show "not on stdout: $1"; }
out_not() { [[ $output != *"$1"* ]] || show "should not be on stdout: $1"; }
out_matches() { [[ $output =~ $1 ]] || show "no match on stdout: $1"; }

# err TEXT: stderr has it
err() { [[ $stderr == *"$1"* ]] || show "not on stderr: $1"; }
err_not() { [[ $stderr != *"$1"* ]] || show "should not be on stderr: $1"; }
err_matches() { [[ $stderr =~ $1 ]] || show "no match on stderr: $1"; }

same() {
    if [ "$1" != "$2" ]; then
        show "$(printf 'got:  %s\nwant: %s' "$1" "$2")"
    fi
}

json_lines() {
    python3 -c '
import json, sys
for line in sys.stdin.read().splitlines():
    value = json.loads(line)
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        sys.exit("no object with a type: " + line)
    print(value["type"])
'
}

# json PROGRAM: evaluates a Python expression over "rows", the objects on stdout
json() {
    printf '%s\n' "$output" | python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin.read().splitlines() if line]
print(eval(sys.argv[1]))
' "$1" || show "no JSON lines, or no such thing in them: $1"
}
