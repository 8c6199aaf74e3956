/* base/process: who we are, and calls that may block. */

#include "support/test.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/process.h"

static bool say_true(void *context)
{
    (void)context;
    return true;
}

static bool say_false(void *context)
{
    (void)context;
    return false;
}

static bool never_return(void *context)
{
    (void)context;
    for (;;)
        pause();
    return true;
}

static bool die(void *context)
{
    (void)context;
    raise(SIGKILL);
    return true;
}

/* A moment, long enough for a cancel that is pending to be noticed by whoever looks for one. */
static bool take_a_moment(void *context)
{
    (void)context;
    poll(NULL, 0, 20);
    return true;
}

static void assert_no_child_is_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void tells_what_the_function_returned(void **state)
{
    (void)state;
    static const struct {
        bool (*function)(void *context);
        bool expected;
    } cases[] = {{say_true, true}, {say_false, false}, {die, false}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(wait_done) Wait wait;
        assert_true(wait_init(&wait));

        assert_int_equal(process_call(&wait, cases[i].function, NULL, WAIT_FOREVER), cases[i].expected);
        assert_no_child_is_left();
    }
}

static void kills_what_is_not_back_in_time(void **state)
{
    (void)state;
    CLEANUP(wait_done) Wait wait;
    assert_true(wait_init(&wait));

    assert_false(process_call(&wait, never_return, NULL, wait_now() + 20));
    assert_no_child_is_left();
}

static void is_not_cut_short_by_a_cancel(void **state)
{
    (void)state;
    CLEANUP(wait_done) Wait wait;
    assert_true(wait_init(&wait));
    wait_cancel(&wait);

    assert_true(process_call(&wait, take_a_moment, NULL, WAIT_FOREVER));
}

static void leaves_the_news_of_a_cancel_to_others(void **state)
{
    (void)state;
    CLEANUP(wait_done) Wait wait;
    assert_true(wait_init(&wait));
    wait_cancel(&wait);

    process_call(&wait, say_true, NULL, WAIT_FOREVER);

    assert_int_equal(wait_for(&wait, -1, 0, WAIT_FOREVER), WAIT_CANCELLED);
}

static void works_where_children_are_ignored(void **state)
{
    (void)state;
    CLEANUP(wait_done) Wait wait;
    assert_true(wait_init(&wait));
    sighandler_t before = signal(SIGCHLD, SIG_IGN);

    bool answer = process_call(&wait, say_true, NULL, WAIT_FOREVER);

    signal(SIGCHLD, before);
    assert_true(answer);
}

static void names_user_and_host(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    char host[256] = "";
    gethostname(host, sizeof(host) - 1);

    assert_string_not_equal(process_user(&arena), "");
    assert_string_equal(process_host(&arena), host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_the_function_returned), cmocka_unit_test(kills_what_is_not_back_in_time),
        cmocka_unit_test(is_not_cut_short_by_a_cancel),     cmocka_unit_test(leaves_the_news_of_a_cancel_to_others),
        cmocka_unit_test(works_where_children_are_ignored), cmocka_unit_test(names_user_and_host),
    };
    return cmocka_run_group_tests_name("base/process", tests, NULL, NULL);
}
