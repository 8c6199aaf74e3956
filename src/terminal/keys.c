#include "terminal/keys.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/text.h"

/* The bytes of one key come together: what follows an Esc later than this is another key. Milliseconds. */
#define SEQUENCE_PAUSE 50

#define NOTHING (-1)

static int next_byte(Terminal *terminal, int timeout)
{
    struct pollfd waiting = {.fd = terminal->input, .events = POLLIN};
    unsigned char byte;

    if (poll(&waiting, 1, timeout) <= 0 || read(terminal->input, &byte, 1) != 1)
        return NOTHING;

    return byte;
}

/* "ESC [ A", "ESC [ 5 ~", and "ESC O A" in the application mode of the cursor keys. */
static Key read_sequence(Terminal *terminal)
{
    static const struct {
        int number, letter;
        Key key;
    } sequences[] = {
        {0, 'A', KEY_UP},   {0, 'B', KEY_DOWN}, {0, 'H', KEY_HOME}, {0, 'F', KEY_END},     {0, 'M', KEY_ENTER},     {1, '~', KEY_HOME},
        {7, '~', KEY_HOME}, {4, '~', KEY_END},  {8, '~', KEY_END},  {5, '~', KEY_PAGE_UP}, {6, '~', KEY_PAGE_DOWN},
    };

    int byte = next_byte(terminal, SEQUENCE_PAUSE);
    if (byte == NOTHING || byte == '\033')
        return KEY_ESCAPE;
    if (byte != '[' && byte != 'O')
        return KEY_NONE;

    int number = 0;
    while ((byte = next_byte(terminal, SEQUENCE_PAUSE)) != NOTHING && byte < 0x40)
        number = byte >= '0' && byte <= '9' && number < 100 ? number * 10 + byte - '0' : number;

    for (size_t i = 0; i < COUNT(sequences); i++) {
        if (sequences[i].letter == byte && (byte != '~' || sequences[i].number == number))
            return sequences[i].key;
    }

    return KEY_NONE;
}

static Key key_of_byte(Terminal *terminal, int byte)
{
    switch (byte) {
    case '\033':
        return read_sequence(terminal);
    case '\r':
    case '\n':
        return KEY_ENTER;
    case '\b':
    case 0x7f:
        return KEY_ERASE;
    case 0x03: /* Ctrl-C */
    case 0x04: /* Ctrl-D */
    case 0x1c: /* Ctrl-\ */
        return KEY_LEAVE;
    case 0x1a: /* Ctrl-Z */
        return KEY_SUSPEND;
    default:
        return (Key)byte;
    }
}

static Key key_of_signal(int number)
{
    if (number == SIGTSTP)
        return KEY_SUSPEND;

    return number == SIGWINCH || number == SIGCONT ? KEY_REDRAW : KEY_LEAVE;
}

Key key_read(Terminal *terminal)
{
    for (;;) {
        struct pollfd waiting[] = {
            {.fd = terminal->wake_read, .events = POLLIN},
            {.fd = terminal->input, .events = POLLIN},
        };
        if (poll(waiting, COUNT(waiting), -1) < 0 && errno != EINTR)
            return KEY_LEAVE;

        unsigned char number;
        if (read(terminal->wake_read, &number, 1) == 1)
            return key_of_signal(number);
        if (waiting[1].revents == 0)
            continue;

        int byte = next_byte(terminal, 0);
        return byte == NOTHING ? KEY_LEAVE : key_of_byte(terminal, byte);
    }
}
