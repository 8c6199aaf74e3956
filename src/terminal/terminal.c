#include "terminal/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

static const int raw_signals[] = {SIGTSTP, SIGCONT, SIGWINCH};

bool terminal_locale(void)
{
    setlocale(LC_CTYPE, "");
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

    /* Our own texts are UTF-8 everywhere, and wcwidth() must know its characters. */
    if (!utf8 && setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        setlocale(LC_CTYPE, "en_US.UTF-8");

    return utf8;
}

bool terminal_init(Terminal *terminal, int input, int output)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return false;

    *terminal = (Terminal){.input = input, .output = output, .wake_read = ends[0], .wake_write = ends[1]};
    return true;
}

void terminal_done(Terminal *terminal)
{
    terminal_leave_raw(terminal);
    close(terminal->wake_read);
    close(terminal->wake_write);
}

TerminalSize terminal_size(int descriptor)
{
    struct winsize window = {0};
    if (ioctl(descriptor, TIOCGWINSZ, &window) < 0 || window.ws_col == 0)
        return (TerminalSize){.columns = 80, .rows = 24};

    return (TerminalSize){.columns = window.ws_col, .rows = window.ws_row == 0 ? 24 : window.ws_row};
}

bool terminal_enter_raw(Terminal *terminal)
{
    struct termios ordinary;
    if (tcgetattr(terminal->input, &ordinary) < 0)
        return false;

    terminal->ordinary = ordinary;
    for (size_t i = 0; terminal->handler != NULL && i < COUNT(raw_signals); i++)
        sigaction(raw_signals[i], &(struct sigaction){.sa_handler = terminal->handler}, &terminal->former[i]);

    struct termios raw = ordinary;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    terminal->is_raw = true;

    return tcsetattr(terminal->input, TCSANOW, &raw) == 0;
}

void terminal_restore(Terminal *terminal)
{
    if (!terminal->is_raw)
        return;

    terminal_write(terminal, "\033[?25h");
    tcsetattr(terminal->input, TCSANOW, &terminal->ordinary);
    terminal->is_raw = false;
}

void terminal_leave_raw(Terminal *terminal)
{
    if (!terminal->is_raw)
        return;

    terminal_restore(terminal);
    for (size_t i = 0; terminal->handler != NULL && i < COUNT(raw_signals); i++)
        sigaction(raw_signals[i], &terminal->former[i], NULL);
}

void terminal_wake(Terminal *terminal, int signal_number)
{
    unsigned char number = (unsigned char)signal_number;

    /* A full pipe wakes as well as one byte more would. */
    if (write(terminal->wake_write, &number, 1) < 0)
        return;
}

void terminal_write(const Terminal *terminal, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        ssize_t written = write(terminal->output, text, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;

        text += written;
        left -= (size_t)written;
    }
}
