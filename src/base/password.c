#include "base/password.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Where a word of a message ends: URLs are quoted there. An argument can hold anything, a password too. */
#define WORD_ENDS " \t\n\""

/* Characters. What is shorter is part of too many words: nothing could be read any more. */
#define SHORTEST_SOUGHT 4

/* Puts the mark in place of length bytes. Never makes the string longer: a password of one letter gets one star. */
static void replace(char *secret, size_t length)
{
    size_t stars = length < sizeof(PASSWORD_HIDDEN) - 1 ? length : sizeof(PASSWORD_HIDDEN) - 1;
    size_t rest = strlen(secret + length);

    memcpy(secret, PASSWORD_HIDDEN, stars);
    memmove(secret + stars, secret + length, rest);
    memset(secret + stars + rest, '\0', length - stars);
}

typedef struct Place {
    char *start;
    size_t length; /* bytes */
} Place;

typedef void Take(Place password, void *context);

/* From the first ":" behind "://" to the last "@": an unescaped "@" or "/" in a password must not show the rest of it. */
static void find_in_authority(char *string, const char *word_ends, Take *take, void *context)
{
    for (char *scheme = string; (scheme = strstr(scheme, "://")) != NULL;) {
        char *start = scheme + strlen("://");
        size_t word = strcspn(start, word_ends);
        char *colon = memchr(start, ':', word);
        char *at = start + word;
        while (at > start && *at != '@')
            at--;

        if (colon != NULL && colon < at)
            take((Place){.start = colon + 1, .length = (size_t)(at - colon) - 1}, context);
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

static void find_in_parameters(char *string, const char *value_ends, Take *take, void *context)
{
    for (char *value = string; (value = strchr(value, '=')) != NULL;) {
        Text before = {.data = string, .length = (size_t)(value++ - string)};
        bool is_quoted = value[strspn(value, " ")] == '\''; /* quotes may hold anything */
        if (is_password(before))
            take((Place){.start = value, .length = is_quoted ? strlen(value) : strcspn(value, value_ends)}, context);
    }
}

static void hide(Place password, void *context)
{
    (void)context;
    replace(password.start, password.length);
}

void password_hide(char *string)
{
    find_in_authority(string, "", hide, NULL);
    find_in_parameters(string, "&", hide, NULL);
}

typedef struct Learner {
    Arena *arena;
    Passwords known;
    const char *url; /* without its passwords */
} Learner;

static void learn(Learner *learner, Text password)
{
    Passwords *known = &learner->known;
    const char *copy = arena_copy_text(learner->arena, password);
    if (text_count_characters(password) < SHORTEST_SOUGHT || strstr(learner->url, copy) != NULL)
        return;

    known->rows = arena_grow(learner->arena, known->rows, known->count, &known->capacity, sizeof *known->rows);
    known->rows[known->count++] = text_of(copy);
}

static char *decode(Arena *arena, Text text)
{
    char *decoded = arena_copy_text(arena, text);
    char *end = decoded;
    for (const char *next = decoded; *next != '\0'; next++) {
        unsigned value;
        if (*next == '%' && isxdigit((unsigned char)next[1]) && isxdigit((unsigned char)next[2]) && sscanf(next + 1, "%2x", &value) == 1) {
            *end++ = (char)value;
            next += 2;
        } else {
            *end++ = *next;
        }
    }
    *end = '\0';
    return decoded;
}

/* What is hidden may be too much: libpq's password ends at the first "@". */
static void learn_encoded(Place password, void *context)
{
    Learner *learner = context;
    Text whole = {.data = password.start, .length = password.length};
    Text first = text_slice(whole, 0, text_find(whole, TEXT("@")));

    learn(learner, whole);
    learn(learner, text_of(decode(learner->arena, whole)));
    learn(learner, first);
    learn(learner, text_of(decode(learner->arena, first)));
}

Passwords password_learn(Arena *arena, const char *url)
{
    char *found = arena_copy_string(arena, url == NULL ? "" : url);
    char *hidden = arena_copy_string(arena, found);
    password_hide(hidden);

    Learner learner = {.arena = arena, .url = hidden};
    const char *environment = getenv("PGPASSWORD");
    if (environment != NULL)
        learn(&learner, text_of(environment));
    find_in_authority(found, "", learn_encoded, &learner);
    find_in_parameters(found, "&", learn_encoded, &learner);
    return learner.known;
}

/* How much of a password the string begins with: all of it, or what was left where the text had to be cut. */
static size_t beginning(const char *string, size_t length, Text password)
{
    static const Text ellipsis = TEXT("...");
    Text rest = {.data = string, .length = length};
    if (text_starts_with(rest, password))
        return password.length;
    if (!text_ends_with(rest, ellipsis))
        return 0;

    rest.length -= ellipsis.length;
    return rest.length >= SHORTEST_SOUGHT && text_starts_with(password, rest) ? rest.length : 0;
}

static void hide_known(char *text, const Passwords *known)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length; at++) {
        size_t longest = 0;
        for (size_t i = 0; i < known->count; i++) {
            size_t found = beginning(text + at, length - at, known->rows[i]);
            longest = found > longest ? found : longest;
        }
        if (longest == 0)
            continue;

        replace(text + at, longest);
        length -= longest - strlen(PASSWORD_HIDDEN);
        at += strlen(PASSWORD_HIDDEN) - 1;
    }
}

/* The known ones last: what they leave of a URL might not be seen as one. */
static void hide_in_text(char *text, const Passwords *known)
{
    find_in_authority(text, WORD_ENDS, hide, NULL);
    find_in_parameters(text, "&" WORD_ENDS, hide, NULL);
    hide_known(text, known);
}

const char *password_copy_hidden(Arena *arena, const char *text, const Passwords *known)
{
    if (text == NULL)
        return NULL;

    char *copy = arena_copy_string(arena, text);
    hide_in_text(copy, known);
    return copy;
}

void password_hide_in_error(DbaltError *error, const Passwords *known)
{
    char *const texts[] = {error->message, error->detail, error->hint, error->statement};

    for (size_t i = 0; i < COUNT(texts); i++)
        hide_in_text(texts[i], known);
}
