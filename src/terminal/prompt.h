/* Prompt: questions to the person at the terminal. */

#ifndef TERMINAL_PROMPT_H
#define TERMINAL_PROMPT_H

#include "terminal/terminal.h"

typedef enum PromptResult {
    PROMPT_ANSWERED,
    PROMPT_LEFT,   /* Esc, Ctrl-C, the end of input, or a signal that ends programs */
    PROMPT_FAILED, /* this is no terminal; errno says why */
} PromptResult;

/*
 * "? Question (Use arrow keys)" with the choices below it, the first one marked. Arrow keys, j and k, Home, End, Page Up and
 * Page Down move the mark; Enter takes it. The terminal is as before when it returns.
 */
PromptResult prompt_choose(size_t *chosen, Terminal *terminal, const char *question, const char *const *choices, size_t count);

/* "? Question (y/N)": only "y" or "yes" is a yes. */
PromptResult prompt_confirm(bool *yes, Terminal *terminal, const char *question);

#endif
