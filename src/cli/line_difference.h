/* Line difference: two texts, compared line by line, for a person. */

#ifndef CLI_LINE_DIFFERENCE_H
#define CLI_LINE_DIFFERENCE_H

#include <stdbool.h>
#include <stdio.h>

/* Prints "-" before lines of old alone, "+" before those of new alone, and a few common ones around them. Line ends do not count. */
void line_difference_print(const char *old, const char *new, bool color, FILE *out);

#endif
