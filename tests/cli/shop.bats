#!/usr/bin/env bats
# The example of the project, there and back.

load helper

more_setup() { export DBALT_DIR=$BATS_TEST_DIRNAME/../../examples/shop/$DBALT_TEST_DATABASE; }

columns_of() {
    if is_sqlite; then
        query "select name from pragma_table_info('$1') order by name"
    else
        query "select column_name from information_schema.columns where table_schema = 'public' and table_name = '$1' order by column_name"
    fi
}

# Every value of every column, whatever the order of columns and rows: a column that was dropped comes back as the last.
everything() {
    local table column
    for table in $(tables); do
        for column in $(columns_of "$table"); do
            echo "$table.$column: $(query "select $column from $table order by 1" | paste -sd '|')"
        done
    done
}

@test "every release and back again leaves what was there before" {
    local release states=() step
    for release in 1.0.0 1.1.0 1.2.0 2.0.0-beta.1 next; do
        expect 0 deploy "$release"
        expect 0 check "$release"
        states+=("$(everything)")
    done

    step=3
    for release in 2.0.0-beta.1 1.2.0 1.1.0 1.0.0; do
        expect 0 rollback "$release" --yes
        expect 0 check "$release"
        same "$(everything)" "${states[$step]}"
        step=$((step - 1))
    done

    expect 0 rollback 0.0.0 --yes
    same "$(tables)" ""
    same "$(deployed)" ""
}

@test "all at once is the same as release by release" {
    local release steps
    for release in 1.0.0 1.1.0 1.2.0 2.0.0-beta.1 next; do
        expect 0 deploy "$release"
    done
    steps=$(everything)
    expect 0 rollback 0.0.0 --yes
    expect 0 deploy next
    same "$(everything)" "$steps"
}
