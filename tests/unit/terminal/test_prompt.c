/* terminal/prompt: questions, on a pseudo-terminal with a small screen. */

#include "support/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "terminal/display.h"
#include "terminal/prompt.h"
#include "unit/terminal/screen.h"

#define UP "\033[A"
#define DOWN "\033[B"
#define APPLICATION_DOWN "\033OB"
#define LEFT_EXIT 130

/* What the program under test asks. */
typedef struct Question {
    size_t count; /* choices "choice-0" ...; 0 = a yes or no */
    bool second_signal_leaves;
} Question;

static Terminal terminal;
static volatile sig_atomic_t leaves_at_once;

static void on_signal(int number)
{
    bool is_interrupt = number == SIGTERM || number == SIGHUP;
    if (is_interrupt && leaves_at_once) {
        terminal_restore(&terminal);
        _exit(LEFT_EXIT);
    }

    terminal_wake(&terminal, number);
}

/* Ends with the index of the choice, 1 for a yes, 0 for a no, or 130. */
static void ask(const void *context)
{
    const Question *question = context;
    char names[200][32];
    const char *choices[200];
    for (size_t i = 0; i < question->count; i++) {
        snprintf(names[i], sizeof(names[i]), "choice-%zu", i);
        choices[i] = names[i];
    }

    setenv("LC_ALL", "C.UTF-8", 1);
    bool utf8 = terminal_locale();
    terminal_init(&terminal, STDIN_FILENO, STDERR_FILENO);
    terminal.utf8 = utf8;
    terminal.handler = on_signal;
    leaves_at_once = question->second_signal_leaves;
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_signal}, NULL);
    sigaction(SIGHUP, &(struct sigaction){.sa_handler = on_signal}, NULL);

    size_t chosen = 0;
    bool yes = false;
    PromptResult result = question->count > 0
                              ? prompt_choose(&chosen, &terminal, "Choose the alteration target version", choices, question->count)
                              : prompt_confirm(&yes, &terminal, "Roll back 3 alterations?");
    terminal_done(&terminal);
    _exit(result != PROMPT_ANSWERED ? LEFT_EXIT : question->count > 0 ? (int)chosen : yes);
}

static void moves_the_mark_with_every_key(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        int chosen;
    } cases[] = {
        {"", 0},
        {DOWN, 1},
        {APPLICATION_DOWN, 1},
        {"j", 1},
        {"jjk", 1},
        {DOWN DOWN UP, 1},
        {"\033OB\033OB\033OA", 1},
        {UP, 19},
        {"k", 19},
        {UP DOWN, 0},
        {"\033[F", 19},
        {"\033[4~", 19},
        {"\033[F\033[H", 0},
        {"\033[F\033[1~", 0},
        {"\033[6~", 8},
        {"\033[6~\033[6~\033[6~", 19},
        {"\033[6~\033[6~\033[5~", 8},
        {"\033[15~xq7", 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        Screen screen;
        screen_start(&screen, 10, 80, ask, &(Question){.count = 20});
        screen_expect(&screen, "? Choose the alteration target version (Use arrow keys)");
        screen_expect(&screen, "❯ choice-0");
        screen_press(&screen, cases[i].keys);
        screen_press(&screen, "\r");
        assert_int_equal(screen_finish(&screen), cases[i].chosen);
    }
}

static void shows_what_was_chosen_and_nothing_else(void **state)
{
    (void)state;
    Screen screen;
    screen_start(&screen, 10, 80, ask, &(Question){.count = 3});
    screen_expect(&screen, "❯ choice-0");
    screen_press(&screen, "j");
    screen_expect_at(&screen, "❯ choice-1", 2);
    assert_int_equal(screen_find(&screen, "  choice-0"), 1);
    screen_press(&screen, "\r");

    assert_int_equal(screen_finish(&screen), 1);
    assert_int_equal(screen_find(&screen, "? Choose the alteration target version choice-1"), 0);
    assert_int_equal(screen_find(&screen, "  choice-0"), SCREEN_MOST_ROWS);
}

static void leaves_without_a_choice(void **state)
{
    (void)state;
    static const char *const keys[] = {"\033", "\003", "\004", "\034", "j\033"};

    for (size_t i = 0; i < COUNT(keys); i++) {
        Screen screen;
        screen_start(&screen, 10, 80, ask, &(Question){.count = 3});
        screen_expect(&screen, "❯ choice-0");
        screen_press(&screen, keys[i]);
        assert_int_equal(screen_finish(&screen), LEFT_EXIT);
    }
}

static void scrolls_a_long_list(void **state)
{
    (void)state;
    Screen screen;
    screen_start(&screen, 10, 80, ask, &(Question){.count = 100});
    screen_expect(&screen, "  choice-7");
    assert_int_equal(screen_find(&screen, "  choice-8"), SCREEN_MOST_ROWS);

    for (int i = 0; i < 50; i++)
        screen_press(&screen, "j");
    screen_expect_at(&screen, "❯ choice-50", 8);
    assert_int_equal(screen_find(&screen, "? Choose the alteration target version (Use arrow keys)"), 0);
    assert_int_equal(screen_find(&screen, "  choice-43"), 1);

    screen_press(&screen, UP);
    screen_expect_at(&screen, "❯ choice-49", 7);
    screen_expect_at(&screen, "  choice-50", 8);
    screen_press(&screen, "\r");
    assert_int_equal(screen_finish(&screen), 49);
}

static void fits_forty_columns(void **state)
{
    (void)state;
    Screen screen;
    screen_start(&screen, 10, 40, ask, &(Question){.count = 3});
    screen_expect(&screen, "? Choose the alteration target version…");
    screen_expect(&screen, "❯ choice-0");
    screen_press(&screen, "\033");
    assert_int_equal(screen_finish(&screen), LEFT_EXIT);
}

static void follows_a_resize(void **state)
{
    (void)state;
    Screen screen;
    screen_start(&screen, 20, 80, ask, &(Question){.count = 100});
    screen_expect(&screen, "  choice-17");

    screen_resize(&screen, 6, 30);
    screen_expect(&screen, "? Choose the alteration targ…");
    screen_expect(&screen, "  choice-3");
    assert_int_equal(screen_find(&screen, "  choice-4"), SCREEN_MOST_ROWS);

    screen_press(&screen, "j\r");
    screen.columns = SCREEN_MOST_COLUMNS; /* the answer may wrap */
    assert_int_equal(screen_finish(&screen), 1);
}

static void restores_the_terminal_on_signals(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGHUP};

    for (size_t i = 0; i < COUNT(signals); i++) {
        for (int at_once = 0; at_once < 2; at_once++) {
            Screen screen;
            screen_start(&screen, 10, 80, ask, &(Question){.count = 3, .second_signal_leaves = at_once});
            screen_expect(&screen, "❯ choice-0");
            kill(screen.program, signals[i]);
            assert_int_equal(screen_finish(&screen), LEFT_EXIT);
        }
    }
}

static void takes_only_a_yes_for_a_yes(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        int answer;
    } cases[] = {
        {"y\r", 1},      {"Y\r", 1},          {"yes\r", 1},         {"\r", 0}, {"n\r", 0}, {"yo\r", 0},
        {"n\177y\r", 1}, {"\033", LEFT_EXIT}, {"y\003", LEFT_EXIT},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        Screen screen;
        screen_start(&screen, 10, 80, ask, &(Question){0});
        screen_expect(&screen, "? Roll back 3 alterations? (y/N) ");
        screen_press(&screen, cases[i].keys);
        assert_int_equal(screen_finish(&screen), cases[i].answer);
    }
}

static void fails_where_there_is_no_terminal(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    Terminal none;
    assert_true(terminal_init(&none, ends[0], ends[1]));

    size_t chosen = 42;
    assert_int_equal(prompt_choose(&chosen, &none, "Choose", (const char *const[]){"a"}, 1), PROMPT_FAILED);
    assert_int_equal(chosen, 42);
    terminal_done(&none);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_the_mark_with_every_key),
        cmocka_unit_test(shows_what_was_chosen_and_nothing_else),
        cmocka_unit_test(leaves_without_a_choice),
        cmocka_unit_test(scrolls_a_long_list),
        cmocka_unit_test(fits_forty_columns),
        cmocka_unit_test(follows_a_resize),
        cmocka_unit_test(restores_the_terminal_on_signals),
        cmocka_unit_test(takes_only_a_yes_for_a_yes),
        cmocka_unit_test(fails_where_there_is_no_terminal),
    };
    return cmocka_run_group_tests_name("terminal/prompt", tests, NULL, NULL);
}
