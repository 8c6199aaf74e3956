#!/usr/bin/env bats
# What users expect of SQLite.

load helper

shop() {
    alteration 1.0.0-1-shop.sql <<'SQL'
-- dbalt: up
create table customers (id integer primary key, name text);
create table orders (id integer primary key, customer integer not null references customers (id) on delete cascade);
insert into customers values (1, 'Ada'), (2, 'Grace');
insert into orders values (10, 1), (11, 1), (20, 2);
-- dbalt: down
drop table orders;
drop table customers;
SQL
    expect 0 deploy latest
}

@test "foreign keys are on" {
    shop
    alteration 1.0.0-2-b.sql <<<"insert into orders values (30, 99);"
    expect 1 deploy latest
    err "FOREIGN KEY"
    err "1.0.0-2-b.sql:1"
    same "$(query "select count(*) from orders")" 3
}

@test "a table rebuild leaves the child rows alone" {
    shop
    alteration 1.0.0-2-rebuild.sql <<'SQL'
-- dbalt: up
create table customers_new (id integer primary key, name text not null, email text);
insert into customers_new (id, name) select id, name from customers;
drop table customers;
alter table customers_new rename to customers;
-- dbalt: down
create table customers_old (id integer primary key, name text);
insert into customers_old (id, name) select id, name from customers;
drop table customers;
alter table customers_old rename to customers;
SQL
    expect 0 deploy latest
    same "$(query "select count(*) from orders")" 3
    same "$(query "select sql from sqlite_schema where name = 'orders'" | grep -c 'references "\?customers"\? (id)')" 1
    expect 0 rollback-to-timestamp 1 --yes
    same "$(query "select count(*) from orders")" 3
}

@test "an intended cascade in the same script still works" {
    shop
    alteration 1.0.0-2-b.sql <<'SQL'
create table customers_new (id integer primary key, name text not null);
insert into customers_new (id, name) select id, name from customers;
drop table customers;
alter table customers_new rename to customers;
delete from customers where id = 1;
SQL
    expect 0 deploy latest
    same "$(query "select group_concat(id) from orders")" "20"
}

@test "an intended cascade before the rebuild works too" {
    shop
    alteration 1.0.0-2-b.sql <<'SQL'
delete from customers where id = 2;
create table customers_new (id integer primary key, name text not null);
insert into customers_new (id, name) select id, name from customers;
drop table if exists customers;
alter table customers_new rename to customers;
SQL
    expect 0 deploy latest
    same "$(query "select group_concat(id) from orders")" "10,11"
}

@test "a rebuild that loses a parent row is refused, and changes nothing" {
    shop
    alteration 1.0.0-2-b.sql <<'SQL'
create table customers_new (id integer primary key, name text not null);
insert into customers_new (id, name) select id, name from customers where id = 1;
drop table customers;
alter table customers_new rename to customers;
SQL
    expect 1 deploy latest
    err "orders"
    same "$(query "select group_concat(id) from customers")" "1,2"
    same "$(query "select count(*) from orders")" 3
    same "$(deployed)" "1-shop"
}

@test "dropping a parent that has children is refused" {
    shop
    alteration 1.0.0-2-b.sql <<<"drop table customers;"
    expect 1 deploy latest
    same "$(query "select count(*) from customers")" 2
}

@test "violations that were there before are no hindrance" {
    shop
    query "pragma foreign_keys = off; insert into orders values (30, 99)"
    makes_table 1.0.0-2-b
    expect 0 deploy latest
    same "$(tables)" "b customers orders"
}

@test "a new violation is refused also amid old ones" {
    shop
    query "pragma foreign_keys = off; insert into orders values (30, 99)"
    alteration 1.0.0-2-b.sql <<'SQL'
create table customers_new (id integer primary key, name text not null);
insert into customers_new (id, name) select id, name from customers where id = 1;
drop table customers;
alter table customers_new rename to customers;
SQL
    expect 1 deploy latest
    same "$(query "select count(*) from customers")" 2
}

@test "foreign keys are on again in the next alteration" {
    shop
    alteration 1.0.0-2-rebuild.sql <<'SQL'
create table customers_new (id integer primary key, name text not null);
insert into customers_new (id, name) select id, name from customers;
drop table customers;
alter table customers_new rename to customers;
SQL
    alteration 1.0.0-3-c.sql <<<"insert into orders values (30, 99);"
    expect 1 deploy latest
    err "1.0.0-3-c.sql:1"
    same "$(deployed)" "1-shop 2-rebuild"
}

@test "a script may not turn foreign keys off for the others" {
    shop
    printf 'pragma foreign_keys = off;\nselect 1;\n' | alteration 1.0.0-2-b.sql
    alteration 1.0.0-3-c.sql <<<"insert into orders values (30, 99);"
    run --separate-stderr -- "$DBALT" deploy latest </dev/null
    [ "$status" -ne 0 ]
    same "$(query "select count(*) from orders")" 3
}

@test "without --create a database that is not there is exit 6, and is not made" {
    makes_table 1.0.0-1-a
    expect 6 deploy latest --db-url "sqlite:$PWD/new.db"
    err "new.db"
    err "--create"
    [ ! -e new.db ]
    expect 6 status --db-url "sqlite:$PWD/new.db"
    expect 6 check --db-url "sqlite:$PWD/new.db"
    expect 6 rollback 0.1.0 --yes --db-url "sqlite:$PWD/new.db"
    [ ! -e new.db ]
}

@test "--create makes the database, and deploys" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest --create --db-url "sqlite:$PWD/new.db"
    same "$(sqlite3 new.db "select count(*) from a")" 0
}

@test "--create makes the database also when there is nothing to deploy" {
    expect 0 deploy latest --create --db-url "sqlite:$PWD/new.db"
    err "[info] Found 0 alteration to deploy"
    [ -e new.db ]
    sqlite3 new.db "select count(*) from sqlite_schema"
}

@test "--create without a target still wants one" {
    makes_table 1.0.0-1-a
    expect 2 deploy --create --db-url "sqlite:$PWD/new.db"
    err "Missing target version"
}

@test "--create leaves a database that is there alone" {
    query "create table kept (id integer)"
    makes_table 1.0.0-1-a
    expect 0 deploy latest --create
    same "$(tables)" "a kept"
}

@test "--create makes no directories" {
    makes_table 1.0.0-1-a
    expect 6 deploy latest --create --db-url "sqlite:$PWD/nowhere/new.db"
    err "nowhere"
    [ ! -e nowhere ]
}

@test "--create with a script that is refused makes an empty database at most" {
    alteration 1.0.0-1-a.sql <<<"commit;"
    expect 2 deploy latest --create --db-url "sqlite:$PWD/new.db"
    if [ -e new.db ]; then
        same "$(sqlite3 new.db "select count(*) from sqlite_schema")" 0
    fi
}

@test "a missing directory is exit 6" {
    expect 6 status --db-url "sqlite:$PWD/nowhere/x.db"
    err "nowhere"
}

@test "a directory is no database" {
    mkdir folder
    expect 6 status --db-url "sqlite:$PWD/folder"
    err "folder"
}

@test "a file that is no database is exit 6, and is left as it is" {
    makes_table 1.0.0-1-a
    printf 'This is a letter to my aunt, and longer than a header of a database, which has one hundred bytes in all.\n' >letter.txt
    cp letter.txt copy.txt
    expect 6 status --db-url "sqlite:$PWD/letter.txt"
    err "not a database"
    expect 6 deploy latest --db-url "sqlite:$PWD/letter.txt"
    cmp letter.txt copy.txt
}

@test "a read-only file can be looked at, and a deploy is exit 6" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    makes_table 1.0.0-2-b
    chmod a-w "$database"
    expect 0 status
    expect 6 deploy latest
    [[ ${stderr,,} == *read*only* || ${stderr,,} == *"permission"* ]] || show "it does not say why"
    same "$(tables)" "a"
}

@test "an unreadable file is exit 6" {
    chmod a-r "$database"
    expect 6 status
    err "test.db"
}

@test "a relative path, an absolute one, blanks and percent signs are file names" {
    makes_table 1.0.0-1-a
    mkdir "my data"
    expect 0 deploy latest --create --db-url "sqlite:my data/a b.db"
    [ -e "my data/a b.db" ]
    expect 0 check --db-url "sqlite:$PWD/my data/a b.db"
}

@test "a database in WAL mode works, and stays in it" {
    query "pragma journal_mode = wal" >/dev/null
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    expect 0 check
    same "$(query "pragma journal_mode")" "wal"
}

@test "an open reader does not hinder a deploy for ever" {
    makes_table 1.0.0-1-a
    python3 -c '
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("begin")
database.execute("select * from sqlite_schema").fetchall()
print("reading", flush=True)
time.sleep(2)
database.execute("commit")
' "$database" >reader 3>&- &
    started+=("$!")
    until_true 10 grep -q reading reader
    expect 0 deploy latest
    same "$(tables)" "a"
}

@test "an open writer is waited for" {
    makes_table 1.0.0-1-a
    python3 -c '
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("begin immediate")
database.execute("create table other (id integer)")
print("writing", flush=True)
time.sleep(7)
database.execute("commit")
' "$database" >writer 3>&- &
    started+=("$!")
    until_true 10 grep -q writing writer
    expect 0 deploy latest
    same "$(tables)" "a other"
}

@test "a database of an application is not touched but for what the script does" {
    query "pragma user_version = 7; pragma application_id = 99; pragma auto_vacuum = 1; create table t (x integer)"
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    same "$(query "pragma user_version; pragma application_id" | paste -sd ' ')" "7 99"
}

@test "several statements on a line, a trigger and a view work" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table a (id integer); create view v as select id from a; create trigger t instead of insert on v begin insert into a values (new.id); end; insert into v values (5);
SQL
    expect 0 deploy latest
    same "$(query "select id from a")" 5
}

@test "ATTACH and DETACH in a script are refused, or do no harm" {
    makes_table 1.0.0-1-a
    printf "attach '%s' as other;\ncreate table other.x (id integer);\n" "$PWD/other.db" | alteration 1.0.0-2-b.sql
    run --separate-stderr -- "$DBALT" deploy latest </dev/null
    [ "$status" -ne 0 ]
    err "1.0.0-2-b.sql:1"
}

@test "an interrupt that cannot be noted, since another program writes, says that the next run asks" {
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: before-up
with recursive c (x) as (select 1 union all select x + 1 from c where x < 100000000000) select count(*) from c;
-- dbalt: up
select 1;
SQL
    start_slow deploy deploy latest
    printf 'begin immediate;\n.shell touch held; until [ -e over ]; do sleep 0.05; done\n' | sqlite3 "$database" 3>&- 4>&- &
    started+=("$!")
    until_true 20 test -e held
    kill -INT "$pid"
    finish deploy "$pid"
    touch over
    same "$status" 130
    err "this could not be noted: the next run asks, and --resume=retry runs statement 1 again"
    expect 1 deploy latest
    err "--resume=retry"
}
