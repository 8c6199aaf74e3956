#!/usr/bin/env bats
# deploy --backup: what is written, that it restores, and that nothing is deployed without it.

load helper

more_setup() {
    backups=$BATS_TEST_TMPDIR/back\ ups
    mkdir "$backups"
    makes_table 1.0.0-1-a
}

# Debian's pg_dump does not read newer servers.
pg_dump_reads_server() { is_sqlite || [ "$(newest_pg_dump)" -ge "$(server_version)" ]; }

server_version() { echo "$(($(admin "show server_version_num") / 10000))"; }

newest_pg_dump() {
    local bin
    for bin in /usr/lib/postgresql/*/bin/pg_dump; do
        "$bin" --version | grep -oE '[0-9]+' | head -n 1
    done | sort -n | tail -n 1
}

needs_backup() { pg_dump_reads_server || skip "there is no pg_dump for this server"; }

backup_count() { find "$backups" -type f | wc -l; }

# The command that dbalt said last, from $stderr.
restore_command() { sed -n 's/^\[[a-z]*\] To restore it: //p' <<<"$stderr" | tail -n 1; }

@test "a backup is written before a deploy, under its name, for its owner alone" {
    needs_backup
    expect 0 deploy latest --backup="$backups"
    same "$(backup_count)" 1
    local file name
    file=$(find "$backups" -type f)
    name=$(basename "$database" .db)
    [[ ${file##*/} =~ ^"$name"-before-1\.0\.0-[0-9]{8}T[0-9]{6}Z\.(db|dump)$ ]] || show "$file"
    same "$(stat -c %a "$file")" 600
    err "[info] Backup $file"
    err "[info] To restore it: "
    same "$(tables)" "a"
}

@test "without a folder it goes to the one in which dbalt runs" {
    needs_backup
    cd "$backups"
    expect 0 deploy latest --backup
    same "$(backup_count)" 1
}

@test "nothing to deploy, no backup" {
    expect 0 deploy latest
    expect 0 deploy latest --backup="$backups"
    same "$(backup_count)" 0
    err_not "ackup"
}

@test "a deploy that fails says how to restore, and that brings all back, the history too" {
    needs_backup
    expect 0 deploy latest
    query "insert into a values (42)"
    echo "create table b (id integer); delete from a; create view v as select * from a" | alteration 1.1.0-2-b.sql
    echo "no sql" | alteration 1.1.0-3-c.sql
    expect 1 deploy latest --backup="$backups"
    err "[warn] The backup from before is $(find "$backups" -type f)"
    err "[warn] To restore it: "
    same "$(deployed)" "1-a 2-b"

    bash -c "$(restore_command)"
    same "$(tables)" "a"
    same "$(query "select id from a")" 42
    if is_postgres; then
        # What was there before the restore is kept.
        local replaced
        replaced=$(sed -n 's/.*"\(replaced-[^"]*\)".*/\1/p' <<<"$stderr" | tail -n 1)
        same "$(psql -XAtq -c "select count(*) from v" "$(url_with "$DB_URL" "$replaced")")" 0
        admin "drop database \"$replaced\""
    fi
    same "$(deployed)" "1-a"
    expect 0 status
    rm "$DBALT_DIR/1.1.0-3-c.sql"
    expect 0 deploy latest
    same "$(deployed)" "1-a 2-b"
}

@test "each deploy has its own backup, and none is written over" {
    needs_backup
    expect 0 deploy latest --backup="$backups"
    local first sum
    first=$(find "$backups" -type f)
    sum=$(sha256sum "$first")
    makes_table 1.1.0-2-b
    expect 0 deploy latest --backup="$backups"
    same "$(backup_count)" 2
    same "$(sha256sum "$first")" "$sum"
}

@test "--json has the backup as an event, and in the result" {
    needs_backup
    expect 0 deploy latest --backup="$backups" --json
    local file
    file=$(find "$backups" -type f)
    same "$(json '[r["path"] for r in rows if r.get("event") == "backup"] == [rows[-1]["backup"]] and rows[-1]["backup"]')" "$file"
    same "$(json '[r["restore"] for r in rows if r.get("event") == "backup"] == [rows[-1]["restore"]]')" True
    # Before the first alteration.
    same "$(json '[r["event"] for r in rows if r.get("event") in ("backup", "started")]')" "['backup', 'started']"
    expect 0 deploy latest --json
    same "$(json '"backup" in rows[-1]')" False
}

@test "a folder that is not there, is none, or may not be written to is exit 2" {
    local folder
    touch "$BATS_TEST_TMPDIR/file"
    mkdir -m 500 "$BATS_TEST_TMPDIR/closed"
    for folder in nowhere file closed ""; do
        expect 2 deploy latest --backup="$folder"
        err "o backup can be written to \"$folder\""
        err "hint: name a folder"
    done
    same "$(tables)" ""
    same "$(catalogue | grep -c dbalt)" 0
}

@test "the word behind --backup is the target, not its folder" {
    needs_backup
    cd "$backups"
    makes_table 1.1.0-2-b
    expect 0 deploy --backup 1.0.0
    same "$(tables)" "a"
}

@test "no room: nothing is deployed, and no file is left" {
    needs_backup
    expect 0 deploy latest
    makes_table 1.0.0-2-b
    if is_sqlite; then
        query "create table big (x); insert into big values (randomblob(300000))"
    else
        query "create table big (x text); insert into big select md5(random()::text) from generate_series(1, 20000)"
    fi
    run --separate-stderr -- bash -c 'ulimit -f 100; exec "$@"' -- "$DBALT" deploy latest --backup="$backups"
    same "$status" 1
    err "No backup could be made"
    err "nothing was deployed"
    same "$(backup_count)" 0
    same "$(tables)" "a big"
    same "$(deployed)" "1-a"
}

# bats test_tags=sqlite
@test "SQLite: a database in WAL mode, and a name with quotes, are restored" {
    local odd="$BATS_TEST_TMPDIR/it's \"odd\".sqlite3"
    sqlite3 "$odd" "pragma journal_mode = wal; create table kept (id); insert into kept values (7)" >/dev/null
    mkdir "$backups/it's"
    expect 0 deploy latest --backup="$backups/it's" --db-url "sqlite:$odd"
    same "$(find "$backups/it's" -type f | wc -l)" 1
    [[ $(find "$backups/it's" -type f) == *"/it_s__odd_-before-1.0.0-"*.sqlite3 ]]
    sqlite3 "$odd" "delete from kept"
    bash -c "$(restore_command)"
    same "$(sqlite3 "$odd" "select id from kept; select count(*) from sqlite_schema where name = 'a'" | paste -sd ' ')" "7 0"
    same "$(sqlite3 "$odd" "pragma integrity_check")" ok
}

# bats test_tags=sqlite
@test "SQLite: a database that is damaged is not backed up, and nothing is deployed" {
    query "create table big (x); insert into big values (zeroblob(200000)); create table t (x); insert into t values (1); drop table t"
    # The page behind the first pages of the value says that the next one is far away.
    printf '\377\377\377\377' | dd of="$database" bs=1 seek=$((4096 * 10)) conv=notrunc status=none
    expect 1 deploy latest --backup="$backups"
    err "No backup could be made: the copy is not sound"
    same "$(backup_count)" 0
    same "$(tables)" "big"
}

# The pg_dump that waits for a table that another session keeps: "dumping" is its process.
start_dumping() {
    query "create table kept (id integer)"
    psql -XAtq "$DB_URL" -c "begin; lock table kept; select pg_sleep(300)" >/dev/null 2>&1 3>&- 4>&- &
    started+=("$!")
    until_true 30 has_sleeper
    start deploy deploy "$@"
    until_true 30 is_dumping
}

is_dumping() { [ "$(query "select count(*) from pg_stat_activity where application_name = 'pg_dump' and wait_event_type = 'Lock'")" -eq 1 ]; }
is_not_dumping() { [ "$(query "select count(*) from pg_stat_activity where application_name = 'pg_dump'")" -eq 0 ]; }

# bats test_tags=postgres
@test "the password reaches pg_dump, and no process title, output or file" {
    needs_backup
    start_dumping latest --backup="$backups" --db-url "$(url_with "$DB_URL" "$database" postgres:geheim)"
    local titles
    titles=$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ')
    [[ $titles == *pg_dump* ]]
    [[ $titles != *geheim* ]] || show "a title has the password"
    has_password_in_environment
    query "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg\\_sleep(%' and pid <> pg_backend_pid()" >/dev/null
    finish deploy "$pid"
    same "$status" 0
    [[ $output$stderr != *geheim* ]] || show "the password was printed"
    same "$(grep -rlac geheim "$backups")" ""
}

# Of the same user: nobody else may look there.
has_password_in_environment() {
    local process
    for process in /proc/[0-9]*; do
        if [[ $(tr '\0' '\n' 2>/dev/null <"$process/cmdline" | head -n 1) == */pg_dump ]] && tr '\0' '\n' <"$process/environ" | grep -qx PGPASSWORD=geheim; then
            return 0
        fi
    done
    return 1
}

# bats test_tags=postgres
@test "an interrupt ends pg_dump, leaves no file, and nothing is deployed" {
    needs_backup
    start_dumping latest --backup="$backups"
    kill -INT "$pid"
    finish deploy "$pid"
    same "$status" 130
    err "Interrupted"
    err "nothing was deployed"
    same "$(backup_count)" 0
    until_true 10 is_not_dumping
    same "$(tables)" "kept"
}

# bats test_tags=postgres
@test "a killed dbalt takes pg_dump with it" {
    needs_backup
    start_dumping latest --backup="$backups"
    kill -KILL "$pid"
    finish deploy "$pid"
    until_true 20 is_not_dumping
    same "$(find "$backups" -type f -name '*.dump' | wc -l)" 0
}

# bats test_tags=postgres
@test "a server that ends idle sessions does not end a deploy whose backup takes long" {
    needs_backup
    [ "$(server_version)" -ge 14 ] || skip "this server has no such limit"
    query "alter database $database set idle_session_timeout = '300ms'"
    start_dumping latest --backup="$backups"
    query "select pg_sleep(1.5)" >/dev/null
    query "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg\\_sleep(300%' and pid <> pg_backend_pid()" >/dev/null
    finish deploy "$pid"
    same "$status" 0
    same "$(tables)" "a kept"
}

# bats test_tags=postgres
@test "who owns the database and may make one restores it without being a superuser" {
    needs_backup
    local role=owner_$$_$BATS_TEST_NUMBER
    admin "create role $role login createdb; alter database $database owner to $role"
    query "grant create on schema public to $role; alter database $database set work_mem = '5MB'"
    expect 0 deploy latest --db-url "$(url_with "$DB_URL" "$database" "$role")"
    makes_table 1.1.0-2-b
    expect 0 deploy latest --backup="$backups" --db-url "$(url_with "$DB_URL" "$database" "$role")"
    same "$(deployed)" "1-a 2-b"
    bash -c "$(restore_command)"
    same "$(deployed)" "1-a"
    same "$(tables)" "a"
    if [ "$(newest_pg_dump)" -eq "$(server_version)" ]; then
        same "$(query "show work_mem")" 5MB
    fi
    same "$(admin "select pg_get_userbyid(datdba) from pg_database where datname = '$database'")" "$role"
}

# bats test_tags=postgres
@test "what pg_dump says is shown when it fails, and nothing is deployed" {
    needs_backup
    local role=deployer_$$_$BATS_TEST_NUMBER
    query "create table secret (id integer); create role $role login; grant create on database $database to $role; grant create on schema public to $role"
    expect 1 deploy latest --backup="$backups" --db-url "$(url_with "$DB_URL" "$database" "$role")"
    err "No backup could be made: \"/"
    err "pg_dump: error: query failed: ERROR:  permission denied for table secret"
    err "nothing was deployed"
    err "pg_read_all_data"
    same "$(tables)" "secret"
    same "$(backup_count)" 0
    query "grant select on secret to $role"
    expect 0 deploy latest --backup="$backups" --db-url "$(url_with "$DB_URL" "$database" "$role")"
    same "$(backup_count)" 1
    query "drop owned by $role; drop role $role"
}

# bats test_tags=postgres
@test "of several hosts, and of a service, the server in use is dumped, with the settings of the connection" {
    needs_backup
    local pattern='host=([^&]*)' host
    [[ $DB_URL =~ $pattern ]]
    host=${BASH_REMATCH[1]}
    printf '[shop]\nhost=/nowhere,%s\nport=%s\nuser=postgres\npassword=geheim\ndbname=%s\n' \
        "$host" "$(query "show port"),$(query "show port")" "$database" >service.conf
    PGSERVICEFILE=$PWD/service.conf PGHOST=/nowhere PGCLIENTENCODING=LATIN1 expect 0 deploy latest --backup="$backups" \
        --db-url "postgres:///?service=shop&connect_timeout=5&sslmode=disable"
    same "$(backup_count)" 1
    err "host=$host"
    err "sslmode=disable"
    err_not "/nowhere"
    err_not "service"
    [[ $output$stderr != *geheim* ]]
    query "drop table a"
    PGHOST=/nowhere bash -c "$(restore_command)"
    same "$(tables)" ""
}

# bats test_tags=postgres
@test "a database of an odd name is dumped and restored" {
    needs_backup
    local odd="host=no such=1 it's \"odd\" \\"
    admin "create database \"${odd//\"/\"\"}\""
    local url
    url=$(url_with "$DB_URL" "$(python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""))' "$odd")")
    expect 0 deploy latest --backup="$backups" --db-url "$url"
    bash -c "$(restore_command)"
    same "$(psql -XAtq "$url" -c "select count(*) from dbalt.alteration")" 0
    admin "drop database \"${odd//\"/\"\"}\""
}

# start_newer_server VERSION: ours, but it says that it is of this version. Its port is in the file "port".
start_newer_server() {
    python3 -c '
import os, socket, sys, threading
def copy(source, sink, is_answer):
    while True:
        data = source.recv(65536)
        if not data:
            break
        at = data.find(b"server_version\0")
        if is_answer and at >= 0:
            at += len(b"server_version\0")
            data = data[:at] + sys.argv[1].encode() + data[at + 2:]
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    client, _ = listener.accept()
    server = socket.socket(socket.AF_UNIX)
    server.connect(os.environ["DBALT_TEST_POSTGRES_DIR"] + "/.s.PGSQL.5432")
    threading.Thread(target=copy, args=(client, server, False), daemon=True).start()
    threading.Thread(target=copy, args=(server, client, True), daemon=True).start()
' "$1" >port 2>proxy.err 3>&- 4>&- &
    started+=("$!")
    until_true 10 grep -q . port
}

# bats test_tags=postgres
@test "without a pg_dump for the server nothing is deployed" {
    local version
    version=$(($(newest_pg_dump) + 1))
    [ "$(server_version)" -ge 14 ] || skip "this server cannot pass for such a new one"
    start_newer_server "$version"
    expect 1 deploy latest --backup="$backups" --db-url "postgres://postgres@127.0.0.1:$(<port)/$database"
    err "No backup could be made: there is no pg_dump for a server of PostgreSQL $version on this machine"
    err "/usr/lib/postgresql/"
    err "nothing was deployed"
    err "hint: install the client programs of PostgreSQL $version or newer"
    same "$(tables)" ""
    same "$(backup_count)" 0
}

# bats test_tags=postgres
@test "the real server, where it is newer than pg_dump, is refused likewise" {
    if pg_dump_reads_server; then
        skip "there is a pg_dump for this server"
    fi
    expect 1 deploy latest --backup="$backups"
    err "No backup could be made: there is no pg_dump for a server of PostgreSQL"
    same "$(tables)" ""
}

# tools AFTERWARDS: pg_dump and pg_restore in the folder "bin", the former with these commands behind it
tools() {
    local real
    real=$(pg_config --bindir)
    mkdir bin
    printf '#!/bin/sh\n"%s/pg_dump" "$@"\n%s\n' "$real" "$1" >bin/pg_dump
    printf '#!/bin/sh\nexec "%s/pg_restore" "$@"\n' "$real" >bin/pg_restore
    ln -s "$real/psql" bin/psql
    chmod +x bin/pg_*
}

# bats test_tags=postgres
@test "a pg_dump of PATH is found" {
    needs_backup
    tools :
    PATH=$PWD/bin:$PATH expect 0 deploy latest --backup="$backups"
    err "$PWD/bin/pg_restore"
}

# bats test_tags=postgres
@test "a dump that cannot be read is none, whatever pg_dump says, and nothing is deployed" {
    needs_backup
    # shellcheck disable=SC2016
    tools 'for file; do :; done; [ ! -f "$file" ] || truncate -s 100 "$file"; exit 0'
    PATH=$PWD/bin:$PATH expect 1 deploy latest --backup="$backups"
    err "No backup could be made: \"$PWD/bin/pg_restore\" failed"
    same "$(tables)" ""
    same "$(backup_count)" 0
}

# bats test_tags=postgres
@test "through a pooler it is refused, and nothing is deployed" {
    run --separate-stderr -- "$BATS_TEST_DIRNAME/../support/with-pgbouncer" 5 bash -c \
        'exec "$DBALT" deploy latest --backup="$1" --db-url "${DBALT_TEST_POSTGRES_URL/"/postgres?"/"/$2?"}"' -- "$backups" "$database"
    same "$status" 1
    err "No backup could be made: pg_dump does not work through a pooler"
    err "nothing was deployed"
    same "$(tables)" ""
    same "$(backup_count)" 0
}
