# Alterations that travel ahead of the answers to those before them.
# bats file_tags=postgres

load helper

# How the server was told to run a statement: "execute" singly, ahead; "statement" in one message.
more_setup() { query "alter database $database set log_statement = 'all'"; }
way_of() { grep -o "[a-z]* *[^ ]*: $1" "$DBALT_TEST_POSTGRES_DIR/server.log" | cut -d ' ' -f 1 | sort -u | paste -sd ' '; }
wait_for_log() { until_true 20 grep -q "$1" "$DBALT_TEST_POSTGRES_DIR/server.log"; }

# many COUNT: alterations that create t1, t2 ...
many() {
    local i
    for ((i = 1; i <= $1; i++)); do
        makes_table "1.0.0-$i-${database}_$i"
    done
}

@test "alterations travel ahead, statement by statement; with --no-pipeline each is one message" {
    many 3
    expect 0 deploy latest
    wait_for_log "create table ${database}_3"
    same "$(way_of "create table ${database}_2")" "execute"
    expect 0 rollback 0.9.0 --yes --no-pipeline
    same "$(way_of "drop table ${database}_2")" ""
    grep -q "statement: BEGIN;.*" "$DBALT_TEST_POSTGRES_DIR/server.log"
    expect 0 deploy latest --no-pipeline
    same "$(deployed)" "1-${database}_1 2-${database}_2 3-${database}_3"
}

@test "more than fit into the window go forth and back in order" {
    many 150
    expect 0 deploy latest
    same "$(deployed)" "$(seq 150 | sed "s/.*/&-${database}_&/" | paste -sd ' ')"
    same "$(query "select count(*) from pg_tables where schemaname = 'public'")" "150"
    expect 0 rollback 0.9.0 --yes
    same "$(deployed)" ""
    same "$(tables)" ""
    same "$(events "kind = 'rollback'" | wc -l)" "150"
}

@test "a failure in the middle names its statement; those before it stay, those behind it did not happen" {
    many 5
    printf 'create table ok (id integer);\nselect 1;\n\nselect 1 / (select count(*) from ok);\nselect 2;\n' | alteration 1.0.0-3-fails.sql
    rm "$DBALT_DIR/1.0.0-3-${database}_3.sql"
    expect 1 deploy latest
    err "division by zero"
    err "1.0.0-3-fails.sql:4"
    same "$(deployed)" "1-${database}_1 2-${database}_2"
    same "$(tables)" "${database}_1 ${database}_2"
    same "$(events "kind in ('fail', 'deploy')")" "deploy 1-${database}_1
deploy 2-${database}_2
fail 3-fails"
    printf 'select 1;' | alteration 1.0.0-3-fails.sql
    expect 0 deploy latest
    same "$(deployed)" "1-${database}_1 2-${database}_2 3-fails 4-${database}_4 5-${database}_5"
}

@test "a lock timeout in the middle is tried again, and what is behind it goes on from there" {
    many 4
    query "create table held (id integer)"
    printf 'alter table held add column more text;' | alteration 1.0.0-2-held.sql
    rm "$DBALT_DIR/1.0.0-2-${database}_2.sql"
    psql -XAtq "$DB_URL" >/dev/null 2>&1 3>&- <<<"begin; lock table held; select pg_sleep(2); commit;" &
    started+=("$!")
    until_true 60 has_sleeper
    expect 0 deploy latest --lock-timeout=0.2 --lock-retries=60
    err "trying again"
    same "$(deployed)" "1-${database}_1 2-held 3-${database}_3 4-${database}_4"
    same "$(events "kind = 'deploy'" | wc -l)" "4"
}

@test "a serialization failure in the middle is tried again" {
    many 3
    query "create sequence tries; create table ok (id integer)"
    alteration 1.0.0-2-once.sql <<'SQL'
insert into ok values (1);
do $$ begin if nextval('tries') < 3 then raise 'not yet' using errcode = '40001'; end if; end $$;
SQL
    rm "$DBALT_DIR/1.0.0-2-${database}_2.sql"
    expect 0 deploy latest
    same "$(query "select last_value from tries")" 3
    same "$(query "select count(*) from ok")" 1
    same "$(deployed)" "1-${database}_1 2-once 3-${database}_3"
}

@test "what cannot travel waits for those before it, and those behind it for it" {
    many 2
    printf -- '-- dbalt: before-up\ncreate index concurrently three on %s_2 (id);\n-- dbalt: up\nselect 3;\n' "$database" | alteration 1.0.0-3-c.sql
    printf 'copy %s_2 from stdin;\n1\n2\n\\.\n' "$database" | alteration 1.0.0-4-d.sql
    printf 'copy %s_2 to stdout;\ncreate table five ();' "$database" | alteration 1.0.0-5-e.sql
    makes_table 1.0.0-6-six 1.0.0-7-seven
    expect 0 deploy latest
    same "$(deployed)" "1-${database}_1 2-${database}_2 3-c 4-d 5-e 6-six 7-seven"
    same "$(query "select count(*) from ${database}_2")" 2
    same "$(query "select indisvalid from pg_index where indexrelid = 'three'::regclass")" t
}

@test "a mistake in the grammar is told as by a message, and left nothing" {
    many 1
    printf 'create table x ();\nselec 1;\n' | alteration 1.0.0-2-wrong.sql
    expect 1 deploy latest
    err 'syntax error at or near "selec"'
    err "1.0.0-2-wrong.sql:2:1"
    local ahead=$stderr
    same "$(deployed)" "1-${database}_1"
    expect 1 deploy latest --no-pipeline
    same "$(grep -A5 '^.error' <<<"$stderr")" "$(grep -A5 '^.error' <<<"$ahead")"
    same "$(events "kind = 'fail'" | wc -l)" 2
}

@test "--verbose shows what each statement took, --json tells of it" {
    printf 'select 1;\nselect 2;\nselect 3;\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest --verbose
    err "statement 1/3  "
    err "statement 2/3  "
    expect 0 deploy latest
    printf 'select 1;\nselect 2;\n' | alteration 1.0.0-2-b.sql
    expect 0 deploy latest --json
    out '"event":"statement"'
    out '"statement":1,"statements":2'
}

@test "on a terminal the progress line says which statement runs" {
    printf 'select 1;\nselect 2;\nselect pg_sleep(300);\nselect 4;\n' | alteration 1.0.0-1-a.sql
    TERM=xterm script -qefc "'$DBALT' deploy latest" screen >/dev/null 2>&1 </dev/null 3>&- 4>&- &
    started+=("$!")
    until_true 60 grep -aqF '[1/1] 1.0.0-1-a.sql up  statement 3/4' screen
}

@test "an interrupt in the middle leaves those before it, and nothing behind it" {
    many 2
    printf 'select pg_sleep(300);' | alteration 1.0.0-3-slow.sql
    makes_table 1.0.0-4-four
    start deploy deploy latest
    until_true 60 has_sleeper
    kill -INT "$pid"
    finish deploy "$pid"
    same "$status" 130
    same "$(deployed)" "1-${database}_1 2-${database}_2"
    same "$(tables)" "${database}_1 ${database}_2"
}

@test "a connection that is lost in the middle: what became of each is found out" {
    many 2
    printf 'select pg_terminate_backend(pg_backend_pid());' | alteration 1.0.0-3-ends.sql
    makes_table 1.0.0-4-four
    expect 1 deploy latest
    err 'nothing of "3-ends" was kept'
    err "Deployed 2 of 4"
    same "$(deployed)" "1-${database}_1 2-${database}_2"
    rm "$DBALT_DIR/1.0.0-3-ends.sql"
    expect 0 deploy latest
    same "$(deployed)" "1-${database}_1 2-${database}_2 4-four"
}
