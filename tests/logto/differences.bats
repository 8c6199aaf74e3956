#!/usr/bin/env bats
# What Logto's own command line gets wrong is right here.

load helper

# A folder of our own, in the installation so that imports resolve, with one alteration, newer than all of Logto's: it counts its runs.
counting_script() { # FOLDER
    mkdir "$1"
    cat >"$1/1.44.0-1790000000-count.js" <<'JS'
import { sql } from '@silverhand/slonik';

export default {
    up: async (pool) => {
        await pool.query(sql`insert into systems (key, value) values ('runs', '1') on conflict (key) do update set value = to_jsonb(systems.value::text::int + 1)`);
    },
    down: async (pool) => {
        await pool.query(sql`delete from systems where key = 'runs'`);
    },
};
JS
}

runs_of() { query "$1" "select value from systems where key = 'runs'"; }

@test "two deploys at once run everything once" {
    local first second
    start database
    quietly ours "$database" rollback 1.42.0 --yes
    ours "$database" deploy latest &
    first=$!
    ours "$database" deploy latest &
    second=$!
    wait "$first"
    wait "$second"
    [ "$(query "$database" "select count(*), count(distinct identity) from dbalt.event where kind = 'deploy'")" = '10|10' ]
    has_nothing_to_do "$database"
}

@test "a script that only changes data runs once" {
    local first second folder=$DBALT_TEST_LOGTO/own
    start database
    counting_script "$folder"
    ours "$database" deploy latest --dir "$folder" &
    first=$!
    ours "$database" deploy latest --dir "$folder" &
    second=$!
    wait "$first"
    wait "$second"
    quietly ours "$database" deploy latest --dir "$folder"
    [ "$(runs_of "$database")" -eq 1 ]
}

@test "a roll back to a timestamp needs the timestamp" {
    start database
    before=$(state_of "$database")
    run -2 ours "$database" rollback-to-timestamp
    [[ "$output" == *"Missing T"* ]]
    [ "$(state_of "$database")" = "$before" ]
}

@test "one of several fractional timestamps is rolled back alone" {
    start database
    add_admin "$database"
    quietly ours "$database" rollback-to-timestamp 1674032095.6 --yes
    quietly ours "$database" rollback-to-timestamp 1674032095.5 --yes
    [[ "$(state_of "$database")" == *'|{"timestamp": 1674032095.5}' ]]
    [ "$(query "$database" "select count(*) from dbalt.alteration where identity like '1674032095.%'")" -eq 5 ]
    run official "$database" deploy 1.0.0-rc.1
    [[ "$output" == *"1674032095.6"* ]]
    [[ "$output" != *"1674032095.5"* ]]
}

@test "what Logto rolled back within a second is told from what it did not" {
    start database
    add_admin "$database"
    quietly ours "$database" rollback 1.42.0 --yes
    quietly ours "$database" deploy latest
    quietly official "$database" rollback-to-timestamp 1674032095.5
    [[ "$(state_of "$database")" == *'|{"timestamp": 1674032094.6}' ]]
    run ours "$database" status
    [ "$(grep -c '1674032095\..* deployed' <<<"$output")" -eq 5 ]
}

@test "Ctrl-C leaves no statement running" {
    local folder=$DBALT_TEST_LOGTO/own deploy
    start database
    mkdir "$folder"
    cat >"$folder/1.44.0-1790000000-slow.js" <<'JS'
import { sql } from '@silverhand/slonik';

export default {
    up: async (pool) => {
        await pool.query(sql`select pg_sleep(600)`);
    },
    down: async () => {},
};
JS
    running="select count(*) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid() and state = 'active'"
    "$DBALT" deploy latest --dir "$folder" --db-url "$database" 3>&- &
    deploy=$!
    for ((i = 0; i < 300; i++)); do
        [ "$(query "$database" "$running")" -eq 0 ] || break
        sleep 0.1
    done
    kill -INT "$deploy"
    status=0
    wait "$deploy" || status=$?
    [ "$status" -eq 130 ]
    [ "$(query "$database" "$running")" -eq 0 ]
    [ "$(state_of "$database")" = 'systems|{"timestamp": 1786431364}' ]
}

@test "a database newer than the folder is told" {
    local folder=$DBALT_TEST_LOGTO/own
    start database
    mkdir "$folder"
    cp node_modules/@logto/schemas/alterations-js/1.[0-9].* "$folder"
    run -0 ours "$database" check --dir "$folder"
    [[ "$output" == *"[warn] the database is newer than this folder"*1786431364* ]]
    run -4 ours "$database" check --strict --dir "$folder"
    run -0 ours "$database" deploy latest --dir "$folder"
    [[ "$output" == *"[warn] the database is newer than this folder"* ]]
}

@test "a file with a timestamp of 11 digits is warned of, and left out" {
    local folder=$DBALT_TEST_LOGTO/own
    start database
    counting_script "$folder"
    cp "$folder/1.44.0-1790000000-count.js" "$folder/1.45.0-17900000000-count.js"
    run -0 ours "$database" deploy latest --dir "$folder"
    [[ "$output" == *"[warn]"*17900000000* ]]
    [ "$(runs_of "$database")" -eq 1 ]
}

@test "Logto's words tell that something is undeployed" {
    start database
    quietly official "$database" rollback 1.42.0
    run -3 ours "$database" check
    [[ "$output" == *"Found undeployed database alterations, you must deploy them first by npm run alteration deploy command"* ]]
    [[ "$output" == *'run "dbalt deploy next"'* ]]
}

@test "looking writes nothing" {
    start database
    quietly official "$database" rollback 1.42.0
    run -3 ours "$database" check
    run -0 ours "$database" status
    [[ "$output" == *"251 deployed, 10 undeployed"* ]]
    [ -z "$(query "$database" "select nspname from pg_namespace where nspname = 'dbalt'")" ]
}

@test "Logto's state is left alone with --state dbalt" {
    local folder=$DBALT_TEST_LOGTO/own
    start database
    counting_script "$folder"
    quietly ours "$database" deploy latest --dir "$folder" --state dbalt
    [ "$(runs_of "$database")" -eq 1 ]
    [ "$(state_of "$database")" = 'systems|{"timestamp": 1786431364}' ]
}

@test "nothing is written into the installation" {
    start database
    touch "$BATS_TEST_TMPDIR/now"
    quietly ours "$database" rollback 1.42.0 --yes
    quietly ours "$database" deploy latest
    quietly ours "$database" list
    [ -z "$(find -L node_modules/@logto -newer "$BATS_TEST_TMPDIR/now" -print -quit)" ]
}

@test "an invalid index that a failed build left is built again" {
    local folder=$DBALT_TEST_LOGTO/own
    start database
    mkdir "$folder"
    cat >"$folder/1.44.0-1790000000-index.js" <<'JS'
import { sql } from '@silverhand/slonik';

export default {
    beforeUp: async (pool) => {
        await pool.query(sql`create unique index concurrently if not exists twins__id on twins (id)`);
    },
    up: async () => {},
    down: async () => {},
};
JS
    query "$database" 'create table twins as select 1 as id from generate_series(1, 2)'
    run ! ours "$database" deploy latest --dir "$folder"
    [ "$(query "$database" "select indisvalid from pg_index where indexrelid = 'twins__id'::regclass")" = f ]

    query "$database" 'delete from twins where ctid = (select min(ctid) from twins)'
    run ours "$database" deploy latest --dir "$folder" --resume retry
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(query "$database" "select indisvalid from pg_index where indexrelid = 'twins__id'::regclass")" = t ]
}
