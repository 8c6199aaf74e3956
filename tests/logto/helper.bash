# What the tests against Logto's own command line use: servers with a seeded database, and both programs.
#
# From meson: DBALT (the program). From with-logto: DBALT_TEST_LOGTO, DBALT_TEST_LOGTO_PLACE.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

: "${DBALT:?the program to test}" "${DBALT_TEST_LOGTO:?}" "${DBALT_TEST_LOGTO_PLACE:?}"

# CI answers what two of the alterations ask.
export CI=true NO_COLOR=1

setup() {
    unset "${!PG@}" DB_URL DBALT_DIR
    cd "$DBALT_TEST_LOGTO" || return 1
    servers=()
}

teardown() {
    local name
    for name in "${servers[@]}"; do
        "$BATS_TEST_DIRNAME/server" stop "$DBALT_TEST_LOGTO_PLACE/$name"
        rm -rf "${DBALT_TEST_LOGTO_PLACE:?}/$name"
    done
    rm -rf "$DBALT_TEST_LOGTO/own"
}

# start NAME...: each a server with the seeded database; its URL is in $NAME
start() {
    local name
    for name in "$@"; do
        servers+=("$name")
        printf -v "$name" '%s' "$("$BATS_TEST_DIRNAME/server" copy "$DBALT_TEST_LOGTO_PLACE/seed" "$DBALT_TEST_LOGTO_PLACE/$name")"
    done
}

query() { psql -XAtq -v ON_ERROR_STOP=1 -c "$2" "$1"; }

# official URL ARGUMENT...: Logto's own command line. One script reads DB_URL.
official() {
    local url=$1
    shift
    DB_URL=$url node node_modules/@logto/cli/bin/logto.js db alteration "$@" --db-url "$url"
}

# ours URL ARGUMENT...: the same words, and no --dir
ours() {
    local url=$1
    shift
    "$DBALT" db alteration "$@" --db-url "$url"
}

# The last lines of what a command printed, when it fails.
quietly() {
    local log=$BATS_TEST_TMPDIR/log
    "$@" >"$log" 2>&1 || {
        echo "failed: $*"
        tail -n 30 "$log"
        return 1
    }
}

# Newer programs put a random word behind \restrict.
schema_of() { pg_dump --schema-only --exclude-schema=dbalt "$1" | grep -vE '^\\(un)?restrict '; }

state_of() {
    local table
    table=$(query "$1" "select coalesce(to_regclass('systems'), to_regclass('_logto_configs'))")
    [ -z "$table" ] || query "$1" "select '$table', value - 'updatedAt' from $table where key = 'alterationState'"
}

# What Logto's developers compare, schema and state, and the rows of every table.
is_same() { # OURS THEIRS
    diff -u <(schema_of "$2") <(schema_of "$1")
    diff -u <(state_of "$2") <(state_of "$1")
    diff -u <(data_of "$2") <(data_of "$1")
}

# Every row, in one order, without what is random or a time: generated ids and keys, and what was made at this moment.
data_of() {
    local table
    for table in $(query "$1" "select quote_ident(tablename) from pg_tables where schemaname = 'public' order by 1"); do
        query "$1" "select '$table: ' || t from $table t" | without_chance | sort
    done
}

without_chance() {
    sed -E -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.]+(\+00|Z)?/TIME/g' -e 's/(createdAt""?: )[0-9]+/\1TIME/g' \
        -e 's/-----BEGIN.*-----END [A-Z ]*-----/KEY/g' -e 's/\b([a-z0-9]{21}|[A-Za-z0-9]{30,})\b/RANDOM/g'
}

has_nothing_to_do() {
    run official "$1" deploy latest
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *"Found 0 alteration to deploy"* ]]
}

# One `down` makes an id of each admin of an organisation, and must find one with an id that fits.
add_admin() {
    psql -Xq -v ON_ERROR_STOP=1 "$1" <<'SQL'
insert into users (tenant_id, id, username) values ('admin', 'u1', 'admin');
insert into users_roles (tenant_id, id, user_id, role_id)
    select 'admin', 'ur-' || name, 'u1', id from roles where tenant_id = 'admin' and name in ('user', 'default:admin');
insert into organization_user_relations values ('admin', 't-admin', 'u1'), ('admin', 't-default', 'u1');
insert into organization_role_user_relations (tenant_id, organization_id, organization_role_id, user_id)
    values ('admin', 't-admin', 'admin', 'u1'), ('admin', 't-default', 'admin', 'u1');
SQL
}
