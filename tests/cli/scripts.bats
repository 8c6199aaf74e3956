#!/usr/bin/env bats
# What a script may look like, and what is refused before anything runs.

load helper

# ---- what works

@test "a file without a marker is all up" {
    printf 'create table a (id integer);\ncreate table b (id integer);\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(tables)" "a b"
}

@test "a file with CRLF line ends runs as one without" {
    printf -- '-- dbalt: up\r\ncreate table a (\r\n  id integer\r\n);\r\n\r\n-- dbalt: down\r\ndrop table a;\r\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(tables)" "a"
    expect 0 rollback 0.1.0 --yes
    same "$(tables)" ""
}

@test "CRLF within a string reaches the database as it was written" {
    printf "create table a (t text);\r\ninsert into a values ('x\r\ny');\r\n" | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(query "select length(t) from a")" 4
}

@test "a byte order mark is passed over" {
    printf -- '\xef\xbb\xbf-- dbalt: up\ncreate table a (id integer);\n-- dbalt: down\ndrop table a;\n' | alteration 1.0.0-1-a.sql
    printf '\xef\xbb\xbfcreate table b (id integer);\n' | alteration 1.0.0-2-b.sql
    expect 0 deploy latest
    same "$(tables)" "a b"
    expect 0 check
}

@test "a last line without line end runs" {
    printf -- '-- dbalt: up\ncreate table a (id integer)\n-- dbalt: down\ndrop table a' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(tables)" "a"
    expect 0 rollback 0.1.0 --yes
    same "$(tables)" ""
}

@test "a last line that is a comment without line end runs" {
    printf 'create table a (id integer) -- the end' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(tables)" "a"
}

@test "a marker on the last line without line end is an empty section" {
    printf -- '-- dbalt: up\ncreate table a (id integer);\n-- dbalt: down' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    expect 0 rollback 0.1.0 --yes
    same "$(tables)" "a"
}

@test "empty sections run nothing, and are deployed" {
    printf -- '-- dbalt: before-up\n-- dbalt: up\n-- dbalt: down\n-- dbalt: before-down\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(deployed)" "1-a"
    expect 0 rollback 0.1.0 --yes
    same "$(deployed)" ""
}

@test "an empty file runs nothing, and is deployed" {
    : | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(deployed)" "1-a"
}

@test "a file of comments and semicolons runs nothing, and is deployed" {
    printf -- '-- nothing\n;;\n/* here */;\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(deployed)" "1-a"
}

@test "comments may stand before the first marker" {
    printf -- '-- Ticket 17\n/* a block\n   of it */\n\n-- dbalt: up\ncreate table a (id integer);\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(tables)" "a"
}

@test "sections may stand in any order" {
    printf -- '-- dbalt: down\ndrop table a;\n-- dbalt: up\ncreate table a (id integer);\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(tables)" "a"
    expect 0 rollback 0.1.0 --yes
    same "$(tables)" ""
}

@test "a marker within a string is text" {
    printf -- "-- dbalt: up\ncreate table a (t text);\ninsert into a values ('\n-- dbalt: down\n');\n" | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    [[ "$(query "select t from a")" == *"-- dbalt: down"* ]]
}

@test "a marker within a comment block is text" {
    printf -- '-- dbalt: up\ncreate table a (id integer);\n/*\n-- dbalt: down\n*/\ncreate table b (id integer);\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(tables)" "a b"
}

@test "a marker within a quoted name is text" {
    printf -- '-- dbalt: up\ncreate table a ("x\n-- dbalt: down\ny" integer);\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(tables)" "a"
}

# bats test_tags=postgres
@test "a marker within a dollar-quoted body is text" {
    alteration 1.0.0-1-a.sql <<'SQL'
-- dbalt: up
create function f () returns text language sql as $body$
select $$
-- dbalt: down
$$::text;
$body$;
-- dbalt: down
drop function f();
SQL
    expect 0 deploy latest
    [[ "$(query "select f()")" == *"-- dbalt: down"* ]]
    expect 0 rollback 0.1.0 --yes
    same "$(query "select count(*) from pg_proc where proname = 'f'")" 0
}

# bats test_tags=postgres
@test "a marker within COPY data is text" {
    printf -- '-- dbalt: up\ncreate table a (t text);\ncopy a from stdin;\nfirst\n-- dbalt: down\nlast\n\\.\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(query "select count(*) from a")" 3
}

# bats test_tags=sqlite
@test "a trigger with semicolons in its body is one statement" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table a (id integer);
create table log (id integer);
create trigger t after insert on a begin
    insert into log values (new.id);
    insert into log select case when new.id > 0 then 1 else 2 end;
end;
insert into a values (7);
SQL
    expect 0 deploy latest
    same "$(query "select count(*) from log")" 2
}

# bats test_tags=postgres
@test "COPY data up to the backslash and point reach their table" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table a (id integer, t text);
copy a (id, t) from stdin;
1	one; two
2	it's
3	\N
4	a\\b
\.
create table b (id integer);
COPY b FROM STDIN WITH (FORMAT csv);
5
6
\.
insert into a values (9, 'behind');
SQL
    expect 0 deploy latest
    same "$(query "select string_agg(id || coalesce(t, '-'), ',' order by id) from a")" "1one; two,2it's,3-,4a\\b,9behind"
    same "$(query "select sum(id) from b")" 11
}

# bats test_tags=postgres
@test "COPY without rows works" {
    printf 'create table a (id integer);\ncopy a from stdin;\n\\.\n' | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(query "select count(*) from a")" 0
}

# bats test_tags=postgres
@test "an error in COPY data takes the whole alteration back, and is located" {
    printf 'create table a (id integer);\ncopy a from stdin;\n1\nx\n\\.\n' | alteration 1.0.0-1-a.sql
    expect 1 deploy latest
    err "1.0.0-1-a.sql:2"
    err "22P02"
    same "$(tables)" ""
}

# bats test_tags=postgres, since-14
@test "a function with BEGIN ATOMIC is one statement" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table a (id integer);
create function f (x integer) returns integer language sql
begin atomic
    insert into a values (x);
    select case when x > 0 then 1 else 0 end;
end;
create procedure p () language sql begin atomic; insert into a values (1); end;
select f(5);
SQL
    expect 0 deploy latest
    same "$(query "select id from a")" 5
}

# bats test_tags=postgres
@test "a function with dollar quotes is one statement" {
    alteration 1.0.0-1-a.sql <<'SQL'
create function f () returns integer language plpgsql as $$
begin
    perform 1; -- 'begin; commit;
    return 7;
end;
$$;
do $x$ begin execute $y$ create table a (id integer); $y$; end $x$;
SQL
    expect 0 deploy latest
    same "$(query "select f()")" 7
    same "$(tables)" "a"
}

@test "nothing in a script is taken for a placeholder" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table a (t text);
insert into a values ('$1 :name %s ? \n ${x} {{y}} ||| \\');
SQL
    expect 0 deploy latest
    same "$(query "select t from a")" '$1 :name %s ? \n ${x} {{y}} ||| \\'
}

# bats test_tags=postgres
@test "a JSON operator with a question mark is no placeholder" {
    printf "create table a as select '{\"k\": 1}'::jsonb ? 'k' as has;\n" | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    same "$(query "select has from a")" "t"
}

# bats test_tags=postgres
@test "COPY in all its ways of writing takes its data" {
    alteration 1.0.0-1-a.sql <<'SQL'
create schema "My s";
create table "My s"."My t" (a text, b text);
COPY "My s"."My t" (a, b) FROM stdin DELIMITER ';';
x;y
$$;'
/*;--
\.
copy "My s"."My t" from stdin (format csv, header, quote '"'); -- and behind it a comment
a,b
"1;
-- dbalt: down
2",two
\.

/* between */ copy
  "My s"."My t"
  from stdin;
last	one
\.
SQL
    expect 0 deploy latest
    same "$(query 'select count(*) from "My s"."My t"')" 5
    [[ "$(query "select a from \"My s\".\"My t\" where b = 'two'")" == *"dbalt: down"* ]]
}

# bats test_tags=postgres
@test "COPY to the client prints nothing" {
    printf "copy (select 'secret' from generate_series(1, 1000)) to stdout;\ncreate table a (id integer);\n" | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    out_not secret
    same "$(tables)" "a"
}

# bats test_tags=postgres
@test "COPY data without their end are refused or a failure, and nothing is kept" {
    printf 'create table a (id integer);\ncopy a from stdin;\n1\n2\n' | alteration 1.0.0-1-a.sql
    run --separate-stderr -- timeout 60 "$DBALT" deploy latest </dev/null
    case $status in
    0) same "$(query "select count(*) from a")" 2 ;; # psql too takes the end of the file for the end of the data
    1 | 2) same "$(tables)" "" ;;
    *) show "it ended with $status" ;;
    esac
}

# bats test_tags=postgres
@test "semicolons within a rule's parentheses end no statement" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table a (id integer);
create table b (id integer);
create rule r as on insert to a do also (insert into b values (new.id); insert into b values (new.id + 1));
insert into a values (1);
SQL
    expect 0 deploy latest
    same "$(query "select count(*) from b")" 2
}

# bats test_tags=postgres
@test "comments within comments, odd strings and names with dollars are read as PostgreSQL does" {
    alteration 1.0.0-1-a.sql <<'SQL'
/* outer /* inner; */ still a comment
-- dbalt: down
*/
create table a$b$c (t text);
insert into a$b$c values (E'it\'s; /*'), (U&'\0041;'), ($q$;--$q$), ('a' -- not the end;
'b;'), (B'101'::text), (e'\\');
create table "a;""b" (id integer);
select 1 as "--", 2 as "/*", 'x' /* ' */ ;
create operator @-@ (leftarg = integer, rightarg = integer, function = int4pl);
SQL
    expect 0 deploy latest
    same "$(query 'select string_agg(t, chr(10) order by ctid) from a$b$c')" "it's; /*
A;
;--
ab;
101
\\"
}

# bats test_tags=sqlite
@test "comments, brackets and backticks are read as SQLite does" {
    alteration 1.0.0-1-a.sql <<'SQL'
/* outer /* no inner; */
create table [a;b] (`c;"d` text, "e;""f" text);
insert into [a;b] values ('it''s;', '\');
create table b (id integer); -- ';
SQL
    expect 0 deploy latest
    same "$(query 'select * from [a;b]')" "it's;|\\"
    same "$(tables)" "a;b b"
}

# bats test_tags=postgres
@test "what only looks like a statement for outside is let in" {
    alteration 1.0.0-1-a.sql <<'SQL'
create type mood as enum ('sad');
alter type mood add value 'happy';
create table a (id integer primary key);
create index i on a (id);
cluster a using i;
reindex table a;
analyze a;
truncate a;
create materialized view m as select id from a;
create unique index on m (id);
refresh materialized view concurrently m;
refresh materialized view m;
create table p (id integer) partition by range (id);
create table p1 partition of p for values from (0) to (9);
alter table p detach partition p1;
create table vacuum (id integer);
lock table a;
set constraints all immediate;
SQL
    expect 0 deploy latest
    same "$(tables)" "a p p1 vacuum"
}

# bats test_tags=postgres
@test "a procedure that commits is a failure, and nothing is kept" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table a (id integer);
create procedure p () language plpgsql as $$ begin insert into a values (1); commit; end $$;
call p();
SQL
    expect 1 deploy latest
    err "1.0.0-1-a.sql:3"
    err "2D000"
    same "$(tables)" ""
}

@test "a script of many statements is counted right to the last" {
    {
        echo "create table a (id integer);"
        local i
        for i in $(seq 1 2000); do
            echo "insert into a values ($i); -- ;"
        done
        echo "insert into nowhere values (1);"
    } | alteration 1.0.0-1-a.sql
    expect 1 deploy latest
    err "1.0.0-1-a.sql:2002"
    same "$(tables)" ""
}

# ---- what is refused

# refused FILE PLACE WORD...: as the second of two, so that "before anything ran" shows
refused() {
    local word
    makes_table 1.0.0-1-first
    expect 2 deploy latest
    err "$1"
    shift
    for word in "$@"; do
        [[ ${stderr,,} == *"${word,,}"* ]] || show "not on stderr: $word"
    done
    same "$(tables)" ""
}

@test "invalid UTF-8 is refused with its place" {
    printf "create table a (id integer);\ninsert into a values ('\xe4');\n" | alteration 1.0.0-2-a.sql
    refused 1.0.0-2-a.sql:2 UTF-8
}

@test "overlong UTF-8 is refused" {
    printf "select '\xc0\xaf';\n" | alteration 1.0.0-2-a.sql
    refused 1.0.0-2-a.sql:1 UTF-8
}

@test "UTF-16 is refused" {
    printf 'create table a (id integer);\n' | iconv -t UTF-16 | alteration 1.0.0-2-a.sql
    refused 1.0.0-2-a.sql
}

@test "a NUL byte is refused with its place" {
    printf 'create table a (id integer);\n-- \0\ncreate table b (id integer);\n' | alteration 1.0.0-2-a.sql
    refused 1.0.0-2-a.sql:2 NUL
}

@test "a marker twice is refused with its place" {
    printf -- '-- dbalt: up\ncreate table a (id integer);\n-- dbalt: up\ncreate table b (id integer);\n' | alteration 1.0.0-2-a.sql
    refused 1.0.0-2-a.sql:3 up
}

@test "an unknown marker is refused with its place" {
    printf -- '-- dbalt: up\ncreate table a (id integer);\n-- dbalt: dwon\ndrop table a;\n' | alteration 1.0.0-2-a.sql
    refused 1.0.0-2-a.sql:3 dwon down
}

@test "SQL before the first marker is refused with its place" {
    printf -- 'create table a (id integer);\n-- dbalt: up\ncreate table b (id integer);\n' | alteration 1.0.0-2-a.sql
    refused 1.0.0-2-a.sql:1
}

@test "a string left open is refused with its place" {
    printf -- "-- dbalt: up\ncreate table a (t text);\ninsert into a values ('open);\n-- dbalt: down\ndrop table a;\n" | alteration 1.0.0-2-a.sql
    refused 1.0.0-2-a.sql:3
}

@test "a comment left open is refused with its place" {
    printf -- '-- dbalt: up\ncreate table a (t text);\n/* open\n-- dbalt: down\ndrop table a;\n' | alteration 1.0.0-2-a.sql
    refused 1.0.0-2-a.sql:3
}

@test "an unreadable file is refused" {
    [ "$(id -u)" -ne 0 ]
    makes_table 1.0.0-2-a
    chmod a-r "$DBALT_DIR/1.0.0-2-a.sql"
    refused 1.0.0-2-a.sql
}

@test "a folder with the name of an alteration is refused" {
    mkdir "$DBALT_DIR/1.0.0-2-a.sql"
    refused 1.0.0-2-a.sql
}

@test "a pipe with the name of an alteration is refused, and not waited for" {
    mkfifo "$DBALT_DIR/1.0.0-2-a.sql"
    refused 1.0.0-2-a.sql
}

@test "a symlink out of the folder is refused" {
    echo 'create table a (id integer);' >outside.sql
    ln -s ../outside.sql "$DBALT_DIR/1.0.0-2-a.sql"
    refused 1.0.0-2-a.sql
}

@test "an absolute symlink out of the folder is refused" {
    echo 'create table a (id integer);' >outside.sql
    ln -s "$PWD/outside.sql" "$DBALT_DIR/1.0.0-2-a.sql"
    refused 1.0.0-2-a.sql
}

@test "a symlink to nothing is refused" {
    ln -s nothing.sql "$DBALT_DIR/1.0.0-2-a.sql"
    refused 1.0.0-2-a.sql
}

@test "a symlink within the folder is fine" {
    echo 'create table a (id integer);' | alteration shared.txt
    ln -s shared.txt "$DBALT_DIR/1.0.0-2-a.sql"
    expect 0 deploy latest
    same "$(tables)" "a"
}

@test "a folder that is a symlink is fine" {
    makes_table 1.0.0-1-a
    ln -s "$DBALT_DIR" link
    expect 0 deploy latest --dir link
    same "$(tables)" "a"
}

# bats test_tags=sqlite
@test "a JavaScript alteration is refused by name" {
    echo 'export default {}' | alteration 1.0.0-2-a.mjs
    refused 1.0.0-2-a.mjs
}

transaction_control() { # STATEMENT
    printf -- '-- dbalt: up\ncreate table a (id integer);\n%s;\n' "$1" | alteration 1.0.0-2-a.sql
    refused 1.0.0-2-a.sql:3 hint
}

@test "BEGIN in up is refused" { transaction_control BEGIN; }
@test "COMMIT in up is refused" { transaction_control commit; }
@test "END in up is refused" { transaction_control END; }
@test "ROLLBACK in up is refused" { transaction_control rollback; }
@test "SAVEPOINT in up is refused, or done whole" {
    printf -- '-- dbalt: up\ncreate table a (id integer);\nsavepoint s;\ncreate table b (id integer);\nrelease savepoint s;\n' | alteration 1.0.0-2-a.sql
    run --separate-stderr -- "$DBALT" deploy latest </dev/null
    case $status in
    0) same "$(tables)" "a b" ;;
    2) same "$(tables)" "" ;;
    *) show "it ended with $status" ;;
    esac
}

@test "COMMIT behind a comment is refused" { transaction_control "/* x */ commit"; }
# bats test_tags=postgres
@test "COMMIT AND CHAIN in up is refused" {
    transaction_control "commit and chain"
}
# bats test_tags=postgres
@test "ABORT in up is refused" {
    transaction_control abort
}
# bats test_tags=postgres
@test "PREPARE TRANSACTION in up is refused" {
    transaction_control "prepare transaction 'x'"
}
# bats test_tags=postgres
@test "START TRANSACTION in up is refused" {
    transaction_control "start transaction"
}

@test "transaction control in down is refused at the roll back" {
    query "create table a (id integer)"
    printf -- '-- dbalt: up\n-- dbalt: down\ndrop table a;\ncommit;\n' | alteration 1.0.0-1-a.sql
    makes_table 1.0.0-2-b
    expect 0 deploy latest
    expect 2 rollback 0.1.0 --yes
    err "1.0.0-1-a.sql:4"
    same "$(tables)" "a b"
}

@test "the words of transaction control within strings and names are text" {
    alteration 1.0.0-1-a.sql <<'SQL'
create table a ("commit" text);
insert into a values ('; commit; '); -- rollback;
/* begin; */
SQL
    expect 0 deploy latest
    same "$(tables)" "a"
}

outside_only() { # STATEMENT
    printf -- '-- dbalt: up\ncreate table a (id integer);\n%s;\n' "$1" | alteration 1.0.0-2-a.sql
    refused 1.0.0-2-a.sql:3 before-up
}

# bats test_tags=postgres
@test "CREATE INDEX CONCURRENTLY in up is refused" { outside_only "create index concurrently i on a (id)"; }
# bats test_tags=postgres
@test "DROP INDEX CONCURRENTLY in up is refused" { outside_only "drop index concurrently i"; }
# bats test_tags=postgres
@test "REINDEX CONCURRENTLY in up is refused" { outside_only "reindex table concurrently a"; }
# bats test_tags=postgres
@test "VACUUM in up is refused" { outside_only "vacuum a"; }
# bats test_tags=postgres
@test "CREATE DATABASE in up is refused" { outside_only "create database other"; }
# bats test_tags=postgres
@test "ALTER SYSTEM in up is refused" { outside_only "alter system set work_mem = '8MB'"; }
# bats test_tags=postgres
@test "DISCARD ALL in up is refused" { outside_only "discard all"; }
# bats test_tags=postgres
@test "DETACH PARTITION CONCURRENTLY in up is refused" { outside_only "alter table p detach partition q concurrently"; }
# bats test_tags=postgres
@test "CLUSTER of everything in up is refused" { outside_only "cluster"; }
# bats test_tags=postgres
@test "CREATE TABLESPACE in up is refused" { outside_only "create tablespace t location '/x'"; }
# bats test_tags=sqlite
@test "VACUUM in up of SQLite is refused" {
    printf -- '-- dbalt: up\ncreate table a (id integer);\nvacuum;\n' | alteration 1.0.0-2-a.sql
    refused 1.0.0-2-a.sql:3
}

# bats test_tags=postgres
@test "a meta-command of psql is refused by name, file and line" {
    printf -- '-- dbalt: up\ncreate table a (id integer);\n\\i other.sql\n' | alteration 1.0.0-2-a.sql
    makes_table 1.0.0-1-first
    run --separate-stderr -- "$DBALT" deploy latest </dev/null
    [ "$status" -eq 1 ] || [ "$status" -eq 2 ] || show "it ended with $status"
    err "1.0.0-2-a.sql:3"
    [[ "$(tables)" != *a* ]]
}

@test "what is not covered by the target need not be fit to run" {
    makes_table 1.0.0-1-a
    printf -- '-- dbalt: up\ncommit;\n' | alteration 2.0.0-2-b.sql
    expect 0 deploy 1.0.0
    same "$(tables)" "a"
}
