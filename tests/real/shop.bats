#!/usr/bin/env bats
# The alterations of examples/shop go forth and back on both databases, and the data with them.

shop=$BATS_TEST_DIRNAME/../../examples/shop

setup_file() {
    psql -Xq "$DBALT_TEST_POSTGRES_URL" -c 'create database shop'
}

teardown_file() {
    psql -Xq "$DBALT_TEST_POSTGRES_URL" -c 'drop database if exists shop'
}

use_sqlite() {
    export DBALT_DIR=$shop/sqlite DB_URL=sqlite:$BATS_TEST_TMPDIR/shop.db
    : >"$BATS_TEST_TMPDIR/shop.db"
}

use_postgres() {
    DB_URL=$(sed -E 's#^(postgres(ql)?://[^/]*)/[^?]*#\1/shop#' <<<"$DBALT_TEST_POSTGRES_URL")
    export DB_URL DBALT_DIR=$shop/postgres
}

ask_sqlite() {
    sqlite3 "$BATS_TEST_TMPDIR/shop.db" "$1"
}

ask_postgres() {
    psql -XAtq "$DB_URL" -c "$1"
}

# What the shop knew when 1.0.0 was all there was.
data_of_first_release() { # DATABASE
    "ask_$1" 'select id, full_name, email, street, city, postcode from customers order by id'
    "ask_$1" 'select id, name, category, round(price * 100) from products order by id'
    "ask_$1" 'select id, customer_id, status from orders order by id'
    "ask_$1" 'select order_id, product_id, quantity, round(unit_price * 100) from order_lines order by order_id, product_id'
}

go_forth_and_back() { # DATABASE
    "$DBALT" deploy 1.0.0
    data_of_first_release "$1" >"$BATS_TEST_TMPDIR/before"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/before")" -eq 23 ]

    "$DBALT" deploy latest
    "$DBALT" check
    [ "$("ask_$1" 'select count(*) from order_lines')" -eq 8 ]
    [ "$("ask_$1" 'select total_cents from order_totals where order_id = 1')" -eq 6065 ]
    "$DBALT" deploy next
    "$DBALT" check next

    "$DBALT" rollback 1.0.0 --yes
    data_of_first_release "$1" >"$BATS_TEST_TMPDIR/after"
    diff -u "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"

    "$DBALT" deploy next
    [ "$("ask_$1" 'select quantity from stock_levels where product_id = 2')" -eq 92 ]
}

@test "on SQLite, with the rows of children kept when a table is made anew" {
    use_sqlite
    go_forth_and_back sqlite
    [ -z "$(ask_sqlite 'pragma foreign_key_check')" ]
}

@test "on SQLite, down to nothing, by cascade too" {
    use_sqlite
    "$DBALT" deploy next
    "$DBALT" rollback-to-timestamp 1 --yes
    [ "$(ask_sqlite "select count(*) from sqlite_schema where name not like 'dbalt%' and name not like 'sqlite%'")" -eq 0 ]
}

@test "on PostgreSQL" {
    use_postgres
    go_forth_and_back postgres
    "$DBALT" rollback-to-timestamp 1 --yes
    [ "$(ask_postgres "select count(*) from pg_tables where schemaname = 'public'")" -eq 0 ]
}
