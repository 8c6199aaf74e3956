#!/usr/bin/env bats
# Logto's alterations, by dbalt and by Logto's own command line, leave the same: schema, data and state.
# What takes long is tagged: "make logto" runs all.

load helper

there_and_back() { # RELEASE
    quietly ours "$by_dbalt" rollback "$1" --yes
    quietly official "$by_logto" rollback "$1"
    is_same "$by_dbalt" "$by_logto"

    quietly ours "$by_dbalt" deploy latest
    quietly official "$by_logto" deploy latest
    is_same "$by_dbalt" "$by_logto"
    has_nothing_to_do "$by_dbalt"
}

@test "all 261, there and back" {
    start by_dbalt by_logto
    add_admin "$by_dbalt"
    add_admin "$by_logto"
    there_and_back 1.0.0-beta.0
    [ "$(query "$by_dbalt" 'select count(*) from dbalt.alteration')" -eq 261 ]
    quietly ours "$by_dbalt" check
}

@test "back to 1.13.0 and there again" {
    start by_dbalt by_logto
    there_and_back 1.13.0
}

# bats test_tags=long
@test "back to 1.15.0 and there again" {
    start by_dbalt by_logto
    there_and_back 1.15.0
}

# bats test_tags=long
@test "back to 1.20.0 and there again" {
    start by_dbalt by_logto
    there_and_back 1.20.0
}

# bats test_tags=long
@test "back to 1.30.0 and there again" {
    start by_dbalt by_logto
    there_and_back 1.30.0
}

# bats test_tags=short
@test "back to 1.40.0 and there again" {
    start by_dbalt by_logto
    there_and_back 1.40.0
}

# bats test_tags=long
@test "back to 1.42.0 and there again" {
    start by_dbalt by_logto
    there_and_back 1.42.0
}

# half_way FIRST SECOND RELEASE END: there and back in two halves, by one program and then by the other
half_way() {
    start by_both by_logto
    quietly "$1" "$by_both" rollback "$3"
    quietly "$2" "$by_both" rollback "$4"
    quietly official "$by_logto" rollback "$4"
    is_same "$by_both" "$by_logto"

    quietly "$1" "$by_both" deploy "$3"
    quietly "$2" "$by_both" deploy latest
    quietly official "$by_logto" deploy latest
    is_same "$by_both" "$by_logto"
    has_nothing_to_do "$by_both"
    quietly ours "$by_both" check
}

@test "half way by dbalt, half way by Logto" {
    half_way ours official 1.40.0 1.30.0
    [ "$(query "$by_both" "select count(*) from dbalt.event where kind = 'deploy'")" -eq 39 ]
}

@test "half way by Logto, half way by dbalt" {
    half_way official ours 1.40.0 1.30.0
    [ "$(query "$by_both" "select count(*) from dbalt.alteration where deployed_by = 'logto'")" -eq 239 ]
}

# bats test_tags=long
@test "all the way down by Logto, all the way up by dbalt" {
    start by_both
    add_admin "$by_both"
    quietly official "$by_both" rollback 1.0.0-beta.0
    quietly ours "$by_both" deploy latest
    has_nothing_to_do "$by_both"
}
