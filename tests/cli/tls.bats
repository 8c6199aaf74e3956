#!/usr/bin/env bats
# A server that takes nothing but TLS, and whose certificate is looked at.
# bats file_tags=postgres

# The rest of the helper speaks to that server, likewise by TLS.
if [ -n "${SECURE:-}" ]; then
    export DBALT_TEST_POSTGRES_URL="postgres://postgres@localhost/postgres?port=$SECURE_PORT&sslmode=verify-full&sslrootcert=$SECURE/authority.crt"
fi
load helper

# certificate NAME SUBJECT: a key, and a certificate of the authority for that host
certificate() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" -keyout "$SECURE/$1.key" -out "$SECURE/$1.request"
    openssl x509 -req -in "$SECURE/$1.request" -CA "$SECURE/authority.crt" -CAkey "$SECURE/authority.key" -CAcreateserial -days 2 -out "$SECURE/$1.crt" \
        -extfile <(echo "subjectAltName=DNS:$2")
}

authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" -keyout "$SECURE/$1.key" -out "$SECURE/$1.crt"
}

control() { "$DBALT_TEST_POSTGRES_BIN/pg_ctl" -D "$SECURE/data" -l "$SECURE/log" -w -t 120 "$@" >/dev/null 3>&- 4>&-; }

setup_file() {
    SECURE=$(mktemp -d /tmp/dbalt-secure.XXXXXX)
    SECURE_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    export SECURE SECURE_PORT
    {
        authority authority
        authority stranger
        certificate server localhost
        "$DBALT_TEST_POSTGRES_BIN/initdb" -D "$SECURE/data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync
    } >"$SECURE/log" 2>&1
    echo 'hostssl all all 127.0.0.1/32 trust' >"$SECURE/data/pg_hba.conf"
    control -o "-p $SECURE_PORT -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c ssl=on \
        -c ssl_cert_file='$SECURE/server.crt' -c ssl_key_file='$SECURE/server.key'" start
}

teardown_file() {
    control -m immediate stop
    rm -rf "$SECURE"
}

database_is_free() { [ "$(query "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")" -eq 0 ]; }

@test "a deploy and a roll back" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    alteration 1.1.0-3-c.sql <<'SQL'
-- dbalt: up
create table c as select ssl from pg_stat_ssl where pid = pg_backend_pid();
-- dbalt: down
drop table c;
SQL
    expect 0 deploy latest
    same "$(deployed)" "1-a 2-b 3-c"
    same "$(query "select ssl from c")" t
    expect 0 check
    expect 0 rollback 1.0.0 --yes
    same "$(tables)" "a"
}

@test "what is longer than a record of TLS, out and in" {
    {
        echo "create table a (id integer, name text);"
        echo "copy a from stdin;"
        python3 -c 'for i in range(100000): print(i, "x" * 50, sep="\t")'
        echo '\.'
        python3 -c 'for i in range(2000): print(f"insert into a values ({i}, {repr(chr(121) * 1000)});")'
        echo "select * from a;"
        echo "do 'begin for i in 1..2000 loop raise notice ''%'', repeat(''n'', 1000); end loop; end';"
    } | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(query "select count(*) from a")" 102000
}

@test "Ctrl-C cancels the statement on the server" {
    query "create table slow (n bigint)"
    long_statement | alteration 1.0.0-1-a.sql
    start_slow deploy deploy latest
    kill -INT "$pid"
    finish deploy "$pid"
    same "$status" 130
    until_true 60 database_is_free
    same "$(deployed)" ""
}

@test "a host that the certificate does not name is exit 6" {
    makes_table 1.0.0-1-a
    expect 6 deploy latest --db-url "${DB_URL/localhost/127.0.0.1}"
    err 'does not match host name "127.0.0.1"'
    same "$(tables)" ""
}

@test "a certificate of a stranger is exit 6" {
    makes_table 1.0.0-1-a
    expect 6 deploy latest --db-url "${DB_URL/authority.crt/stranger.crt}"
    err "certificate verify failed"
    same "$(tables)" ""
}

@test "a connection without TLS is exit 6, since the server wants it" {
    makes_table 1.0.0-1-a
    expect 6 deploy latest --db-url "${DB_URL/verify-full/disable}"
    err "no pg_hba.conf entry"
    same "$(tables)" ""
}
