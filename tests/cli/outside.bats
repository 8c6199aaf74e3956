#!/usr/bin/env bats
# The sections outside a transaction: before-up and before-down.

load helper

more_setup() { query "create table ran (what text)"; }

ran() { query "select what from ran" | paste -sd ' '; }

# What the journal says: "KIND STEP" of each step.
steps() { query "select kind || ' ' || step from $(history_table event) where kind like 'step%' order by sequence" | paste -sd ' '; }

three_statements() { # SECOND
    alteration 1.0.0-1-a.sql <<SQL
-- dbalt: before-up
insert into ran values ('one');
$1
insert into ran values ('three');
-- dbalt: up
create table a (id integer);
-- dbalt: down
drop table a;
SQL
}

@test "before-up runs before up, statement by statement" {
    three_statements "insert into ran values ('two');"
    expect 0 deploy latest
    same "$(ran)" "one two three"
    same "$(tables)" "a ran"
    same "$(steps)" "step-begun 1 step-done 1 step-begun 2 step-done 2 step-begun 3 step-done 3"
}

# bats test_tags=postgres
@test "an index is built concurrently" {
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
create index concurrently i on ran (what);
-- dbalt: up
-- dbalt: before-down
drop index concurrently i;
-- dbalt: down
SQL
    expect 0 deploy latest
    same "$(query "select indisvalid from pg_index where indexrelid = 'i'::regclass")" "t"
    expect 0 rollback 0.1.0 --yes
    same "$(query "select count(*) from pg_class where relname = 'i'")" 0
}

# invalid NAME: whether the index is there, but of no use
invalid() { query "select not indisvalid from pg_index where indexrelid = to_regclass('$1')"; }

# bats test_tags=postgres
@test "an invalid index that a failed build left is built again, also where if not exists would hide it" {
    query 'create schema app; create table app."T" (x integer); insert into app."T" values (1), (1)'
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
create unique index concurrently if not exists "An Index" on app."T" (x);
-- dbalt: up
SQL
    expect 1 deploy latest
    same "$(invalid 'app."An Index"')" t
    query 'delete from app."T"'
    expect 0 deploy latest
    err 'Dropped the invalid index app."An Index", which an earlier build had left; it is built again'
    same "$(invalid 'app."An Index"')" f
}

# bats test_tags=postgres
@test "a valid index and somebody else's invalid one are not touched" {
    query 'create table t (x integer); create table u (x integer); insert into u values (1), (1); create index i on t (x)'
    query 'create unique index concurrently j on u (x)' 2>/dev/null || true
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
create index concurrently if not exists i on t (x);
-- dbalt: up
SQL
    local before
    before=$(query "select 'i'::regclass::oid")
    expect 0 deploy latest
    same "$(query "select 'i'::regclass::oid")" "$before"
    same "$(invalid j)" t
}

# A table t, and a session that has it open for writing: a concurrent build waits for its end. $holder is its process on the server.
held_table() {
    query "create table t (x integer)"
    hold "lock table t in row exclusive mode"
}

# The process that builds concurrently, once it waits for the writers of its table.
building() { query "select pid from pg_stat_progress_create_index where datname = current_database() and command = 'CREATE INDEX CONCURRENTLY' and phase like 'waiting for writers%'"; }
is_building() { [ -n "$(building)" ]; }

# killed_build: a deploy that is killed while its concurrent build waits for a writer; $holder and $orphan are their processes on the server
killed_build() {
    held_table
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
create index concurrently if not exists i on t (x);
-- dbalt: up
SQL
    start deploy deploy latest
    until_true 30 is_building
    orphan=$(building)
    kill -KILL "$pid"
    finish deploy "$pid"
}

# bats test_tags=postgres
@test "a concurrent build that was killed is built again, without a question" {
    killed_build
    end_sessions "$orphan" "$holder"
    same "$(invalid i)" t

    expect 0 deploy latest
    err 'Statement 1 of "before-up" was begun at 20'
    err "and not done: it runs again"
    err "Dropped the invalid index i, which an earlier build had left; it is built again"
    same "$(invalid i)" f
    same "$(steps)" "step-begun 1 step-begun 1 step-done 1"
}

# bats test_tags=postgres
@test "a concurrent build that outlived its deploy is taken as done" {
    killed_build
    start second deploy latest
    until_true 30 says second "Waiting for another deploy"
    let_go
    finish second "$pid"
    same "$status" 0
    err 'Statement 1 of "before-up" was begun at 20'
    err ", and is done"
    same "$(invalid i)" f
    same "$(steps)" "step-begun 1 step-skipped 1"
}

# The process that waits for a lock at a statement that begins like this.
waiting_at() { query "select pid from pg_stat_activity where query like '$1%' and state = 'active' and wait_event_type = 'Lock' and datname = current_database()"; }
waits_at() { [ -n "$(waiting_at "$1")" ]; }

# bats test_tags=postgres
@test "an index of the same name that was there before is not taken as built" {
    query "create table t (x integer, y integer); create index i on t (y)"
    printf -- '-- dbalt: before-up\ncreate index concurrently i on t (x);\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    hold "lock table t in share mode"
    start deploy deploy latest
    until_true 30 waits_at "create index"
    local orphan
    orphan=$(waiting_at "create index")
    kill -KILL "$pid"
    finish deploy "$pid"
    end_sessions "$orphan" "$holder"

    expect 1 deploy latest
    err "and not done: it runs again"
    err 'relation "i" already exists'
    same "$(deployed)" ""
}

# killed_drop: a roll back that is killed while its concurrent drop waits for a reader; $holder and $orphan are their processes on the server
killed_drop() {
    query "create table t (x integer)"
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
create index concurrently i on t (x);
-- dbalt: up
-- dbalt: before-down
drop index concurrently i;
-- dbalt: down
SQL
    expect 0 deploy latest
    hold "select from t"
    start rollback rollback 0.1.0 --yes
    until_true 30 waits_at "drop index concurrently"
    orphan=$(waiting_at "drop index concurrently")
    kill -KILL "$pid"
    finish rollback "$pid"
}
# bats test_tags=postgres
@test "a concurrent drop that was killed is done again, without a question" {
    killed_drop
    end_sessions "$orphan" "$holder"
    expect 0 rollback 0.1.0 --yes
    err 'Statement 1 of "before-down" was begun at 20'
    err "and not done: it runs again"
    same "$(query "select to_regclass('i')")" ""
}

# bats test_tags=postgres
@test "a concurrent drop that outlived its roll back is taken as done" {
    killed_drop
    let_go
    expect 0 rollback 0.1.0 --yes
    err 'Statement 1 of "before-down" was begun at 20'
    err ", and is done"
    same "$(query "select to_regclass('i')")" ""
}

# bats test_tags=postgres
@test "what became of a concurrent drop is asked where another schema has an index of that name" {
    query "create schema a; create table a.t (x integer); create index i on a.t (x)"
    query "create schema b; create table b.t (x integer); create index i on b.t (x)"
    query "alter database $database set search_path = a, b"
    printf -- '-- dbalt: before-up\ndrop index concurrently i;\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    hold "select from a.t"
    start deploy deploy latest
    until_true 30 waits_at "drop index concurrently"
    kill -KILL "$pid"
    finish deploy "$pid"
    let_go

    expect 1 deploy latest
    err "it is not known how it ended"
    same "$(query "select indexrelid::regclass from pg_index where indexrelid::regclass::text like '%i'")" i
    expect 0 deploy latest --resume=skip
    same "$(query "select count(*) from pg_class where relname = 'i' and relnamespace = 'b'::regnamespace")" 1
}

# bats test_tags=postgres
@test "an invalid index that another session is building is not touched" {
    held_table
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
create index concurrently if not exists i on t (x);
-- dbalt: up
SQL
    psql -XAtq "$DB_URL" >/dev/null 2>&1 3>&- 4>&- <<<"create index concurrently i on t (x)" &
    started+=("$!")
    until_true 30 is_building
    local before
    before=$(query "select 'i'::regclass::oid")
    same "$(invalid i)" t
    start deploy deploy latest
    until_true 30 says deploy "waits for pid $(building) "
    let_go
    finish deploy "$pid"
    same "$status" 0
    err_not "Dropped"
    same "$(query "select 'i'::regclass::oid")" "$before"
    same "$(invalid i)" f
}

# bats test_tags=postgres
@test "an invalid index is found by a long name too, and while another role builds elsewhere" {
    local long owner=owner_$$ other=other_$$
    long=$(printf 'a%.0s' {1..70})
    query "create role $owner login; create role $other login; grant create on schema public to $owner, $other; grant create on database $database to $owner"
    query "create table t (x integer); insert into t values (1), (1); alter table t owner to $owner; grant select on ran to $owner"
    query "create table u (x integer); alter table u owner to $other"
    query "create unique index concurrently $long on t (x)" 2>/dev/null || true
    query "delete from t"
    printf -- '-- dbalt: before-up\ncreate unique index concurrently if not exists %s on t (x);\n-- dbalt: up\n' "$long" | alteration 1.0.0-1-a.sql

    hold "lock table u in row exclusive mode"
    psql -XAtq "$(url_with "$DB_URL" "$database" "$other")" >/dev/null 2>&1 3>&- 4>&- <<<"create index concurrently on u (x)" &
    started+=("$!")
    until_true 30 is_building
    start deploy deploy latest --db-url "$(url_with "$DB_URL" "$database" "$owner")"
    until_true 30 says deploy "Dropped the invalid index aaa"
    let_go
    finish deploy "$pid"
    same "$status" 0
    same "$(invalid "$long")" f
    query "reassign owned by $owner, $other to current_user; drop owned by $owner, $other; drop role $owner, $other"
}

# bats test_tags=postgres
@test "somebody else's concurrent build that waits for the same table is not broken off" {
    query "create table t (x integer); create index i on t (x)"
    printf -- '-- dbalt: before-up\ncreate index concurrently j on t (x);\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    hold "lock table t in share update exclusive mode"
    psql -XAtq "$DB_URL" >/dev/null 2>other.err 3>&- 4>&- <<<"reindex index concurrently i" &
    local other=$!
    started+=("$other")
    until_true 30 waits_at reindex
    start deploy deploy latest
    until_true 30 says deploy "waits for pid "
    let_go
    finish deploy "$pid"
    same "$status" 0
    wait "$other" || true
    same "$(cat other.err)" ""
    same "$(query "select count(*) from pg_index where indrelid = 't'::regclass and indisvalid")" 2
    same "$(query "select count(*) from pg_index where indrelid = 't'::regclass")" 2
}

# bats test_tags=postgres
@test "names with escapes, and with comments in between, are no hindrance" {
    query "create table t (x integer)"
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
create index concurrently U&"i\0061" on t (x);
create index concurrently j on public /* here */ . t (x);
drop index concurrently public -- there
    . j;
-- dbalt: up
SQL
    expect 0 deploy latest
    same "$(query "select indexrelid::regclass from pg_index where indrelid = 't'::regclass")" ia
}

# bats test_tags=postgres
@test "the index of a partitioned table, which is invalid by right, is not touched" {
    query "create table p (x integer) partition by range (x); create table p1 partition of p for values from (1) to (9); create index i on only p (x)"
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
create index concurrently if not exists i on p (x);
-- dbalt: up
SQL
    local before
    before=$(query "select 'i'::regclass::oid")
    run "$DBALT" deploy latest
    [[ $output != *Dropped* ]]
    same "$(query "select 'i'::regclass::oid")" "$before"
    same "$(invalid i)" t
}

# bats test_tags=postgres
@test "the index of one alteration does not hinder the concurrent one of another that waits" {
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
create index concurrently i on ran (what);
select pg_sleep(2);
create index concurrently j on ran (what);
-- dbalt: up
SQL
    start one deploy latest
    local one=$pid
    until_true 20 has_sleeper
    start two deploy latest
    local two=$pid
    finish one "$one"
    same "$status" 0
    finish two "$two"
    same "$status" 0
    same "$(query "select count(*) from pg_index where indisvalid and indrelid = 'ran'::regclass")" 2
    same "$(steps)" "step-begun 1 step-done 1 step-begun 2 step-done 2 step-begun 3 step-done 3"
}

@test "VACUUM runs outside" {
    printf -- '-- dbalt: before-up\nvacuum;\n-- dbalt: up\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
}

@test "after a failure it says what had run" {
    three_statements "insert into nowhere values ('two');"
    expect 1 deploy latest
    err "statement 1 of 3"
    err "1.0.0-1-a.sql:3"
    err "nowhere"
    same "$(ran)" "one"
    same "$(tables)" "ran"
    same "$(steps)" "step-begun 1 step-done 1 step-begun 2 step-failed 2"
}

@test "after the fix the next deploy goes on from there" {
    three_statements "insert into nowhere values ('two');"
    expect 1 deploy latest
    three_statements "insert into ran values ('two');"
    expect 0 deploy latest
    same "$(ran)" "one two three"
    same "$(tables)" "a ran"
}

@test "the same failure again runs nothing twice" {
    three_statements "insert into nowhere values ('two');"
    expect 1 deploy latest
    expect 1 deploy latest
    same "$(ran)" "one"
}

@test "when up fails, before-up is not run again" {
    printf -- "-- dbalt: before-up\ninsert into ran values ('one');\n-- dbalt: up\ninsert into nowhere values (1);\n" | alteration 1.0.0-1-a.sql
    expect 1 deploy latest
    printf -- "-- dbalt: before-up\ninsert into ran values ('one');\n-- dbalt: up\n" | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(ran)" "one"
    err "earlier"
}

@test "a statement that ran and was changed since is asked about" {
    three_statements "insert into nowhere values ('two');"
    expect 1 deploy latest
    sed -i "s/'one'/'uno'/; s/nowhere/ran/" "$DBALT_DIR/1.0.0-1-a.sql"
    expect 1 deploy latest
    err "--resume"
    err "1.0.0-1-a.sql:2"
    same "$(ran)" "one"
}

@test "--resume=skip takes the changed statement as done" {
    three_statements "insert into nowhere values ('two');"
    expect 1 deploy latest
    sed -i "s/'one'/'uno'/; s/nowhere/ran/" "$DBALT_DIR/1.0.0-1-a.sql"
    expect 0 deploy latest --resume=skip
    same "$(ran)" "one two three"
}

@test "--resume=retry runs the changed statement" {
    three_statements "insert into nowhere values ('two');"
    expect 1 deploy latest
    sed -i "s/'one'/'uno'/; s/nowhere/ran/" "$DBALT_DIR/1.0.0-1-a.sql"
    expect 0 deploy latest --resume=retry
    same "$(ran)" "one uno two three"
}

@test "--resume of anything else is refused" {
    three_statements "insert into ran values ('two');"
    expect 2 deploy latest --resume=maybe
    expect 2 deploy latest --resume
    same "$(ran)" ""
}

# A deploy that is killed inside its long statement.
kill_in_statement() {
    start_slow deploy deploy latest
    kill -KILL "$pid"
    finish deploy "$pid"
    if is_postgres; then
        # A statement outside a transaction goes on without its client.
        query "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        until_true 20 has_no_sleeper
    fi
}

# The same in the middle of statement 2.
killed() {
    query "create table slow (n bigint)"
    three_statements "$(long_statement)"
    kill_in_statement
}

@test "a killed deploy is not blindly repeated: the next one asks" {
    killed
    expect 1 deploy latest
    err "statement 2"
    err "--resume=retry"
    err "--resume=skip"
    same "$(ran)" "one"
    same "$(tables)" "ran slow"
}

# A temporary table that is filled by a statement of its own, and a deploy that fails behind that.
temporary() {
    alteration 1.0.0-1-a.sql <<SQL
-- dbalt: before-up
create temp table given as select 'given' as what;
insert into given values ('more');
$1
-- dbalt: up
$2
SQL
}

@test "a temporary table of statements that ran is asked about while any are to run" {
    temporary "insert into nowhere select what from given;"
    expect 1 deploy latest
    temporary "insert into ran select what from given;"
    expect 1 deploy latest
    err 'tatement 1 of "before-up" of 1.0.0-1-a.sql ran at 20'
    err "what it made was temporary: it is gone"
    err "1.0.0-1-a.sql:2"
    err "--resume=retry makes it anew, without what statements behind it did to it"
    expect 1 deploy latest --resume=skip
    err_matches '"given" does not exist|no such table: given'
    same "$(ran)" ""
    expect 0 deploy latest --resume=retry
    same "$(ran)" "given"
}

@test "a temporary table of which nothing more is to run is not asked about" {
    temporary "" "insert into nowhere values (1);"
    expect 1 deploy latest
    temporary "" "insert into ran values ('up');"
    expect 0 deploy latest
    same "$(ran)" "up"
}

@test "who is asked about a temporary table hears of what else is in doubt" {
    query "create table slow (n bigint)"
    temporary "$(long_statement)"
    kill_in_statement
    expect 1 deploy latest
    err "what it made was temporary: it is gone"
    err "statement 3 is to be looked at too: --resume answers for it as well"
}

# bats test_tags=postgres
@test "what set_config() set is set again for the statements that are still to run" {
    query "create schema app; create table app.t (x integer); create table public.t (x integer)"
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
select pg_catalog.set_config('search_path', 'app', false);
create index concurrently i on t (y);
-- dbalt: up
SQL
    expect 1 deploy latest
    sed -i 's/(y)/(x)/' "$DBALT_DIR/1.0.0-1-a.sql"
    expect 0 deploy latest
    same "$(query "select indrelid::regclass from pg_index where indexrelid = to_regclass('app.i')")" app.t
}

@test "after a kill --resume=skip takes the statement as done" {
    killed
    expect 0 deploy latest --resume=skip
    same "$(ran)" "one three"
    same "$(tables)" "a ran slow"
    same "$(steps)" "step-begun 1 step-done 1 step-begun 2 step-skipped 2 step-begun 3 step-done 3"
}

@test "after a kill --resume=retry runs the statement again" {
    killed
    start_slow again deploy latest --resume=retry
    local again=$pid
    kill -INT "$again"
    finish again "$again"
    same "$status" 130
    same "$(ran)" "one"
}

@test "an interrupted statement may run again without a question" {
    query "create table slow (n bigint)"
    three_statements "$(long_statement)"
    start_slow deploy deploy latest
    kill -INT "$pid"
    finish deploy "$pid"
    same "$status" 130
    same "$(ran)" "one"
    same "$(query "select count(*) from slow")" 0
}

# bats test_tags=postgres
@test "a deploy waits for the statement of a killed one" {
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
insert into ran select 'slept' from pg_sleep(4);
-- dbalt: up
SQL
    start deploy deploy latest
    local deployer=$pid
    until_true 20 has_sleeper
    kill -KILL "$deployer"
    finish deploy "$deployer"
    run --separate-stderr -- timeout 100 "$DBALT" deploy latest --resume=skip </dev/null
    has_no_sleeper || show "the orphan still runs"
    same "$status" 0
}

@test "a roll back resets the journal: before-up runs again at the next deploy" {
    three_statements "insert into ran values ('two');"
    expect 0 deploy latest
    expect 0 rollback 0.1.0 --yes
    expect 0 deploy latest
    same "$(ran)" "one two three one two three"
}

@test "before-down runs before down" {
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: up
-- dbalt: down
insert into ran values ('down');
-- dbalt: before-down
insert into ran values ('before-down');
SQL
    expect 0 deploy latest
    expect 0 rollback 0.1.0 --yes
    same "$(ran)" "before-down down"
}

@test "the stored before-down is run when the file is gone" {
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: up
-- dbalt: down
insert into ran values ('down');
-- dbalt: before-down
insert into ran values ('before-down');
SQL
    expect 0 deploy latest
    rm "$DBALT_DIR/1.0.0-1-a.sql"
    expect 0 rollback 0.1.0 --yes
    same "$(ran)" "before-down down"
}

@test "a failing before-down leaves the alteration deployed" {
    printf -- "-- dbalt: up\n-- dbalt: down\n-- dbalt: before-down\ninsert into nowhere values (1);\n" | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    expect 1 rollback 0.1.0 --yes
    err "1.0.0-1-a.sql:4"
    same "$(deployed)" "1-a"
}

# bats test_tags=postgres
@test "COPY data work in before-up" {
    printf -- "-- dbalt: before-up\ncopy ran from stdin;\nx\ny\n\\.\ninsert into ran values ('z');\n-- dbalt: up\n" | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(ran)" "x y z"
    same "$(steps)" "step-begun 1 step-done 1 step-begun 2 step-done 2"
}

# bats test_tags=postgres
@test "a killed roll back asks as a deploy does, and heeds --resume" {
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: up
-- dbalt: down
insert into ran values ('down');
-- dbalt: before-down
select pg_sleep(300);
insert into ran values ('before-down');
SQL
    expect 0 deploy latest
    start_slow rollback rollback 0.1.0 --yes
    kill -KILL "$pid"
    finish rollback "$pid"
    query "select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg\\_sleep(%' and datname = current_database()"
    expect 1 rollback 0.1.0 --yes
    err "--resume=skip"
    expect 0 rollback 0.1.0 --yes --resume=skip
    same "$(ran)" "before-down down"
}

# bats test_tags=postgres
@test "a lock that is lost while before-up runs stops the deploy before up" {
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
do $$ begin while not exists (select from gate) loop perform pg_sleep(0.05); end loop; end $$;
-- dbalt: up
create table a (id integer);
SQL
    query "create table gate (open boolean)"
    start_slow deploy deploy latest
    end_sessions "$(query "select pid from pg_locks where locktype = 'advisory'")"
    query "insert into gate values (true)"
    finish deploy "$pid"
    same "$status" 6
    [[ $stderr == *"deploy lock was lost"* ]] || show "it does not say so"
    same "$(tables)" "gate ran"
    expect 0 deploy latest
    same "$(tables)" "a gate ran"
}

# A deploy that is stopped in statement 2 of before-up, which ends meanwhile; $session and $lock are its processes on the server.
stopped() {
    query "create table gate (open boolean)"
    three_statements 'do $$ begin while not exists (select from gate) loop perform pg_sleep(0.05); end loop; end $$;'
    start_slow deploy deploy latest
    kill -STOP "$pid"
    lock=$(query "select pid from pg_locks where locktype = 'advisory'")
    session=$(query "select pid from pg_stat_activity where datname = current_database() and query like 'do %' and pid <> pg_backend_pid()")
    query "insert into gate values (true)"
    until_true 60 is_idle "$session"
}
is_idle() { [ "$(query "select state from pg_stat_activity where pid = $1")" = idle ]; }

# unnoted WHY: what was stopped wakes up, and cannot note that statement 2 is done
unnoted() {
    kill -CONT "$pid"
    finish deploy "$pid"
    same "$status" 6
    err "$1"
    err "1.0.0-1-a.sql:3"
    err 'statements 1 to 2 of 3 of "before-up" had run, and stay'
    err "that statement 2 is done could not be noted: the next run finds out, or asks"
    err "run the command again to continue"
    same "$(ran)" one
    expect 1 deploy latest
    err "it is not known how it ended"
    expect 0 deploy latest --resume=skip
    same "$(ran)" "one three"
}

# bats test_tags=postgres
@test "a deploy that wakes up behind a statement without lock and connection says so, and what had run" {
    stopped
    end_sessions "$lock" "$session"
    unnoted 'he deploy lock was lost'
}

# bats test_tags=postgres
@test "a connection that is lost between a statement and its note is told, and what had run" {
    stopped
    end_sessions "$session"
    unnoted 'annot write the event "step-done" of "1-a": the connection was lost'
}

@test "transaction control in before-up is refused before anything runs" {
    printf -- "-- dbalt: before-up\ninsert into ran values ('one');\nbegin;\n-- dbalt: up\n" | alteration 1.0.0-1-a.sql
    expect 2 deploy latest
    err "1.0.0-1-a.sql:3"
    same "$(ran)" ""
}

# bats test_tags=postgres
@test "settings of before-up end with it" {
    printf -- "-- dbalt: before-up\nset search_path = pg_catalog;\ncreate temp table before (id integer);\n-- dbalt: up\ncreate table a (id integer);\n" | alteration 1.0.0-1-a.sql
    printf -- "-- dbalt: before-up\ninsert into ran values (current_setting('search_path'));\n-- dbalt: up\n" | alteration 1.0.0-2-b.sql
    expect 0 deploy latest
    same "$(ran)" '"$user", public'
    same "$(tables)" "a ran"
}

# bats test_tags=postgres
@test "a role of before-up lasts to its end, and does not reach the journal" {
    query "create role ${database}_maker; grant create on schema public to ${database}_maker"
    printf -- '-- dbalt: before-up\nset role %s_maker;\nselect 1;\ncreate table made ();\n-- dbalt: up\ncreate table other ();\n' "$database" |
        alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(query "select string_agg(tablename || ' ' || (tableowner = '${database}_maker'), ' ' order by tablename) from pg_tables where tablename in ('made', 'other')")" "made true other false"
    printf -- '-- dbalt: before-up\nset role %s_maker;\nselect 1 / 0;\n-- dbalt: up\nselect 1;\n' "$database" | alteration 1.0.0-2-b.sql
    expect 1 deploy latest
    err "division by zero"
    same "$(events "kind = 'step-failed'" | wc -l)" 1
}
