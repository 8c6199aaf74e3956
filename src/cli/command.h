/* Command: what a command of the command line is: a row in the table of commands.c. */

#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/session.h"

/* How an option's value is read, by the type of its field. */
typedef enum OptionType {
    OPTION_FLAG,            /* bool */
    OPTION_TEXT,            /* const char * */
    OPTION_NUMBER,          /* int, at least 1, or 0 where none says so */
    OPTION_DURATION,        /* Duration */
    OPTION_OPTIONAL_NUMBER, /* OptionalNumber: "--wait" or "--wait=5" */
} OptionType;

typedef struct Option {
    const char *name;     /* without "--" */
    char letter;          /* of the short form; 0 = none */
    const char *synonyms; /* other names, after commas; not shown in --help */
    const char *value;    /* what its value is called: "URL"; NULL for a flag */
    const char *choices;  /* the only values there are, after "|" */
    int none;             /* what 0 is stored as, where it may be given: 0 in the field means that it was not */
    const char *implied;  /* of a text: its value when none is given, which "=" alone can give then; NULL = there must be one */
    const char *help;     /* what it does, in a line */
    OptionType type;
    bool is_setting; /* the field is one of Settings, not of the command's options */
    size_t offset;
} Option;

#define OPTION_TYPE(field) \
    _Generic((field), bool : OPTION_FLAG, const char * : OPTION_TEXT, int : OPTION_NUMBER, Duration : OPTION_DURATION, OptionalNumber : OPTION_OPTIONAL_NUMBER)

/* An option that fills a field of the command's options struct. */
#define OPTION(Struct, field, ...)                                                                \
    {                                                                                             \
        .type = OPTION_TYPE(((Struct *)0)->field), .offset = offsetof(Struct, field), __VA_ARGS__ \
    }

/* One that fills a field of Settings. */
#define SETTING(field, ...) OPTION(Settings, field, .is_setting = true, __VA_ARGS__)

#define OPTIONS_END  \
    {                \
        .name = NULL \
    }

/* What the words after a command are: for completion. */
typedef enum ArgumentKind {
    ARGUMENT_NONE, /* there are none */
    ARGUMENT_FREE,
    ARGUMENT_RELEASE,
    ARGUMENT_TARGET, /* a release, "latest" or "next" */
    ARGUMENT_IDENTITY,
    ARGUMENT_COMMAND,
} ArgumentKind;

typedef struct Argument {
    ArgumentKind kind;
    const char *name; /* "TARGET" */
    bool is_required;
    bool is_repeated;
} Argument;

typedef struct Example {
    const char *command;
    const char *purpose;
} Example;

/* What must be there before the command runs; session_open() sees to it. */
typedef enum Needs {
    NEEDS_NOTHING = 0,
    NEEDS_FOLDER = 1,
    NEEDS_DATABASE = 2,
} Needs;

typedef struct Command {
    const char *name;
    const char *alias;   /* NULL = none */
    const char *summary; /* a line, for the list of commands */
    const char *description;
    Argument argument;
    unsigned needs;
    const Example *examples; /* ended by one without command */
    const Option *options;   /* NULL = none */
    size_t options_size;     /* of its options struct */
    ExitCode (*run)(Session *session, const void *options);
} Command;

#endif
