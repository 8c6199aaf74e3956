/* history: reading, the guard, the journal and the lock, on SQLite. tests/cli shows the same on PostgreSQL. */

#include "support/sandbox.h"
#include "support/test.h"

#include "history/journal.h"
#include "history/lock.h"
#include "history/transaction.h"

typedef struct Peer {
    Wait wait;
    History history;
    Arena arena;   /* of what it read under the lock */
    Record record; /* that */
} Peer;

static void peer_open(Peer *peer, const Sandbox *sandbox, const char *by)
{
    DbaltError error;
    Connection *connection = NULL;
    assert_true(wait_init(&peer->wait));
    const ConnectOptions options = {
        .url = sandbox->url, .history_schema = "dbalt", .timeout = 1000, .limits = {.lock = 5000}, .wait = &peer->wait};
    if (!driver_sqlite.connect(&connection, &options, &error))
        fail_msg("%s", error.message);
    peer->history = (History){.connection = connection, .by = by, .host = "here", .version = "0"};
    peer->arena = (Arena){0};
    peer->record = (Record){0};
}

static void peer_close(Peer *peer)
{
    driver_sqlite.close(peer->history.connection);
    wait_done(&peer->wait);
    arena_done(&peer->arena);
}

static bool take_lock(Peer *peer, const LockOptions *options, DbaltError *error)
{
    return lock_take(&peer->record, &peer->arena, &peer->history, options, error);
}

static void make_history(Peer *peer)
{
    DbaltError error;
    assert_true(take_lock(peer, &(LockOptions){0}, &error));
    lock_give_back(&peer->history);
}

static const Deploy deploy_a = {.identity = "100-a", .release = "1.0.0", .name = "a", .kind = "sql", .down = "delete from log"};

static Outcome deploy(Peer *peer, const Deploy *what, const char *sql, DbaltError *error)
{
    Transaction transaction;
    transaction_begin_deploy(&transaction, &peer->history, what, 0);
    transaction_script(&transaction, text_of(sql), 1, false);
    return transaction_finish(&transaction, NULL, NULL, error);
}

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
    DbaltError error;
    peer_open(&peer, sandbox, "ada");
    assert_false(history_read_stored(&down, &before_down, &arena, &peer.history, "100-a", &error));
    make_history(&peer);
    assert_false(history_read_stored(&down, &before_down, &arena, &peer.history, "100-a", &error));
    assert_non_null(strstr(error.message, "no longer in the history"));
    assert_int_equal(deploy(&peer, &deploy_a, "select 1", &error).kind, OUTCOME_DONE);
    assert_true(history_read_stored(&down, &before_down, &arena, &peer.history, "100-a", &error));
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

static char told[512];

static void remember(const char *message, void *context)
{
    (void)context;
    strncpy(told, message, sizeof told - 1);
}

static void the_lock_admits_one_and_names_it(void **state)
{
    Sandbox *sandbox = *state;
    Peer first;
    Peer second;
    DbaltError error;
    peer_open(&first, sandbox, "ada");
    peer_open(&second, sandbox, "bob");
    const LockOptions at_once = {.no_wait = true, .waiting = remember};
    const LockOptions a_second = {.wait_seconds = 1, .waiting = remember};

    assert_true(take_lock(&first, &at_once, &error));
    assert_true(lock_check(&first.history, &error));
    assert_false(take_lock(&second, &at_once, &error));
    assert_int_equal(error.code, DBALT_ERROR_LOCKED);
    assert_non_null(strstr(error.message, "ada on here (pid "));
    assert_non_null(strstr(error.message, " since 20"));

    assert_false(take_lock(&second, &a_second, &error));
    assert_int_equal(error.code, DBALT_ERROR_LOCKED);
    assert_non_null(strstr(error.hint, "within 1 s"));
    assert_non_null(strstr(told, "ada on here"));

    lock_give_back(&first.history);
    assert_true(take_lock(&second, &at_once, &error));
    lock_give_back(&second.history);
    assert_false(lock_check(&second.history, &error));
    assert_int_equal(error.code, DBALT_ERROR_DATABASE);
    peer_close(&first);
    peer_close(&second);
}

static void the_lock_brings_the_history_as_it_is_under_it(void **state)
{
    Sandbox *sandbox = *state;
    Peer first;
    Peer second;
    Record record = {0};
    DbaltError error;
    peer_open(&first, sandbox, "ada");
    peer_open(&second, sandbox, "bob");
    assert_true(record_read(&record, &second.arena, &second.history, true, &error));
    assert_false(second.history.exists);

    assert_true(take_lock(&first, &(LockOptions){0}, &error));
    assert_true(first.history.exists);
    assert_int_equal(first.record.deployments.count, 0);
    assert_int_equal(deploy(&first, &deploy_a, "select 1", &error).kind, OUTCOME_DONE);
    lock_give_back(&first.history);

    assert_true(take_lock(&second, &(LockOptions){0}, &error));
    assert_int_equal(second.record.deployments.count, 1);
    assert_string_equal(second.record.deployments.rows[0].identity.text, "100-a");
    assert_string_equal(sandbox_query(sandbox, "select held_by from dbalt_holder"), "bob");
    lock_give_back(&second.history);
    peer_close(&first);
    peer_close(&second);
}

static void a_history_that_cannot_be_read_is_held_by_nobody(void **state)
{
    static const struct {
        const char *sql, *message;
    } cases[] = {
        {"update dbalt_layout set version = 2", "of layout 2"},
        {"drop table dbalt_layout", "cannot read the history: "},
        {"drop table dbalt_alteration", "cannot read the history: "},
        {"drop table dbalt_holder", "cannot write to the history: "},
        {"create trigger full before insert on dbalt_holder begin select raise(abort, 'full'); end", "cannot write to the history: full"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        void *own = NULL;
        assert_int_equal(sandbox_setup(&own), 0);
        Sandbox *sandbox = own;
        Peer peer;
        DbaltError error;
        peer_open(&peer, sandbox, "ada");
        make_history(&peer);
        sandbox_query(sandbox, cases[i].sql);

        assert_false(take_lock(&peer, &(LockOptions){0}, &error));
        assert_int_equal(error.code, DBALT_ERROR_DATABASE);
        assert_non_null(strstr(error.message, cases[i].message));
        assert_int_equal(peer.record.deployments.count, 0);
        if (strstr(cases[i].sql, "drop table dbalt_holder") == NULL)
            assert_string_equal(sandbox_query(sandbox, "select count(*) from dbalt_holder"), "0");
        assert_false(lock_check(&peer.history, &error));
        peer_close(&peer);
        sandbox_teardown(&own);
    }
    (void)state;
}

static void a_cancel_ends_the_wait_for_the_lock(void **state)
{
    Sandbox *sandbox = *state;
    Peer first;
    Peer second;
    DbaltError error;
    peer_open(&first, sandbox, "ada");
    peer_open(&second, sandbox, "bob");
    const LockOptions options = {.waiting = remember};

    assert_true(take_lock(&first, &options, &error));
    wait_cancel(&second.wait);
    assert_false(take_lock(&second, &options, &error));
    assert_int_equal(error.code, DBALT_ERROR_INTERRUPTED);
    lock_give_back(&first.history);
    peer_close(&first);
    peer_close(&second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_guard_lets_an_alteration_through_once),
        TEST(a_scripts_own_violations_are_failures_and_no_rivals),
        TEST(reads_rows_in_order_of_identity_with_all_columns),
        TEST(names_a_row_that_makes_no_sense),
        TEST(a_reader_copes_with_a_layout_that_still_knows_it),
        TEST(finds_out_what_became_of_a_lost_one),
        TEST(the_stored_way_back_of_what_is_gone_is_an_error),
        TEST(leaves_the_tables_of_somebody_else_alone),
        TEST(the_journal_starts_anew_after_a_deploy),
        TEST(the_lock_admits_one_and_names_it),
        TEST(the_lock_brings_the_history_as_it_is_under_it),
        cmocka_unit_test(a_history_that_cannot_be_read_is_held_by_nobody),
        TEST(a_cancel_ends_the_wait_for_the_lock),
    };
    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
