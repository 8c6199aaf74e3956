/* Display: how text looks on a terminal: how wide it is, where it is cut, and what of it must not get there raw. */

#ifndef TERMINAL_DISPLAY_H
#define TERMINAL_DISPLAY_H

#include "base/arena.h"

/* Width in columns: 2 for wide characters, 0 for combining ones. Needs a UTF-8 LC_CTYPE (terminal_locale()). */
size_t display_width(Text text);

/* Bytes from the start that fit into so many columns, whole characters. */
size_t display_fit(Text text, size_t columns);

/*
 * A copy fit to print: control characters, direction marks and bytes that are no UTF-8 are written out ("\x1b", "\u{202e}"),
 * a tab becomes a space. What comes from files, databases or the command line goes through this.
 */
const char *display_visible(Arena *arena, Text text);

/* The text itself when it is no wider than columns (0 = no limit), else a shorter one that ends in the ellipsis. */
const char *display_cut(Arena *arena, const char *text, size_t columns, const char *ellipsis);

#endif
