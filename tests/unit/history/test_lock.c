/* history/lock: who gets it, and what he reads under it, on SQLite. tests/cli shows the same on PostgreSQL. */

#include "peer.h"

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
        TEST(the_lock_admits_one_and_names_it),
        TEST(the_lock_brings_the_history_as_it_is_under_it),
        cmocka_unit_test(a_history_that_cannot_be_read_is_held_by_nobody),
        TEST(a_cancel_ends_the_wait_for_the_lock),
    };
    return cmocka_run_group_tests_name("history/lock", tests, NULL, NULL);
}
