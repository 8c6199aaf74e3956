#include "cli/password.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"

/* Where a word of a message ends: URLs are quoted there. An argument can hold anything, a password too. */
#define WORD_ENDS " \t\n\""

/* Puts the mark in place of length bytes. Never makes the string longer: a password of one letter gets one star. */
static void replace(char *secret, size_t length)
{
    size_t stars = length < sizeof(PASSWORD_HIDDEN) - 1 ? length : sizeof(PASSWORD_HIDDEN) - 1;
    size_t rest = strlen(secret + length);

    memcpy(secret, PASSWORD_HIDDEN, stars);
    memmove(secret + stars, secret + length, rest);
    memset(secret + stars + rest, '\0', length - stars);
}

/* From the first ":" behind "://" to the last "@": an unescaped "@" or "/" in a password must not show the rest of it. */
static void hide_in_authority(char *string, const char *word_ends)
{
    for (char *scheme = string; (scheme = strstr(scheme, "://")) != NULL;) {
        char *start = scheme + strlen("://");
        size_t word = strcspn(start, word_ends);
        char *colon = memchr(start, ':', word);
        char *at = start + word;
        while (at > start && *at != '@')
            at--;

        if (colon != NULL && colon < at)
            replace(colon + 1, (size_t)(at - colon) - 1);
        scheme = start;
    }
}

/* Whether what stands before a "=" names a password. A name may be written with "%": what it says then is not worth finding out. */
static bool is_password(Text before)
{
    static const Text password = TEXT("password");
    Text name = text_trim(before);
    for (size_t i = name.length; i > 0 && strchr("?&" WORD_ENDS, name.data[i - 1]) == NULL; i--) {
        if (name.data[i - 1] == '%')
            return true;
    }

    return name.length >= password.length &&
           text_equals_ignoring_case(text_slice(name, name.length - password.length, password.length), password);
}

static void hide_parameters(char *string, const char *value_ends)
{
    for (char *value = string; (value = strchr(value, '=')) != NULL;) {
        Text before = {.data = string, .length = (size_t)(value++ - string)};
        bool is_quoted = value[strspn(value, " ")] == '\''; /* quotes may hold anything */
        if (is_password(before))
            replace(value, is_quoted ? strlen(value) : strcspn(value, value_ends));
    }
}

void password_hide(char *string)
{
    hide_in_authority(string, "");
    hide_parameters(string, "&");
}

void password_hide_in_arguments(int count, char **arguments)
{
    for (int i = 0; i < count; i++)
        password_hide(arguments[i]);
}

void password_hide_in_error(DbaltError *error)
{
    char *const texts[] = {error->message, error->detail, error->hint};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        hide_in_authority(texts[i], WORD_ENDS);
        hide_parameters(texts[i], "&" WORD_ENDS);
    }
}
