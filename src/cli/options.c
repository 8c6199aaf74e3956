#include "cli/options.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "cli/suggestion.h"

/* A word of the command line, or an option with its value. */
typedef struct Token {
    const char *word;     /* of a word; NULL for an option */
    const Option *option; /* one of that name; NULL = no command has it */
    Text name;            /* as it was typed, without dashes */
    const char *dashes;
    const char *value; /* NULL = none was given */
} Token;

typedef struct Scanner {
    Arena *arena;
    Token *tokens;
    size_t count;
    size_t capacity;
} Scanner;

static bool is_named(const Option *option, Text name)
{
    if (text_equals(text_of(option->name), name))
        return true;

    for (const char *synonym = option->synonyms; synonym != NULL && *synonym != '\0'; synonym += strspn(synonym, ",")) {
        size_t length = strcspn(synonym, ",");
        if (text_equals((Text){synonym, length}, name))
            return true;

        synonym += length;
    }

    return false;
}

const Option *options_find(const Option *table, Text name)
{
    for (const Option *option = table; option != NULL && option->name != NULL; option++) {
        if (is_named(option, name))
            return option;
    }

    return NULL;
}

static const Option *find_letter(const Option *table, char letter)
{
    for (const Option *option = table; option != NULL && option->name != NULL; option++) {
        if (option->letter == letter)
            return option;
    }

    return NULL;
}

/* An option of that name anywhere: before the command is known, this is how to tell whether a value follows. */
static const Option *find_anywhere(Text name, bool is_letter)
{
    const Option *found = is_letter ? find_letter(settings_options, *name.data) : options_find(settings_options, name);
    for (size_t i = 0; found == NULL && commands[i] != NULL; i++)
        found = is_letter ? find_letter(commands[i]->options, *name.data) : options_find(commands[i]->options, name);

    return found;
}

bool options_value_is_optional(const Option *option)
{
    return option->type == OPTION_OPTIONAL_NUMBER || option->implied != NULL;
}

static bool takes_value(const Option *option)
{
    return option != NULL && option->type != OPTION_FLAG && !options_value_is_optional(option);
}

static Token *add_token(Scanner *scanner)
{
    scanner->tokens = arena_grow(scanner->arena, scanner->tokens, scanner->count, &scanner->capacity, sizeof(Token));
    return &scanner->tokens[scanner->count++];
}

/* The word after an option is its value, unless it looks like another option: then one was forgotten. */
static const char *next_value(const Option *option, int *at, int count, char *const *words)
{
    bool is_there = takes_value(option) && *at + 1 < count && (words[*at + 1][0] != '-' || words[*at + 1][1] == '\0');
    return is_there ? words[++*at] : NULL;
}

static void scan_long(Scanner *scanner, int *at, int count, char *const *words)
{
    Text text = text_of(words[*at] + 2);
    size_t length = text_find(text, TEXT("="));
    Token *token = add_token(scanner);

    *token = (Token){.dashes = "--", .name = text_slice(text, 0, length)};
    token->option = find_anywhere(token->name, false);
    token->value = length < text.length ? text.data + length + 1 : next_value(token->option, at, count, words);
}

/* "-q", "-qv", "-e FILE" or "-eFILE". */
static void scan_letters(Scanner *scanner, int *at, int count, char *const *words)
{
    for (const char *letter = words[*at] + 1; *letter != '\0'; letter++) {
        Token *token = add_token(scanner);
        *token = (Token){.dashes = "-", .name = {letter, 1}};
        token->option = find_anywhere(token->name, true);
        if (!takes_value(token->option))
            continue;

        token->value = letter[1] != '\0' ? letter + 1 : next_value(token->option, at, count, words);
        return;
    }
}

static void scan(Scanner *scanner, int count, char *const *words)
{
    bool is_ended = false;

    for (int i = 0; i < count; i++) {
        const char *word = words[i];
        bool is_word = is_ended || word[0] != '-' || word[1] == '\0';
        if (is_word)
            *add_token(scanner) = (Token){.word = word};
        else if (strcmp(word, "--") == 0)
            is_ended = true;
        else if (word[1] == '-')
            scan_long(scanner, &i, count, words);
        else
            scan_letters(scanner, &i, count, words);
    }
}

static bool is_one_of(const char *word, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(word, names[i]) == 0)
            return true;
    }

    return false;
}

/* Collects the words; those that say nothing are left out: "db alteration deploy" is "deploy". */
static const char **collect_words(size_t *count, const Scanner *scanner)
{
    static const char *const databases[] = {"db", "database", NULL};
    static const char *const alterations[] = {"alteration", "alt", "alter", NULL};
    const char **words = arena_allocate_array(scanner->arena, scanner->count + 1, sizeof(*words));
    size_t found = 0;
    size_t skipped = 0;

    for (size_t i = 0; i < scanner->count; i++) {
        if (scanner->tokens[i].word != NULL)
            words[found++] = scanner->tokens[i].word;
    }

    skipped += skipped < found && is_one_of(words[skipped], databases);
    skipped += skipped < found && is_one_of(words[skipped], alterations);
    *count = found - skipped;

    return words + skipped;
}

/* A whole number of units; in seconds with a fraction the unit is a millisecond. */
static bool read_number(int64_t *number, const char *text, bool is_duration)
{
    enum { MOST_DIGITS = 10 };
    size_t whole = strspn(text, "0123456789");
    const char *fraction = is_duration && text[whole] == '.' ? text + whole + 1 : "";
    size_t digits = strspn(fraction, "0123456789");
    bool is_read = whole > 0 && whole <= MOST_DIGITS && (text[whole] == '\0' || (digits > 0 && digits <= 3 && fraction[digits] == '\0'));
    if (!is_read)
        return false;

    *number = strtoll(text, NULL, 10);
    for (size_t i = 0; is_duration && i < 3; i++)
        *number = *number * 10 + (i < digits ? fraction[i] - '0' : 0);
    return *number <= INT_MAX;
}

static bool is_choice(const char *choices, const char *value)
{
    for (const char *choice = choices; *choice != '\0'; choice += strspn(choice, "|")) {
        size_t length = strcspn(choice, "|");
        if (text_equals((Text){choice, length}, text_of(value)))
            return true;

        choice += length;
    }

    return false;
}

static bool refuse_value(const Token *token, DbaltError *error)
{
    fail(error, DBALT_ERROR_USAGE, "option \"%s%.*s\" takes no value", token->dashes, TEXT_ARGUMENTS(token->name));
    return fail_hint(error, "leave \"=%s\" out", token->value);
}

static bool store_number(int *field, const Option *option, const Token *token, DbaltError *error)
{
    bool is_duration = option->type == OPTION_DURATION;
    int64_t number = 0;
    if (read_number(&number, token->value, is_duration) && (number > 0 || option->none != 0)) {
        *field = number > 0 ? (int)number : option->none;
        return true;
    }

    return fail(error, DBALT_ERROR_USAGE, "\"%s\" is no value for --%s: it takes %s%s", token->value, option->name,
                is_duration ? "seconds, as in 1.5" : "a whole number", option->none != 0 ? ", or 0" : " from 1 on");
}

static bool store_value(void *field, const Option *option, const Token *token, DbaltError *error)
{
    if (takes_value(option) && token->value == NULL) {
        fail(error, DBALT_ERROR_USAGE, "option \"%s%.*s\" needs a value", token->dashes, TEXT_ARGUMENTS(token->name));
        return fail_hint(error, "as in --%s=%s", option->name, option->value);
    }

    switch (option->type) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return token->value == NULL || refuse_value(token, error);
    case OPTION_TEXT:
        if (option->choices != NULL && !is_choice(option->choices, token->value))
            return fail(error, DBALT_ERROR_USAGE, "\"%s\" is no value for --%s: it takes %s", token->value, option->name, option->choices);
        *(const char **)field = token->value != NULL ? token->value : option->implied;
        return true;
    case OPTION_NUMBER:
        return store_number(field, option, token, error);
    case OPTION_DURATION:
        return store_number(&((Duration *)field)->milliseconds, option, token, error);
    case OPTION_OPTIONAL_NUMBER:
        ((OptionalNumber *)field)->is_given = true;
        return token->value == NULL || store_number(&((OptionalNumber *)field)->value, option, token, error);
    }

    return false;
}

static bool fail_unknown_option(const Token *token, const Command *command, DbaltError *error)
{
    if (token->option != NULL && command != NULL) {
        fail(error, DBALT_ERROR_USAGE, "\"%s\" has no option \"%s%.*s\"", command->name, token->dashes, TEXT_ARGUMENTS(token->name));
        return fail_hint(error, "see \"dbalt help %s\"", command->name);
    }

    Suggestion suggestion = suggestion_for(token->name);
    for (const Option *option = settings_options; option->name != NULL; option++)
        suggestion_consider(&suggestion, option->name);
    for (const Option *option = command == NULL ? NULL : command->options; option != NULL && option->name != NULL; option++)
        suggestion_consider(&suggestion, option->name);

    fail(error, DBALT_ERROR_USAGE, "unknown option \"%s%.*s\"", token->dashes, TEXT_ARGUMENTS(token->name));
    if (suggestion.nearest != NULL)
        return fail_hint(error, "did you mean \"--%s\"?", suggestion.nearest);

    return fail_hint(error, "see \"dbalt help%s%s\"", command == NULL ? "" : " ", command == NULL ? "" : command->name);
}

static bool apply(const Token *token, const Invocation *invocation, Settings *settings, DbaltError *error)
{
    const Command *command = invocation->command;
    const Option *table = command == NULL ? NULL : command->options;
    bool is_letter = token->dashes[1] == '\0';

    const Option *option = is_letter ? find_letter(settings_options, *token->name.data) : options_find(settings_options, token->name);
    if (option == NULL)
        option = is_letter ? find_letter(table, *token->name.data) : options_find(table, token->name);
    if (option == NULL)
        return fail_unknown_option(token, command, error);

    void *field = (option->is_setting ? (char *)settings : (char *)invocation->options) + option->offset;
    return store_value(field, option, token, error);
}

static void apply_flags(const Scanner *scanner, Settings *settings)
{
    for (size_t i = 0; i < scanner->count; i++) {
        const Token *token = &scanner->tokens[i];
        for (const Option *option = settings_options; option->name != NULL; option++) {
            if (option == token->option && option->type == OPTION_FLAG)
                *(bool *)((char *)settings + option->offset) = true;
        }
    }
}

bool options_parse(Invocation *invocation, Settings *settings, Arena *arena, int count, char *const *words, DbaltError *error)
{
    Scanner scanner = {.arena = arena};
    scan(&scanner, count, words);
    apply_flags(&scanner, settings);

    size_t word_count = 0;
    const char **found = collect_words(&word_count, &scanner);
    *invocation = (Invocation){0};
    if (word_count > 0) {
        if (!commands_find(&invocation->command, found[0], error))
            return false;
        invocation->options = arena_allocate(arena, invocation->command->options_size);
    }

    for (size_t i = 0; i < scanner.count; i++) {
        if (scanner.tokens[i].word == NULL && !apply(&scanner.tokens[i], invocation, settings, error))
            return false;
    }

    invocation->arguments = word_count > 0 ? found + 1 : found;
    invocation->argument_count = word_count > 0 ? word_count - 1 : 0;
    return true;
}

bool options_check_arguments(const Invocation *invocation, DbaltError *error)
{
    const Command *command = invocation->command;
    const Argument *argument = &command->argument;
    size_t most = argument->kind == ARGUMENT_NONE ? 0 : argument->is_repeated ? SIZE_MAX : 1;

    if (argument->is_required && invocation->argument_count == 0) {
        fail(error, DBALT_ERROR_USAGE, "missing %s", argument->name);
        return fail_hint(error, "as in: %s", command->examples[0].command);
    }
    if (invocation->argument_count <= most)
        return true;

    fail(error, DBALT_ERROR_USAGE, "\"%s\" does not know what to do with \"%s\"", command->name, invocation->arguments[most]);
    return fail_hint(error, "see \"dbalt help %s\"", command->name);
}
