#!/usr/bin/env bats
# The chain of graphile-worker, plpgsql throughout, leaves the same schema as psql does.

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    package=$("$BATS_TEST_DIRNAME/fetch")
    "$BATS_TEST_DIRNAME/graphile-worker-alterations" "$package" chain
    export DBALT_DIR=$BATS_FILE_TMPDIR/chain

    psql -Xq "$DBALT_TEST_POSTGRES_URL" -c 'create database by_psql' -c 'create database by_dbalt'
}

teardown_file() {
    psql -Xq "$DBALT_TEST_POSTGRES_URL" -c 'drop database if exists by_psql' -c 'drop database if exists by_dbalt'
}

# The server's URL with another database in it.
url_of() {
    sed -E "s#^(postgres(ql)?://[^/]*)/[^?]*#\1/$1#" <<<"$DBALT_TEST_POSTGRES_URL"
}

schema_of() {
    local version
    version=$(psql -XAtq "$(url_of "$1")" -c 'show server_version_num')
    # pg_dump puts a random word behind \restrict.
    if [ "$((version / 10000))" -le "$(pg_dump --version | grep -oE '[0-9]+' | head -n 1)" ]; then
        pg_dump --schema-only --exclude-schema=dbalt "$(url_of "$1")" | grep -vE '^\\(un)?restrict '
    else
        psql -XAtq -v ON_ERROR_STOP=1 -f "$BATS_TEST_DIRNAME/catalogue.sql" "$(url_of "$1")"
    fi
}

@test "deploys the whole chain" {
    run "$DBALT" deploy latest --db-url "$(url_of by_dbalt)"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(psql -XAtq "$(url_of by_dbalt)" -c 'select count(*) from dbalt.alteration')" -eq 20 ]
}

@test "leaves the same schema as psql" {
    for file in "$DBALT_DIR.files"/*.sql; do
        psql -Xq1 -v ON_ERROR_STOP=1 -f "$file" "$(url_of by_psql)"
    done
    schema_of by_psql >"$BATS_TEST_TMPDIR/psql.sql"
    schema_of by_dbalt >"$BATS_TEST_TMPDIR/dbalt.sql"
    [ "$(grep -cE '^CREATE (OR REPLACE )?FUNCTION' "$BATS_TEST_TMPDIR/psql.sql")" -gt 5 ]
    diff -u "$BATS_TEST_TMPDIR/psql.sql" "$BATS_TEST_TMPDIR/dbalt.sql"
}

@test "has nothing more to do" {
    "$DBALT" check --db-url "$(url_of by_dbalt)"
    run "$DBALT" deploy latest --db-url "$(url_of by_dbalt)"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *"Found 0 alteration to deploy"* ]]
}
