/* Keys: what is pressed, one key at a time, out of the bytes that a terminal in raw mode sends. */

#ifndef TERMINAL_KEYS_H
#define TERMINAL_KEYS_H

#include "terminal/terminal.h"

/* Other keys are the byte they send. */
typedef enum Key {
    KEY_NONE = 256, /* nothing that means anything here */
    KEY_UP,
    KEY_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_ENTER,
    KEY_ERASE,
    KEY_ESCAPE,
    KEY_LEAVE,   /* Ctrl-C, Ctrl-D, Ctrl-\, the end of input, or a signal that ends programs */
    KEY_SUSPEND, /* Ctrl-Z, or a signal to stop */
    KEY_REDRAW,  /* the window has another size, or the program goes on after a stop */
} Key;

/* Waits for a key, or for terminal_wake(). */
Key key_read(Terminal *terminal);

#endif
