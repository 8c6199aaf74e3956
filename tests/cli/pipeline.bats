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

# queries FILE UP DOWN: an alteration in JavaScript that is nothing but queries
queries() {
    printf 'import { sql } from "dbalt";\nexport default {\n' >"$DBALT_DIR/$1"
    printf '  up: async (pool) => {\n    await pool.query(sql`%s`);\n  },\n' "$2" >>"$DBALT_DIR/$1"
    printf '  down: async (pool) => {\n    await pool.query(sql`%s`);\n  },\n};\n' "$3" >>"$DBALT_DIR/$1"
}

@test "alterations in JavaScript travel too, where they are nothing but queries" {
    local i
    for ((i = 1; i <= 40; i++)); do
        queries "1.0.0-$i-${database}_$i.mjs" "create table js_$i (id integer)" "drop table js_$i"
    done
    makes_table "1.0.0-41-${database}_41"
    sed -i 's/=> {$/=> { await pool.any(sql`select 1`);/' "$DBALT_DIR/1.0.0-7-${database}_7.mjs" # one that must run
    expect 0 deploy latest
    same "$(deployed)" "$(seq 41 | sed "s/.*/&-${database}_&/" | paste -sd ' ')"
    wait_for_log "create table ${database}_41"
    same "$(way_of "create table js_[0-9]* (" | grep -o execute)" "execute" # those that node had imported by then
    same "$(way_of "create table js_7 (")" ""
    expect 0 rollback 0.9.0 --yes
    same "$(tables)" ""
    wait_for_log "drop table js_1"
    same "$(way_of "drop table js_[0-9]*" | grep -o execute)" "execute"
}

# rules FILE ROLE: an alteration in JavaScript that asks for the name of the database, in a file beside it
rules() {
    mkdir -p "$DBALT_DIR/utils"
    cat >"$DBALT_DIR/utils/rules.mjs" <<'JS'
import { sql } from 'dbalt';
const getName = async (pool) => {
    const { currentDatabase } = await pool.one(sql`select current_database();`);
    return currentDatabase.replaceAll('-', '_');
};
export const describe = async (pool, table) => {
    const name = sql.literalValue('of ' + (await getName(pool)));
    await pool.query(sql`
      comment on table ${sql.identifier([table])} is ${name};
      create index on ${sql.identifier([table])} (id);
    `);
};
JS
    cat >"$DBALT_DIR/$1" <<JS
import { sql } from 'dbalt';
import { describe } from './utils/rules.mjs';
const alteration = {
    up: async (pool) => {
        await pool.query(sql\`create table ${database}_$2 (id integer)\`);
        await describe(pool, '${database}_$2');
    },
    down: async (pool) => {
        await pool.query(sql\`drop table ${database}_$2\`);
    },
};
export default alteration;
JS
}

@test "alterations in JavaScript travel that can do nothing but query, the name of the database included" {
    local i
    for ((i = 1; i <= 40; i++)); do
        rules "1.0.0-$i-${database}_$i.mjs" "$i"
    done
    expect 0 deploy latest
    same "$(deployed)" "$(seq 40 | sed "s/.*/&-${database}_&/" | paste -sd ' ')"
    same "$(query "select count(*), min(obj_description(indrelid)), max(obj_description(indrelid)) from pg_index where indrelid::regclass::text like '${database}%'")" \
        "40|of $database|of $database"
    wait_for_log "create table ${database}_40"
    same "$(way_of "create table ${database}_[0-9]* (" | grep -o execute)" "execute"
    same "$(way_of 'select current_database')" ""
    expect 0 rollback 0.9.0 --yes --no-pipeline
    same "$(tables)" ""
    expect 0 deploy latest --no-pipeline
    same "$(query "select count(*) from pg_index where obj_description(indrelid) = 'of $database'")" 40
}

# The server cannot tell the second name: it is no EUC_JP. A name of more than 63 bytes is cut by the server.
@test "the name of the database may be any" {
    local other
    rules "1.0.0-1-${database}_1.mjs" 1
    for other in "UTF8 ü" "EUC_JP Á" "UTF8 $(printf 'x%.0s' {1..60})"; do
        admin "create database \"${database}_${other#* }\" encoding '${other% *}' locale 'C' template template0"
        DB_URL=$(url_with "$SERVER_URL" "${database}_${other#* }")
        if [ "${other% *}" = UTF8 ]; then
            expect 0 deploy latest
            same "$(query "select obj_description('${database}_1'::regclass) = 'of ' || current_database()")" t
        else
            expect 1 deploy latest
            err "utils/rules.mjs:3:"
            err "invalid byte sequence"
            rm "$DBALT_DIR"/*.mjs
            makes_table "1.0.0-1-${database}_1"
            expect 0 deploy latest
            rules "1.0.0-1-${database}_1.mjs" 1
            rm "$DBALT_DIR"/*.sql
        fi
        DB_URL=$(url_with "$SERVER_URL" "$database")
        admin "drop database \"${database}_${other#* }\" with (force)"
    done
}

@test "a failure in the middle of such names its place" {
    local i
    for ((i = 1; i <= 5; i++)); do
        rules "1.0.0-$i-${database}_$i.mjs" "$i"
    done
    sed -i "s/describe(pool, .*/describe(pool, 'nowhere');/" "$DBALT_DIR/1.0.0-4-${database}_4.mjs"
    expect 1 deploy latest
    err "utils/rules.mjs:8:"
    err 'relation "nowhere" does not exist'
    same "$(deployed)" "1-${database}_1 2-${database}_2 3-${database}_3"
    same "$(tables)" "${database}_1 ${database}_2 ${database}_3"
    rules "1.0.0-4-${database}_4.mjs" 4
    expect 0 deploy latest
    same "$(query "select count(*) from pg_index where obj_description(indrelid) = 'of $database'")" 5
}

@test "a failure in the middle of alterations in JavaScript names its place" {
    local i
    for ((i = 1; i <= 5; i++)); do
        queries "1.0.0-$i-${database}_$i.mjs" "create table ${database}_$i (id integer)" "drop table ${database}_$i"
    done
    queries "1.0.0-3-${database}_3.mjs" "insert into nowhere values (1)" ""
    expect 1 deploy latest
    err "1.0.0-3-${database}_3.mjs:4:"
    err 'relation "nowhere" does not exist'
    same "$(deployed)" "1-${database}_1 2-${database}_2"
    same "$(tables)" "${database}_1 ${database}_2"
    queries "1.0.0-3-${database}_3.mjs" "create table ${database}_3 (id integer)" "drop table ${database}_3"
    expect 0 deploy latest
    same "$(tables)" "$(seq 5 | sed "s/.*/${database}_&/" | paste -sd ' ')"
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
    hold "lock table held"
    start deploy deploy latest --lock-timeout=0.2 --lock-retries=100
    until_true 60 says deploy "trying again"
    let_go
    finish deploy "$pid"
    same "$status" 0
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

@test "a parameter in a script is told in its place, not as a lost connection" {
    many 1
    printf 'select 1;\nselect $1::integer;\n' | alteration 1.0.0-2-parameter.sql
    expect 1 deploy latest
    err 'there is no parameter $1'
    err "1.0.0-2-parameter.sql:2:8"
    err_not "connection"
}

@test "an error that a script raises is no lost connection, whatever its code" {
    printf "do \$\$ begin raise 'mine' using errcode = '08006'; end \$\$;" | alteration 1.0.0-1-a.sql
    expect 1 deploy latest
    err "mine"
    err_not "connection was lost"
}

@test "what a function of a type or an event trigger leaves does not reach the next alteration" {
    alteration 1.0.0-1-a.sql <<'SQL'
create schema evil;
create table b (a integer);
insert into b values (1);
create function leak() returns text language plpgsql as $$ begin perform set_config('search_path', 'evil', false); return 'x'; end $$;
create domain leaking as text default leak();
create function leak_at_end() returns event_trigger language plpgsql as $$ begin perform set_config('search_path', 'evil', false); end $$;
SQL
    printf 'alter table b add column c leaking;' | alteration 1.0.0-2-b.sql
    printf 'create table two (id integer);' | alteration 1.0.0-3-c.sql
    printf 'create event trigger leaks on ddl_command_end execute function leak_at_end();' | alteration 1.0.0-4-d.sql
    printf 'create table three (id integer);' | alteration 1.0.0-5-e.sql
    printf 'create table four (id integer);' | alteration 1.0.0-6-f.sql
    expect 0 deploy latest
    same "$(tables)" "b four three two"
    same "$(deployed)" "1-a 2-b 3-c 4-d 5-e 6-f"
}

@test "a script that changes the encoding says the same as in one message" {
    many 1
    alteration 1.0.0-2-encoding.sql <<'SQL'
create table words (id integer, word text);
insert into words values (1, 'zwölf');
set client_encoding to latin1;
insert into words values (2, 'zwölf');
set names 'latin2';
insert into words values (3, 'zwölf');
reset client_encoding;
insert into words values (4, 'zwölf');
select set_config('client_encoding', 'latin1', false);
insert into words values (5, 'zwölf');
SQL
    alteration 1.0.0-3-function.sql <<'SQL'
do $$ begin execute 'set names ''latin1'''; end $$;
insert into words values (6, 'zwölf');
SQL
    alteration 1.0.0-4-after.sql <<<"insert into words values (7, 'zwölf');"
    expect 0 deploy latest
    same "$(query "select id, word from words where word <> 'zwölf' or length(word) <> 5")" ""
    same "$(query "select count(*) from words")" 7
    wait_for_log "values (7, 'zw"
    same "$(way_of "create table ${database}_1")" "execute"
}

@test "scripts may prepare and deallocate what they like" {
    printf "create function f() returns void language plpgsql as \$\$ begin execute 'prepare pp as select 1'; end \$\$;" | alteration 1.0.0-1-a.sql
    makes_table 1.0.0-2-two
    printf 'select f();' | alteration 1.0.0-3-c.sql
    printf 'select f();' | alteration 1.0.0-4-d.sql
    makes_table 1.0.0-5-five
    printf "do \$\$ begin execute 'deallocate all'; end \$\$;" | alteration 1.0.0-6-f.sql
    printf 'deallocate all;' | alteration 1.0.0-7-g.sql
    makes_table 1.0.0-8-eight
    expect 0 deploy latest
    same "$(deployed)" "1-a 2-two 3-c 4-d 5-five 6-f 7-g 8-eight"
}

@test "a script that prepares statements does not run twice" {
    query "create sequence runs"
    many 1
    printf "select nextval('runs'); prepare p as select 1; execute p;" | alteration 1.0.0-2-b.sql
    printf "select nextval('runs'); deallocate all;" | alteration 1.0.0-3-c.sql
    expect 0 deploy latest
    same "$(query "select last_value from runs")" 2
}

@test "who may not look for prepared statements deploys all the same" {
    query "create role ${database}_blind login; grant all on database $database to ${database}_blind; grant all on schema public to ${database}_blind"
    query "revoke execute on function pg_catalog.pg_prepared_statement() from public"
    many 3
    expect 0 deploy latest --db-url "$(url_with "$DB_URL" "$database" "${database}_blind")"
    same "$(deployed)" "1-${database}_1 2-${database}_2 3-${database}_3"
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

@test "an interrupt that a script bears leaves that one, and nothing behind it" {
    many 1
    alteration 1.0.0-2-bears.sql <<'SQL'
do $$ begin perform pg_sleep(300); exception when query_canceled then null; end $$;
SQL
    local i
    for ((i = 10; i < 110; i++)); do
        makes_table "1.0.0-$i-${database}_$i"
    done
    start deploy deploy latest
    until_true 60 has_sleeper
    kill -INT "$pid"
    finish deploy "$pid"
    same "$status" 130
    err "Interrupted"
    err_not "lock was lost"
    same "$(deployed)" "1-${database}_1 2-bears"
    same "$(tables)" "${database}_1"
    same "$(query "select count(*) from dbalt.holder")" 0
    expect 0 deploy latest
    same "$(query "select count(*) from dbalt.alteration")" 102
}

@test "an interrupt that a script bears stops a roll back behind it" {
    many 3
    printf -- '-- dbalt: up\n-- dbalt: down\ndo $$ begin perform pg_sleep(300); exception when query_canceled then null; end $$;\n' |
        alteration 1.0.0-4-bears.sql
    expect 0 deploy latest
    start rollback rollback 0.9.0 --yes
    until_true 60 has_sleeper
    kill -TERM "$pid"
    finish rollback "$pid"
    same "$status" 130
    same "$(deployed)" "1-${database}_1 2-${database}_2 3-${database}_3"
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

@test "what a function does to the encoding does not reach the text that was sent behind it" {
    query "create function legacy() returns text language sql as 'select set_config(''client_encoding'', ''LATIN1'', false)'"
    local how
    for how in "" --no-pipeline; do
        rm -f "$DBALT_DIR"/*
        query "drop schema if exists dbalt cascade; drop table if exists t"
        printf 'select 1;\n' | alteration 1.0.0-1-a.sql
        printf "create table t (what text);\nselect legacy();\ninsert into t values ('\u00e9');\n" | alteration 1.0.0-2-b.sql
        printf "insert into t values ('\u00e9');\n" | alteration 1.0.0-3-c.sql
        # shellcheck disable=SC2086
        expect 0 deploy latest $how
        same "$(query "select length(what) from t" | paste -sd ' ')" "1 1"
    done
}
