/* terminal/prompt: questions, on a pseudo-terminal with a small screen. */

#include "support/test.h"

#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include "base/text.h"
#include "terminal/display.h"
#include "terminal/prompt.h"

#define MOST_ROWS 60
#define MOST_COLUMNS 100
#define PATIENCE 5000 /* milliseconds; a test that passes needs none of them */

#define UP "\033[A"
#define DOWN "\033[B"
#define APPLICATION_DOWN "\033OB"
#define LEFT_EXIT 130

/* What a terminal shows: enough of one to draw what the prompt sends. */
typedef struct Screen {
    int keyboard; /* the master side */
    pid_t program;
    size_t rows, columns;
    char cells[MOST_ROWS][MOST_COLUMNS][5]; /* one character each, UTF-8 */
    size_t row, column;
    char pending[8192]; /* read, but not whole yet */
    size_t pending_length;
    bool overflowed; /* something was written beyond the last column */
    struct termios ordinary;
} Screen;

/* What the program under test asks. */
typedef struct Question {
    size_t count; /* choices "choice-0" ...; 0 = a yes or no */
    bool second_signal_leaves;
    size_t rows, columns;
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
static void ask(const Question *question)
{
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

static void screen_start(Screen *screen, const Question *question)
{
    struct winsize size = {.ws_row = (unsigned short)question->rows, .ws_col = (unsigned short)question->columns};
    *screen = (Screen){.rows = question->rows, .columns = question->columns};

    int side = -1;
    assert_int_equal(openpty(&screen->keyboard, &side, NULL, NULL, &size), 0);
    tcgetattr(side, &screen->ordinary);
    screen->program = fork();
    assert_true(screen->program >= 0);
    if (screen->program == 0) {
        close(screen->keyboard);
        login_tty(side);
        ask(question);
    }
    close(side);
}

static void clear_below(Screen *screen)
{
    for (size_t row = screen->row; row < screen->rows; row++) {
        for (size_t column = row == screen->row ? screen->column : 0; column < MOST_COLUMNS; column++)
            screen->cells[row][column][0] = '\0';
    }
}

static void line_feed(Screen *screen)
{
    if (screen->row + 1 < screen->rows) {
        screen->row++;
        return;
    }

    memmove(screen->cells[0], screen->cells[1], sizeof(screen->cells[0]) * (screen->rows - 1));
    memset(screen->cells[screen->rows - 1], 0, sizeof(screen->cells[0]));
}

/* Returns the length of the sequence at the start of the text; more than there is when it is not whole yet. */
static size_t obey(Screen *screen, Text text)
{
    size_t length = 2;
    size_t number = 0;
    for (; length < text.length && (unsigned char)text.data[length] < 0x40; length++)
        number = text.data[length] >= '0' && text.data[length] <= '9' ? number * 10 + (size_t)(text.data[length] - '0') : number;

    char command = length < text.length ? text.data[length] : '\0';
    if (command == 'A')
        screen->row -= number < screen->row ? number : screen->row;
    else if (command == 'J')
        clear_below(screen);

    return length + 1;
}

/* Returns how much of the text was whole. */
static size_t draw(Screen *screen, Text text)
{
    size_t at = 0;
    for (size_t length = 0; at < text.length; at += length) {
        Text rest = text_slice(text, at, SIZE_MAX);
        int32_t code = text_character(rest, &length);
        if (code < 0 && rest.length < 4)
            return at;
        if (code == '\033')
            length = obey(screen, rest);
        if (length > rest.length)
            return at;

        if (code == '\033')
            continue;
        if (code == '\r')
            screen->column = 0;
        else if (code == '\n')
            line_feed(screen);
        else if (code == '\b')
            screen->column -= screen->column > 0;
        else if (screen->column >= screen->columns)
            screen->overflowed = true;
        else
            snprintf(screen->cells[screen->row][screen->column++], 5, "%.*s", (int)length, rest.data);
    }

    return at;
}

static void line_of(char *line, size_t size, const Screen *screen, size_t row)
{
    line[0] = '\0';
    for (size_t column = 0; column < screen->columns && screen->cells[row][column][0] != '\0'; column++) {
        size_t used = strlen(line);
        snprintf(line + used, size - used, "%s", screen->cells[row][column]);
    }
}

/* Row of the line that has the text; MOST_ROWS when there is none. */
static size_t find_line(const Screen *screen, const char *text)
{
    char line[MOST_COLUMNS * 5];
    for (size_t row = 0; row < screen->rows; row++) {
        line_of(line, sizeof(line), screen, row);
        if (strcmp(line, text) == 0)
            return row;
    }

    return MOST_ROWS;
}

static bool read_some(Screen *screen, int timeout)
{
    char *end = screen->pending + screen->pending_length;
    struct pollfd waiting = {.fd = screen->keyboard, .events = POLLIN};
    if (poll(&waiting, 1, timeout) <= 0)
        return false;

    ssize_t length = read(screen->keyboard, end, sizeof(screen->pending) - screen->pending_length);
    if (length <= 0)
        return false;

    screen->pending_length += (size_t)length;
    size_t drawn = draw(screen, (Text){screen->pending, screen->pending_length});
    screen->pending_length -= drawn;
    memmove(screen->pending, screen->pending + drawn, screen->pending_length);
    return true;
}

static void expect_line(Screen *screen, const char *text)
{
    while (find_line(screen, text) == MOST_ROWS) {
        if (!read_some(screen, PATIENCE))
            fail_msg("\"%s\" did not appear", text);
    }
}

static void expect_line_at(Screen *screen, const char *text, size_t row)
{
    while (find_line(screen, text) != row) {
        if (!read_some(screen, PATIENCE))
            fail_msg("\"%s\" did not appear in row %zu", text, row);
    }
}

static void press(const Screen *screen, const char *keys)
{
    assert_int_equal(write(screen->keyboard, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* Waits for the program and returns what it exited with. */
static int screen_finish(Screen *screen)
{
    struct termios after;
    int status = 0;
    while (read_some(screen, PATIENCE))
        continue;

    assert_int_equal(waitpid(screen->program, &status, 0), screen->program);
    tcgetattr(screen->keyboard, &after);
    close(screen->keyboard);
    assert_true(WIFEXITED(status));
    assert_int_equal(after.c_lflag, screen->ordinary.c_lflag);
    assert_int_equal(after.c_iflag, screen->ordinary.c_iflag);
    assert_false(screen->overflowed);

    return WEXITSTATUS(status);
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
        screen_start(&screen, &(Question){.count = 20, .rows = 10, .columns = 80});
        expect_line(&screen, "? Choose the alteration target version (Use arrow keys)");
        expect_line(&screen, "❯ choice-0");
        press(&screen, cases[i].keys);
        press(&screen, "\r");
        assert_int_equal(screen_finish(&screen), cases[i].chosen);
    }
}

static void shows_what_was_chosen_and_nothing_else(void **state)
{
    (void)state;
    Screen screen;
    screen_start(&screen, &(Question){.count = 3, .rows = 10, .columns = 80});
    expect_line(&screen, "❯ choice-0");
    press(&screen, "j");
    expect_line_at(&screen, "❯ choice-1", 2);
    assert_int_equal(find_line(&screen, "  choice-0"), 1);
    press(&screen, "\r");

    assert_int_equal(screen_finish(&screen), 1);
    assert_int_equal(find_line(&screen, "? Choose the alteration target version choice-1"), 0);
    assert_int_equal(find_line(&screen, "  choice-0"), MOST_ROWS);
}

static void leaves_without_a_choice(void **state)
{
    (void)state;
    static const char *const keys[] = {"\033", "\003", "\004", "\034", "j\033"};

    for (size_t i = 0; i < COUNT(keys); i++) {
        Screen screen;
        screen_start(&screen, &(Question){.count = 3, .rows = 10, .columns = 80});
        expect_line(&screen, "❯ choice-0");
        press(&screen, keys[i]);
        assert_int_equal(screen_finish(&screen), LEFT_EXIT);
    }
}

static void scrolls_a_long_list(void **state)
{
    (void)state;
    Screen screen;
    screen_start(&screen, &(Question){.count = 100, .rows = 10, .columns = 80});
    expect_line(&screen, "  choice-7");
    assert_int_equal(find_line(&screen, "  choice-8"), MOST_ROWS);

    for (int i = 0; i < 50; i++)
        press(&screen, "j");
    expect_line_at(&screen, "❯ choice-50", 8);
    assert_int_equal(find_line(&screen, "? Choose the alteration target version (Use arrow keys)"), 0);
    assert_int_equal(find_line(&screen, "  choice-43"), 1);

    press(&screen, UP);
    expect_line_at(&screen, "❯ choice-49", 7);
    expect_line_at(&screen, "  choice-50", 8);
    press(&screen, "\r");
    assert_int_equal(screen_finish(&screen), 49);
}

static void fits_forty_columns(void **state)
{
    (void)state;
    Screen screen;
    screen_start(&screen, &(Question){.count = 3, .rows = 10, .columns = 40});
    expect_line(&screen, "? Choose the alteration target version…");
    expect_line(&screen, "❯ choice-0");
    press(&screen, "\033");
    assert_int_equal(screen_finish(&screen), LEFT_EXIT);
}

static void follows_a_resize(void **state)
{
    (void)state;
    Screen screen;
    screen_start(&screen, &(Question){.count = 100, .rows = 20, .columns = 80});
    expect_line(&screen, "  choice-17");

    screen.rows = 6;
    screen.columns = 30;
    screen.row = screen.column = 0;
    memset(screen.cells, 0, sizeof(screen.cells));
    ioctl(screen.keyboard, TIOCSWINSZ, &(struct winsize){.ws_row = 6, .ws_col = 30});
    expect_line(&screen, "? Choose the alteration targ…");
    expect_line(&screen, "  choice-3");
    assert_int_equal(find_line(&screen, "  choice-4"), MOST_ROWS);

    press(&screen, "j\r");
    screen.columns = MOST_COLUMNS; /* the answer may wrap */
    assert_int_equal(screen_finish(&screen), 1);
}

static void restores_the_terminal_on_signals(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGHUP};

    for (size_t i = 0; i < COUNT(signals); i++) {
        for (int at_once = 0; at_once < 2; at_once++) {
            Screen screen;
            screen_start(&screen, &(Question){.count = 3, .rows = 10, .columns = 80, .second_signal_leaves = at_once});
            expect_line(&screen, "❯ choice-0");
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
        screen_start(&screen, &(Question){.rows = 10, .columns = 80});
        expect_line(&screen, "? Roll back 3 alterations? (y/N) ");
        press(&screen, cases[i].keys);
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
