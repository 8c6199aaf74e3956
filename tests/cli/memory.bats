#!/usr/bin/env bats
# The memory that a deploy takes is that of knowing its alterations; running them takes none that stays.

load helper

@test "a deploy and a roll back of 10,000 alterations hold a flat memory line" {
    if [ "${DBALT_TEST_SANITIZED:-false}" = true ]; then
        # Sanitizers keep freed memory: what is looked at here is that they find nothing.
        "$BATS_TEST_DIRNAME/../support/memory" "$DBALT" "$DB_URL" 1000
        return
    fi
    if is_sqlite && [ -w /dev/shm ]; then # no disk to wait for
        database=$(mktemp /dev/shm/dbalt-memory.XXXXXX)
        DB_URL=sqlite:$database
    fi
    run --separate-stderr -- "$BATS_TEST_DIRNAME/../support/memory" "$DBALT" "$DB_URL" 1000 10000
    [ "$status" -eq 0 ] || show "it ended with $status"
    if is_sqlite; then
        rm -f "$database"*
    fi
    sed 's/^/# /' <<<"$output" >&3

    # Half a MB for seven thousand alterations is what SQLite's own catalogue of their tables takes.
    awk '$2 == 10000 && $5 > 512 { exit 1 }' <<<"$output" || show "it grows while it runs"
    # What a plan knows of an alteration: names, timestamps, hashes, its place in the order.
    awk '{ kb[$1, $2] = $4 } END { exit kb["deploy", 10000] - kb["deploy", 1000] > 9000 * 3 || kb["rollback", 10000] - kb["rollback", 1000] > 9000 * 6 }' <<<"$output" ||
        show "an alteration that waits takes more than 3 kB in a deploy, or 6 kB in a roll back"
}
