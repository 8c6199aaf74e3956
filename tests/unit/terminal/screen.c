#include "unit/terminal/screen.h"

#include "support/test.h"

#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include "base/text.h"

#define PATIENCE 5000 /* milliseconds; a test that passes needs none of them */

void screen_start(Screen *screen, size_t rows, size_t columns, void (*program)(const void *context), const void *context)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    *screen = (Screen){.rows = rows, .columns = columns};

    int side = -1;
    assert_int_equal(openpty(&screen->keyboard, &side, NULL, NULL, &size), 0);
    tcgetattr(side, &screen->ordinary);
    screen->program = fork();
    assert_true(screen->program >= 0);
    if (screen->program == 0) {
        close(screen->keyboard);
        login_tty(side);
        program(context);
    }
    close(side);
}

void screen_resize(Screen *screen, size_t rows, size_t columns)
{
    screen->rows = rows;
    screen->columns = columns;
    screen->row = screen->column = 0;
    memset(screen->cells, 0, sizeof(screen->cells));
    ioctl(screen->keyboard, TIOCSWINSZ, &(struct winsize){.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns});
}

static void clear_below(Screen *screen)
{
    for (size_t row = screen->row; row < screen->rows; row++) {
        for (size_t column = row == screen->row ? screen->column : 0; column < SCREEN_MOST_COLUMNS; column++)
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

size_t screen_find(const Screen *screen, const char *text)
{
    char line[SCREEN_MOST_COLUMNS * 5];
    for (size_t row = 0; row < screen->rows; row++) {
        line_of(line, sizeof(line), screen, row);
        if (strcmp(line, text) == 0)
            return row;
    }

    return SCREEN_MOST_ROWS;
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

void screen_expect(Screen *screen, const char *text)
{
    while (screen_find(screen, text) == SCREEN_MOST_ROWS) {
        if (!read_some(screen, PATIENCE))
            fail_msg("\"%s\" did not appear", text);
    }
}

void screen_expect_at(Screen *screen, const char *text, size_t row)
{
    while (screen_find(screen, text) != row) {
        if (!read_some(screen, PATIENCE))
            fail_msg("\"%s\" did not appear in row %zu", text, row);
    }
}

void screen_press(const Screen *screen, const char *keys)
{
    assert_int_equal(write(screen->keyboard, keys, strlen(keys)), (ssize_t)strlen(keys));
}

int screen_finish(Screen *screen)
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
