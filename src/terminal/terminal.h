/* Terminal: the person's screen and keyboard: its size, its locale, raw mode, and the way back from it. */

#ifndef TERMINAL_TERMINAL_H
#define TERMINAL_TERMINAL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

typedef struct Terminal {
    int input;               /* borrowed: where keys come from */
    int output;              /* borrowed: where questions go */
    bool color;              /* escape sequences for colours are welcome */
    bool utf8;               /* the locale shows more than ASCII */
    void (*handler)(int);    /* borrowed: gets SIGTSTP, SIGCONT and SIGWINCH in raw mode, and calls terminal_wake(); NULL = none */
    int wake_read;           /* owned pipe: numbers of signals */
    int wake_write;          /* owned */
    struct termios ordinary; /* what to go back to */
    volatile sig_atomic_t is_raw;
    struct sigaction former[3]; /* what raw mode replaced */
} Terminal;

/* Columns and rows of a screen. */
typedef struct TerminalSize {
    size_t columns;
    size_t rows;
} TerminalSize;

/* Makes LC_CTYPE one that knows UTF-8, whatever the user's is; true when the user's own is UTF-8. Call once, at the start. */
bool terminal_locale(void);

/* False with errno when the system refuses a pipe. */
bool terminal_init(Terminal *terminal, int input, int output);

/* Leaves raw mode. */
void terminal_done(Terminal *terminal);

/* Asks anew at each call, since windows change; 80 by 24 when the descriptor does not tell. */
TerminalSize terminal_size(int descriptor);

/* Keys come singly and unechoed, Ctrl-C is a key. False with errno when this is no terminal. */
bool terminal_enter_raw(Terminal *terminal);

/* Puts everything back as it was; does nothing when it is. */
void terminal_leave_raw(Terminal *terminal);

/* The part of it that a signal handler may do, before it ends the program. */
void terminal_restore(Terminal *terminal);

/* Tells who waits for a key that a signal came. Async-signal-safe. */
void terminal_wake(Terminal *terminal, int signal_number);

/* Writes all of it, or as much as the terminal takes. */
void terminal_write(const Terminal *terminal, const char *text);

#endif
