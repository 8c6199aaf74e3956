/* base/process: a child that is spoken with over descriptors of its own. */

#include "support/test.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/process.h"

static const char *const nothing[] = {NULL};

static Child start(const char *script, const char *const *environment)
{
    Child child = CHILD_NONE;
    const char *const arguments[] = {"sh", "-c", script, NULL};
    assert_true(child_start(&child, arguments, environment));
    return child;
}

/* All that it writes until it closes its end. */
static void read_to_end(char *text, size_t size, const Child *child)
{
    size_t length = 0;
    for (;;) {
        struct pollfd reader = {.fd = child->from, .events = POLLIN};
        assert_true(poll(&reader, 1, 10000) > 0);
        ssize_t count = read(child->from, text + length, size - 1 - length);
        if (count < 0 && errno == EAGAIN)
            continue;
        if (count <= 0)
            break;
        length += (size_t)count;
    }
    text[length] = '\0';
}

static int stop(Child *child)
{
    CLEANUP(wait_done) Wait wait;
    int status = -1;
    assert_true(wait_init(&wait));
    child_stop(child, &wait, wait_now() + 10000, &status);
    assert_int_equal(child->pid, -1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    return status;
}

static void speaks_over_two_descriptors(void **state)
{
    (void)state;
    char text[64];
    Child child = start("read line <&3; echo \"got $line\" >&4", nothing);
    assert_int_equal(write(child.to, "hello\n", 6), 6);
    read_to_end(text, sizeof(text), &child);
    assert_string_equal(text, "got hello\n");
    assert_int_equal(stop(&child), 0);
}

static void gives_extra_variables_over_those_there_are(void **state)
{
    (void)state;
    static const char *const extra[] = {"HOME=/elsewhere", "DBALT_TEST_EXTRA=a=b", NULL};
    char text[64];
    Child child = start("echo \"$HOME $DBALT_TEST_EXTRA $(env | grep -c ^HOME=)\" >&4", extra);
    read_to_end(text, sizeof(text), &child);
    assert_string_equal(text, "/elsewhere a=b 1\n");
    stop(&child);
}

static void tells_how_it_ended(void **state)
{
    (void)state;
    Child child = start("exit 7", nothing);
    int status = stop(&child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

static void ends_in_order_when_the_channel_closes(void **state)
{
    (void)state;
    Child child = start("cat <&3 >/dev/null; exit 3", nothing);
    assert_int_equal(WEXITSTATUS(stop(&child)), 3);
}

static void kills_what_does_not_end(void **state)
{
    (void)state;
    CLEANUP(wait_done) Wait wait;
    int status = 0;
    Child child = start("trap '' TERM INT; while :; do sleep 1; done", nothing);
    assert_true(wait_init(&wait));
    child_stop(&child, &wait, 0, &status);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* By the kernel, as when we are killed: it heeds neither a signal nor a channel. */
static void dies_when_its_other_end_closes(void **state)
{
    (void)state;
    CLEANUP(wait_done) Wait wait;
    int status = 0;
    Child child = start("trap '' TERM INT HUP IO; echo ready >&4; while :; do :; done", nothing);
    char ready[8];
    struct pollfd reader = {.fd = child.from, .events = POLLIN};
    assert_true(poll(&reader, 1, 10000) > 0);
    assert_int_equal(read(child.from, ready, sizeof ready), 6);

    descriptor_cleanup(&child.life);
    assert_true(poll(&reader, 1, 10000) > 0);
    assert_int_equal(read(child.from, ready, sizeof ready), 0);
    assert_true(wait_init(&wait));
    child_stop(&child, &wait, wait_now() + 10000, &status);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void tells_that_a_program_is_not_there(void **state)
{
    (void)state;
    if (getenv("DBALT_TEST_VALGRIND") != NULL)
        return; /* there posix_spawn() does not learn that nothing was started */

    Child child = CHILD_NONE;
    static const char *const arguments[] = {"dbalt-no-such-program", NULL};
    assert_false(child_start(&child, arguments, nothing));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(child.pid, -1);
}

static void stopping_nobody_does_nothing(void **state)
{
    (void)state;
    CLEANUP(wait_done) Wait wait;
    Child child = CHILD_NONE;
    assert_true(wait_init(&wait));
    child_stop(&child, &wait, 0, NULL);
    assert_int_equal(child.pid, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speaks_over_two_descriptors),  cmocka_unit_test(gives_extra_variables_over_those_there_are),
        cmocka_unit_test(tells_how_it_ended),           cmocka_unit_test(ends_in_order_when_the_channel_closes),
        cmocka_unit_test(kills_what_does_not_end),      cmocka_unit_test(tells_that_a_program_is_not_there),
        cmocka_unit_test(stopping_nobody_does_nothing), cmocka_unit_test(dies_when_its_other_end_closes),
    };
    return cmocka_run_group_tests_name("base/child", tests, NULL, NULL);
}
