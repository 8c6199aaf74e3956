#include "terminal/display.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

static size_t character_width(int32_t code)
{
    int width = code < 0 ? 1 : wcwidth((wchar_t)code);

    /* What the C library does not know yet is printed all the same, most likely one column wide. */
    return width < 0 ? 1 : (size_t)width;
}

size_t display_width(Text text)
{
    size_t width = 0;
    for (size_t at = 0, length = 0; at < text.length; at += length)
        width += character_width(text_character(text_slice(text, at, text.length), &length));

    return width;
}

size_t display_fit(Text text, size_t columns)
{
    size_t width = 0;
    size_t at = 0;
    for (size_t length = 0; at < text.length; at += length) {
        width += character_width(text_character(text_slice(text, at, text.length), &length));
        if (width > columns)
            break;
    }

    return at;
}

const char *display_visible(Arena *arena, Text text)
{
    static const size_t longest = sizeof("\\u{10ffff}");
    char *visible = arena_allocate(arena, text.length * longest + 1);
    char *end = visible;

    for (size_t at = 0, length = 0; at < text.length; at += length) {
        int32_t code = text_character(text_slice(text, at, text.length), &length);
        if (code == '\t')
            *end++ = ' ';
        else if (code < 0 || (text_is_harmful(code) && code < 0x80))
            end += snprintf(end, longest, "\\x%02x", (unsigned char)text.data[at]);
        else if (text_is_harmful(code))
            end += snprintf(end, longest, "\\u{%x}", (unsigned)code);
        else
            for (size_t i = 0; i < length; i++)
                *end++ = text.data[at + i];
    }

    return visible;
}

const char *display_cut(Arena *arena, const char *text, size_t columns, const char *ellipsis)
{
    Text whole = text_of(text);
    if (columns == 0 || display_width(whole) <= columns)
        return text;

    size_t room = display_width(text_of(ellipsis));
    size_t kept = display_fit(whole, columns > room ? columns - room : 0);

    return arena_format(arena, "%.*s%s", (int)kept, text, columns >= room ? ellipsis : "");
}
