#!/usr/bin/env bats
# Ctrl-C and SIGTERM, and the end that nobody can catch.

load helper

more_setup() {
    query "create table slow (n bigint)"
    makes_table 1.0.0-1-a
    {
        echo "create table b (id integer);"
        long_statement
    } | alteration 1.0.0-2-b.sql
}

# No session but our own, no lock.
database_is_free() {
    if is_sqlite; then
        query "begin immediate; rollback"
    else
        [ "$(query "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")" -eq 0 ]
    fi
}

# interrupted SIGNAL
interrupted() {
    start_slow deploy deploy latest
    kill -"$1" "$pid"
    finish deploy "$pid"
    same "$status" 130
    until_true 10 database_is_free
    same "$(tables)" "a slow"
    same "$(deployed)" "1-a"
    same "$(query "select count(*) from slow")" 0
}

@test "SIGINT cancels the statement, keeps nothing of it, and exits 130" { interrupted INT; }
@test "SIGTERM cancels the statement, keeps nothing of it, and exits 130" { interrupted TERM; }

@test "it is quick about it" {
    start_slow deploy deploy latest
    local begun=$SECONDS
    kill -INT "$pid"
    finish deploy "$pid"
    [ $((SECONDS - begun)) -le 5 ]
}

@test "an interrupted deploy says so" {
    start_slow deploy deploy latest
    kill -INT "$pid"
    finish deploy "$pid"
    err "Interrupted"
    err "1.0.0-2-b.sql"
}

# bats test_tags=postgres
@test "a statement that somebody else cancels is a failure, not an interrupt" {
    start_slow deploy deploy latest
    query "select pg_cancel_backend(pid) from pg_stat_activity where query like '%pg\\_sleep(%' and pid <> pg_backend_pid()"
    finish deploy "$pid"
    same "$status" 1
    err "57014"
}

@test "after an interrupted deploy the next one goes on" {
    interrupted INT
    makes_table 1.0.0-2-b
    expect 0 deploy latest
    same "$(tables)" "a b slow"
}

@test "an interrupted roll back keeps the alteration deployed" {
    rm "$DBALT_DIR/1.0.0-2-b.sql"
    {
        printf -- '-- dbalt: up\n-- dbalt: down\ndrop table a;\n'
        long_statement
    } | alteration 1.0.0-3-c.sql
    expect 0 deploy latest
    start_slow rollback rollback 0.1.0 --yes
    kill -INT "$pid"
    finish rollback "$pid"
    same "$status" 130
    same "$(tables)" "a slow"
    same "$(deployed)" "1-a 3-c"
    until_true 10 database_is_free
}

@test "one that waits for the lock can be interrupted" {
    start_slow holder deploy latest
    local holder=$pid
    start waiter deploy latest
    local waiter=$pid
    until_true 20 grep -q "Waiting for another deploy" waiter.err
    kill -INT "$waiter"
    finish waiter "$waiter"
    same "$status" 130
    kill -0 "$holder"
    kill -INT "$holder"
    finish holder "$holder"
    same "$status" 130
    same "$(tables)" "a slow"
}

@test "a check that waits can be interrupted" {
    start waiter check --wait
    until_true 20 grep -q "Waiting" waiter.err
    kill -INT "$pid"
    finish waiter "$pid"
    same "$status" 130
}

# bats test_tags=postgres
@test "an attempt to connect can be interrupted" {
    # It takes the connection, and says nothing.
    python3 -c '
import socket, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
print(server.getsockname()[1], flush=True)
kept, _ = server.accept()
print("connected", flush=True)
time.sleep(60)
' >port 3>&- &
    started+=("$!")
    until_true 10 grep -q . port
    start deploy deploy latest --db-url "postgres://postgres@127.0.0.1:$(head -n 1 port)/x"
    until_true 10 grep -q connected port
    kill -INT "$pid"
    finish deploy "$pid"
    same "$status" 130
}

# A server that accepts and never answers; $silent is its URL.
start_silent() {
    python3 -c '
import socket, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
print(server.getsockname()[1], flush=True)
time.sleep(60)
' >port 3>&- &
    started+=("$!")
    until_true 10 grep -q . port
    silent="postgres://postgres@127.0.0.1:$(head -n 1 port)/x"
}

# bats test_tags=postgres
@test "a server that says nothing is given up after the time to connect" {
    start_silent
    expect 6 status --connect-timeout 1 --db-url "$silent"
}

# bats test_tags=postgres
@test "files are hashed while a server says nothing" {
    [ "$DBALT_TEST_SANITIZED" = false ] || skip "leaks cannot be looked for under strace"
    makes_table 1.0.0-{1,2,3,4,5}-a
    start_silent
    run -6 strace -f -o opened -e trace=openat "$DBALT" status --connect-timeout 1 --db-url "$silent"
    same "$(grep -c '"1.0.0-[1-5]-a.sql"' opened)" 5
}

# bats test_tags=since-14
@test "a killed deploy leaves nothing that must be cleaned" {
    start_slow deploy deploy latest
    kill -KILL "$pid"
    finish deploy "$pid"
    # The server misses its client by itself.
    until_true 15 database_is_free
    makes_table 1.0.0-2-b
    expect 0 deploy latest
    same "$(tables)" "a b slow"
    same "$(query "select count(*) from slow")" 0
}

# bats test_tags=since-14
@test "a deploy that follows a killed one at once waits for it, and runs it once" {
    start_slow deploy deploy latest
    kill -KILL "$pid"
    finish deploy "$pid"
    makes_table 1.0.0-2-b
    expect 0 deploy latest
    same "$(deployed)" "1-a 2-b"
}

# Before 14 a server runs what it was sent to the end, COMMIT included; later ones do where they are not told to look after their client.
# bats test_tags=postgres
@test "what a killed deploy may still do is waited for, and done once" {
    query "create table gate (open boolean)"
    alteration 1.0.0-2-b.sql <<'SQL'
do $$ begin
    perform set_config(name, '0', true) from pg_settings where name = 'client_connection_check_interval';
    while not exists (select from gate) loop perform pg_sleep(0.05); end loop;
end $$;
create table b (id integer);
insert into slow values (1);
SQL
    start_slow deploy deploy latest
    kill -KILL "$pid"
    finish deploy "$pid"
    start second deploy latest
    until_true 60 says second "killed, but its last statement still runs"
    query "insert into gate values (true)"
    finish second "$pid"
    same "$status" 0
    same "$(deployed)" "1-a 2-b"
    same "$(query "select count(*) from slow")" 1
}

@test "a reader of the output that goes away does not end a deploy" {
    rm "$DBALT_DIR/1.0.0-2-b.sql"
    makes_table 1.0.0-2-b 1.0.0-3-c
    timeout 60 "$DBALT" deploy latest --json 2>/dev/null | true
    until_true 20 eval '[ "$(tables)" = "a b c slow" ]'
}

@test "closed descriptors are no hindrance" {
    rm "$DBALT_DIR/1.0.0-2-b.sql"
    status=0
    timeout 60 "$DBALT" deploy latest <&- >&- 2>&- || status=$?
    same "$status" 0
    same "$(tables)" "a slow"
}
