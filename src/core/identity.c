#include "core/identity.h"

#include <stdlib.h>

#define MOST_SECONDS_DIGITS 10

bool timestamp_parse(Timestamp *timestamp, Text text)
{
    size_t point = text_find(text, TEXT("."));
    Text seconds = text_slice(text, 0, point);
    Text fraction = text_slice(text, point + 1, text.length);
    if (!text_is_number(seconds) || seconds.length > MOST_SECONDS_DIGITS)
        return false;
    if (point < text.length && !text_is_number(fraction))
        return false;

    while (seconds.length > 1 && seconds.data[0] == '0')
        seconds = text_slice(seconds, 1, seconds.length);
    while (text_ends_with(fraction, TEXT("0")))
        fraction.length--;

    *timestamp = (Timestamp){.seconds = seconds, .fraction = fraction};
    return true;
}

int timestamp_compare(Timestamp a, Timestamp b)
{
    if (a.seconds.length != b.seconds.length)
        return a.seconds.length < b.seconds.length ? -1 : 1;

    int order = text_compare(a.seconds, b.seconds);
    return order != 0 ? order : text_compare(a.fraction, b.fraction);
}

const char *timestamp_format(Arena *arena, Timestamp timestamp)
{
    return arena_format(arena, "%.*s%s%.*s", TEXT_ARGUMENTS(timestamp.seconds), timestamp.fraction.length > 0 ? "." : "",
                        TEXT_ARGUMENTS(timestamp.fraction));
}

/* The length of what timestamp_format() makes of it. */
static size_t written_length(Timestamp timestamp)
{
    return timestamp.seconds.length + (timestamp.fraction.length > 0 ? 1 + timestamp.fraction.length : 0);
}

bool identity_parse(Identity *identity, Arena *arena, Text text)
{
    size_t hyphen = text_find(text, TEXT("-"));
    Text name = text_slice(text, hyphen + 1, text.length);
    Timestamp timestamp;
    if (name.length == 0 || !timestamp_parse(&timestamp, text_slice(text, 0, hyphen)))
        return false;

    *identity = (Identity){.timestamp = timestamp, .name = name};
    if (written_length(timestamp) == hyphen)
        identity->text = arena_copy_text(arena, text);
    else
        identity->text = arena_format(arena, "%s-%.*s", timestamp_format(arena, timestamp), TEXT_ARGUMENTS(name));

    return true;
}

int identity_compare(Identity a, Identity b)
{
    int order = timestamp_compare(a.timestamp, b.timestamp);
    return order != 0 ? order : text_compare(a.name, b.name);
}

bool timestamp_subtract_second(Timestamp *result, Arena *arena, Timestamp timestamp)
{
    unsigned long long seconds = strtoull(arena_copy_text(arena, timestamp.seconds), NULL, 10); /* at most 10 digits */
    if (seconds == 0 || (seconds == 1 && timestamp.fraction.length == 0))
        return false;

    *result = (Timestamp){.seconds = text_of(arena_format(arena, "%llu", seconds - 1)), .fraction = timestamp.fraction};
    return true;
}
