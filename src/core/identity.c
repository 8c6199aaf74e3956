#include "core/identity.h"

#include <inttypes.h>
#include <string.h>

#define MOST_SECONDS_DIGITS 10

static uint64_t number_of(Text digits)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits.length; i++)
        number = 10 * number + (uint64_t)(digits.data[i] - '0');

    return number;
}

bool timestamp_parse(Timestamp *timestamp, Text text)
{
    size_t point = text_find(text, TEXT("."));
    Text seconds = text_slice(text, 0, point);
    Text fraction = text_slice(text, point + 1, text.length);
    if (!text_is_number(seconds) || seconds.length > MOST_SECONDS_DIGITS)
        return false;
    if (point < text.length && !text_is_number(fraction))
        return false;

    while (text_ends_with(fraction, TEXT("0")))
        fraction.length--;

    *timestamp = (Timestamp){.seconds = number_of(seconds), .fraction = fraction};
    return true;
}

int timestamp_compare(Timestamp a, Timestamp b)
{
    if (a.seconds != b.seconds)
        return a.seconds < b.seconds ? -1 : 1;

    return text_compare(a.fraction, b.fraction);
}

const char *timestamp_format(Arena *arena, Timestamp timestamp)
{
    return arena_format(arena, "%" PRIu64 "%s%.*s", timestamp.seconds, timestamp.fraction.length > 0 ? "." : "",
                        TEXT_ARGUMENTS(timestamp.fraction));
}

/* text is followed by a NUL, and outlives it. */
static bool take_apart(Identity *identity, Text text)
{
    size_t hyphen = text_find(text, TEXT("-"));
    Text name = text_slice(text, hyphen + 1, text.length);
    Timestamp timestamp;
    if (name.length == 0 || !timestamp_parse(&timestamp, text_slice(text, 0, hyphen)))
        return false;

    *identity = (Identity){.timestamp = timestamp, .name = name, .text = text.data};
    return true;
}

/* As timestamp_format() writes it: no zero before it, nor behind its fraction. */
static bool is_plain(const Identity *identity)
{
    const char *behind = identity->name.data - 1;
    bool has_zero = identity->text[0] == '0' && identity->text[1] >= '0' && identity->text[1] <= '9';
    bool has_fraction = memchr(identity->text, '.', (size_t)(behind - identity->text)) != NULL;
    return !has_zero && (!has_fraction || behind[-1] != '0');
}

bool identity_parse(Identity *identity, Arena *arena, Text text)
{
    Identity read;
    if (!take_apart(&read, (Text){.data = arena_copy_text(arena, text), .length = text.length}))
        return false;
    if (!is_plain(&read))
        take_apart(&read, text_of(arena_format(arena, "%s-%.*s", timestamp_format(arena, read.timestamp), TEXT_ARGUMENTS(read.name))));

    *identity = read;
    return true;
}

int identity_compare(Identity a, Identity b)
{
    int order = timestamp_compare(a.timestamp, b.timestamp);
    return order != 0 ? order : text_compare(a.name, b.name);
}

bool timestamp_subtract_second(Timestamp *result, Timestamp timestamp)
{
    if (timestamp.seconds == 0 || (timestamp.seconds == 1 && timestamp.fraction.length == 0))
        return false;

    *result = (Timestamp){.seconds = timestamp.seconds - 1, .fraction = timestamp.fraction};
    return true;
}
