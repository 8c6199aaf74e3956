#!/usr/bin/env bats
# What each command prints, word by word: golden/NAME.txt. After an intended change: DBALT_UPDATE_GOLDEN=yes, and read the difference.

load helper

more_setup() {
    makes_table 1.0.0-1736157600-customers 1.0.0-1736161200-products 1.1.0-1738576800-totals next-1762768800-vouchers
    transcript=transcript.txt
    : >"$transcript"
}

# shows ARGUMENT...: the command, its stdout, its stderr marked, its exit code, without what differs from run to run
shows() {
    local status=0
    printf '$ dbalt %s\n' "$*" >>"$transcript"
    "$DBALT" "$@" >out.txt 2>err.txt </dev/null || status=$?
    sed 's/^/2> /' err.txt | cat out.txt - |
        sed -E -e "s#$DBALT_DIR#DIR#g; s#$BATS_TEST_TMPDIR#PLACE#g" \
            -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}([ T])[0-9:]{8}(\.[0-9]+)?Z/YYYY-MM-DD\1hh:mm:ssZ/g' \
            -e 's/ +[0-9]+ ms/ N ms/g; s/"took":[0-9]+/"took":N/g; s/"by":"[^"]*"/"by":"WHO"/g; s/"host":"[^"]*"/"host":"HOST"/g; s/"version":"[^"]*"/"version":"VERSION"/g' \
            -e "s/ +took  by *$/ took by/; s/( N ms) +$(id -un)\$/\1 WHO/" \
            -e 's/next-[0-9]{10}-add-stock/next-NOW-add-stock/' >>"$transcript"
    if [ "$status" -ne 0 ]; then
        echo "(exit code $status)" >>"$transcript"
    fi
    echo >>"$transcript"
}

# agrees NAME
agrees() {
    local golden=$BATS_TEST_DIRNAME/golden/$1.txt
    if [ -n "${DBALT_UPDATE_GOLDEN:-}" ]; then
        cp "$transcript" "$golden"
    fi
    diff -u "$golden" "$transcript"
}

@test "list" {
    shows list
    shows list --json
    agrees list
}

@test "deploy" {
    shows deploy
    shows deploy 1.0.0
    shows deploy 1.0.0
    shows deploy latest --json
    shows deploy 1.0
    agrees deploy
}

@test "deploy that fails" {
    printf -- '-- dbalt: up\ncreate table a (id integer);\ninsert into nowhere (id) values (1);\n-- dbalt: down\ndrop table a;\n' |
        alteration 1.0.0-1736161300-fails.sql
    shows deploy latest
    shows deploy latest --json
    agrees "deploy-that-fails-$DBALT_TEST_DATABASE"
}

@test "deploy that is refused" {
    expect 0 deploy latest
    makes_table 1.0.0-1736161300-late
    sed -i 's/id integer/id bigint/' "$DBALT_DIR/1.0.0-1736157600-customers.sql"
    rm "$DBALT_DIR/1.0.0-1736161200-products.sql"
    shows deploy latest
    shows deploy latest --json
    agrees deploy-that-is-refused
}

@test "rollback" {
    expect 0 deploy next
    shows rollback
    shows rollback 1.0.0 --yes
    shows rollback 1.0.0 --yes
    shows rollback 0.1.0 --yes --json
    agrees rollback
}

@test "rollback-to-timestamp" {
    expect 0 deploy next
    shows rollback-to-timestamp
    shows rollback-to-timestamp 1736161200 --yes
    shows rollback-to-timestamp 0 --yes --json
    agrees rollback-to-timestamp
}

@test "status" {
    shows status
    expect 0 deploy 1.0.0
    shows status
    shows status --json
    agrees status
}

@test "check" {
    shows check
    expect 0 deploy 1.0.0
    shows check --json
    expect 0 deploy latest
    shows check
    rm "$DBALT_DIR/1.1.0-1738576800-totals.sql" "$DBALT_DIR/next-1762768800-vouchers.sql"
    shows check
    shows check --strict
    agrees check
}

@test "new" {
    shows new "add stock"
    shows new
    agrees new
}

@test "release" {
    shows release 1.2.0
    shows release 1.3.0
    shows release 1.3
    agrees release
}

@test "repair" {
    expect 0 deploy latest
    sed -i 's/id integer/id bigint/; s/drop table/drop table if exists/' "$DBALT_DIR/1.0.0-1736157600-customers.sql"
    shows repair 1736157600-customers --accept
    shows repair 1736157600-customers --accept --yes
    shows repair 1736157600-customers --forget --yes --json
    agrees repair
}

@test "mistypings" {
    shows depoly
    shows deploy latest --out-of-oder
    shows check --wait=soon
    shows status --db-url oracle://scott:tiger@host/db
    agrees mistypings
}
