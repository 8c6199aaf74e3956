#include "terminal/display.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

int32_t display_character(Text text, size_t *length)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    *length = 1;
    if (bytes[0] < 0x80)
        return bytes[0];

    size_t count = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    Text character = text_slice(text, 0, count);
    if (character.length < count || text_invalid_utf8(character) < count)
        return -1;

    int32_t code = bytes[0] & (0xff >> (count + 1));
    for (size_t i = 1; i < count; i++)
        code = code << 6 | (bytes[i] & 0x3f);

    *length = count;
    return code;
}

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
        width += character_width(display_character(text_slice(text, at, text.length), &length));

    return width;
}

size_t display_fit(Text text, size_t columns)
{
    size_t width = 0;
    size_t at = 0;
    for (size_t length = 0; at < text.length; at += length) {
        width += character_width(display_character(text_slice(text, at, text.length), &length));
        if (width > columns)
            break;
    }

    return at;
}

/* Those that move the cursor, start escape sequences or let text read otherwise than it is. */
static bool is_harmful(int32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

const char *display_visible(Arena *arena, Text text)
{
    static const size_t longest = sizeof("\\u{10ffff}");
    char *visible = arena_allocate(arena, text.length * longest + 1);
    char *end = visible;

    for (size_t at = 0, length = 0; at < text.length; at += length) {
        int32_t code = display_character(text_slice(text, at, text.length), &length);
        if (code == '\t')
            *end++ = ' ';
        else if (code < 0 || (is_harmful(code) && code < 0x80))
            end += snprintf(end, longest, "\\x%02x", (unsigned char)text.data[at]);
        else if (is_harmful(code))
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
