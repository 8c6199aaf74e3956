/* A pseudo-terminal, and what it shows: enough of one to draw what the prompt sends. All functions fail the test where they cannot. */

#ifndef UNIT_TERMINAL_SCREEN_H
#define UNIT_TERMINAL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#define SCREEN_MOST_ROWS 60
#define SCREEN_MOST_COLUMNS 100

typedef struct Screen {
    int keyboard; /* the master side */
    pid_t program;
    size_t rows, columns;
    char cells[SCREEN_MOST_ROWS][SCREEN_MOST_COLUMNS][5]; /* one character each, UTF-8 */
    size_t row, column;
    char pending[8192]; /* read, but not whole yet */
    size_t pending_length;
    bool overflowed; /* something was written beyond the last column */
    struct termios ordinary;
} Screen;

/* Runs the program, which does not return, in a process of its own whose input and output the terminal is. */
void screen_start(Screen *screen, size_t rows, size_t columns, void (*program)(const void *context), const void *context);

/* The screen is empty then, and the program gets a SIGWINCH. */
void screen_resize(Screen *screen, size_t rows, size_t columns);

/* Row of the line that has the text; SCREEN_MOST_ROWS when there is none. */
size_t screen_find(const Screen *screen, const char *text);

/* Wait until a line, or that of the row, has the text; at most five seconds for each that is written. */
void screen_expect(Screen *screen, const char *text);
void screen_expect_at(Screen *screen, const char *text, size_t row);

void screen_press(const Screen *screen, const char *keys);

/* Waits for the program and returns what it exited with. The terminal's settings must be those of before, and no line too long. */
int screen_finish(Screen *screen);

#endif
