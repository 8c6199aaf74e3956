/* base/program: other programs, run to their end. */

#include "support/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/program.h"

static const char *const environment[] = {"PATH=/usr/bin:/bin", "GREETING=hello", NULL};

static bool run_shell(ProgramEnd *end, Arena *arena, Wait *wait, const char *script, DbaltError *error)
{
    const char *const arguments[] = {"/bin/sh", "-c", script, NULL};
    return program_run(end, arena, wait, arguments, environment, error);
}

static void assert_no_child_is_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void tells_how_it_ended_and_what_it_said(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        bool succeeded;
        const char *said;
    } cases[] = {
        {"true", true, ""},
        {"echo out; echo err >&2", true, "out\nerr\n"},
        {"echo before; exit 3", false, "before\n"},
        {"kill -KILL $$", false, ""},
        {"exec 1>&- 2>&-; exit 1", false, ""},
        {"echo $GREETING $HOME", true, "hello\n"},
        {"cat", true, ""},
    };

    setenv("HOME", "/nowhere", 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        CLEANUP(wait_done) Wait wait;
        ProgramEnd end;
        DbaltError error;
        assert_true(wait_init(&wait));
        assert_true(run_shell(&end, &arena, &wait, cases[i].script, &error));
        assert_int_equal(end.succeeded, cases[i].succeeded);
        assert_string_equal(end.said, cases[i].said);
        assert_no_child_is_left();
    }
}

static void keeps_the_end_of_what_is_said_without_end(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    CLEANUP(wait_done) Wait wait;
    ProgramEnd end;
    DbaltError error;
    assert_true(wait_init(&wait));
    assert_true(run_shell(&end, &arena, &wait, "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i + 1)); done; echo last", &error));
    assert_true(text_ends_with(text_of(end.said), TEXT("line 19999\nlast\n")));
    assert_in_range(strlen(end.said), 1000, 10000);
}

static void a_program_that_cannot_be_run_has_failed(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    CLEANUP(wait_done) Wait wait;
    ProgramEnd end;
    DbaltError error;
    const char *const arguments[] = {"/nowhere/program", NULL};
    assert_true(wait_init(&wait));
    assert_true(program_run(&end, &arena, &wait, arguments, environment, &error));
    assert_false(end.succeeded);
    assert_no_child_is_left();
}

static void a_cancel_ends_it(void **state)
{
    (void)state;
    /* The second one is cancelled by the program itself: while it runs. */
    for (int during = 0; during < 2; during++) {
        CLEANUP(arena_done) Arena arena = {0};
        CLEANUP(wait_done) Wait wait;
        ProgramEnd end;
        DbaltError error;
        assert_true(wait_init(&wait));
        if (!during)
            wait_cancel(&wait);
        const char *script = arena_format(&arena, "printf x >/proc/%d/fd/%d; exec sleep 60", getpid(), wait.cancel_write);

        int64_t begun = wait_now();
        assert_false(run_shell(&end, &arena, &wait, script, &error));
        assert_int_equal(error.code, DBALT_ERROR_INTERRUPTED);
        assert_true(wait_now() - begun < 30000);
        assert_no_child_is_left();
    }
}

/* Waits for the end of a pipe that a program holds which outlived the one that ran it, or did not. */
static void ends_with_us(void **state)
{
    (void)state;
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t runner = fork();
    if (runner == 0) {
        Arena arena = {0};
        Wait wait;
        ProgramEnd end;
        DbaltError error;
        bool ready = wait_init(&wait);
        const char *script = arena_format(&arena, "printf x >&%d; exec sleep 60", ends[1]);
        _exit(ready && run_shell(&end, &arena, &wait, script, &error) ? 0 : 1);
    }

    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    kill(runner, SIGKILL);
    int64_t killed = wait_now();
    assert_int_equal(read(ends[0], &byte, 1), 0);
    assert_true(wait_now() - killed < 30000);
    close(ends[0]);
    assert_int_equal(waitpid(runner, NULL, 0), runner);
}

static void quotes_words_for_a_shell(void **state)
{
    (void)state;
    static const char *const words[] = {"plain", "/a/b-c_1.dump", "",     " ",    "it's", "''", "'", "a\"b",
                                        "$HOME", "`id`",          "a\\b", "a\nb", "*",    "~",  "ä"};

    for (size_t i = 0; i < COUNT(words); i++) {
        CLEANUP(arena_done) Arena arena = {0};
        CLEANUP(wait_done) Wait wait;
        ProgramEnd end;
        DbaltError error;
        assert_true(wait_init(&wait));
        assert_true(run_shell(&end, &arena, &wait, arena_format(&arena, "printf %%s %s", program_quote(&arena, words[i])), &error));
        assert_string_equal(end.said, words[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_how_it_ended_and_what_it_said),
        cmocka_unit_test(keeps_the_end_of_what_is_said_without_end),
        cmocka_unit_test(a_program_that_cannot_be_run_has_failed),
        cmocka_unit_test(a_cancel_ends_it),
        cmocka_unit_test(ends_with_us),
        cmocka_unit_test(quotes_words_for_a_shell),
    };
    return cmocka_run_group_tests_name("base/program", tests, NULL, NULL);
}
