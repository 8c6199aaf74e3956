#!/usr/bin/env bats
# Where a deploy goes.

load helper

four_releases() {
    makes_table 1.0.0-1000-a 1.1.0-2000-b 1.2.0_beta.2-3000-c 1.2.0_beta.10-4000-d 1.2.0-5000-e 2.0.0-6000-f next-7000-g
}

@test "a target takes every alteration whose release is not newer" {
    four_releases
    expect 0 deploy 1.1.0
    same "$(tables)" "a b"
    err "[info] Found 2 alterations to deploy"
}

@test "a v before the release changes nothing" {
    four_releases
    expect 0 deploy v1.1.0
    same "$(tables)" "a b"
}

@test "a target that no file bears is fine, and echoed" {
    four_releases
    expect 0 deploy 1.1.7
    same "$(tables)" "a b"
    [[ $output$stderr == *1.1.7* ]] || show "1.1.7 is not echoed"
}

@test "a pre-release comes before its release" {
    four_releases
    expect 0 deploy 1.2.0-beta.10
    same "$(tables)" "a b c d"
}

@test "numbers in a pre-release are compared as numbers" {
    four_releases
    expect 0 deploy 1.2.0-beta.9
    same "$(tables)" "a b c"
}

@test "words in a pre-release are newer than numbers, and longer ones newer than their beginning" {
    makes_table 1.0.0_1-1-a 1.0.0_alpha-2-b 1.0.0_alpha.1-3-c 1.0.0_beta-4-d 1.0.0-5-e
    expect 0 deploy 1.0.0-alpha
    same "$(tables)" "a b"
    expect 0 deploy 1.0.0-alpha.1
    same "$(tables)" "a b c"
}

@test "a pre-release written with an underscore is no target" {
    four_releases
    expect 2 deploy 1.2.0_beta.2
    same "$(tables)" ""
}

@test "releases are compared as numbers" {
    makes_table 1.9.0-1-a 1.10.0-2-b
    expect 0 deploy 1.9.0
    same "$(tables)" "a"
    expect 0 deploy 1.10.0
    same "$(tables)" "a b"
}

@test "build metadata has no weight in a target" {
    four_releases
    expect 0 deploy 1.1.0+build.5
    same "$(tables)" "a b"
}

@test "latest is the newest release, and leaves next out" {
    four_releases
    expect 0 deploy latest
    same "$(tables)" "a b c d e f"
}

@test "case does not matter in latest" {
    four_releases
    expect 0 deploy LATEST
    same "$(tables)" "a b c d e f"
}

@test "latest of a folder that has but next is nothing to do" {
    makes_table next-1-a
    expect 0 deploy latest
    err "[info] Found 0 alteration to deploy"
    same "$(tables)" ""
}

@test "latest of an empty folder is nothing to do" {
    expect 0 deploy latest
    err "[info] Found 0 alteration to deploy"
}

@test "next takes everything" {
    four_releases
    expect 0 deploy next
    same "$(tables)" "a b c d e f g"
}

@test "case does not matter in next" {
    four_releases
    expect 0 deploy Next
    same "$(tables)" "a b c d e f g"
}

@test "a file named next1- is never taken, and warned of" {
    makes_table 1.0.0-1-a next1-2-b next-3-c
    expect 0 deploy next
    same "$(tables)" "a c"
    err "[warn]"
    err "next1-2-b.sql"
}

@test "a misspelt release is warned of" {
    makes_table 1.0.0-1-a 1.0-2-b 01.0.0-3-c v1.0.0-4-d
    expect 0 deploy next
    same "$(tables)" "a"
    err "1.0-2-b.sql"
    err "01.0.0-3-c.sql"
    err "v1.0.0-4-d.sql"
}

@test "files that nobody meant as alterations are passed over in silence" {
    makes_table 1.0.0-1-a
    echo hello | alteration README.md
    : | alteration .gitkeep
    expect 0 deploy latest
    err_not "README"
    err_not ".gitkeep"
    same "$(tables)" "a"
}

@test "a target below the database is nothing to do" {
    four_releases
    expect 0 deploy 1.1.0
    expect 0 deploy 1.0.0
    err "[info] Found 0 alteration to deploy"
    same "$(tables)" "a b"
}

@test "a target below every release is nothing to do" {
    four_releases
    expect 0 deploy 0.0.1
    err "[info] Found 0 alteration to deploy"
    same "$(tables)" ""
}

nonsense() { # TARGET
    four_releases
    expect 2 deploy "$1"
    err "[error]"
    same "$(tables)" ""
    same "$output" ""
}

@test "a target of two numbers is refused" { nonsense 1.0; }
@test "a target of four numbers is refused" { nonsense 1.0.0.0; }
@test "a target with a leading zero is refused" { nonsense 1.01.0; }
@test "a target that is a word is refused" { nonsense newest; }
@test "a target that only begins like next is refused" { nonsense next1; }
@test "an empty target is refused" { nonsense ""; }
@test "a target with an empty pre-release is refused" { nonsense 1.0.0-; }
@test "a target with blanks is refused" { nonsense "1.0.0 "; }

@test "two targets are refused" {
    four_releases
    expect 2 deploy 1.0.0 1.1.0
    same "$(tables)" ""
}

@test "without target and terminal it says what is missing" {
    four_releases
    expect 2 deploy
    err "[error] Missing target version"
    same "$(tables)" ""
}

@test "without target and with nothing undeployed it is done" {
    four_releases
    expect 0 deploy next
    expect 0 deploy
    err "[info] Found 0 alteration to deploy"
}

@test "without target and with an empty folder it is done" {
    expect 0 deploy
    err "[info] Found 0 alteration to deploy"
}

@test "a release with more digits than a number holds is still a release" {
    makes_table 99999999999999999999.0.0-1-a 100000000000000000000.0.0-2-b
    expect 0 deploy 99999999999999999999.0.0
    same "$(tables)" "a"
}
