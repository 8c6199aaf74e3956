#include "core/release.h"

#include <string.h>

/* Cuts off what stands before the first separator; rest begins behind it, and is empty when there is none. */
static Text cut(Text *rest, char separator)
{
    Text text = *rest;
    size_t end = text_find(text, (Text){.data = &separator, .length = 1});
    *rest = text_slice(text, end + 1, text.length);

    return text_slice(text, 0, end);
}

static bool has(Text text, char character)
{
    return text.length > 0 && memchr(text.data, character, text.length) != NULL;
}

static bool has_leading_zero(Text number)
{
    return number.length > 1 && number.data[0] == '0';
}

static bool is_identifier(Text text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-'))
            return false;
    }

    return text.length > 0;
}

/* What is wrong with identifiers between dots, or NULL. */
static const char *complain_of_identifiers(Text text, bool is_prerelease)
{
    bool more = true;
    while (more) {
        more = has(text, '.');
        Text identifier = cut(&text, '.');
        if (identifier.length == 0)
            return is_prerelease ? "a part of its pre-release is empty" : "a part of its build metadata is empty";
        if (!is_identifier(identifier))
            return is_prerelease ? "its pre-release has other characters than letters, digits, dots and hyphens"
                                 : "its build metadata has other characters than letters, digits, dots and hyphens";
        if (is_prerelease && text_is_number(identifier) && has_leading_zero(identifier))
            return "a number in its pre-release begins with 0";
    }

    return NULL;
}

/* Reads a version without "v"; what is wrong with it, or NULL. */
static const char *read_version(Release *release, Text text)
{
    Release read = {0};
    bool has_build = has(text, '+');
    Text version = cut(&text, '+');
    read.build = text;
    bool has_prerelease = has(version, '-');
    Text numbers = cut(&version, '-');
    read.prerelease = version;

    read.major = cut(&numbers, '.');
    read.minor = cut(&numbers, '.');
    read.patch = numbers;
    if (!text_is_number(read.major) || !text_is_number(read.minor) || !text_is_number(read.patch))
        return "a release has three numbers, as in \"1.2.0\"";
    if (has_leading_zero(read.major) || has_leading_zero(read.minor) || has_leading_zero(read.patch))
        return "one of its numbers begins with 0";

    const char *complaint = has_prerelease ? complain_of_identifiers(read.prerelease, true) : NULL;
    if (complaint == NULL && has_build)
        complaint = complain_of_identifiers(read.build, false);
    if (complaint == NULL)
        *release = read;

    return complaint;
}

bool release_parse(Release *release, const char *text, DbaltError *error)
{
    Text version = text_of(text);
    if (text_equals_ignoring_case(version, TEXT("next"))) {
        *release = (Release){.is_next = true};
        return true;
    }

    if (text_starts_with(version, TEXT("v")) || text_starts_with(version, TEXT("V")))
        version = text_slice(version, 1, version.length);

    const char *complaint = read_version(release, version);
    if (complaint != NULL)
        return fail(error, DBALT_ERROR_TARGET, "\"%s\" is no release: %s", text, complaint);

    return true;
}

static void replace(char *text, char from, char to)
{
    for (; *text != '\0'; text++) {
        if (*text == from)
            *text = to;
    }
}

bool release_parse_file_name(Release *release, Arena *arena, Text text)
{
    if (text_equals(text, TEXT("next"))) {
        *release = (Release){.is_next = true};
        return true;
    }

    if (!has(text, '_'))
        return read_version(release, text) == NULL;

    char *version = arena_copy_text(arena, text);
    replace(version, '_', '-');
    return read_version(release, text_of(version)) == NULL;
}

/* Numbers of any length, without leading zeros. */
static int compare_numbers(Text a, Text b)
{
    if (a.length != b.length)
        return a.length < b.length ? -1 : 1;

    return text_compare(a, b);
}

static int compare_identifiers(Text a, Text b)
{
    bool a_is_number = text_is_number(a);
    if (a_is_number != text_is_number(b))
        return a_is_number ? -1 : 1;

    return a_is_number ? compare_numbers(a, b) : text_compare(a, b);
}

static int compare_prereleases(Text a, Text b)
{
    if (a.length == 0 || b.length == 0)
        return (a.length == 0) - (b.length == 0);

    while (a.length > 0 && b.length > 0) {
        int order = compare_identifiers(cut(&a, '.'), cut(&b, '.'));
        if (order != 0)
            return order;
    }

    return (a.length > 0) - (b.length > 0);
}

int release_compare(Release a, Release b)
{
    if (a.is_next || b.is_next)
        return a.is_next - b.is_next;

    int order = compare_numbers(a.major, b.major);
    if (order == 0)
        order = compare_numbers(a.minor, b.minor);
    if (order == 0)
        order = compare_numbers(a.patch, b.patch);

    return order != 0 ? order : compare_prereleases(a.prerelease, b.prerelease);
}

static char *format(Arena *arena, Release release)
{
    if (release.is_next)
        return arena_copy_string(arena, "next");

    return arena_format(arena, "%.*s.%.*s.%.*s%s%.*s%s%.*s", TEXT_ARGUMENTS(release.major), TEXT_ARGUMENTS(release.minor),
                        TEXT_ARGUMENTS(release.patch), release.prerelease.length > 0 ? "-" : "", TEXT_ARGUMENTS(release.prerelease),
                        release.build.length > 0 ? "+" : "", TEXT_ARGUMENTS(release.build));
}

const char *release_format(Arena *arena, Release release)
{
    return format(arena, release);
}

const char *release_format_file_name(Arena *arena, Release release)
{
    char *text = format(arena, release);
    replace(text, '-', '_');
    return text;
}
