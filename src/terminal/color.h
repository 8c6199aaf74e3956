/* Color: what a word means, for the eye. */

#ifndef TERMINAL_COLOR_H
#define TERMINAL_COLOR_H

#include <stdbool.h>
#include <stdio.h>

typedef enum Color {
    COLOR_NONE,
    COLOR_STRONG,
    COLOR_DIM,
    COLOR_RED,
    COLOR_GREEN,
    COLOR_YELLOW,
    COLOR_CYAN,
} Color;

/* Prints the text, in the color when that is wanted. */
void color_print(FILE *out, bool wanted, Color color, const char *text);

#endif
