#!/usr/bin/env bats
# --json: one object a line, each with a type.

load helper

# objects STATUS ARGUMENT...: $types are those of the lines
objects() {
    expect "$@" --json
    types=$(json_lines <<<"$output" | paste -sd ' ') || show "no JSON lines"
    [ -n "$types" ] || show "nothing on stdout"
}

@test "list --json prints an object for each alteration" {
    makes_table 1.0.0_beta.1-1.5-a next-2-b
    objects 0 list
    same "$types" "alteration alteration result"
    same "$(json "rows[0]['file']")" "1.0.0_beta.1-1.5-a.sql"
    same "$(json "rows[0]['release']")" "1.0.0-beta.1"
    same "$(json "rows[0]['identity']")" "1.5-a"
}

@test "status --json prints an object for each alteration" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy 1.0.0
    objects 0 status
    same "$(json "[row['state'] for row in rows if row['type'] == 'alteration']")" "['deployed', 'undeployed']"
    same "$(json "rows[0]['by']")" "$(id -un)"
    same "$(json "rows[1]['deployed_at']")" "None"
}

@test "check --json says what is undeployed" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy 1.0.0
    objects 3 check
    [[ $types == *error* ]]
    same "$(json "[row['identity'] for row in rows if row['type'] == 'alteration']")" "['2-b']"
    same "$(json "[row['exit'] for row in rows if row['type'] == 'error']")" "[3]"
}

@test "check --json of a database that is up to date says so" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    objects 0 check
    same "$(json "[row['undeployed'] for row in rows if row['type'] == 'result']")" "[0]"
}

@test "deploy --json prints its events and its result" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    objects 0 deploy latest
    same "$(json "[(row['event'], row['identity']) for row in rows if row.get('event') in ('started', 'done')]")" \
        "[('started', '1-a'), ('done', '1-a'), ('started', '2-b'), ('done', '2-b')]"
    same "$(json "[(row['target'], row['planned'], row['done']) for row in rows if row['type'] == 'result']")" "[('1.1.0', 2, 2)]"
}

@test "deploy --json with nothing to do prints a result" {
    objects 0 deploy latest
    same "$(json "[row['done'] for row in rows if row['type'] == 'result']")" "[0]"
}

@test "rollback --json prints its events and its result" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy latest
    objects 0 rollback 1.0.0 --yes
    same "$(json "[row['done'] for row in rows if row['type'] == 'result']")" "[1]"
    objects 0 rollback-to-timestamp 0 --yes
    same "$(json "[row['command'] for row in rows if row['type'] == 'result']")" "['rollback-to-timestamp']"
    objects 0 rollback 0.1.0 --yes
    same "$(json "[row['done'] for row in rows if row['type'] == 'result']")" "[0]"
}

@test "an error is an object, with its place" {
    printf 'create table a (id integer);\ninsert into nowhere values (1);\n' | alteration 1.0.0-1-a.sql
    objects 1 deploy latest
    same "$(json "[(row['code'], row['exit'], row['line']) for row in rows if row['type'] == 'error']")" "[('failed', 1, 2)]"
    [[ "$(json "[row['script'] for row in rows if row['type'] == 'error'][0]")" == *1.0.0-1-a.sql ]]
    [[ "$(json "[row['statement'] for row in rows if row['type'] == 'error'][0]")" == "insert into nowhere values (1);" ]]
    if is_postgres; then
        same "$(json "[row['sqlstate'] for row in rows if row['type'] == 'error']")" "['42P01']"
    fi
}

@test "an error that a command line has is an object" {
    objects 2 deploy 1.0
    same "$(json "[(row['code'], row['exit']) for row in rows if row['type'] == 'error']")" "[('target', 2)]"
    objects 2 deploy --nonsense
    objects 2 nonsense
    objects 2 rollback
}

@test "an unreachable database is an object" {
    if is_sqlite; then
        objects 6 status --db-url "sqlite:$PWD/nowhere/x.db"
    else
        objects 6 status --db-url "$(url_with "$DB_URL" nowhere)"
    fi
    same "$(json "[(row['code'], row['exit']) for row in rows if row['type'] == 'error']")" "[('database', 6)]"
}

@test "new --json prints the path" {
    objects 0 new add-thing
    [ -f "$(json "rows[-1]['path']")" ]
}

@test "release --json prints each renaming" {
    makes_table next-1-a next-2-b
    objects 0 release 1.0.0
    same "$(json "[(row['from'], row['to']) for row in rows if row['type'] == 'rename']")" \
        "[('next-1-a.sql', '1.0.0-1-a.sql'), ('next-2-b.sql', '1.0.0-2-b.sql')]"
}

@test "repair --json prints the differences" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    printf -- '-- dbalt: up\ncreate table other (id integer);\n-- dbalt: down\ndrop table other;\n' | alteration 1.0.0-1-a.sql
    objects 0 repair --accept 1-a --yes
    same "$(json "[row['section'] for row in rows if row['type'] == 'difference']")" "['up', 'down']"
    objects 0 repair --forget 1-a --yes
}

@test "--version --json and help --json are objects" {
    objects 0 --version
    objects 0 help
    objects 0 deploy --help
}

@test "warnings are objects" {
    makes_table 1.0.0-1-a next1-2-b
    objects 0 list
    same "$(json "[row['event'] for row in rows if row['type'] == 'event']")" "['warning']"
}

@test "names with quotes and other alphabets stay what they are" {
    : | alteration $'1.0.0-1-a"b\\größe.sql'
    objects 0 list
    same "$(json "rows[0]['name']")" $'a"b\\größe'
}

@test "a name with a line end or without UTF-8 is warned of, and stays JSON" {
    : | alteration $'1.0.0-1-a\nb.sql'
    : | alteration $'1.0.0-2-a\xffb.sql'
    run --separate-stderr -- "$DBALT" list --json </dev/null
    json_lines <<<"$output" >/dev/null || show "no JSON lines"
    same "$(grep -c '"event":"warning"' <<<"$output")" 2
}
