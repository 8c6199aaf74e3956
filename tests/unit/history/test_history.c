/* history: reading, the guard and the journal, on SQLite. tests/cli shows the same on PostgreSQL. */

#include "peer.h"

#include "history/journal.h"

static Outcome roll_back(Peer *peer, const char *identity, const char *sql, DbaltError *error)
{
    Transaction transaction;
    transaction_begin_rollback(&transaction, &peer->history, &(Deploy){.identity = identity}, 0);
    transaction_script(&transaction, text_of(sql), 1, false);
    return transaction_finish(&transaction, NULL, NULL, error);
}

static void the_guard_lets_an_alteration_through_once(void **state)
{
    Sandbox *sandbox = *state;
    Peer peer;
    DbaltError error;
    peer_open(&peer, sandbox, "ada");
    make_history(&peer);

    assert_int_equal(deploy(&peer, &deploy_a, "insert into log values ('up')", &error).kind, OUTCOME_DONE);
    assert_int_equal(deploy(&peer, &deploy_a, "insert into log values ('up')", &error).kind, OUTCOME_RIVAL);
    assert_int_equal(roll_back(&peer, "100-a", "insert into log values ('down')", &error).kind, OUTCOME_DONE);
    assert_int_equal(roll_back(&peer, "100-a", "insert into log values ('down')", &error).kind, OUTCOME_RIVAL);
    assert_string_equal(sandbox_query(sandbox, "select group_concat(what) from log"), "up,down");
    assert_string_equal(sandbox_query(sandbox, "select group_concat(kind) from dbalt_event"), "deploy,rollback");
    peer_close(&peer);
}

static void a_scripts_own_violations_are_failures_and_no_rivals(void **state)
{
    Sandbox *sandbox = *state;
    Peer peer;
    DbaltError error;
    peer_open(&peer, sandbox, "ada");
    make_history(&peer);
    sandbox_query(sandbox, "create table strict_one (a integer primary key not null, b text not null)");
    sandbox_query(sandbox, "insert into strict_one values (1, 'x')");

    Outcome outcome = deploy(&peer, &deploy_a, "insert into strict_one values (1, 'y')", &error);
    assert_int_equal(outcome.kind, OUTCOME_FAILED);
    assert_true(outcome.in_script);
    assert_int_equal(deploy(&peer, &deploy_a, "select 1", &error).kind, OUTCOME_DONE);
    assert_int_equal(roll_back(&peer, "100-a", "insert into strict_one values (2, null)", &error).kind, OUTCOME_FAILED);
    peer_close(&peer);
}

static void reads_rows_in_order_of_identity_with_all_columns(void **state)
{
    Sandbox *sandbox = *state;
    Peer peer;
    Arena arena = {0};
    Record record = {0};
    DbaltError error;
    peer_open(&peer, sandbox, "ada");
    assert_true(record_read(&record, &arena, &peer.history, true, &error));
    assert_int_equal(record.deployments.count, 0);
    assert_false(peer.history.exists);
    make_history(&peer);

    Deploy late = {.identity = "20-z", .release = "2.0.0", .name = "z", .kind = "sql", .fingerprint = {{NULL, "aa", NULL, NULL}}};
    assert_int_equal(deploy(&peer, &deploy_a, "select 1", &error).kind, OUTCOME_DONE);
    assert_int_equal(deploy(&peer, &late, "select 1", &error).kind, OUTCOME_DONE);
    assert_true(record_read(&record, &arena, &peer.history, true, &error));
    assert_int_equal(record.deployments.count, 2);
    assert_string_equal(record.deployments.rows[0].identity.text, "20-z");
    assert_string_equal(record.deployments.rows[0].fingerprint.sections[SECTION_UP], "aa");
    assert_null(record.deployments.rows[0].fingerprint.sections[SECTION_BEFORE_UP]);
    assert_false(record.deployments.rows[0].has_down);
    assert_true(record.deployments.rows[1].has_down);
    assert_true(record.deployments.rows[0].sequence > record.deployments.rows[1].sequence);
    assert_string_equal(record.deployments.rows[0].by, "ada");
    assert_string_equal(record.deployments.rows[0].host, "here");
    arena_done(&arena);
    peer_close(&peer);
}

static void names_a_row_that_makes_no_sense(void **state)
{
    Sandbox *sandbox = *state;
    Peer peer;
    Arena arena = {0};
    Record record = {0};
    DbaltError error;
    peer_open(&peer, sandbox, "ada");
    make_history(&peer);
    assert_int_equal(deploy(&peer, &deploy_a, "select 1", &error).kind, OUTCOME_DONE);

    sandbox_query(sandbox, "update dbalt_alteration set release = 'soon'");
    assert_false(record_read(&record, &arena, &peer.history, false, &error));
    assert_int_equal(error.code, DBALT_ERROR_DATABASE);
    assert_non_null(strstr(error.message, "\"soon\""));
    sandbox_query(sandbox, "update dbalt_alteration set identity = 'nonsense'");
    assert_false(record_read(&record, &arena, &peer.history, false, &error));
    assert_non_null(strstr(error.message, "\"nonsense\""));
    arena_done(&arena);
    peer_close(&peer);
}

static void a_reader_copes_with_a_layout_that_still_knows_it(void **state)
{
    Sandbox *sandbox = *state;
    Peer peer;
    Arena arena = {0};
    Record record = {0};
    DbaltError error;
    peer_open(&peer, sandbox, "ada");
    make_history(&peer);
    sandbox_query(sandbox, "update dbalt_layout set version = 2, oldest_reader = 1");

    assert_true(record_read(&record, &arena, &peer.history, false, &error));
    assert_false(record_read(&record, &arena, &peer.history, true, &error));
    assert_int_equal(error.code, DBALT_ERROR_DATABASE);
    arena_done(&arena);
    peer_close(&peer);
}

static void finds_out_what_became_of_a_lost_one(void **state)
{
    Sandbox *sandbox = *state;
    Peer peer;
    Fault fault;
    bool is_deployed = true;
    DbaltError error;
    peer_open(&peer, sandbox, "ada");
    make_history(&peer);

    assert_true(transaction_find_out(&is_deployed, &fault, &peer.history, &deploy_a, &error));
    assert_false(is_deployed);
    assert_string_equal(sandbox_query(sandbox, "select count(*) from dbalt_alteration"), "0");
    assert_int_equal(deploy(&peer, &deploy_a, "select 1", &error).kind, OUTCOME_DONE);
    assert_true(transaction_find_out(&is_deployed, &fault, &peer.history, &deploy_a, &error));
    assert_true(is_deployed);
    sandbox_query(sandbox, "drop table dbalt_alteration");
    assert_true(transaction_find_out(&is_deployed, &fault, &peer.history, &deploy_a, &error));
    assert_false(is_deployed); /* a failover may have lost the history too */
    peer_close(&peer);
}

static void the_stored_way_back_of_what_is_gone_is_an_error(void **state)
{
    Sandbox *sandbox = *state;
    Peer peer;
    Arena arena = {0};
    const char *down = NULL;
    const char *before_down = NULL;
    bool is_gone = true;
    DbaltError error;
    peer_open(&peer, sandbox, "ada");
    assert_false(history_read_stored(&down, &before_down, &arena, &peer.history, "100-a", &is_gone, &error));
    assert_false(is_gone);
    make_history(&peer);
    assert_false(history_read_stored(&down, &before_down, &arena, &peer.history, "100-a", &is_gone, &error));
    assert_true(is_gone);
    assert_non_null(strstr(error.message, "no longer in the history"));
    assert_int_equal(deploy(&peer, &deploy_a, "select 1", &error).kind, OUTCOME_DONE);
    assert_true(history_read_stored(&down, &before_down, &arena, &peer.history, "100-a", &is_gone, &error));
    assert_false(is_gone);
    assert_string_equal(down, "delete from log");
    assert_null(before_down);
    arena_done(&arena);
    peer_close(&peer);
}

static void leaves_the_tables_of_somebody_else_alone(void **state)
{
    Sandbox *sandbox = *state;
    Peer peer;
    DbaltError error;
    DbaltError ignored;
    peer_open(&peer, sandbox, "ada");
    sandbox_query(sandbox, "create table dbalt_alteration (id int, title text)");

    assert_false(take_lock(&peer, &(LockOptions){0}, &error));
    assert_false(lock_check(&peer.history, &ignored));
    assert_int_equal(error.code, DBALT_ERROR_DATABASE);
    assert_non_null(strstr(error.hint, "--history-schema"));
    assert_string_equal(sandbox_query(sandbox, "select count(*) from sqlite_schema where name like 'dbalt%' and type = 'table'"), "1");
    peer_close(&peer);
}

static void the_journal_starts_anew_after_a_deploy(void **state)
{
    Sandbox *sandbox = *state;
    Peer peer;
    Arena arena = {0};
    JournalStep *steps = NULL;
    size_t count = 0;
    DbaltError error;
    peer_open(&peer, sandbox, "ada");
    assert_false(journal_read(&steps, &count, &arena, &peer.history, "100-a", "before-up", &error));
    make_history(&peer);

    assert_true(journal_write(&peer.history, "step-begun", "100-a", "1.0.0", "before-up", 1, "aa", NULL, &error));
    assert_true(journal_write(&peer.history, "step-done", "100-a", "1.0.0", "before-up", 1, "aa", NULL, &error));
    assert_true(journal_write(&peer.history, "step-begun", "100-a", "1.0.0", "before-up", 2, "bb", NULL, &error));
    assert_true(journal_write(&peer.history, "step-begun", "100-a", "1.0.0", "before-up", 3, "cc", NULL, &error));
    assert_true(journal_write(&peer.history, "step-failed", "100-a", "1.0.0", "before-up", 3, "cc", "why", &error));
    assert_true(journal_read(&steps, &count, &arena, &peer.history, "100-a", "before-up", &error));
    assert_int_equal(count, 3);
    assert_int_equal(steps[0].state, JOURNAL_DONE);
    assert_int_equal(steps[1].state, JOURNAL_BEGUN);
    assert_string_equal(steps[1].sha256, "bb");
    assert_int_equal(steps[2].state, JOURNAL_NONE);

    assert_int_equal(deploy(&peer, &deploy_a, "select 1", &error).kind, OUTCOME_DONE);
    assert_true(journal_read(&steps, &count, &arena, &peer.history, "100-a", "before-up", &error));
    assert_int_equal(count, 0);
    arena_done(&arena);
    peer_close(&peer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_guard_lets_an_alteration_through_once),        TEST(a_scripts_own_violations_are_failures_and_no_rivals),
        TEST(reads_rows_in_order_of_identity_with_all_columns), TEST(names_a_row_that_makes_no_sense),
        TEST(a_reader_copes_with_a_layout_that_still_knows_it), TEST(finds_out_what_became_of_a_lost_one),
        TEST(the_stored_way_back_of_what_is_gone_is_an_error),  TEST(leaves_the_tables_of_somebody_else_alone),
        TEST(the_journal_starts_anew_after_a_deploy),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
