#include "base/text.h"

#include <stdint.h>
#include <string.h>

Text text_of(const char *string)
{
    return (Text){.data = string, .length = strlen(string)};
}

Text text_slice(Text text, size_t offset, size_t length)
{
    if (offset >= text.length)
        return (Text){.data = text.data == NULL ? NULL : text.data + text.length};

    size_t rest = text.length - offset;
    return (Text){.data = text.data + offset, .length = length < rest ? length : rest};
}

bool text_equals(Text a, Text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* Not tolower(): what a file name means must not hang on the locale. */
static char lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character;
}

bool text_equals_ignoring_case(Text a, Text b)
{
    if (a.length != b.length)
        return false;

    for (size_t i = 0; i < a.length; i++) {
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    }

    return true;
}

bool text_starts_with(Text text, Text prefix)
{
    return text.length >= prefix.length && text_equals(text_slice(text, 0, prefix.length), prefix);
}

bool text_ends_with(Text text, Text suffix)
{
    return text.length >= suffix.length && text_equals(text_slice(text, text.length - suffix.length, suffix.length), suffix);
}

int text_compare(Text a, Text b)
{
    size_t common = a.length < b.length ? a.length : b.length;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (order != 0)
        return order;

    return (a.length > b.length) - (a.length < b.length);
}

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

Text text_trim(Text text)
{
    while (text.length > 0 && is_blank(text.data[0]))
        text = text_slice(text, 1, text.length);
    while (text.length > 0 && is_blank(text.data[text.length - 1]))
        text.length--;

    return text;
}

size_t text_find(Text text, Text needle)
{
    if (needle.length == 0)
        return 0;
    if (needle.length > text.length)
        return text.length;

    const char *found =
        needle.length == 1 ? memchr(text.data, needle.data[0], text.length) : memmem(text.data, text.length, needle.data, needle.length);
    return found == NULL ? text.length : (size_t)(found - text.data);
}

size_t text_find_ignoring_case(Text text, Text needle)
{
    for (size_t i = 0; i + needle.length <= text.length; i++) {
        bool begins = (text.data[i] | 0x20) == (needle.data[0] | 0x20); /* of most bytes nothing more need be asked */
        if (begins && text_equals_ignoring_case(text_slice(text, i, needle.length), needle))
            return i;
    }
    return text.length;
}

bool text_is_number(Text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    }

    return text.length > 0;
}

/* Scripts are nearly all ASCII, and large ones are checked whole: eight bytes at a time. */
static size_t skip_ascii(Text text, size_t offset)
{
    for (uint64_t word; offset + sizeof(word) <= text.length; offset += sizeof(word)) {
        memcpy(&word, text.data + offset, sizeof(word));
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            break;
    }

    while (offset < text.length && (unsigned char)text.data[offset] < 0x80)
        offset++;

    return offset;
}

/* Length of the character that begins at offset with a byte above 0x7F; 0 when it is none. RFC 3629, section 4. */
static size_t multibyte_length(Text text, size_t offset)
{
    const unsigned char *bytes = (const unsigned char *)text.data + offset;
    size_t rest = text.length - offset;
    unsigned char first = bytes[0];
    size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || rest < length)
        return 0;

    /* The second byte is narrowed where the character would be overlong, a surrogate, or beyond U+10FFFF. */
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (bytes[1] < low || bytes[1] > high)
        return 0;

    for (size_t i = 2; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
    }

    return length;
}

size_t text_invalid_utf8(Text text)
{
    size_t offset = skip_ascii(text, 0);
    while (offset < text.length) {
        size_t length = multibyte_length(text, offset);
        if (length == 0)
            return offset;

        offset = skip_ascii(text, offset + length);
    }

    return offset;
}

int32_t text_character(Text text, size_t *length)
{
    unsigned char first = (unsigned char)text.data[0];
    size_t count = first < 0x80 ? 1 : multibyte_length(text, 0);
    *length = count == 0 ? 1 : count;
    if (count < 2)
        return count == 0 ? -1 : first;

    int32_t code = first & (0xFF >> (count + 1));
    for (size_t i = 1; i < count; i++)
        code = code << 6 | (text.data[i] & 0x3F);

    return code;
}

bool text_is_harmful(int32_t character)
{
    static const struct {
        int32_t first, last;
    } ranges[] = {
        {0x00, 0x1F},       {0x7F, 0x9F},                       /* controls */
        {0x061C, 0x061C},   {0x200E, 0x200F}, {0x2028, 0x202E}, /* direction marks, line ends */
        {0x2066, 0x206F},   {0xFFF9, 0xFFFB},                   /* direction marks, annotations */
        {0x200B, 0x200B},   {0x2060, 0x2064}, {0xFEFF, 0xFEFF}, /* nothing to see */
        {0xE0000, 0xE007F},                                     /* tags: a text within the text */
    };
    for (size_t i = 0; i < COUNT(ranges); i++) {
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    }

    return false;
}

static bool begins_character(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80;
}

size_t text_count_characters(Text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += begins_character(text.data[i]);

    return count;
}

size_t text_offset_of_character(Text text, size_t character)
{
    size_t seen = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (!begins_character(text.data[i]))
            continue;
        if (seen == character)
            return i;
        seen++;
    }

    return text.length;
}
