/* Text: a borrowed slice of bytes, not NUL-terminated. */

#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Text {
    const char *data; /* borrowed; may be NULL when length is 0 */
    size_t length;    /* bytes */
} Text;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT(literal) ((Text){.data = "" literal, .length = sizeof(literal) - 1})
/* For printf: "%.*s", TEXT_ARGUMENTS(text). */
#define TEXT_ARGUMENTS(text) (int)(text).length, (text).data

/* The whole of a NUL-terminated string. */
Text text_of(const char *string);

/* From offset, at most length bytes, cut to what is there. */
Text text_slice(Text text, size_t offset, size_t length);

/* The same bytes. */
bool text_equals(Text a, Text b);

/* The same bytes but for the case of ASCII letters. */
bool text_equals_ignoring_case(Text a, Text b);

bool text_starts_with(Text text, Text prefix);
bool text_ends_with(Text text, Text suffix);

/* Byte order, as memcmp, a prefix first: negative, 0 or positive. */
int text_compare(Text a, Text b);

/* Without spaces, tabs, CR and LF at both ends. */
Text text_trim(Text text);

/* Offset of the first byte of needle, or text.length. */
size_t text_find(Text text, Text needle);

/* The same, whatever the case of ASCII letters; needle is not empty. */
size_t text_find_ignoring_case(Text text, Text needle);

/* Only digits, and at least one. */
bool text_is_number(Text text);

/* Offset of the first byte that is no UTF-8 (RFC 3629), or text.length when all is well. */
size_t text_invalid_utf8(Text text);

/* The first character of the text, which is not empty, and its length in bytes; -1 and 1 for a byte that is no UTF-8. */
int32_t text_character(Text text, size_t *length);

/* Whether a character moves the cursor, starts an escape sequence, or lets text read otherwise than it is. */
bool text_is_harmful(int32_t character);

/* Number of characters in valid UTF-8. */
size_t text_count_characters(Text text);

/* Byte offset of the character with this index (0-based), or text.length. */
size_t text_offset_of_character(Text text, size_t character);

#endif
