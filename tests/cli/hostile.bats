#!/usr/bin/env bats
# What files, scripts, databases and people hand in is text: it reaches neither SQL nor the terminal raw.

load helper

esc=$'\e[31;5mred\e]0;title\a'
reversed=$'\u202e'
csi=$'\u009b31m'

more_setup() {
    query "create table keep (id integer)"
}

# Neither on stdout nor on stderr stands a control character but the end of a line, or a mark that turns text around.
harmless() {
    printf '%s\n' "$output" "$stderr" | python3 -c '
import sys, unicodedata
text = sys.stdin.buffer.read().decode("utf-8")
bad = [c for c in text if c != "\n" and (unicodedata.category(c) in ("Cc", "Zl", "Zp") or c in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")]
sys.exit(f"{bad!r} in {text!r}" if bad else 0)
' || show "raw characters were printed"
}

# shows_harmless STATUS ARGUMENT...: as objects and as text; what is left to look at is the text
shows_harmless() {
    expect "$@" --json
    harmless
    [ -z "$output" ] || json_lines <<<"$output" >/dev/null || show "no JSON lines"
    expect "$@" --verbose
    harmless
}

is_kept() { same "$(query "select count(*) from keep")" 0; }

literal() { printf "'%s'" "${1//\'/\'\'}"; }

# ---- SQL in names

hostile_names() {
    printf '%s\n' "1-a'; drop table keep; --" "2-b\\'; drop table keep; --" "3-\$1 \$\$ %s ? :schema \"x\"" \
        "4-\$dbalt\$; drop table keep; --" "5-'||(select 1)||'" "6-日本 é \\"
}

@test "SQL in file names stays a name" {
    local identity
    while read -r identity; do
        printf -- '-- dbalt: up\nselect 1;\n-- dbalt: down\n' | alteration "1.0.0-$identity.sql"
    done < <(hostile_names)

    expect 0 deploy latest
    harmless
    is_kept
    same "$(query "select identity from $(history_table alteration) order by sequence")" "$(hostile_names)"
    same "$(events "kind = 'deploy'")" "$(hostile_names | sed 's/^/deploy /')"
    shows_harmless 0 status
    shows_harmless 0 check
    expect 0 status --json
    same "$(json "'\\n'.join(row['identity'] for row in rows if row['type'] == 'alteration')")" "$(hostile_names)"
    expect 0 repair "2-b\\'; drop table keep; --" --accept --yes
    expect 0 rollback 0.1.0 --yes
    harmless
    is_kept
    same "$(deployed)" ""
}

@test "SQL in the name of one that fails stays a name in its event" {
    alteration "1.0.0-1-a'; drop table keep; --.sql" <<<"select * from \"it's'; drop table keep; --\";"
    expect 1 deploy latest
    harmless
    is_kept
    same "$(events)" "fail 1-a'; drop table keep; --"
}

@test "SQL in a named target or identity stays a name" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    expect 2 deploy "1.0.0'; drop table keep; --"
    expect 2 rollback "1.0.0'; drop table keep; --"
    expect 2 rollback-to-timestamp "0'; drop table keep; --"
    expect 2 repair "1-a'; drop table keep; --" --forget --yes
    is_kept
    same "$(deployed)" "1-a"
}

# bats test_tags=postgres
@test "SQL in the name of the history's schema stays a name" {
    makes_table 1.0.0-1-a
    local schema
    for schema in 'x"; drop table keep; --' "x'; drop table keep; --" "\$1 \$\$ :schema \\" "x\\'; drop table keep; --"; do
        expect 0 deploy latest --history-schema "$schema"
        same "$(query "select count(*) from pg_namespace where nspname = $(literal "$schema")")" 1
        expect 0 status --history-schema "$schema"
        expect 0 rollback 0.1.0 --yes --history-schema "$schema"
    done
    is_kept
    # The one that would end the body that it is written into.
    expect 2 deploy latest --history-schema 'x$dbalt$; drop table keep; --'
    is_kept
}

# ---- names of files

# ignored NAME: it looks like an alteration, and is none
ignored() {
    : >"$DBALT_DIR/$1"
    shows_harmless 0 list
    shows_harmless 0 status
    shows_harmless 0 check
    shows_harmless 0 deploy next
    err "is ignored"
    same "$(events 2>/dev/null)" "deploy 1-good"
    rm -- "$DBALT_DIR/$1"
}

@test "file names that would lead the terminal are ignored, with a warning that shows them" {
    makes_table 1.0.0-1-good
    expect 0 deploy next
    ignored "1.0.0-2-${esc}.sql"
    err '\x1b[31;5mred'
    ignored "1.0.0-2-a"$'\n'"[error] All is lost.sql"
    err_not $'\n[error]'
    ignored "1.0.0-2-a"$'\r'"b.sql"
    ignored "1.0.0-2-a"$'\x7f'".sql"
    ignored "1.0.0-2-${reversed}lqs.sql"
    err '\u{202e}'
    ignored "1.0.0-2-${csi}.sql"
    ignored "1.0.0-2-"$'\xff\xfe'".sql"
    ignored "1.0.0-2${esc}-a.sql"
    ignored "1.0.0${esc}-2-a.sql"
    ignored "next-2-a.sql${esc}.sql"
}

@test "the longest file names there are work" {
    local name
    name=$(printf 'x%.0s' {1..240})
    makes_table 1.0.0-1-good
    alteration "1.0.0-2-$name.sql" <<<"select 1;"
    expect 0 deploy latest
    same "$(deployed)" "1-good 2-$name"
    shows_harmless 0 status
}

@test "a folder whose name would lead the terminal is shown harmless" {
    DBALT_DIR=$BATS_TEST_TMPDIR/none$esc$reversed
    shows_harmless 2 list
    err '\x1b'
    mkdir "$DBALT_DIR"
    alteration 1.0.0-1-a.sql <<<"nonsense;"
    shows_harmless 1 deploy latest
    alteration 1.0.0-1-a.sql <<<"commit;"
    shows_harmless 2 deploy latest
    err '\x1b'
}

# ---- the command line

@test "arguments that would lead the terminal are shown harmless" {
    makes_table 1.0.0-1-a
    shows_harmless 2 "de${esc}ploy"
    shows_harmless 2 deploy "$esc$reversed"
    shows_harmless 2 deploy latest "--opti${esc}on"
    shows_harmless 2 rollback "$esc"
    shows_harmless 2 rollback-to-timestamp "$esc"
    shows_harmless 2 repair "1-$esc" --forget --yes
    shows_harmless 2 new "a$esc"
    shows_harmless 2 release "1.0.0$esc"
    shows_harmless 2 status --db-url "$esc://x"
    shows_harmless 2 status -e "$BATS_TEST_TMPDIR/$esc"
    shows_harmless 2 deploy latest $'\xff\xfe'
}

# ---- scripts

@test "a script that would lead the terminal is shown harmless in its diagnostics" {
    printf 'select 1;\nselect "%s%s%s" frm nowhere;\n' "$esc" "$reversed" "$csi" | alteration 1.0.0-1-a.sql
    shows_harmless 1 deploy latest
    err '\x1b[31;5mred'
    err '\u{202e}'
    printf -- '-- dbalt: upp%s\n' "$esc" | alteration 1.0.0-1-a.sql
    shows_harmless 2 deploy latest
    printf -- "select 1;\ncommit /* %s */;\n" "$esc$reversed" | alteration 1.0.0-1-a.sql
    shows_harmless 2 deploy latest
    printf -- "select 1;\nselect '%s\n" "$esc$reversed" | alteration 1.0.0-1-a.sql
    shows_harmless 2 deploy latest
}

@test "the difference that repair shows is harmless" {
    printf -- '-- dbalt: up\nselect 1;\n-- dbalt: down\n-- %s\n' "$esc$reversed" | alteration 1.0.0-1-a.sql
    expect 0 deploy latest
    printf -- '-- dbalt: up\nselect 2;\n-- dbalt: down\n-- %s\n' "$csi$reversed$esc" | alteration 1.0.0-1-a.sql
    query "update $(history_table alteration) set up_sha256 = $(literal "sha256:$esc")"
    shows_harmless 0 repair 1-a
    out 'sha'
}

# bats test_tags=postgres
@test "notices and errors of the server are shown harmless" {
    alteration 1.0.0-1-a.sql <<'SQL'
do $$ begin raise notice '%', chr(27) || '[31mred' || chr(155) || chr(8238) || chr(10) || '[error] All is lost' || chr(127); end $$;
SQL
    shows_harmless 0 deploy latest
    alteration 1.0.0-2-b.sql <<'SQL'
do $$ begin raise warning '%', chr(27) || '[31mred'; end $$;
SQL
    expect 0 deploy latest
    harmless
    err '\x1b[31mred'
    err_not $'\n[error]'
    alteration 1.0.0-3-c.sql <<'SQL'
do $$ begin raise exception '%', chr(27) || 'c' || chr(10) || '[error] All is lost' using detail = chr(27) || ']0;x' || chr(7), hint = chr(8238) || chr(155), errcode = 'AB123'; end $$;
SQL
    shows_harmless 1 deploy latest
    err_not $'\n[error] All'
    err '\x1bc'
}

# ---- what others wrote into the history

spoil() { # COLUMN...: of all rows
    local column
    for column in "$@"; do
        query "update $(history_table alteration) set $column = $(literal "$esc$reversed$csi")"
    done
}

@test "a history that another program wrote is shown harmless" {
    makes_table 1.0.0-1-a 1.1.0-2-b
    expect 0 deploy latest
    spoil name deployed_by host version
    shows_harmless 0 status
    out 'x1b'
    shows_harmless 0 check
    query "update $(history_table alteration) set identity = $(literal "7-$esc$reversed"$'\n'"[error] All is lost") where identity = '2-b'"
    shows_harmless 0 status
    shows_harmless 4 deploy latest
    err_not $'\n[error] All'
    query "update $(history_table alteration) set identity = $(literal "0-$esc$reversed") where identity like '7-%'"
    shows_harmless 4 deploy latest
    err '0-\x1b[31;5mred'
    expect 2 repair "7-$esc" --forget --yes
    harmless
    expect 0 rollback 0.1.0 --yes
    harmless
    expect 0 deploy latest
    spoil release
    expect 6 status
    harmless
}

# bats test_tags=sqlite
@test "bytes in the history that are no text are shown harmless" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    query "update dbalt_alteration set deployed_by = cast(x'fffe1b5b33316d' as text), host = x'1b00ff', version = cast(x'80' as text)"
    shows_harmless 0 status
    query "update dbalt_alteration set identity = cast(x'312dff1b' as text)"
    shows_harmless 3 check
    shows_harmless 0 status
}

@test "who holds the lock is named harmless" {
    makes_table 0.9.0-0-z
    expect 0 deploy latest
    query "create table slow (n bigint)"
    long_statement | alteration 1.0.0-1-a.sql
    start_slow holder deploy latest
    if is_postgres; then
        query "update dbalt.holder set held_by = $(literal "$esc"), host = $(literal "$reversed"$'\n'"[error]")"
    fi
    shows_harmless 5 deploy latest --no-wait
    err_not $'\n[error]['
    kill -INT "$pid"
    finish holder "$pid"
}

# ---- a terminal

# on_pty FILE ARGUMENT...: what a terminal gets of the program
on_pty() {
    local file=$1
    shift
    printf '%q ' "$DBALT" "$@" >run.sh
    TERM=xterm script --quiet --return --command "bash run.sh" "$file" </dev/null >/dev/null
}

# led_by FILE: escape sequences that are not dbalt's own: colours of one number, "erase to the end", showing the cursor
led_by() {
    python3 - "$1" <<'PY'
import re, sys
text = open(sys.argv[1], "rb").read().decode("utf-8", "replace")
text = re.sub(r"\A.*?\n|\n[^\n]*\Z", "", text, flags=re.S) if text.startswith("Script") else text
text = re.sub(r"\x1b\[(?:\d?m|3\dm|K|J|\d+A|\?25[hl])", "", text)
bad = [c for c in text if (ord(c) < 32 and c not in "\r\n") or 127 <= ord(c) < 160 or c in "\u202e"]
sys.exit(f"{bad!r} in {text!r}" if bad else 0)
PY
}

@test "a terminal is led by dbalt alone" {
    printf -- '-- dbalt: up\nselect 1;\n-- dbalt: down\n' | alteration "1.0.0-1-a.sql"
    : >"$DBALT_DIR/1.0.0-2-${esc}${reversed}.sql"
    on_pty deploy.tty deploy latest --verbose
    led_by deploy.tty
    spoil name deployed_by host version
    on_pty status.tty status
    led_by status.tty
    query "update $(history_table alteration) set identity = $(literal "1-$esc$reversed$csi")"
    mv "$DBALT_DIR"/1.0.0-1-a.sql "$BATS_TEST_TMPDIR"
    on_pty rollback.tty rollback 0.1.0 --yes
    led_by rollback.tty
    grep -qaF '\x1b[31;5mred' rollback.tty
    same "$(deployed)" ""
    on_pty new.tty new x --dir "$BATS_TEST_TMPDIR/none$esc" || true
    led_by new.tty
    mkdir "$BATS_TEST_TMPDIR/some$esc"
    on_pty new.tty new x --dir "some$esc"
    led_by new.tty
    grep -qaF 'some\x1b[31;5mred' new.tty
}
