#include "sql/marker.h"

static const Text section_names[] = {TEXT("before-up"), TEXT("up"), TEXT("down"), TEXT("before-down")};

static bool is_letter_or_digit(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || (unsigned char)byte >= 0x80;
}

static Text without_leading_punctuation(Text text)
{
    while (text.length > 0 && !is_letter_or_digit(text.data[0]))
        text = text_slice(text, 1, text.length);

    return text;
}

static Text without_punctuation(Text text)
{
    text = without_leading_punctuation(text);
    while (text.length > 0 && !is_letter_or_digit(text.data[text.length - 1]))
        text.length--;

    return text;
}

/* "before_up", "Before up" and "BEFORE-UP" all resemble "before-up". */
static bool resembles(Text text, Text name)
{
    if (text.length != name.length)
        return false;

    for (size_t i = 0; i < text.length; i++) {
        bool same = name.data[i] == '-' ? !is_letter_or_digit(text.data[i]) : (text.data[i] | 0x20) == name.data[i];
        if (!same)
            return false;
    }

    return true;
}

static Text name_like(Text text)
{
    for (size_t i = 0; i < COUNT(section_names); i++) {
        if (resembles(text, section_names[i]))
            return section_names[i];
    }

    return (Text){0};
}

MarkerSpelling marker_read(Text *name, Text comment)
{
    static const Text word = TEXT("dbalt");
    Text inside = text_trim(text_slice(comment, 2, comment.length));
    Text meant = without_leading_punctuation(inside);
    if (!text_equals_ignoring_case(text_slice(meant, 0, word.length), word))
        return MARKER_NONE;

    Text behind = text_trim(text_slice(meant, word.length, meant.length));
    *name = name_like(without_punctuation(behind));
    bool has_colon = behind.length > 0 && behind.data[0] == ':';
    if (has_colon && text_starts_with(inside, word) && name->length > 0) {
        Text rest = text_trim(text_slice(text_trim(text_slice(inside, word.length, inside.length)), 1, inside.length));
        if (text_equals(rest, *name))
            return MARKER_EXACT;
    }

    /* Without a colon it is prose, unless nothing but a section's name follows. */
    bool is_word_alone = behind.length > 0 && !is_letter_or_digit(meant.data[word.length]);
    return has_colon || (is_word_alone && name->length > 0) ? MARKER_MISSPELT : MARKER_NONE;
}
