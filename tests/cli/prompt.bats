#!/usr/bin/env bats
# Questions on a terminal, a real one: tmux is the screen and the keyboard.

load helper
load terminal

marked() { seen | sed -n 's/^[❯>] *//p' | sed 's/ *$//'; }
is_marked() { [ "$(marked)" = "$1" ]; }
marks() { until_true 10 is_marked "$1" || show "marked: $(marked), not $1"; }

four_releases() { makes_table 1.0.0-1-a 1.1.0-2-b 1.10.0-3-c 2.0.0_beta.1-4-d next-5-e; }

question="? Choose the alteration target version (Use arrow keys)"

@test "it asks for the target, newest first" {
    four_releases
    on_terminal deploy
    sees "$question"
    sees "1.0.0"
    same "$(seen | sed -n '/^? /,$p' | sed '1d; s/^[❯> ] *//; s/ *$//; /^$/d' | paste -sd ' ')" "next 2.0.0-beta.1 1.10.0 1.1.0 1.0.0"
    same "$(marked)" "next"
    keys Escape
    ends 130
}

@test "Enter deploys the marked one" {
    four_releases
    on_terminal deploy
    sees "$question"
    keys Enter
    ends 0
    same "$(tables)" "a b c d e"
}

@test "arrows move the mark" {
    four_releases
    on_terminal deploy
    sees "$question"
    keys Down
    marks "2.0.0-beta.1"
    keys Down Down
    marks "1.1.0"
    keys Up
    marks "1.10.0"
    keys Enter
    ends 0
    same "$(tables)" "a b c"
}

@test "j and k move the mark" {
    four_releases
    on_terminal deploy
    sees "$question"
    keys j j j j
    marks "1.0.0"
    keys k
    marks "1.1.0"
    keys Enter
    ends 0
    same "$(tables)" "a b"
}

@test "the mark wraps at both ends" {
    four_releases
    on_terminal deploy
    sees "$question"
    keys Up
    marks "1.0.0"
    keys Down
    marks "next"
    keys k
    marks "1.0.0"
    keys Enter
    ends 0
    same "$(tables)" "a"
}

@test "Escape leaves with 130, and changes nothing" {
    four_releases
    on_terminal deploy
    sees "$question"
    keys Escape
    ends 130
    same "$(catalogue)" ""
}

@test "Ctrl-C leaves with 130, and changes nothing" {
    four_releases
    on_terminal deploy
    sees "$question"
    keys Down C-c
    ends 130
    same "$(catalogue)" ""
}

@test "SIGTERM at the question leaves with 130, and restores the terminal" {
    four_releases
    on_terminal deploy
    sees "$question"
    kill -TERM "$(pgrep -P "$(screen display-message -p '#{pane_pid}')" | head -n 1)"
    ends 130
    same "$(catalogue)" ""
}

@test "other keys do nothing" {
    four_releases
    on_terminal deploy
    sees "$question"
    keys x 5 F5 Left Right Tab ö Down
    marks "2.0.0-beta.1"
    keys Enter
    ends 0
    same "$(tables)" "a b c d"
}

@test "it asks also when there is one release" {
    makes_table 1.0.0-1-a
    on_terminal deploy
    sees "$question"
    same "$(marked)" "1.0.0"
    keys Enter
    ends 0
    same "$(tables)" "a"
}

@test "only releases with something undeployed are offered" {
    four_releases
    expect 0 deploy 1.10.0
    on_terminal deploy
    sees "$question"
    same "$(seen | sed -n '/^? /,$p' | sed '1d; s/^[❯> ] *//; s/ *$//; /^$/d' | paste -sd ' ')" "next 2.0.0-beta.1"
    keys Escape
    ends 130
}

@test "with nothing undeployed it does not ask" {
    four_releases
    expect 0 deploy next
    on_terminal deploy
    ends 0
    sees "Found 0 alteration to deploy"
}

@test "with a target it does not ask" {
    four_releases
    on_terminal deploy 1.0.0
    ends 0
    same "$(tables)" "a"
}

@test "it asks also when its results go elsewhere" {
    four_releases
    cat >pipe.sh <<'SH'
"$DBALT" deploy | cat >results
echo "${PIPESTATUS[0]}" >ended
SH
    screen -f /dev/null -u new-session -d -x 80 -y 24 env -u TMUX TERM=screen bash -c 'bash pipe.sh; read -r' 3>&- 4>&-
    sees "$question"
    keys Enter
    until_true 20 test -s ended
    same "$(<ended)" 0
    same "$(tables)" "a b c d e"
}

@test "--json never asks" {
    four_releases
    on_terminal deploy --json
    ends 2
    same "$(catalogue)" ""
}

many_releases() {
    local i
    for i in $(seq 1 30); do
        makes_table "1.$i.0-$i-t$i"
    done
}

@test "a long list scrolls in a small window" {
    columns=40 rows=12
    many_releases
    on_terminal deploy
    sees "? Choose the alteration target"
    marks "1.30.0"
    keys Down Down Down Down Down Down Down Down Down Down Down Down Down Down Down Down Down Down Down Down
    marks "1.10.0"
    sees "? Choose the alteration target"
    keys End
    marks "1.1.0"
    keys Home
    marks "1.30.0"
    keys Up
    marks "1.1.0"
    sees "? Choose the alteration target"
    keys Enter
    ends 0
    same "$(tables)" "t1"
}

@test "nothing wraps at 40 columns" {
    columns=40 rows=12
    makes_table 1.0.0_this.is.a.pre.release.with.a.name.longer.than.the.window-1-a 1.0.0-2-b
    on_terminal deploy
    sees "? Choose the alteration target"
    marks "1.0.0"
    keys Down Up Down Up Down
    same "$(seen | grep -c '^? Choose')" 1
    same "$(seen | grep -c 'this.is.a.pre.release')" 1
    keys Escape
    ends 130
}

@test "it draws itself anew when the window changes" {
    many_releases
    on_terminal deploy
    sees "$question"
    keys Down
    marks "1.29.0"
    screen resize-window -x 40 -y 12
    keys Down
    marks "1.28.0"
    until_true 10 eval '[ "$(seen | grep -c "^? Choose")" -eq 1 ]'
    screen resize-window -x 100 -y 40
    keys Down
    marks "1.27.0"
    until_true 10 eval '[ "$(seen | grep -c "^? Choose")" -eq 1 ]'
    keys Escape
    ends 130
}

@test "a stop with Ctrl-Z restores the terminal, and it goes on after it" {
    four_releases
    screen -f /dev/null -u new-session -d -x 80 -y 24 env -u TMUX TERM=screen PS1='ready> ' bash --norc --noprofile -i 3>&- 4>&-
    sees "ready>"
    keys "stty -g >before" Enter
    until_true 10 test -s before
    keys '"$DBALT" deploy; echo $? >ended' Enter
    sees "$question"
    keys Down
    marks "2.0.0-beta.1"
    keys C-z
    sees "Stopped"
    keys "stty -g >stopped" Enter
    until_true 10 test -s stopped
    same "$(<stopped)" "$(<before)"
    keys "clear; fg" Enter
    marks "2.0.0-beta.1"
    keys Down
    marks "1.10.0"
    keys Enter
    until_true 20 eval '[ "$(tables)" = "a b c" ]'
}

@test "a roll back says how many it will undo, and asks" {
    four_releases
    expect 0 deploy next
    on_terminal rollback 1.0.0
    sees "4 alterations"
    sees "(y/N)"
    keys y Enter
    ends 0
    same "$(tables)" "a"
}

refuses_by() { # KEY...
    four_releases
    expect 0 deploy next
    on_terminal rollback 1.0.0
    sees "(y/N)"
    keys "$@"
    until_true 30 test -s after
    [ "$(<ended)" -ne 2 ]
    same "$(<after)" "$(<before)"
    same "$(tables)" "a b c d e"
}

@test "Enter alone is no yes" { refuses_by Enter; }
@test "n is no yes" { refuses_by n Enter; }
@test "a word that only begins like yes is no yes" { refuses_by y a k Enter; }
@test "Escape at y/N changes nothing" { refuses_by Escape; }
@test "Ctrl-C at y/N changes nothing" { refuses_by C-c; }

@test "rollback-to-timestamp asks too" {
    four_releases
    expect 0 deploy next
    on_terminal rollback-to-timestamp 1
    sees "4 alterations"
    sees "(y/N)"
    keys n Enter
    until_true 30 test -s after
    same "$(tables)" "a b c d e"
}

@test "--yes does not ask" {
    four_releases
    expect 0 deploy next
    on_terminal rollback 1.0.0 --yes
    ends 0
    same "$(tables)" "a"
}

@test "with nothing to roll back it does not ask" {
    four_releases
    expect 0 deploy 1.0.0
    on_terminal rollback 1.0.0
    ends 0
    sees "Found 0 alteration to roll back"
}

@test "repair shows the difference, and asks" {
    makes_table 1.0.0-1-a
    expect 0 deploy latest
    printf -- '-- dbalt: up\ncreate table a (id integer);\n\n-- dbalt: down\ndrop table if exists a;\n' | alteration 1.0.0-1-a.sql
    on_terminal repair --accept 1-a
    sees "drop table if exists a;"
    sees "(y/N)"
    keys y Enter
    ends 0
    [[ "$(query "select down from dbalt_alteration")" == *"if exists"* ]]
}

@test "Ctrl-C within a statement ends it with 130, and restores the terminal" {
    query "create table slow (n bigint)"
    long_statement | alteration 1.0.0-1-a.sql
    on_terminal deploy latest
    sees "[1/1]"
    keys C-c
    ends 130
    same "$(deployed)" ""
}

@test "progress is one line that is gone at the end" {
    four_releases
    on_terminal deploy next
    ends 0
    sees "Deployed 5 alterations"
    same "$(seen | grep -c '\[[0-9]*/5\]')" 0
}

@test "colours are on a terminal alone, and not with NO_COLOR or --no-color" {
    makes_table 1.0.0-1-a
    on_terminal deploy latest
    ends 0
    screen capture-pane -p -e | grep -qF $'\e['
    close_terminal
    on_terminal status --no-color
    ends 0
    same "$(screen capture-pane -p -e | grep -cF $'\e[3')" 0
    close_terminal
    NO_COLOR=1 on_terminal status
    ends 0
    same "$(screen capture-pane -p -e | grep -cF $'\e[3')" 0
}

@test "status fits into 40 columns" {
    # shellcheck disable=SC2034 # of terminal.bash
    columns=40 rows=24
    four_releases
    expect 0 deploy 1.0.0
    on_terminal status
    ends 0
    same "$(seen | grep -cE ' [b-e] +undeployed')" 4
    same "$(seen | grep -cE ' a .*deployed')" 1
}

@test "a dumb terminal is not asked" {
    four_releases
    SCREEN_TERM=dumb on_terminal deploy
    ends 2
    sees "Missing target version"
}
