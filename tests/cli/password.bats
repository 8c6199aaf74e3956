#!/usr/bin/env bats
# The password of the URL, as it stands there and decoded, is neither printed nor stored, whoever writes it into a message.
# Process title, server's refusals and core: see connection.bats; backups: backup.bats.

load helper

# The server trusts us with any.
more_setup() {
    DB_URL=$(url_with "$DB_URL" "$database" 'postgres:hunter2%21x')
    encoded=hunter2%21x
    decoded='hunter2!x'
}

# keeps_quiet STATUS ARGUMENT...: in all forms of output, and in the history
keeps_quiet() {
    local form
    for form in "" --verbose --json; do
        expect "$@" ${form:+"$form"}
        [[ $output$stderr != *hunter* ]] || show "the password was printed"
        [[ $output$stderr == *'***'* ]] || show "the message is not there"
    done
    same "$(query "select count(*) from dbalt.event where event::text like '%hunter%'")" 0
}

messages() { query "select distinct message from dbalt.event where kind = '$1'"; }

@test "a script in JavaScript raises the URL" {
    echo "export default { up: async () => { throw new Error('cannot use ' + process.env.DB_URL); }, down: async () => {} };" |
        alteration 1.0.0-1-a.mjs
    keeps_quiet 1 deploy latest
    same "$(messages fail)" "cannot use ${DB_URL/"$encoded"/'***'}"
}

@test "a script in JavaScript raises the password that it found in the URL" {
    echo "export default { up: async () => { throw new Error('cannot use ' + decodeURIComponent(process.env.DB_URL.split(/[:@]/)[2])); }, down: async () => {} };" |
        alteration 1.0.0-1-a.mjs
    keeps_quiet 1 deploy latest
    same "$(messages fail)" "cannot use ***"
}

@test "a script in JavaScript raises it in the step outside its transaction" {
    echo "export default { beforeUp: async () => { throw new Error('cannot use ' + process.env.DB_URL); }, up: async () => {}, down: async () => {} };" |
        alteration 1.0.0-1-a.mjs
    keeps_quiet 1 deploy latest
    same "$(messages step-failed)" "cannot use ${DB_URL/"$encoded"/'***'}"
    same "$(messages fail)" "cannot use ${DB_URL/"$encoded"/'***'}"
}

@test "a script in SQL raises it, with notices, detail and hint" {
    alteration 1.0.0-1-a.sql <<SQL
-- dbalt: up
do \$\$ begin
    raise notice 'about to use $decoded';
    raise exception 'cannot use $decoded' using detail = 'nor $encoded', hint = 'use another than $decoded';
end \$\$;
SQL
    keeps_quiet 1 deploy latest
    same "$(messages fail)" "cannot use ***"
}

@test "a script in SQL raises it in before-up" {
    printf -- '-- dbalt: before-up\ndo $$ begin raise exception %s; end $$;\n-- dbalt: up\nselect 1;\n' "'cannot use $decoded'" |
        alteration 1.0.0-1-a.sql
    keeps_quiet 1 deploy latest
    same "$(messages step-failed)" "cannot use ***"
    same "$(messages fail)" "cannot use ***"
}

@test "a message that is cut within it shows no part of it" {
    alteration 1.0.0-1-a.sql <<SQL
-- dbalt: up
do \$\$ begin raise exception '%$decoded', repeat('x', 1015); end \$\$;
SQL
    keeps_quiet 1 deploy latest
    [[ $(messages fail) == *'x***...' ]] || show "$(messages fail)"
}

@test "a script finds its URL as it is" {
    printf "export default { up: async () => { if (!process.env.DB_URL.includes('%s')) throw new Error('it is hidden'); }, down: async () => {} };\n" \
        "$encoded" | alteration 1.0.0-1-a.mjs
    expect 0 deploy latest
}
