#include "terminal/color.h"

void color_print(FILE *out, bool wanted, Color color, const char *text)
{
    static const char *const codes[] = {
        [COLOR_STRONG] = "1", [COLOR_DIM] = "2", [COLOR_RED] = "31", [COLOR_GREEN] = "32", [COLOR_YELLOW] = "33", [COLOR_CYAN] = "36",
    };

    if (wanted && color != COLOR_NONE)
        fprintf(out, "\033[%sm%s\033[0m", codes[color], text);
    else
        fputs(text, out);
}
