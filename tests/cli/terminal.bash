# A real terminal for a test: tmux is the screen and the keyboard.
# shellcheck shell=bash

screen() { tmux -S "$terminal/socket" "$@"; }

# What is on the screen.
seen() { screen capture-pane -p; }

has_seen() { seen | grep -qF -- "$1"; }

# sees TEXT: waits until it is on the screen
sees() {
    until_true 20 has_seen "$1" || {
        seen
        return 1
    }
}

more_setup() {
    # The path of a socket has 107 bytes at most.
    terminal=$(mktemp -d /tmp/dbalt-tmux.XXXXXX)
    columns=80
    rows=24
}

# Takes the terminal away. A new one may be had only when the old one's server has ended: it takes the next client along.
close_terminal() {
    local server
    server=$(screen display-message -p '#{pid}')
    screen kill-server
    until_true 20 eval "! kill -0 $server"
}

more_teardown() {
    screen kill-server 2>/dev/null || true
    rm -rf "$terminal"
}

# on_terminal ARGUMENT...: runs the program on a screen of $columns by $rows
on_terminal() {
    cat >run.sh <<'SH'
stty -g >before
"$DBALT" "$@"
echo $? >ended
stty -g >after
echo "the program has ended"
read -r
SH
    rm -f before ended after
    screen -f /dev/null -u new-session -d -x "$columns" -y "$rows" \
        env -u TMUX TERM="${SCREEN_TERM:-screen-256color}" bash run.sh "$@" 3>&- 4>&-
    screen set-option -g status off
    screen resize-window -x "$columns" -y "$rows"
}

keys() { screen send-keys "$@"; }

# ends STATUS: waits for the end, also on the screen, and looks whether the terminal is as it was
ends() {
    until_true 30 test -s after
    sees "the program has ended"
    same "$(<ended)" "$1"
    same "$(<after)" "$(<before)"
}
