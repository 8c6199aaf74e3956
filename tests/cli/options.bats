#!/usr/bin/env bats
# Options, the environment, help and mistypings.

load helper

more_setup() { makes_table 1.0.0-1-a; }

# Another database than that of DB_URL, into which nothing may go.
elsewhere() {
    if is_sqlite; then
        : >elsewhere.db
        echo "sqlite:$PWD/elsewhere.db"
    else
        url_with "$DB_URL" nowhere_at_all
    fi
}

@test "--db-url wins over DB_URL" {
    local url=$DB_URL
    DB_URL=$(elsewhere) expect 0 deploy latest --db-url "$url"
    same "$(tables)" "a"
}

@test "--db-url may be given with an equals sign" {
    local url=$DB_URL
    DB_URL=$(elsewhere) expect 0 deploy latest --db-url="$url"
    same "$(tables)" "a"
}

@test "--db and --database-url are the same" {
    local url=$DB_URL
    DB_URL=$(elsewhere) expect 0 deploy latest --db "$url"
    DB_URL=$(elsewhere) expect 0 check --database-url "$url"
    same "$(tables)" "a"
}

@test "DB_URL wins over .env" {
    echo "DB_URL=$(elsewhere)" >.env
    expect 0 deploy latest
    same "$(tables)" "a"
}

@test "DB_URL of .env is used when there is no other" {
    local url=$DB_URL
    printf '# the database\nOTHER=x\nDB_URL="%s"\n' "$url" >.env
    unset DB_URL
    expect 0 deploy latest
    DB_URL=$url
    same "$(tables)" "a"
}

@test "an empty DB_URL is none" {
    local url=$DB_URL
    printf 'DB_URL=%s\n' "$url" >.env
    DB_URL='' expect 0 deploy latest
    same "$(tables)" "a"
}

@test ".env with CRLF, export and blanks is understood" {
    local url=$DB_URL
    printf "\r\nexport DB_URL = '%s' \r\n" "$url" >.env
    unset DB_URL
    expect 0 deploy latest
    DB_URL=$url
    same "$(tables)" "a"
}

@test "-e names another file" {
    local url=$DB_URL
    echo "DB_URL=$(elsewhere)" >.env
    echo "DB_URL=$url" >production.env
    unset DB_URL
    expect 0 deploy latest -e production.env
    DB_URL=$url
    same "$(tables)" "a"
}

@test "a file of -e that is not there is refused" {
    expect 2 deploy latest -e nowhere.env
    err "nowhere.env"
    same "$(tables)" ""
}

@test "without any URL it says how to give one" {
    unset DB_URL
    expect 2 status
    err "--db-url"
    err "DB_URL"
}

@test "a URL of an unknown kind is refused, and the known ones named" {
    expect 2 status --db-url oracle://host/db
    err "postgres"
    err "sqlite"
    expect 2 status --db-url nothing
    expect 2 status --db-url sqlite:
    expect 2 status --db-url ""
}

@test "a URL of an unknown kind does not betray its password" {
    expect 2 status --db-url oracle://scott:geheim@host/db
    err_not geheim
    out_not geheim
}

@test "--help prints help to stdout" {
    expect 0 --help
    out "deploy"
    out "rollback-to-timestamp"
    out "--db-url"
    same "$stderr" ""
}

@test "every command has its help" {
    local command
    for command in deploy rollback rollback-to-timestamp list status check new release repair; do
        expect 0 help "$command"
        out "$command"
        local first=$output
        expect 0 "$command" --help
        same "$output" "$first"
    done
}

@test "help fits into 80 columns" {
    expect 0 --help
    [ "$(wc -L <<<"$output")" -le 80 ]
    expect 0 deploy --help
    [ "$(wc -L <<<"$output")" -le 80 ]
}

@test "--version prints the version" {
    expect 0 --version
    out_matches '^dbalt [0-9]+\.[0-9]+\.[0-9]+$'
}

@test "no command is refused with help" {
    expect 2
    err "deploy"
}

@test "an unknown command is refused with a suggestion" {
    expect 2 depoly latest
    err "depoly"
    err "deploy"
    expect 2 stauts
    err "status"
    same "$(tables)" ""
}

@test "an unknown option is refused with a suggestion" {
    expect 2 deploy latest --out-of-oder
    err "--out-of-oder"
    err "--out-of-order"
    same "$(tables)" ""
}

@test "an option of another command is refused" {
    expect 2 list --strict
    expect 2 check --out-of-order
    err "--out-of-order"
}

@test "an option without its value is refused" {
    expect 2 deploy latest --dir
    expect 2 deploy latest --db-url
    same "$(tables)" ""
}

@test "a flag with a value is refused" {
    expect 2 deploy latest --no-wait=yes
    same "$(tables)" ""
}

@test "what looks like an option behind two dashes is a word" {
    expect 2 deploy -- --help
    err "--help"
}

@test "--quiet prints warnings and errors only" {
    makes_table next1-9-z
    expect 0 deploy latest --quiet
    err_not "[info]"
    err "[warn]"
    expect 2 deploy nonsense --quiet
    err "[error]"
}

@test "--verbose prints every step" {
    expect 0 deploy latest --verbose
    err "[1/1]"
    err "1.0.0-1-a.sql"
}

@test "results that cannot be written are a failure" {
    [ -e /dev/full ]
    status=0
    "$DBALT" list >/dev/full 2>err || status=$?
    same "$status" 1
    grep -q "written" err
}

# bats test_tags=postgres
@test "the environment of libpq is used" {
    local url=$DB_URL
    DB_URL=$(url_with "$url" "") PGDATABASE=$database expect 0 deploy latest
    DB_URL=$url
    same "$(tables)" "a"
}
